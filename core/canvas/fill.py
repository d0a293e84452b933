"""Replaces the hole by something neutral before a window is encoded.

Knows nothing of tokens. A tokenizer's receptive field is wider than a cell: without this the removed object would leak
into the codes of its neighbours and come back (docs/algorithm.md, section 4). Constants: docs/canvas.md, section 2.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MID_GREY = 128
"""The middle of the range 0..255, for windows in which nothing is known."""
_TELEA_RADIUS_PX = 3
"""Radius in OpenCV's own example of inpainting."""
_TELEA_MOST = 0.6
"""Share of the window above which Telea's fronts meet in streaks and cost more; the smooth fill is used instead."""
_TELEA_MOST_PIXELS = 20_000
"""Telea takes 11 ms for these in a window of 512 px and ever more for larger holes; the smooth fill takes 19 for
any."""


def neutral_fill(window: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Fill a window's hole from its surroundings.

    Args:
        window: (S, S, 3) uint8 RGB at the model's resolution.
        hole: (S, S) bool, True = unknown; the window's pixels there are not read.

    Returns:
        (S, S, 3) uint8, a new array; known pixels unchanged, mid grey if nothing is known.
    """
    unknown = int(hole.sum())
    if unknown == 0:
        return window.copy()
    if unknown == hole.size:
        return np.full_like(window, MID_GREY)
    filled = window.copy()
    if unknown <= min(_TELEA_MOST * hole.size, _TELEA_MOST_PIXELS):
        blank = np.where(hole[..., None], np.uint8(MID_GREY), window)
        filled[hole] = cv2.inpaint(blank, hole.astype(np.uint8), _TELEA_RADIUS_PX, cv2.INPAINT_TELEA)[hole]
    else:
        smooth = smooth_fill(window.astype(np.float32), (~hole).astype(np.float32))
        filled[hole] = np.clip(np.rint(smooth[hole]), 0, 255).astype(np.uint8)
    return filled


def smooth_fill(values: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Spread values smoothly from where they are known (pull-push pyramid, Gortler et al. 1996, section 3.4).

    Args:
        values: (H, W, C) float32; read only where `weight` is above 0.
        weight: (H, W) float32 in [0, 1], the trust in each value; above 0 somewhere.

    Returns:
        (H, W, C) float32: `values` at weight 1, averages of ever more distant ones as the weight falls to 0.
    """
    height, width = weight.shape
    channels = values.shape[2]
    if max(height, width) == 1:
        return values
    half = ((width + 1) // 2, (height + 1) // 2)
    trust = cv2.resize(weight, half, interpolation=cv2.INTER_AREA).reshape(half[1], half[0])
    weighted = np.where(weight[..., None] > 0, values, np.float32(0)) * weight[..., None]
    total = cv2.resize(weighted, half, interpolation=cv2.INTER_AREA).reshape(half[1], half[0], channels)
    coarse: NDArray[np.float32] = np.asarray(total / np.maximum(trust, 1e-20)[..., None], np.float32)
    # Three of four pixels at the far side of a region's rim may be empty; one known pixel is enough to be trusted.
    coarse = smooth_fill(coarse, np.asarray(np.minimum(trust * 4, 1), np.float32))
    wide = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR).reshape(height, width, channels)
    share = weight[..., None]
    return np.asarray(np.where(share > 0, values, np.float32(0)) * share + wide * (1 - share), np.float32)
