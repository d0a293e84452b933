"""What the patches over a pixel say of it: the mean of what they copy there (Wexler et al. 2007).

Knows nothing of searching. The last vote keeps what a mean would blur: the fine part of a pixel comes from one source.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import low_pass, mean_colours
from core.canvas.finish.ground import Ground, Places
from core.canvas.finish.pyramid import Picture
from core.canvas.finish.search import Field

_SPREAD = 3 * 25.0**2
"""Cost a pixel of a patch at which its say falls by half a power of e: nearly flat, so that textures are not sharpened
into blots, and absolute, so that a hole that is hard everywhere is not decided by its easiest corner."""
_MOST_SHIFT = 6.0
"""Levels by which a copied patch may be made brighter or darker in the mean, towards what is there."""


def ballots(ground: Ground, asked: NDArray[np.float32], field: Field) -> NDArray[np.float32]:
    """Return (m + 1, 4) float32: each target's shift of colour times its weight, and its weight; nothing in the last.

    Args:
        ground: the level.
        asked: of `Ground.asked`.
        field: what each target copies.
    """
    spread = 2 * _SPREAD * ground.patch**2
    weights = np.exp(-field.costs / np.float32(spread)) * ground.shares
    copied = ground.described.take(ground.row[field.places], 0)
    shifts = mean_colours(asked, ground.patch) - mean_colours(copied, ground.patch)
    output = np.zeros((len(weights) + 1, 4), np.float32)
    output[:-1, :3] = shifts.clip(-_MOST_SHIFT, _MOST_SHIFT) * weights[:, None]
    output[:-1, 3] = weights
    return output


def vote(
    ground: Ground, picture: Picture, ballot: NDArray[np.float32], field: Field, pixels: Places
) -> NDArray[np.float32]:
    """Return what the patches say of pixels.

    Args:
        ground: the level.
        picture: (h, w, 3) float32 that is copied: the level's own, or its low-passed part.
        ballot: of `ballots`.
        field: what each target copies.
        pixels: (n,) int32 indices into h * w.

    Returns:
        (n, 3) float32.
    """
    four = cv2.cvtColor(picture, cv2.COLOR_RGB2RGBA)  # rows of 16 bytes are gathered twice as fast as those of 12
    four[..., 3] = 1
    four = four.reshape(-1, 4)
    total = np.zeros((len(pixels), 4), np.float32)
    copied = np.append(field.places, np.int32(0))
    reach = ground.patch // 2
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            step = np.int32(dy * ground.width + dx)
            over = ground.number.take(pixels - step, mode="clip")
            cast = ballot.take(over, 0)
            total += cast[:, 3:] * four.take(copied.take(over) + step, 0, mode="clip")
            total[:, :3] += cast[:, :3]
    return np.asarray(total[:, :3] / np.maximum(total[:, 3:], np.float32(1e-30)), np.float32)


def own_sources(ground: Ground, field: Field, pixels: Places) -> Places:
    """Return where each pixel (n,) lies in the patch that is copied onto it: in its middle, unless at the edge."""
    height, width = ground.level.size
    reach = ground.patch // 2
    y, x = np.divmod(pixels, width)
    middle = y.clip(reach, height - 1 - reach) * width + x.clip(reach, width - 1 - reach)
    return np.asarray(field.places[ground.number[middle]] + (pixels - middle), np.int32)


def parted(ground: Ground, sigma: float) -> tuple[Picture, Picture]:
    """Return a level's picture as what is low-passed with a Gaussian over known pixels, and the rest."""
    low = low_pass(ground.level.picture, ground.level.known, sigma)
    return low, ground.level.picture - low
