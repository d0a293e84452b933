"""Stage one: train a `CompactTokenizer` on photos.

Loss = L1 + perceptual (metric net) + commitment, and late in the run a patch discriminator with feature matching
(Esser et al. 2021, VQGAN) whose gradient at the pixels is held to a share of the other terms' gradient there. The
codebook learns by moving averages (codebook.py); EMA weights are exported.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.device import pick_dtype
from core.evaluation.features import MetricNet
from core.models.checkpoints import load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer
from core.training.codebook import CodebookTrainer
from core.training.data import Photos, SampleOrder, augment
from core.training.discriminator import PatchDiscriminator
from core.training.ema import Ema
from core.training.losses import feature_matching, hinge_discriminator, r1_penalty
from core.training.optimizers import set_rate
from core.training.recipes import TokenizerRecipe
from core.training.run import Limits, Run, generator_of, to_sheet

logger = logging.getLogger(__name__)


def train_tokenizer(
    recipe: TokenizerRecipe,
    photos: Photos,
    folder: Path,
    limits: Limits,
    *,
    metric_net: Path,
    device: torch.device,
    start: Path | None = None,
    resume: bool = False,
) -> None:
    """Train until the time is spent; leaves tokenizer.safetensors and tokenizer.json in `folder`.

    Args:
        recipe: what to learn, and how.
        photos: the data.
        folder: the run folder.
        limits: when to stop.
        metric_net: weight file of `MetricNet`.
        device: where to train.
        start: folder of a tokenizer that is trained further; its codes are in place from the first step.
        resume: go on from the folder's checkpoint.

    Raises:
        CheckpointError: where `start` holds no tokenizer.
        ValueError: where `start` holds a tokenizer of another shape, or `decoder_only` lacks a start.
    """
    torch.manual_seed(recipe.seed)
    layout = torch.channels_last
    tokenizer = CompactTokenizer(recipe.net)
    if start is not None:
        begun, _ = load_tokenizer(start)
        if begun.config != recipe.net:
            raise ValueError(f"{start} holds a tokenizer of another shape: start from one with {recipe.net}")
        tokenizer.load_state_dict(begun.state_dict())
    elif recipe.decoder_only:
        raise ValueError("decoder_only has nothing to keep: give the folder of a trained tokenizer with --start")
    tokenizer.to(device, memory_format=layout)  # type: ignore[call-overload]
    perceptual = MetricNet(metric_net).to(device, memory_format=layout)  # type: ignore[call-overload]
    discriminator = PatchDiscriminator().to(device)
    codes = CodebookTrainer(tokenizer.codebook, recipe.code_decay).to(device)
    ema = Ema(tokenizer, recipe.ema)
    learning = tokenizer.decoder if recipe.decoder_only else tokenizer
    optimizer = torch.optim.AdamW(learning.parameters(), betas=(0.9, 0.95), weight_decay=1e-4)
    opponent = torch.optim.AdamW(discriminator.parameters(), betas=(0.5, 0.9), weight_decay=0.0)
    state = {
        "tokenizer": tokenizer,
        "discriminator": discriminator,
        "codes": codes,
        "ema": ema.module,
        "optimizer": optimizer,
        "opponent": opponent,
    }
    facts = {"stage": "tokenizer", "data": photos.digest, "classes": list(photos.classes)}
    run = Run(folder, recipe, facts, state, limits, resume=resume)
    order = SampleOrder(photos.labels, recipe.batch, recipe.seed, recipe.balance)
    pixels = photos.pixels.to(device) if device.type == "cuda" else photos.pixels
    shown = order.at(0)[:8]
    half = pick_dtype("auto", device) is torch.bfloat16

    def batch_at(step: int) -> torch.Tensor:
        chosen = pixels[order.at(step).to(pixels.device)].to(device)
        batch = augment(chosen, recipe.size, recipe.smallest_crop, generator_of(recipe.seed, step))
        return batch.contiguous(memory_format=layout)

    def export() -> None:
        save_tokenizer(folder, ema.module, recipe.size)

    def sheet() -> np.ndarray[Any, Any]:
        originals = augment(pixels[shown].to(device), recipe.size, 1.0, generator_of(0, 0))
        with torch.no_grad():
            return to_sheet([originals, ema.module.decode(ema.module.encode(originals))])

    continuous_steps = 0 if start is not None else recipe.continuous_steps
    for report in run.steps(recipe.batch, export, sheet):
        playing = run.progress >= recipe.adversarial_from
        set_rate(optimizer, run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail))
        set_rate(opponent, run.rate(recipe.discriminator_rate, 1, recipe.tail))
        real = batch_at(run.step)
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            with torch.set_grad_enabled(not recipe.decoder_only):
                vectors = tokenizer.vectors(real)
            quantised, commitment, indices = codes.quantise(tokenizer.codebook, vectors)
            if run.step < continuous_steps:
                quantised, commitment = vectors, torch.zeros_like(commitment)
            decoded = tokenizer.pixels(quantised)
            # The terms meet at the pixels, where their gradients can be weighed against each other.
            shown_pixels = decoded.detach().requires_grad_()
            l1 = (shown_pixels - real).abs().mean()
            distance = perceptual.distance(shown_pixels, real, last=recipe.perceptual_block).mean()
            (gradient,) = torch.autograd.grad(recipe.l1 * l1 + recipe.perceptual * distance, shown_pixels)
            if playing:
                against = _adversarial_gradient(discriminator, shown_pixels, real, recipe.feature_matching)
                gradient += against * (recipe.adversarial * gradient.norm() / against.norm().clamp_min(1e-12))
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward([decoded], [gradient], retain_graph=not recipe.decoder_only)
        if commitment.requires_grad:
            (recipe.commitment * commitment).backward()
        torch.nn.utils.clip_grad_norm_(learning.parameters(), recipe.clip)
        optimizer.step()
        restart = run.step % recipe.restart_every == recipe.restart_every - 1 and run.progress < 1.0 - recipe.tail
        if run.step < continuous_steps:
            codes.start(tokenizer.codebook, _flat(vectors))
        elif not recipe.decoder_only:
            codes.update(tokenizer.codebook, _flat(vectors), indices, restart)
        played = _discriminate(discriminator, opponent, real, decoded.detach(), recipe, run.step) if playing else {}
        ema.update(tokenizer, run.step)
        used = torch.bincount(indices, minlength=recipe.net.codebook_size).float()
        share = used[used > 0] / used.sum()
        perplexity = torch.exp(-(share * share.log()).sum())
        psnr = -10.0 * torch.log10((decoded.clamp(0, 1) - real).square().mean((1, 2, 3))).mean()
        report(
            {
                "l1": l1.item(),
                "perceptual": distance.item(),
                "commitment": commitment.item(),
                "psnr": psnr.item(),
                "batch_perplexity": perplexity.item(),
                "discriminator": played.get("discriminator", float("nan")),
            }
        )


def _adversarial_gradient(
    discriminator: PatchDiscriminator, decoded: torch.Tensor, real: torch.Tensor, matching: float
) -> torch.Tensor:
    """Return the gradient at the decoded pixels of the hinge generator loss and `matching` x feature matching."""
    discriminator.requires_grad_(False)
    scores, features = discriminator(decoded)
    with torch.no_grad():
        wanted = discriminator(real)[1]
    (gradient,) = torch.autograd.grad(matching * feature_matching(wanted, features) - scores.mean(), decoded)
    return gradient


def _flat(vectors: torch.Tensor) -> torch.Tensor:
    """Return (B, D, h, w) as detached (B*h*w, D)."""
    return vectors.detach().permute(0, 2, 3, 1).reshape(-1, vectors.shape[1])


def _discriminate(
    discriminator: PatchDiscriminator,
    opponent: torch.optim.Optimizer,
    real: torch.Tensor,
    fake: torch.Tensor,
    recipe: TokenizerRecipe,
    step: int,
) -> Mapping[str, float]:
    """Take one discriminator step, with R1 every `r1_every` steps (lazy regularisation, StyleGAN2)."""
    discriminator.requires_grad_(True)
    penalise = step % recipe.r1_every == 0
    real = real.detach().requires_grad_(penalise)
    scores = discriminator(real)[0]
    loss = hinge_discriminator(scores, discriminator(fake)[0])
    total = loss
    if penalise:
        total = total + 0.5 * recipe.r1 * recipe.r1_every * r1_penalty(scores, real)
    opponent.zero_grad(set_to_none=True)
    total.backward()
    opponent.step()
    return {"discriminator": loss.item()}
