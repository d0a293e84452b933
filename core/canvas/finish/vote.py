"""The colour of a pixel by vote: the mean of what the patches over it copy there (Wexler et al. 2007).

Knows nothing of searching. Constants: docs/finish.md, section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import mean_colours
from core.canvas.finish.ground import Ground, Places
from core.canvas.finish.search import Field

_SPREAD = 3 * 25.0**2
"""Cost per pixel of a patch at which its weight falls by the square root of e: nearly flat, so that textures do not
turn into blots, and absolute, so that the easiest corner does not decide a hole that is hard everywhere."""
_MOST_SHIFT = 6.0
"""Levels of 255 by which a copied patch's mean may be shifted towards the present picture."""
_AT_ONCE = 8192
"""Pixels that are voted on at a time: their sums stay in the processor's cache."""


def ballots(ground: Ground, asked: NDArray[np.float32], field: Field) -> NDArray[np.float32]:
    """Compute each target's weight, four times over, and its colour shift times that weight: (2, m + 1, 4) float32.

    The last target has no weight. Multiplying whole rows of four is many times faster than by one number each.

    Args:
        ground: the level.
        asked: from `Ground.asked`.
        field: the match of each target.
    """
    output = unshifted(ground, field.costs)
    copied = ground.described.take(ground.row[field.places], 0)
    shifts = mean_colours(asked, ground.patch) - mean_colours(copied, ground.patch)
    output[1, :-1, :3] = shifts.clip(-_MOST_SHIFT, _MOST_SHIFT) * output[0, :-1, :3]
    return output


def unshifted(ground: Ground, costs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Compute ballots without colour shifts, for targets with these costs (m,)."""
    spread = np.float32(2 * _SPREAD * ground.patch**2)
    output = np.zeros((2, len(costs) + 1, 4), np.float32)
    output[0, :-1] = (np.exp(-costs / spread) * ground.shares)[:, None]
    return output


def vote(
    ground: Ground, copied: NDArray[np.float32], ballot: NDArray[np.float32], field: Field, pixels: Places
) -> NDArray[np.float32]:
    """Average what the patches propose for pixels.

    Args:
        ground: the level.
        copied: (h * w, 4) float32, colours arranged like `rows_of`: the level's own, or their low-passed part.
        ballot: from `ballots`.
        field: the match of each target.
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
