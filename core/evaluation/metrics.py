"""Figures of merit as pure functions of pictures and features.

Knows nothing of models, methods or files. Pictures are (H, W, 3) uint8 RGB, masks (H, W) bool with True = repainted.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.canvas.colours import to_lab

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]


def psnr(a: Picture, b: Picture, mask: Mask | None = None) -> float:
    """Return the peak signal-to-noise ratio in dB, over the masked pixels where a mask is given; inf for equal ones."""
    gap = (a.astype(np.float64) - b.astype(np.float64)) ** 2
    error = float(gap.mean() if mask is None else gap[mask].mean())
    return float("inf") if error == 0.0 else 10.0 * float(np.log10(255.0**2 / error))


def kernel_distance(a: Tensor, b: Tensor) -> float:
    """Return the squared kernel distance (KID) of two sets of features; about 0 where they are alike, may be below.

    The unbiased estimate of Binkowski et al. 2018, equation 4, with their kernel (x.y / d + 1)^3, over whole sets.

    Args:
        a, b: (n, d) and (m, d) float, n and m at least 2.
    """
    a, b = a.double(), b.double()
    n, m = len(a), len(b)

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        return (x @ y.T / x.shape[1] + 1.0).pow(3)

    within_a = kernel(a, a)
    within_b = kernel(b, b)
    alike_a = (within_a.sum() - within_a.diagonal().sum()) / (n * (n - 1))
    alike_b = (within_b.sum() - within_b.diagonal().sum()) / (m * (m - 1))
    return float(alike_a + alike_b - 2.0 * kernel(a, b).mean())


def precision_recall(real: Tensor, made: Tensor, *, neighbours: int = 3) -> tuple[float, float]:
    """Return (precision, recall), each 0..1, of made features (Kynkaanniemi et al. 2019, equations 1 and 2; k = 3).

    Precision is the share of made samples that lie in the real samples' manifold, recall the share of real ones that
    lie in the made samples'. A set's manifold is the union of balls around its members, each as wide as the distance
    to the member's k-th nearest neighbour in the set. Where a set has no k neighbours, k is as many as there are.

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


def similarity_map(a: Picture, b: Picture) -> NDArray[np.float64]:
    """Return the structural similarity (SSIM) around each pixel, (H, W) float64 in -1..1; its mean is the SSIM.

    scikit-image's, of the luminance with the Gaussian window of Wang et al. 2004.

    Args:
        a, b: pictures of one size, at least 11 pixels a side.

    Raises:
        ModuleNotFoundError: where scikit-image is not installed.
    """
    from skimage.metrics import structural_similarity

    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (a, b)]
    _, similarity = structural_similarity(
        *grey, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True
    )
    return np.asarray(similarity, np.float64)


def seam_step(picture: Picture, mask: Mask) -> float:
    """Return the mean absolute difference, 0..255, of neighbouring pixels of which just one is masked; nan if none are.

    Divided by the same figure of the real photo it is the seam ratio: 1 is natural, above 1 an edge shows.
    """
    values = picture.astype(np.float64)
    across = np.abs(values[:, 1:] - values[:, :-1])[mask[:, 1:] != mask[:, :-1]]
    down = np.abs(values[1:] - values[:-1])[mask[1:] != mask[:-1]]
    pairs = np.concatenate([across, down])
    return float(pairs.mean()) if len(pairs) else float("nan")


def ring_colour_shift(picture: Picture, mask: Mask, *, width: int = 8) -> float:
    """Return the CIE76 delta-E between the mean colours just inside and just outside the mask; nan without a border.

    Args:
        picture: the edited picture.
        mask: True = repainted.
        width: of each ring in pixels.
    """
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
    plain = mask.astype(np.uint8)
    grown = cv2.dilate(plain, disk).astype(bool)
    # Outside the picture counts as masked, so that its border is no ring.
    shrunk = cv2.erode(plain, disk, borderType=cv2.BORDER_CONSTANT, borderValue=1.0).astype(bool)
    inner, outer = mask & ~shrunk, grown & ~mask
    if not inner.any() or not outer.any():
        return float("nan")
    lab = to_lab(picture)
    return float(np.linalg.norm(lab[inner].mean(0) - lab[outer].mean(0)))


def to_side(picture: Picture, side: int) -> Picture:
    """Return a picture squeezed to a square, (side, side, 3) uint8; area averages down, cubic up."""
    method = cv2.INTER_AREA if min(picture.shape[:2]) > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (side, side), interpolation=method), np.uint8)


def to_tensor(pictures: Sequence[Picture], side: int) -> Tensor:
    """Return pictures resized by `to_side`, (n, 3, side, side) float32 in [0, 1]."""
    resized = np.stack([to_side(picture, side) for picture in pictures])
    return torch.from_numpy(resized).permute(0, 3, 1, 2).float() / 255.0
