"""How sharp the repainted part of a picture is beside what surrounds it.

Knows nothing of how it was painted.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Box, Size, distance_inside

_ROUNDING = 20.0 / 12.0
"""Mean squared Laplacian that rounding to whole levels leaves in a flat picture: 1/12 a pixel, weights 4 and 1."""
_RING = 0.25  # width of the ring as a share of the region's own width
_LEAST_RING = 6  # pixels


def sharpness_ratio(picture: Picture, mask: Mask) -> float:
    """Return the Laplacian energy inside a mask over that in a ring around it: 1 is natural, below 1 is a blur.

    The mean square of the luma's Laplacian (4 neighbours), of pixels whose neighbours lie on their own side; the noise
    of rounding is added to both, so that two flat sides make 1.

    Args:
        picture: (H, W, 3 or 4) uint8.
        mask: (H, W) bool, True = repainted.

    Returns:
        0 or more; nan where a side has no pixels.
    """
    bounds = Box.around(mask)
    if bounds is None or mask.all():
        return float("nan")
    depth = float(distance_inside(mask[bounds.slices], edge=True).max())
    width = max(_LEAST_RING, round(_RING * 2.0 * depth))
    reach = width + 2
    near = bounds.grown(reach).clamped(Size(mask.shape[1], mask.shape[0]))
    hole = mask[near.slices]
    away = distance_inside(~hole)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = cv2.erode(hole.astype(np.uint8), cross, borderValue=1) > 0
    if not inside.any():
        inside = hole
    ring = (away > 1.0) & (away <= width + 1.0)
    if not ring.any():
        return float("nan")
    energy = _laplacian(picture[near.slices]) ** 2
    return (float(energy[inside].mean()) + _ROUNDING) / (float(energy[ring].mean()) + _ROUNDING)


def _laplacian(picture: Picture) -> NDArray[np.float32]:
    luma = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.Laplacian(luma, cv2.CV_32F, ksize=1), np.float32)
