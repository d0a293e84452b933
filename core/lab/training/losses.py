"""Training objectives as pure functions of tensors."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Compute the hinge loss of a discriminator's scores of real and decoded pictures (scalar)."""
    return 0.5 * (F.relu(1.0 - real).mean() + F.relu(1.0 + fake).mean())


def r1_penalty(scores: Tensor, pixels: Tensor) -> Tensor:
    """Compute the mean squared gradient norm of each real picture's mean score (Mescheder et al. 2018, R1; scalar).

    Args:
        scores: (B, 1, h, w) of `pixels`. pixels: (B, 3, S, S) that require gradients.

    The mean over patches, not the sum, keeps the penalty's scale when the number of patches changes; the sum made it
    65,536 times as strong at 16x16 patches and held the scores at zero.
    """
    (gradient,) = torch.autograd.grad(scores.mean((1, 2, 3)).sum(), pixels, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean()


def feature_matching(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Compute the mean L1 distance between a discriminator's features of real and decoded pictures (scalar)."""
    gaps = [(f - r.detach()).abs().mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(gaps).mean()


def lattice_gap(a: Tensor, b: Tensor) -> Tensor:
    """Compute the mean absolute difference of two pictures' patterns with a period of 2 px, along rows and columns.

    A pixel shuffle leaves such a pattern, which is too faint for the other terms and is seen all the same (scalar).

    Args:
        a, b: (B, C, H, W) float, at least 9 px a side.
    """
    taps = torch.hann_window(11, periodic=False, device=a.device)[1:-1]
    signs = 1.0 - 2.0 * (torch.arange(9, device=a.device) % 2)
    kernel = (taps / taps.sum() * signs)[None, None, None]
    gap = (a - b).flatten(0, 1)[:, None]
    along = (F.conv2d(gap, kernel), F.conv2d(gap, kernel.mT))
    return torch.stack([pattern.abs().mean() for pattern in along]).mean()


def masked_cross_entropy(logits: Tensor, targets: Tensor, masked: Tensor, smoothing: float) -> Tensor:
    """Compute the label-smoothed cross-entropy averaged over all masked positions of the batch (scalar).

    Args:
        logits: (B, N, K) float. targets: (B, N) int64. masked: (B, N) bool, at least one True.

    Averaging over positions, not first per image, keeps an image with one masked token from counting as much as one
    with 256; the reference averages per image (docs/algorithm.md, section 9).
    """
    wanted = targets.masked_fill(~masked, -100)  # the index that cross_entropy ignores; logits[masked] would wait
    return F.cross_entropy(logits.flatten(0, 1).float(), wanted.flatten(), label_smoothing=smoothing)


def neighbour_shares(codes: Tensor, temperature: float) -> Tensor:
    """Compute how alike each code is to every other: (K, K) float32, rows that sum to 1, zeros on the diagonal.

    Args:
        codes: (K, D) float unit vectors, K at least 2.
        temperature: of the softmax over dot products, above 0.
    """
    similarity = codes.float() @ codes.float().T
    return (similarity / temperature).fill_diagonal_(-torch.inf).softmax(1)


def neighbour_cross_entropy(logits: Tensor, targets: Tensor, masked: Tensor, shares: Tensor) -> Tensor:
    """Compute the cross-entropy against the true codes' neighbours, averaged as `masked_cross_entropy` is (scalar).

    Args:
        logits: (B, N, K) float. targets: (B, N) int64. masked: (B, N) bool, at least one True.
        shares: (K, K) float, row k is the distribution that is wanted where k is true.
    """
    each = F.cross_entropy(logits.flatten(0, 1).float(), shares[targets.flatten()], reduction="none")
    return _over_masked(each, masked.flatten())


def masked_cosine_distance(guesses: Tensor, wanted: Tensor, masked: Tensor) -> Tensor:
    """Compute 1 - cosine between vectors, averaged as `masked_cross_entropy` is (scalar in [0, 2]).

    Args:
        guesses, wanted: (B, N, C) float. masked: (B, N) bool, at least one True.

    Only the direction counts, which says what lies in a cell: a distance that counts lengths, too, is led by the few
    cells of strong contrast, and its scale, so its weight, would be another for each net.
    """
    return _over_masked(1.0 - F.cosine_similarity(guesses, wanted, dim=-1), masked)


def _over_masked(values: Tensor, masked: Tensor) -> Tensor:
    """Average values where masked, both of one shape (scalar); `values[masked]` would wait for a GPU."""
    return (values * masked).sum() / masked.sum()
