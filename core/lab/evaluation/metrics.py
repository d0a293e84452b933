"""Figures of merit, as pure functions of pictures and features.

Knows nothing of models, methods or files. Pictures are (H, W, 3) uint8 RGB, masks (H, W) bool with True = repainted.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_LATTICE = (0.04, 0.1)  # neighbouring frequencies are this far away, as a share of the lattice's own
_RIDGE = 1.0  # of the judge of `told_apart`, beside a kernel of mean diagonal 1


def psnr(a: Picture, b: Picture, mask: Mask | None = None) -> float:
    """Compute the peak signal-to-noise ratio in dB, of the masked pixels if a mask is given; inf for equal ones."""
    gap = (a.astype(np.float64) - b.astype(np.float64)) ** 2
    error = float(gap.mean() if mask is None else gap[mask].mean())
    return float("inf") if error == 0.0 else 10.0 * float(np.log10(255.0**2 / error))


def changed_outside(a: Picture, b: Picture, mask: Mask) -> int:
    """Count the pixels outside the mask that differ in any channel.

    Raises:
        ValueError: if the pictures have different sizes or channels.
    """
    if a.shape != b.shape:
        raise ValueError(f"answer is {a.shape} but the canvas is {b.shape}")
    return int(((a != b).any(2) & ~mask).sum())


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Compute the squared kernel distance (KID) of two sets of features; about 0 for like sets, and may be below.

    The unbiased estimate of Binkowski et al. 2018, equation 4, with their kernel (x.y / d + 1)^3, over whole sets.

    Args:
        a, b: (n, d) and (m, d) float, n and m at least 2.
    """
    a, b = a.double(), b.double()

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1.0).pow(3)

    def alike(x: Tensor) -> Tensor:
        within = kernel(x, x)
        return (within.sum() - within.diagonal().sum()) / (len(x) * (len(x) - 1))

    return float(alike(a) + alike(b) - 2.0 * kernel(a, b).mean())


def told_apart(real: Tensor, made: Tensor) -> float:
    """Measure how well a linear judge tells made features from real ones: area under its ROC curve, 0.5 = not at all.

    Ridge regression on standardised features. Each photo's pair is judged by a judge that saw neither of the two.

    Args:
        real, made: (n, d) float, the features of n photos and of the answers about them; n at least 2.
    """
    count = len(real)
    both = torch.cat([real, made]).double()  # photo i is in rows i and count + i
    sides = torch.cat([-torch.ones(count), torch.ones(count)]).double()
    scores = torch.zeros(2 * count, dtype=torch.float64)
    for i in range(count):
        held = torch.zeros(2 * count, dtype=torch.bool)
        held[[i, count + i]] = True
        known = both[~held]
        centre, spread = known.mean(0), known.std(0).clamp_min(1e-6)
        known, asked = (known - centre) / spread, (both[held] - centre) / spread
        kernel = known @ known.T / known.shape[1]
        weights = torch.linalg.solve(kernel + _RIDGE * torch.eye(len(known)).double(), sides[~held])
        scores[held] = asked @ known.T @ weights / known.shape[1]
    scores = scores.round(decimals=9)  # equal features are equally suspicious
    above = scores[count:, None] - scores[None, :count]
    return float((above > 0).double().mean() + 0.5 * (above == 0).double().mean())


def precision_recall(real: Tensor, made: Tensor, *, neighbours: int = 3) -> tuple[float, float]:
    """Compute (precision, recall), each 0..1, of made features (Kynkaanniemi et al. 2019, equations 1 and 2; k = 3).

    Precision is the share of made samples that lie in the real samples' manifold, recall the share of real ones that
    lie in the made samples'. A set's manifold is the union of balls around its members, each as wide as the distance
    to the member's k-th nearest neighbour in the set. If a set has fewer than k neighbours, k is their number.

    Args:
        real, made: (n, d) and (m, d) float, n and m at least 2.
        neighbours: k >= 1.
    """
    real, made = real.double(), made.double()

    def share_inside(points: Tensor, centres: Tensor) -> float:
        k = min(neighbours, len(centres) - 1)
        # The nearest is the member itself, at distance 0.
        radius = torch.cdist(centres, centres).kthvalue(k + 1, dim=1).values
        return float((torch.cdist(points, centres) <= radius).any(1).double().mean())

    return share_inside(made, real), share_inside(real, made)


def has_similarity() -> bool:
    """Return whether SSIM can be measured, that is, whether scikit-image is installed."""
    return importlib.util.find_spec("skimage") is not None


def similarity_map(a: Picture, b: Picture) -> NDArray[np.float64]:
    """Compute the structural similarity (SSIM) around each pixel, (H, W) float64 in -1..1; its mean is the SSIM.

    scikit-image's, of the luminance with the Gaussian window of Wang et al. 2004.

    Args:
        a, b: pictures of one size, at least 11 pixels a side.

    Raises:
        ModuleNotFoundError: if scikit-image is not installed.
    """
    from skimage.metrics import structural_similarity

    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (a, b)]
    _, similarity = structural_similarity(
        *grey, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return np.asarray(similarity, np.float64)


def lattice(picture: Picture, pixels: int) -> float:
    """Measure how far a decoder's finest lattice stands out: the power at its period over that at neighbouring periods.

    A pixel shuffle at the end of a decoder leaves a lattice with a period of 2 of its pixels. Of the luma of rows and
    of columns; about 1 in photos.

    Args:
        picture: (H, W, 3) uint8, a decoded picture at any size.
        pixels: S, the side at which it was decoded.
    """
    luma = cv2.cvtColor(to_side(picture, 2 * pixels), cv2.COLOR_RGB2GRAY).astype(np.float64)
    power = np.zeros(pixels + 1)
    for lines in (luma, luma.T):
        tapered = (lines - lines.mean(1, keepdims=True)) * np.hanning(2 * pixels)
        power += (np.abs(np.fft.rfft(tapered, axis=1)) ** 2).mean(0)
    at, bins = pixels // 2, np.arange(pixels + 1)
    away = np.abs(bins - at) / at
    beside = (away > _LATTICE[0]) & (away < _LATTICE[1])
    return float((power[at - 1 : at + 2].mean() + 1e-9) / (power[beside].mean() + 1e-9))


def to_side(picture: Picture, side: int) -> Picture:
    """Squeeze a picture to a square, (side, side, 3) uint8; area averages down, cubic up."""
    method = cv2.INTER_AREA if min(picture.shape[:2]) > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)


def to_tensor(pictures: Sequence[Picture], side: int) -> Tensor:
    """Resize pictures by `to_side` and stack them, (n, 3, side, side) float32 in [0, 1]."""
    resized = np.stack([to_side(picture, side) for picture in pictures])
    return torch.from_numpy(resized).permute(0, 3, 1, 2).float() / 255.0
