"""The stage after both others: trains a `Sharpener` to paint like its teacher over a model's decoded pictures.

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

from core.engine.device import has_bf16
from core.lab.features import MetricNet
from core.lab.training.data import SampleOrder
from core.lab.training.ema import Ema
from core.lab.training.optimizers import set_rate
from core.lab.training.pairs import Pairs
from core.lab.training.recipes import SharpenerRecipe
from core.lab.training.run import Metrics, Run, Setup, generator_of, to_sheet
from core.lab.training.speed import tune
from core.models.checkpoints import load_sharpener, read_spec, save_with_sharpener
from core.models.sharpener import Sharpener, SharpenerConfig

KEPT_BACK = 24
"""Pairs that are not learnt from, the last ones: the contact sheets show how near the net comes to its teacher."""
_SHOWN = 6  # pairs on a contact sheet


def train_sharpener(
    recipe: SharpenerRecipe,
    pairs: Pairs,
    setup: Setup,
    *,
    model: Path,
    begin: Mapping[str, Tensor],
    metric_net: Path,
) -> None:
    """Train until the time is spent; leaves the model with its sharpener in the run's folder /model.

    Args:
        recipe: all settings of what is learnt.
        pairs: the data; the last `KEPT_BACK`, at most an eighth, are kept back.
        setup: where, how long and on what.
        model: folder of the model whose pictures were decoded.
        begin: state dict that the net begins with.
        metric_net: weight file of `MetricNet`.

    Raises:
        CheckpointError: if `model` holds no model.
        ValueError: if the pairs are too few or too small for the recipe.
    """
    kept = min(KEPT_BACK, len(pairs) // 8)
    if not kept or pairs.decoded.shape[-1] < recipe.crop:
        raise ValueError(f"{len(pairs)} pairs of {pairs.decoded.shape[-1]} px: give at least 8 of {recipe.crop} px")
    torch.manual_seed(recipe.seed)
    tune(setup.device)
    learner = _Learner(recipe, begin, metric_net, setup.device)
    average = learner.ema.module
    facts = {
        "stage": "sharpener",
        "pairs": _digest(pairs.decoded, pairs.sharp),
        "start": _digest(*begin.values()),
        "kept_back": kept,
    }
    run = Run(setup, recipe, facts, learner.state)
    order = SampleOrder(torch.zeros(len(pairs) - kept, dtype=torch.int64), recipe.batch, recipe.seed)

    def export() -> None:
        save_with_sharpener(model, setup.folder / "model", average)

    def sheet() -> np.ndarray[Any, Any]:
        decoded, sharp = (
            part[-kept:][:_SHOWN].to(setup.device).float() / 255.0 for part in (pairs.decoded, pairs.sharp)
        )
        with torch.no_grad():
            made = average(decoded)
        return to_sheet([F.interpolate(decoded, size=made.shape[-2:], mode="bicubic"), made, sharp])

    for report in run.steps(recipe.batch, export, sheet):
        draws = torch.rand(recipe.batch, 3, generator=generator_of(recipe.seed, run.step))
        rate = run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail)
        report(learner.step(crops(pairs, order.at(run.step), recipe.crop, draws), run.step, rate))


def weights_of(model: Path, net: SharpenerConfig) -> Mapping[str, Tensor]:
    """Read the sharpener of a model folder, to train it on.

    Raises:
        CheckpointError: if the folder holds no model, or a damaged one.
        ValueError: if the model has no sharpener of this shape.
    """
    found = load_sharpener(model, read_spec(model))
    if found is None or found.config != net:
        raise ValueError(f"{model} has no sharpener of the shape {net}: leave --start out, or name another model")
    return found.state_dict()


class _Learner:
    """The sharpener that learns, with its optimiser, its average and the net that judges it."""

    def __init__(
        self, recipe: SharpenerRecipe, begin: Mapping[str, Tensor], metric_net: Path, device: torch.device
    ) -> None:
        self._recipe, self._device = recipe, device
        self._net = net = Sharpener(recipe.net)
        net.load_state_dict(dict(begin))
        layout = torch.channels_last
        net.to(device, memory_format=layout)  # type: ignore[call-overload]
        self._perceptual = MetricNet(metric_net).to(device, memory_format=layout)  # type: ignore[call-overload]
        self.ema = Ema(net, recipe.ema)
        self._optimizer = torch.optim.Adam(net.parameters(), betas=(0.9, 0.99))
        self._half = torch.cpu._is_avx512_bf16_supported() if device.type == "cpu" else has_bf16(device)

    @property
    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint keeps."""
        return {"net": self._net, "ema": self.ema.module, "optimizer": self._optimizer}

    def step(self, batch: tuple[Tensor, Tensor], step: int, rate: float) -> Metrics:
        """Learn from small and large crops at a learning rate; see `crops`."""
        recipe, net = self._recipe, self._net
        inner = slice(recipe.rim, -recipe.rim)
        small, large = (part.to(self._device).contiguous(memory_format=torch.channels_last) for part in batch)
        set_rate(self._optimizer, rate)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            made, wanted = (part[..., inner, inner] for part in (net(small), large))
            l1 = (made - wanted).abs().mean()
            seen = self._perceptual.distance(made, wanted, last=recipe.perceptual_block).mean()
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward([l1 + recipe.perceptual * seen])
        torch.nn.utils.clip_grad_norm_(net.parameters(), recipe.clip)
        self._optimizer.step()
        self.ema.update(net, step)
        return {"l1": l1, "perceptual": seen}


def crops(pairs: Pairs, chosen: Tensor, side: int, draws: Tensor) -> tuple[Tensor, Tensor]:
    """Cut out the same random square of both pictures of each pair, half of them mirrored.

    Args:
        pairs: decoded and sharp pictures.
        chosen: (B,) int64 indices.
        side: of the square in the decoded picture, in pixels.
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


def _digest(*tensors: Tensor) -> str:
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(np.ascontiguousarray(tensor.numpy()).data)
    return digest.hexdigest()
