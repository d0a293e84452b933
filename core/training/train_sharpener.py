"""The stage after both others: train a `Sharpener` to paint as its teacher does over what a model decodes.

Knows nothing of how the pairs were made. Loss = L1 + perceptual (metric net) on crops, their rim left out; EMA weights
are exported as a whole model folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.features import MetricNet
from core.models.checkpoints import save_with_sharpener
from core.models.sharpener import Sharpener
from core.training.data import SampleOrder
from core.training.ema import Ema
from core.training.optimizers import set_rate
from core.training.pairs import Pairs
from core.training.recipes import SharpenerRecipe
from core.training.run import Limits, Run, generator_of, to_sheet
from core.training.speed import tune

KEPT_BACK = 24
"""Pairs that are not learned from, the last ones: the contact sheets show them."""


def train_sharpener(
    recipe: SharpenerRecipe,
    pairs: Pairs,
    folder: Path,
    limits: Limits,
    *,
    model: Path,
    begin: Mapping[str, Tensor],
    metric_net: Path,
    device: torch.device,
    resume: bool = False,
) -> None:
    """Train until the time is spent; leaves the model with its sharpener in `folder`/model.

    Args:
        recipe: what to learn, and how.
        pairs: the data; the last `KEPT_BACK`, at most an eighth, are kept back.
        folder: the run folder.
        limits: when to stop.
        model: folder of the model whose pictures were decoded.
        begin: state dict that the net begins with.
        metric_net: weight file of `MetricNet`.
        device: where to train.
        resume: go on from the folder's checkpoint.

    Raises:
        CheckpointError: where `model` holds no model.
        ValueError: where the pairs are too few or too small for the recipe.
    """
    kept = min(KEPT_BACK, len(pairs) // 8)
    if not kept or pairs.decoded.shape[-1] < recipe.crop:
        raise ValueError(f"{len(pairs)} pairs of {pairs.decoded.shape[-1]} px: give at least 8 of {recipe.crop} px")
    torch.manual_seed(recipe.seed)
    tune(device)
    net = Sharpener(recipe.net)
    net.load_state_dict(dict(begin))
    layout = torch.channels_last
    net.to(device, memory_format=layout)  # type: ignore[call-overload]
    perceptual = MetricNet(metric_net).to(device, memory_format=layout)  # type: ignore[call-overload]
    ema = Ema(net, recipe.ema)
    optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
    facts = {"stage": "sharpener", "pairs": _digest(pairs), "kept_back": kept}
    run = Run(folder, recipe, facts, {"net": net, "ema": ema.module, "optimizer": optimizer}, limits, resume=resume)
    order = SampleOrder(torch.zeros(len(pairs) - kept, dtype=torch.int64), recipe.batch, recipe.seed)
    half = torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_avx512_bf16_supported()

    def export() -> None:
        save_with_sharpener(model, folder / "model", ema.module)

    def sheet() -> np.ndarray[Any, Any]:
        decoded, sharp = (part[-kept:][:6].to(device).float() / 255.0 for part in (pairs.decoded, pairs.sharp))
        with torch.no_grad():
            made = ema.module(decoded)
        return to_sheet([F.interpolate(decoded, size=made.shape[-2:], mode="bicubic"), made, sharp])

    for report in run.steps(recipe.batch, export, sheet):
        set_rate(optimizer, run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail))
        draws = torch.rand(recipe.batch, 3, generator=generator_of(recipe.seed, run.step))
        small, large = (
            part.to(device).contiguous(memory_format=layout)
            for part in crops(pairs, order.at(run.step), recipe.crop, draws)
        )
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            made, wanted = (
                part[..., recipe.rim : -recipe.rim, recipe.rim : -recipe.rim] for part in (net(small), large)
            )
            l1 = (made - wanted).abs().mean()
            seen = perceptual.distance(made, wanted, last=recipe.perceptual_block).mean()
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward([l1 + recipe.perceptual * seen])
        torch.nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
        optimizer.step()
        ema.update(net, run.step)
        report({"l1": l1, "perceptual": seen})


def crops(pairs: Pairs, chosen: Tensor, side: int, draws: Tensor) -> tuple[Tensor, Tensor]:
    """Return the same random square of both pictures of each pair, half of them mirrored.

    Args:
        pairs: decoded and sharp pictures.
        chosen: (B,) int64 indices.
        side: of the square in the decoded picture.
        draws: (B, 3) float32 in [0, 1): left, top, mirror.

    Returns:
        (B, 3, side, side) and (B, 3, f side, f side) float32 in [0, 1], where sharp pictures are f times as large.
    """
    factor = pairs.sharp.shape[-1] // pairs.decoded.shape[-1]
    found: tuple[list[Tensor], list[Tensor]] = ([], [])
    for index, (x, y, mirror) in zip(chosen.tolist(), draws.tolist(), strict=True):
        left, top = (int(share * (pairs.decoded.shape[-1] - side + 1)) for share in (x, y))
        for crop, pictures, scale in zip(found, (pairs.decoded, pairs.sharp), (1, factor), strict=True):
            rows, columns = (slice(start * scale, (start + side) * scale) for start in (top, left))
            square = pictures[index, :, rows, columns]
            crop.append(square.flip(-1) if mirror < 0.5 else square)
    small, large = (torch.stack(parts).float() / 255.0 for parts in found)
    return small, large


def _digest(pairs: Pairs) -> str:
    digest = hashlib.sha256(pairs.decoded.numpy().data)
    digest.update(pairs.sharp.numpy().data)
    return digest.hexdigest()
