"""What the patches over a pixel say of it: the mean of what they copy there (Wexler et al. 2007).

Knows nothing of searching. The last vote keeps what a mean would blur: the fine part of a pixel comes from one source.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import mean_colours
from core.canvas.finish.ground import Ground, Places
from core.canvas.finish.search import Field

_SPREAD = 3 * 25.0**2
"""Cost a pixel of a patch at which its say falls by half a power of e: nearly flat, so that textures are not sharpened
into blots, and absolute, so that a hole that is hard everywhere is not decided by its easiest corner."""
_MOST_SHIFT = 6.0
"""Levels by which a copied patch may be made brighter or darker in the mean, towards what is there."""
_AT_ONCE = 8192
"""Pixels that are voted on at a time: what is summed up stays in the processor's cache."""


def ballots(ground: Ground, asked: NDArray[np.float32], field: Field) -> NDArray[np.float32]:
    """Return (2, m + 1, 4) float32: each target's weight, four times over, and its shift of colour times that weight.

    The last target says nothing. Rows of four numbers are multiplied whole, many times faster than by one number each.

    Args:
        ground: the level.
        asked: of `Ground.asked`.
        field: what each target copies.
    """
    output = unshifted(ground, field.costs)
    copied = ground.described.take(ground.row[field.places], 0)
    shifts = mean_colours(asked, ground.patch) - mean_colours(copied, ground.patch)
    output[1, :-1, :3] = shifts.clip(-_MOST_SHIFT, _MOST_SHIFT) * output[0, :-1, :3]
    return output


def unshifted(ground: Ground, costs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ballots that move no colours, of targets (m,) that cost so much."""
    spread = np.float32(2 * _SPREAD * ground.patch**2)
    output = np.zeros((2, len(costs) + 1, 4), np.float32)
    output[0, :-1] = (np.exp(-costs / spread) * ground.shares)[:, None]
    return output


def vote(
    ground: Ground, copied: NDArray[np.float32], ballot: NDArray[np.float32], field: Field, pixels: Places
) -> NDArray[np.float32]:
    """Return what the patches say of pixels.

    Args:
        ground: the level.
        copied: (h * w, 4) float32, colours as `rows_of` lays them out: the level's own, or their low-passed part.
        ballot: of `ballots`.
        field: what each target copies.
        pixels: (n,) int32 indices into h * w.

    Returns:
        (n, 3) float32.
    """
    output = np.empty((len(pixels), 3), np.float32)
    places = np.append(field.places, np.int32(0))
    reach = ground.patch // 2
    steps = [np.int32(dy * ground.width + dx) for dy in range(-reach, reach + 1) for dx in range(-reach, reach + 1)]

    def voted(shared: slice) -> None:
        for start in range(shared.start, shared.stop, _AT_ONCE):
            ground.crew.pause()
            here = slice(start, min(start + _AT_ONCE, shared.stop))
            total = np.zeros((here.stop - start, 4), np.float32)
            for step in steps:
                over = ground.number.take(pixels[here] - step, mode="clip")
                said = copied.take(places.take(over) + step, 0, mode="clip")
                said *= ballot[0].take(over, 0)
                total += said
                total += ballot[1].take(over, 0)
            output[here] = total[:, :3] / np.maximum(total[:, 3:], np.float32(1e-30))

    ground.crew.share(len(pixels), voted)
    return output
