"""Stage one: train a `CompactTokenizer` on photos.

Knows nothing of stage two. Loss = L1 or squared error + perceptual (metric net) + commitment, and late in the run a
patch discriminator with feature matching (Esser et al. 2021, VQGAN) whose gradient at the pixels is held to a share of
the other terms' gradient there. The codebook learns by moving averages (codebook.py); EMA weights are exported.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.engine.device import pick_dtype
from core.features import MetricNet
from core.models.checkpoints import TOKENIZER_FILE, file_digest, load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer
from core.training.codebook import CodebookTrainer
from core.training.data import Photos, SampleOrder, augment
from core.training.discriminator import PatchDiscriminator
from core.training.ema import Ema
from core.training.losses import feature_matching, hinge_discriminator, r1_penalty
from core.training.optimizers import set_rate
from core.training.processes import Processes
from core.training.recipes import TokenizerRecipe
from core.training.run import Limits, Run, generator_of, to_sheet
from core.training.speed import can_compile, moved, resident, tune

logger = logging.getLogger(__name__)


def train_tokenizer(
    recipe: TokenizerRecipe,
    photos: Photos,
    folder: Path,
    limits: Limits,
    *,
    metric_net: Path | None,
    device: torch.device,
    processes: Processes | None = None,
    start: Path | None = None,
    resume: bool = False,
    compiled: bool | None = None,
) -> None:
    """Train until the time is spent; leaves tokenizer.safetensors and tokenizer.json in `folder`.

    Args:
        recipe: what to learn, and how.
        photos: the data.
        folder: the run folder.
        limits: when to stop.
        metric_net: weight file of `MetricNet`; None where the recipe has no perceptual term.
        device: where to train.
        processes: who share each batch; None for one.
        start: folder of a tokenizer that is trained further; its codes are in place from the first step.
        resume: go on from the folder's checkpoint.
        compiled: compile the nets (all but the discriminator, whose penalty needs second derivatives); None does so
            on CUDA.

    Raises:
        CheckpointError: where `start` holds no tokenizer.
        ValueError: where `start` holds a tokenizer of another shape, `decoder_only` lacks a start, the perceptual term
            its net, or the batch does not split evenly over the processes.
    """
    processes = processes or Processes(device)
    mine = processes.share(recipe.batch)
    torch.manual_seed(recipe.seed)
    tune(device)
    layout = torch.channels_last
    tokenizer = CompactTokenizer(recipe.net)
    if recipe.perceptual and metric_net is None:
        raise ValueError(f"the recipe weighs a perceptual term by {recipe.perceptual}: give the net that it needs")
    if start is not None:
        _start_from(tokenizer, start)
    elif recipe.decoder_only:
        raise ValueError("decoder_only has nothing to keep: give the folder of a trained tokenizer with --start")
    tokenizer.to(device, memory_format=layout)  # type: ignore[call-overload]
    discriminator = PatchDiscriminator().to(device)
    codes = CodebookTrainer(tokenizer.codebook, recipe.code_decay).to(device)
    ema = Ema(tokenizer, recipe.ema)
    learning = tokenizer.decoder if recipe.decoder_only else tokenizer
    fused = device.type == "cuda"
    optimizer = torch.optim.AdamW(learning.parameters(), betas=(0.9, 0.95), weight_decay=1e-4, fused=fused)
    opponent = torch.optim.AdamW(discriminator.parameters(), betas=(0.5, 0.9), weight_decay=0.0, fused=fused)
    state = {
        "tokenizer": tokenizer,
        "discriminator": discriminator,
        "codes": codes,
        "ema": ema.module,
        "optimizer": optimizer,
        "opponent": opponent,
    }
    facts = {
        "stage": "tokenizer",
        "data": photos.digest,
        "classes": list(photos.classes),
        "start": file_digest(start / TOKENIZER_FILE) if start is not None else None,
    }
    run = Run(folder, recipe, facts, state, limits, processes, resume=resume)
    order = SampleOrder(photos.labels, recipe.batch, recipe.seed, recipe.balance)
    pixels = resident(photos.pixels, device)
    half = pick_dtype("auto", device) is torch.bfloat16
    parts: list[Callable[..., Tensor]] = [tokenizer.vectors, tokenizer.features]
    if metric_net is not None and recipe.perceptual:
        perceptual = MetricNet(metric_net).to(device, memory_format=layout)  # type: ignore[call-overload]
        parts.append(perceptual.distance)
    if compiled or (compiled is None and device.type == "cuda" and can_compile(device)):
        parts = [torch.compile(part, dynamic=False) for part in parts]
    encode, render, *distances = parts
    last = tokenizer.last_weight

    def batch_at(step: int) -> Tensor:
        chosen = pixels[moved(order.at(step)[mine], pixels.device)]
        draws = torch.rand(recipe.batch, 4, generator=generator_of(recipe.seed, step))
        batch = augment(moved(chosen, device), recipe.size, recipe.smallest_crop, draws[mine])
        return batch.contiguous(memory_format=layout)

    def export() -> None:
        save_tokenizer(folder, ema.module, recipe.size)

    def sheet() -> np.ndarray[Any, Any]:
        first = photos.pixels[order.at(0)[:8]].to(device)
        originals = augment(first, recipe.size, 1.0, torch.full((len(first), 4), 0.5))
        with torch.no_grad():
            return to_sheet([originals, ema.module.decode(ema.module.encode(originals))])

    continuous_steps = 0 if start is not None else recipe.continuous_steps
    everyone = 1.0 / processes.count  # a mean over this process's samples times this is its part of everyone's mean
    for report in run.steps(recipe.batch, export, sheet):
        playing = run.progress >= recipe.adversarial_from
        set_rate(optimizer, run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail))
        set_rate(opponent, run.rate(recipe.discriminator_rate, 1, recipe.tail))
        real = batch_at(run.step)
        metrics: dict[str, Tensor | float] = {"adversarial_weight": float("nan"), "discriminator": float("nan")}
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            with torch.set_grad_enabled(not recipe.decoder_only):
                vectors = encode(real)
            quantised, commitment, indices = codes.quantise(tokenizer.codebook, vectors)
            if run.step < continuous_steps:
                quantised, commitment = vectors, torch.zeros_like(commitment)
            decoded = tokenizer.paint(render(quantised))
            # The terms meet at the pixels, where their gradients can be weighed against each other.
            shown = decoded.detach().requires_grad_()
            gap = shown - real
            metrics["l1"] = l1 = gap.abs().mean()
            loss = recipe.l1 * l1 + recipe.mse * gap.square().mean()
            for distance in distances:
                metrics["perceptual"] = seen = distance(shown, real, last=recipe.perceptual_block).mean()
                loss = loss + recipe.perceptual * seen
            (gradient,) = torch.autograd.grad(loss * everyone, shown)
            if playing:
                against = everyone * _adversarial_gradient(discriminator, shown, real, recipe.feature_matching)
                pull, push = (_at(last, decoded, g, processes) for g in (gradient, against))
                share = recipe.adversarial * min(
                    1.0, (run.progress - recipe.adversarial_from) / recipe.adversarial_ramp
                )
                metrics["adversarial_weight"] = weight = share * pull / push.clamp_min(1e-12)
                gradient += weight * against
        optimizer.zero_grad(set_to_none=True)
        if commitment.requires_grad:
            torch.autograd.backward([decoded, recipe.commitment * everyone * commitment], [gradient, None])
        else:
            torch.autograd.backward([decoded], [gradient])
        processes.sum_gradients(learning.parameters())
        torch.nn.utils.clip_grad_norm_(learning.parameters(), recipe.clip)
        optimizer.step()
        # Codes learn from everyone's vectors: the batch of one process, in the same order.
        all_vectors, all_indices = processes.gather(_flat(vectors)), processes.gather(indices)
        restart = run.step % recipe.restart_every == recipe.restart_every - 1 and run.progress < 1.0 - recipe.tail
        if run.step < continuous_steps:
            codes.start(tokenizer.codebook, all_vectors)
        elif not recipe.decoder_only:
            codes.update(tokenizer.codebook, all_vectors, all_indices, restart)
        processes.equalise([tokenizer.codebook, codes.counts, codes.sums])  # CUDA adds up in any order
        metrics["commitment"] = commitment
        metrics["psnr"] = -10.0 * torch.log10((decoded.detach().clamp(0, 1) - real).square().mean((1, 2, 3))).mean()
        metrics["batch_perplexity"] = _perplexity(all_indices, recipe.net.codebook_size)
        if playing:
            metrics["discriminator"] = _discriminate(
                discriminator, opponent, real, decoded.detach(), recipe, run.step, processes
            )
        ema.update(tokenizer, run.step)
        report(metrics)


def _start_from(tokenizer: CompactTokenizer, folder: Path) -> None:
    """Load a folder's tokenizer; a decoder may get the convolution after its shuffle, which begins as nothing.

    Raises:
        ValueError: where the folder holds a tokenizer of another shape.
    """
    begun, _ = load_tokenizer(folder)
    if replace(begun.config, smooth=tokenizer.config.smooth) != tokenizer.config or (
        begun.config.smooth and not tokenizer.config.smooth
    ):
        raise ValueError(f"{folder} holds a tokenizer of another shape: start from one with {tokenizer.config}")
    tokenizer.load_state_dict(begun.state_dict(), strict=begun.config.smooth == tokenizer.config.smooth)


def _adversarial_gradient(discriminator: PatchDiscriminator, decoded: Tensor, real: Tensor, matching: float) -> Tensor:
    """Return the gradient at the decoded pixels of the hinge generator loss and `matching` x feature matching."""
    discriminator.requires_grad_(False)
    scores, features = discriminator(decoded)
    with torch.no_grad():
        wanted = discriminator(real)[1]
    (gradient,) = torch.autograd.grad(matching * feature_matching(wanted, features) - scores.mean(), decoded)
    return gradient


def _at(weight: Tensor, decoded: Tensor, gradient: Tensor, processes: Processes) -> Tensor:
    """Return the norm at the decoder's last weights of a gradient at the decoded pixels (VQGAN, equation 7; scalar).

    Norms at the pixels themselves mislead: a push that is small but alike everywhere outweighs a large one whose signs
    alternate, and within 300 steps wrecked a trained decoder.
    """
    (there,) = torch.autograd.grad(decoded, weight, gradient, retain_graph=True)
    norm: Tensor = processes.sum(there).norm()
    return norm


def _flat(vectors: Tensor) -> Tensor:
    """Return (B, D, h, w) as detached (B*h*w, D)."""
    return vectors.detach().permute(0, 2, 3, 1).reshape(-1, vectors.shape[1])


def _perplexity(indices: Tensor, size: int) -> Tensor:
    """Return exp(entropy) of how often each of `size` codes is used (scalar); indices: (M,) int64."""
    ones = torch.ones(len(indices), device=indices.device)
    share = torch.zeros(size, device=indices.device).index_add_(0, indices, ones) / len(indices)  # bincount would wait
    return torch.exp(-(share * share.clamp_min(1e-12).log()).sum())


def _discriminate(
    discriminator: PatchDiscriminator,
    opponent: torch.optim.Optimizer,
    real: Tensor,
    fake: Tensor,
    recipe: TokenizerRecipe,
    step: int,
    processes: Processes,
) -> Tensor:
    """Take one discriminator step, with R1 every `r1_every` steps (lazy regularisation, StyleGAN2); return its loss."""
    discriminator.requires_grad_(True)
    penalise = step % recipe.r1_every == 0
    real = real.detach().requires_grad_(penalise)
    scores = discriminator(real)[0]
    loss = hinge_discriminator(scores, discriminator(fake)[0])
    total = loss
    if penalise:
        total = total + 0.5 * recipe.r1 * recipe.r1_every * r1_penalty(scores, real)
    opponent.zero_grad(set_to_none=True)
    (total / processes.count).backward()
    processes.sum_gradients(discriminator.parameters())
    opponent.step()
    return loss
