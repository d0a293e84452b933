"""Blends a sharpener's picture into the decoded one: in the decoded colours, and only as far as wanted.

Knows nothing of nets: it is given the decoded picture and a net's output, four times as large. Constants:
    docs/canvas.md, section 6.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.notch import without_lattice

LEAST_WINDOW = 1.25
"""Windows up to this many times as wide as the model's picture are not sharpened: they are hardly enlarged."""
_LIGHT = 4.0
"""Sigma, in the decoded picture's pixels, of the colours and light that are kept: a net taught to sharpen darkens by
2 of 255 on average, and by 4 in cells of 8 px, which is half a cell."""
_LEAST_DEVIATION = 1.0  # levels of 255, rounding alone: a flat ring and a flat picture are equally sharp


def sharpened(decoded: NDArray[np.uint8], made: NDArray[np.float32], strength: float) -> NDArray[np.uint8]:
    """Blend the net's picture, in the decoded one's colours, over the decoded one.

    Args:
        decoded: (S, S, 3) uint8.
        made: (f S, f S, 3) float32 in levels of 255, the net's output.
        strength: share of the net's picture, 0 to 1; the rest is the decoded one without its lattice, enlarged.

    Returns:
        (f S, f S, 3) uint8.
    """
    side, large = decoded.shape[0], made.shape[0]
    clipped = np.clip(made, 0.0, 255.0)
    small = cv2.resize(clipped, (side, side), interpolation=cv2.INTER_AREA)
    lost = cv2.GaussianBlur(decoded.astype(np.float32) - small, (0, 0), _LIGHT, borderType=cv2.BORDER_REFLECT_101)
    sharp = clipped + cv2.resize(lost, (large, large), interpolation=cv2.INTER_LINEAR)
    soft = cv2.resize(without_lattice(decoded), (large, large), interpolation=cv2.INTER_CUBIC)
    mixed = strength * sharp + (1.0 - strength) * soft.astype(np.float32)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def as_sharp_as(ring: NDArray[np.uint8], known: NDArray[np.bool_], painted: NDArray[np.uint8]) -> float:
    """Share, 0 to 1, of a sharpener's strength that suits a window whose known pixels may be soft.

    The standard deviation of luma's Laplacian over the known pixels, divided by that of the sharpened picture where it
    will be painted; at most 1, and 1 if nothing is known.

    Args:
        ring: (s, s, 3) uint8, the window.
        known: (s, s) bool, its known pixels.
        painted: (s, s, 3) uint8, the sharpened picture at the window's size.
    """
    # A known pixel counts if its neighbours are known, too.
    inside = cv2.erode(known.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0.0) > 0
    if not inside.any() or known.all():
        return 1.0
    around, made = (_deviation(picture, part) for picture, part in ((ring, inside), (painted, ~known)))
    return min(1.0, (around + _LEAST_DEVIATION) / (made + _LEAST_DEVIATION))


def _deviation(picture: NDArray[np.uint8], part: NDArray[np.bool_]) -> float:
    luma = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(luma, cv2.CV_32F)[part].std())
