"""Measures how much the edge of a repainted region shows: its step of brightness, and the colours on its two sides.

Knows nothing of how the region was painted. Both measures follow straight cuts across the edge, one for each pair of
neighbouring pixels of which exactly one is masked; so the cost depends on the edge, not the picture. Constants:
docs/canvas.md, section 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import to_lab
from core.values.geometry import Box, Size

RING_PX = 8
"""Length of a cut to either side in pixels, and so the width of the rings whose colours are compared: a token cell of
the 128 px model."""
SEEN_SEAM = 1.15
"""A seam score above this may be visible: the bar of docs/bars.md, "seam ratio"."""
SEEN_SHIFT = 3.0
"""A ring shift (delta E) above this may be visible: the bar of docs/bars.md, "ring delta-E"."""
_BESIDE = 3
"""Steps on either side of the edge that measure how rough the picture is there."""
_FLAT = 1.0
"""Levels of 255 added to both mean steps: rounding, up to one level, is no seam in a flat picture."""
_MOST_CUTS = 10_000
"""A longer edge is sampled evenly: 10,000 steps give their mean to within 1 % of their standard deviation."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of red, green and blue in luma; ITU-R BT.601."""


def seam_score(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Measure how visible the edge of a mask is as a step of brightness.

    The ratio of the mean absolute step of luma across the edge to the mean step beside it on both sides, one level
    added to each.

    Args:
        image: (H, W, 3 or 4) uint8 RGB; alpha is ignored.
        mask: (H, W) bool, True = repainted.

    Returns:
        About 1 if no seam is visible, larger if one is; 0 without an edge.
    """
    return Edge.of(mask).seam_score(image)


def ring_shift(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> float:
    """Measure the colour difference (CIE76 delta E) between the rings just inside and just outside a mask's edge.

    Args:
        image: (H, W, 3 or 4) uint8 RGB; alpha is ignored.
        mask: (H, W) bool, True = repainted.

    Returns:
        The distance of the rings' mean colours in CIELAB, at least 0; 0 without an edge.
    """
    return Edge.of(mask).ring_shift(image)


def visibility(seam: float, shift: float) -> float:
    """Combine seam score and ring shift to the visibility of an edge; at 1 either alone begins to be visible."""
    return max((seam - 1.0) / (SEEN_SEAM - 1.0), 0.0) + shift / SEEN_SHIFT


def shows(seam: float, shift: float) -> bool:
    """Tell whether an edge may be visible, by its seam score and ring shift."""
    return seam > SEEN_SEAM or shift > SEEN_SHIFT


@dataclass(frozen=True, eq=False)
class Edge:
    """The cuts across a mask's edge, usable for any number of pictures over the same mask.

    Attributes:
        rows, columns: (n, 2 RING_PX) int64, the pixels of each cut from one side to the other, with the edge in the
            middle. Those outside the picture are moved onto its edge.
        usable: (n, 2 RING_PX) bool, pixels inside the picture with only pixels of their own side towards the edge.
        inside: (n,) bool, whether a cut's second half is the masked one; otherwise its first half is.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    usable: NDArray[np.bool_]
    inside: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Edge:
        """Compute the cuts of a (H, W) bool mask."""
        height, width = mask.shape
        bounds = Box.around(mask)
        if bounds is None:
            bounds = Box(0, 0, 0, 0)
        near = bounds.grown(1).clamped(Size(width, height))
        part = mask[near.slices]
        across = np.flatnonzero(part[:, 1:] != part[:, :-1])
        down = np.flatnonzero(part[1:] != part[:-1])
        stride = -(-(len(across) + len(down)) // _MOST_CUTS) or 1
        reach = np.arange(1 - RING_PX, RING_PX + 1)
        y, x = np.divmod(across[::stride], max(1, part.shape[1] - 1))
        v, u = np.divmod(down[::stride], max(1, part.shape[1]))
        rows = near.top + np.concatenate([np.repeat(y[:, None], len(reach), 1), v[:, None] + reach])
        columns = near.left + np.concatenate([x[:, None] + reach, np.repeat(u[:, None], len(reach), 1)])
        on_picture = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        rows, columns = rows.clip(0, max(0, height - 1)), columns.clip(0, max(0, width - 1))
        masked = mask[rows, columns]
        first, second = masked[:, RING_PX - 1], masked[:, RING_PX]
        own = on_picture & (masked == np.where(np.arange(2 * RING_PX) < RING_PX, first[:, None], second[:, None]))
        # From the middle outwards: behind a pixel of the other side lies another stretch of edge.
        usable = np.concatenate(
            [
                np.logical_and.accumulate(own[:, RING_PX - 1 :: -1], 1)[:, ::-1],
                np.logical_and.accumulate(own[:, RING_PX:], 1),
            ],
            1,
        )
        return cls(rows, columns, usable, second)

    def seam_score(self, image: NDArray[np.uint8]) -> float:
        """Compute `seam_score` of a picture over this mask."""
        if not len(self.inside):
            return 0.0
        middle = slice(RING_PX - 1 - _BESIDE, RING_PX + 1 + _BESIDE)
        luma = self._colours(image, middle) @ _LUMA  # (n, 2 _BESIDE + 2)
        steps = np.abs(np.diff(luma))
        whole = self.usable[:, middle][:, 1:] & self.usable[:, middle][:, :-1]
        whole[:, _BESIDE] = False
        beside = float(steps[whole].mean()) if whole.any() else 0.0
        return (float(steps[:, _BESIDE].mean()) + _FLAT) / (beside + _FLAT)

    def ring_shift(self, image: NDArray[np.uint8]) -> float:
        """Compute `ring_shift` of a picture over this mask."""
        if not len(self.inside):
            return 0.0
        lab = to_lab(self._colours(image, slice(None)))
        second = np.arange(2 * RING_PX) >= RING_PX
        inner = self.usable & (second == self.inside[:, None])
        outer = self.usable & (second != self.inside[:, None])
        return float(np.linalg.norm(lab[inner].mean(0, dtype=np.float64) - lab[outer].mean(0, dtype=np.float64)))

    def _colours(self, image: NDArray[np.uint8], part: slice) -> NDArray[np.float32]:
        """Read the colours (n, length, 3) float32 RGB of a part of every cut."""
        return image[self.rows[:, part], self.columns[:, part], :3].astype(np.float32)
