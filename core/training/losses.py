"""Training objectives as pure functions of tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Return the hinge loss of a discriminator's scores of real and of decoded pictures (scalar)."""
    return 0.5 * (F.relu(1.0 - real).mean() + F.relu(1.0 + fake).mean())


def r1_penalty(scores: Tensor, pixels: Tensor) -> Tensor:
    """Return the mean squared gradient norm of the scores of real pixels (Mescheder et al. 2018, R1; scalar)."""
    (gradient,) = torch.autograd.grad(scores.sum(), pixels, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def feature_matching(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Return the mean L1 distance between a discriminator's features of real and decoded pictures (scalar)."""
    gaps = [(f - r.detach()).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(gaps).mean()


def masked_cross_entropy(logits: Tensor, targets: Tensor, masked: Tensor, smoothing: float) -> Tensor:
    """Return the label-smoothed cross-entropy averaged over all masked positions of the batch (scalar).

    Args:
        logits: (B, N, K) float. targets: (B, N) int64. masked: (B, N) bool, at least one True.

    Averaging over positions, not first per image, keeps an image with one masked token from counting as much as one
    with 256; the reference averages per image (algorithm.md, part 9).
    """
    return F.cross_entropy(logits[masked].float(), targets[masked], label_smoothing=smoothing)
