"""Stage one: trains a `CompactTokenizer` on photos.

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
import torch.nn.functional as F
from torch import Tensor

from core.engine.device import pick_dtype
from core.lab.features import MetricNet
from core.lab.training.codebook import CodebookTrainer
from core.lab.training.data import Photos, SampleOrder, augment
from core.lab.training.discriminator import PatchDiscriminator
from core.lab.training.ema import Ema
from core.lab.training.losses import feature_matching, hinge_discriminator, lattice_gap, r1_penalty
from core.lab.training.optimizers import set_rate
from core.lab.training.processes import Processes
from core.lab.training.recipes import TokenizerRecipe
from core.lab.training.run import Metrics, Run, Setup, generator_of, to_sheet
from core.lab.training.speed import can_compile, moved, tune
from core.lab.training.streaming import StreamedPhotos
from core.models.checkpoints import TOKENIZER_FILE, file_digest, load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer

logger = logging.getLogger(__name__)
_SHOWN = 8  # photos on a contact sheet: 1024 px wide at 128 px


def train_tokenizer(
    recipe: TokenizerRecipe,
    photos: Photos | StreamedPhotos,
    setup: Setup,
    *,
    metric_net: Path | None,
    start: Path | None = None,
) -> None:
    """Train until the time is spent; leaves tokenizer.safetensors and tokenizer.json in the run's folder.

    Args:
        recipe: all settings of what is learnt.
        photos: the data.
        setup: where, how long and on what. All nets are compiled but the discriminator, whose penalty needs second
            derivatives; by default on CUDA alone.
        metric_net: weight file of `MetricNet`; None if the recipe has no perceptual term.
        start: folder of a tokenizer that is trained further; its codes are in place from the first step.

    Raises:
        CheckpointError: if `start` holds no tokenizer.
        ValueError: if `start` holds a tokenizer of another shape, `decoder_only` lacks a start, the perceptual term
            its net, or the batch does not split evenly over the processes.
    """
    torch.manual_seed(recipe.seed)
    tune(setup.device)
    stage = _Stage(recipe, setup, metric_net, start)
    batches = _Batches(recipe, photos, setup)
    facts = {
        "stage": "tokenizer",
        "data": photos.digest,
        "classes": list(photos.classes),
        "start": file_digest(start / TOKENIZER_FILE) if start is not None else None,
    }
    run = Run(setup, recipe, facts, stage.state)

    def export() -> None:
        save_tokenizer(setup.folder, stage.ema.module, recipe.size)

    def sheet() -> np.ndarray[Any, Any]:
        originals = batches.shown()
        with torch.no_grad():
            return to_sheet([originals, stage.ema.module.decode(stage.ema.module.encode(originals))])

    for report in run.steps(recipe.batch, export, sheet):
        stage.set_rates(run)
        report(stage.step(batches.at(run.step), run.step, run.progress))


class _Batches:
    """The photos of each step: this process's share of a batch, cropped and mirrored."""

    def __init__(self, recipe: TokenizerRecipe, photos: Photos | StreamedPhotos, setup: Setup) -> None:
        self._recipe, self._photos, self._device = recipe, photos.near(setup.device), setup.device
        self._mine = setup.processes.share(recipe.batch)
        self._order = SampleOrder(photos.labels, recipe.batch, recipe.seed, recipe.balance)

    def at(self, step: int) -> Tensor:
        """Return a step's photos, (b, 3, size, size) float32 in [0, 1]."""
        recipe = self._recipe
        chosen = self._photos.at(self._order.at(step)[self._mine])
        self._photos.soon(self._order.at(step + 1)[self._mine])
        draws = torch.rand(recipe.batch, 4, generator=generator_of(recipe.seed, step))
        batch = augment(moved(chosen, self._device), recipe.size, recipe.smallest_crop, draws[self._mine])
        return batch.contiguous(memory_format=torch.channels_last)

    def shown(self) -> Tensor:
        """Return whole photos for the contact sheet."""
        first = self._photos.at(self._order.at(0)[:_SHOWN]).to(self._device)
        return augment(first, self._recipe.size, 1.0, torch.full((len(first), 4), 0.5))


class _Stage:
    """The nets of a run with their optimisers, and what one step does to them."""

    def __init__(self, recipe: TokenizerRecipe, setup: Setup, metric_net: Path | None, start: Path | None) -> None:
        if recipe.perceptual and metric_net is None:
            raise ValueError(f"the recipe weighs a perceptual term by {recipe.perceptual}: give the net that it needs")
        device = setup.device
        self._recipe, self._processes, self._device = recipe, setup.processes, device
        # A mean over this process's samples times this is its part of everyone's mean.
        self._everyone = 1.0 / setup.processes.count
        self._continuous_steps = 0 if start is not None else recipe.continuous_steps
        self._half = pick_dtype(setup.dtype, device) is torch.bfloat16
        self.tokenizer = tokenizer = _begun(recipe, start)
        tokenizer.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._opponent = _Opponent(recipe, setup)
        self._codes = CodebookTrainer(tokenizer.codebook, recipe.code_decay).to(device)
        self.ema = Ema(tokenizer, recipe.ema)
        self._learning = tokenizer.decoder if recipe.decoder_only else tokenizer
        self._optimizer = torch.optim.AdamW(
            self._learning.parameters(), betas=(0.9, 0.95), weight_decay=1e-4, fused=device.type == "cuda"
        )
        parts: list[Callable[..., Tensor]] = [tokenizer.vectors, tokenizer.features]
        if metric_net is not None and recipe.perceptual:
            perceptual = MetricNet(metric_net).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
            parts.append(perceptual.distance)
        if setup.compiled or (setup.compiled is None and device.type == "cuda" and can_compile(device)):
            parts = [torch.compile(part, dynamic=False) for part in parts]
        self._encode, self._render, *self._distances = parts

    @property
    def state(self) -> dict[str, Any]:
        """Everything that a checkpoint keeps."""
        return {
            "tokenizer": self.tokenizer,
            "discriminator": self._opponent.net,
            "codes": self._codes,
            "ema": self.ema.module,
            "optimizer": self._optimizer,
            "opponent": self._opponent.optimizer,
        }

    def set_rates(self, run: Run) -> None:
        """Set the learning rates for the present moment of a run."""
        recipe = self._recipe
        set_rate(self._optimizer, run.rate(recipe.learning_rate, recipe.warmup_steps, recipe.tail))
        set_rate(self._opponent.optimizer, run.rate(recipe.discriminator_rate, 1, recipe.tail))

    def step(self, real: Tensor, step: int, progress: float) -> Metrics:
        """Learn from one batch.

        Args:
            real: (b, 3, S, S) float in [0, 1].
            step: its number.
            progress: share of the run that is over.
        """
        recipe, codebook = self._recipe, self.tokenizer.codebook
        playing = progress >= recipe.adversarial_from
        metrics: dict[str, Tensor | float] = {"adversarial_weight": float("nan"), "discriminator": float("nan")}
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            with torch.set_grad_enabled(not recipe.decoder_only):
                vectors = self._encode(real)
            quantised, commitment, indices = self._codes.quantise(codebook, vectors)
            if step < self._continuous_steps:
                quantised, commitment = vectors, torch.zeros_like(commitment)
            decoded = self.tokenizer.paint(self._render(quantised))
            shown = decoded.detach().requires_grad_()
            gradient = self._pull(shown, real, metrics)
            if playing:
                gradient += self._push(decoded, shown, real, gradient, progress, metrics)
        self._descend(decoded, gradient, commitment)
        all_indices = self._teach_codes(vectors, indices, step, progress)
        metrics["commitment"] = commitment
        metrics["psnr"] = -10.0 * torch.log10((decoded.detach().clamp(0, 1) - real).square().mean((1, 2, 3))).mean()
        metrics["batch_perplexity"] = _perplexity(all_indices, recipe.net.codebook_size)
        if playing:
            metrics["discriminator"] = self._opponent.step(real, decoded.detach(), step)
        self.ema.update(self.tokenizer, step)
        return metrics

    def _pull(self, shown: Tensor, real: Tensor, metrics: dict[str, Tensor | float]) -> Tensor:
        """Compute the gradient at the pixels of all terms but the adversarial one.

        The terms meet at the pixels, where their gradients can be weighed against each other.
        """
        recipe, gap = self._recipe, shown - real
        metrics["l1"] = l1 = gap.abs().mean()
        loss = recipe.l1 * l1 + recipe.mse * gap.square().mean()
        if recipe.lattice:
            metrics["lattice"] = pattern = lattice_gap(shown, real)
            loss = loss + recipe.lattice * pattern
        for distance in self._distances:
            pair = (_enlarged(pixels, recipe.perceptual_side) for pixels in (shown, real))
            metrics["perceptual"] = seen = distance(*pair, last=recipe.perceptual_block).mean()
            loss = loss + recipe.perceptual * seen
        (gradient,) = torch.autograd.grad(loss * self._everyone, shown)
        return gradient

    def _push(
        self,
        decoded: Tensor,
        shown: Tensor,
        real: Tensor,
        gradient: Tensor,
        progress: float,
        metrics: dict[str, Tensor | float],
    ) -> Tensor:
        """Compute the adversarial gradient at the pixels, scaled to its share of the others' `gradient`."""
        recipe, last = self._recipe, self.tokenizer.last_weight
        against = self._everyone * _adversarial_gradient(self._opponent.net, shown, real, recipe.feature_matching)
        pull, push = (_at(last, decoded, g, self._processes) for g in (gradient, against))
        share = recipe.adversarial * min(1.0, (progress - recipe.adversarial_from) / recipe.adversarial_ramp)
        metrics["adversarial_weight"] = weight = share * pull / push.clamp_min(1e-12)
        return weight * against

    def _descend(self, decoded: Tensor, gradient: Tensor, commitment: Tensor) -> None:
        """Take one step along the gradient at the pixels, and along that of the commitment if it has one."""
        recipe, processes = self._recipe, self._processes
        self._optimizer.zero_grad(set_to_none=True)
        if commitment.requires_grad:
            weighed = recipe.commitment * self._everyone * commitment
            torch.autograd.backward([decoded, weighed], [gradient, None])
        else:
            torch.autograd.backward([decoded], [gradient])
        processes.sum_gradients(self._learning.parameters())
        torch.nn.utils.clip_grad_norm_(self._learning.parameters(), recipe.clip)
        self._optimizer.step()

    def _teach_codes(self, vectors: Tensor, indices: Tensor, step: int, progress: float) -> Tensor:
        """Move the codes towards everyone's vectors, in the order of a single process; returns everyone's indices."""
        recipe, processes, codebook = self._recipe, self._processes, self.tokenizer.codebook
        all_vectors, all_indices = processes.gather(_flat(vectors)), processes.gather(indices)
        restart = step % recipe.restart_every == recipe.restart_every - 1 and progress < 1.0 - recipe.tail
        if step < self._continuous_steps:
            self._codes.start(codebook, all_vectors)
        elif not recipe.decoder_only:
            self._codes.update(codebook, all_vectors, all_indices, restart)
        processes.equalise([codebook, self._codes.counts, self._codes.sums])  # CUDA adds up in any order
        return all_indices


class _Opponent:
    """The discriminator with its optimiser."""

    def __init__(self, recipe: TokenizerRecipe, setup: Setup) -> None:
        self._recipe, self._processes = recipe, setup.processes
        self.net = PatchDiscriminator().to(setup.device)
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), betas=(0.5, 0.9), weight_decay=0.0, fused=setup.device.type == "cuda"
        )

    def step(self, real: Tensor, fake: Tensor, step: int) -> Tensor:
        """Take one step, with R1 every `r1_every` steps (lazy regularisation, StyleGAN2); return the loss."""
        recipe = self._recipe
        self.net.requires_grad_(True)
        penalise = step % recipe.r1_every == 0
        real = real.detach().requires_grad_(penalise)
        scores = self.net(real)[0]
        loss = hinge_discriminator(scores, self.net(fake)[0])
        total = loss
        if penalise:
            total = total + 0.5 * recipe.r1 * recipe.r1_every * r1_penalty(scores, real)
        self.optimizer.zero_grad(set_to_none=True)
        (total / self._processes.count).backward()
        self._processes.sum_gradients(self.net.parameters())
        self.optimizer.step()
        return loss


def _begun(recipe: TokenizerRecipe, start: Path | None) -> CompactTokenizer:
    """Make the tokenizer that a run begins with."""
    tokenizer = CompactTokenizer(recipe.net)
    if start is not None:
        _start_from(tokenizer, start)
    elif recipe.decoder_only:
        raise ValueError("decoder_only has nothing to keep: give the folder of a trained tokenizer with --start")
    return tokenizer


def _start_from(tokenizer: CompactTokenizer, folder: Path) -> None:
    """Load a folder's tokenizer; a decoder may gain the convolution after its shuffle, which starts as the identity.

    Raises:
        ValueError: if the folder holds a tokenizer of another shape.
    """
    begun, _ = load_tokenizer(folder)
    if replace(begun.config, smooth=tokenizer.config.smooth) != tokenizer.config or (
        begun.config.smooth and not tokenizer.config.smooth
    ):
        raise ValueError(f"{folder} holds a tokenizer of another shape: start from one with {tokenizer.config}")
    tokenizer.load_state_dict(begun.state_dict(), strict=begun.config.smooth == tokenizer.config.smooth)


def _enlarged(pixels: Tensor, side: int) -> Tensor:
    """Enlarge (B, 3, S, S) as the evaluation does to at least (B, 3, side, side)."""
    return F.interpolate(pixels, (side, side), mode="bicubic") if pixels.shape[-1] < side else pixels


def _adversarial_gradient(discriminator: PatchDiscriminator, decoded: Tensor, real: Tensor, matching: float) -> Tensor:
    """Compute the gradient at the decoded pixels of the hinge generator loss plus `matching` x feature matching."""
    discriminator.requires_grad_(False)
    scores, features = discriminator(decoded)
    with torch.no_grad():
        wanted = discriminator(real)[1]
    (gradient,) = torch.autograd.grad(matching * feature_matching(wanted, features) - scores.mean(), decoded)
    return gradient


def _at(weight: Tensor, decoded: Tensor, gradient: Tensor, processes: Processes) -> Tensor:
    """Compute the norm at the decoder's last weights of a gradient at the decoded pixels (VQGAN, equation 7; scalar).

    Norms at the pixels themselves mislead: a gradient that is small but equal everywhere outweighs a large one whose
    signs alternate, and within 300 steps ruined a trained decoder.
    """
    (there,) = torch.autograd.grad(decoded, weight, gradient, retain_graph=True)
    norm: Tensor = processes.sum(there).norm()
    return norm


def _flat(vectors: Tensor) -> Tensor:
    """Reshape (B, D, h, w) to detached (B*h*w, D)."""
    return vectors.detach().permute(0, 2, 3, 1).reshape(-1, vectors.shape[1])


def _perplexity(indices: Tensor, size: int) -> Tensor:
    """Compute exp(entropy) of the use of `size` codes (scalar); indices: (M,) int64."""
    ones = torch.ones(len(indices), device=indices.device)
    share = torch.zeros(size, device=indices.device).index_add_(0, indices, ones) / len(indices)  # bincount would wait
    return torch.exp(-(share * share.clamp_min(1e-12).log()).sum())
