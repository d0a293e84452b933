"""Sizes and boxes in whole pixels, and the one rule that relates canvas pixels to token cells.

Knows nothing of pictures or nets. Three frames are named throughout: *canvas* (the user's picture, pixels), *window*
(a square box on the canvas, scaled to the model's pixels), *token* (cells of the grid that covers a window).
Boxes are half-open: left and top are inside, right and bottom are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray


class Size(NamedTuple):
    """Width and height in pixels or cells."""

    width: int
    height: int


class Sides(NamedTuple):
    """Pixels to add at each side of a picture, each at least 0."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0


def aspect_sides(size: Size, aspect: float) -> Sides:
    """Compute the smallest border, equal at both sides, that gives a picture an aspect.

    Args:
        size: of the picture.
        aspect: wanted width / height.
    """
    wide = max(0, round(size.height * aspect) - size.width)
    high = max(0, round(size.width / aspect) - size.height)
    return Sides(wide // 2, high // 2, wide - wide // 2, high - high // 2)


class Box(NamedTuple):
    """A half-open rectangle of whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def around(cls, mask: NDArray[np.bool_]) -> Box | None:
        """Find the smallest box around every True of a (H, W) mask; None if there is none."""
        rows = np.flatnonzero(mask.any(1))
        if not rows.size:
            return None
        columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(0))  # the other rows of a photo need no look
        return cls(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.right - self.left, self.bottom - self.top)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in a (H, W, ...) array."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def clamped(self, size: Size) -> Box:
        """Cut the box to a canvas of a given size."""
        return Box(
            min(max(self.left, 0), size.width),
            min(max(self.top, 0), size.height),
            min(max(self.right, 0), size.width),
            min(max(self.bottom, 0), size.height),
        )

    def holds(self, other: Box) -> bool:
        """Tell whether the other box lies within this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def grown(self, by: int) -> Box:
        """Grow the box by `by` pixels at every side."""
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def centred(self, side: int) -> Box:
        """Return the square of a given side around the middle of the box."""
        left = self.left + (self.size.width - side) // 2
        top = self.top + (self.size.height - side) // 2
        return Box(left, top, left + side, top + side)

    def common(self, other: Box) -> Box | None:
        """Return the intersection of both boxes, or None."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, right, bottom) if left < right and top < bottom else None

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def shifted(self, dx: int, dy: int) -> Box:
        """Move the box by (dx, dy)."""
        return Box(self.left + dx, self.top + dy, self.right + dx, self.bottom + dy)

    def shifted_inside(self, size: Size) -> Box:
        """Move the box, without cutting it, onto a canvas of a given size, which must be able to hold it."""
        return self.shifted(
            max(0, -self.left) + min(0, size.width - self.right),
            max(0, -self.top) + min(0, size.height - self.bottom),
        )


def distance_inside(mask: NDArray[np.bool_], *, edge: bool = False) -> NDArray[np.float32]:
    """Compute the distance of each pixel of a mask from the nearest one outside it.

    Args:
        mask: (H, W) bool.
        edge: the outside of the array counts as outside the mask, too; otherwise the array's own edge does not count.

    Returns:
        (H, W) float32, pixels: 0 outside the mask, at least 1 inside.
    """
    solid = np.pad(mask, 1) if edge else np.ascontiguousarray(mask)
    with _without_ipp():
        away = np.asarray(cv2.distanceTransform(solid.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
    return away[1:-1, 1:-1] if edge else away


@contextmanager
def _without_ipp() -> Iterator[None]:
    """Let this thread's OpenCV do without Intel IPP.

    IPP's exact distances depend on where in memory the mask lies: up to 1e-6 px, enough for the same request to give
    another picture. No other function used here does.
    """
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(before)


def cell_areas(mask: NDArray[np.bool_], grid: int) -> NDArray[np.int64]:
    """Measure how much of each token cell is True, in exact integer units.

    A window of s pixels and a grid of g cells share the common unit 1/(s*g): pixel y spans [y*g, (y+1)*g) and cell i
    spans [i*s, (i+1)*s). With integers the browser's overlay can compute the very same numbers
    (editor/static/stage/tokens.js), and any overlap, however thin, counts.

    Args:
        mask: (s, s) bool.
        grid: g >= 1.

    Returns:
        (g, g) int64 in [0, s*s]; s*s means that the cell is covered entirely.
    """
    side = mask.shape[0]
    starts = np.arange(side) * grid
    cells = np.arange(grid) * side
    low = np.maximum(starts[None, :], cells[:, None])
    high = np.minimum(starts[None, :] + grid, cells[:, None] + side)
    overlap = np.maximum(high - low, 0)  # (g, s): shared units of cell i and pixel y
    # Sums down whole pixel rows by OpenCV, in one pass over the bytes: a prefix sum over 8000x8000 pixels took 3 to 8 s
    # and 1.6 GB, and BLAS, as fast on a quiet machine, waits for threads on a busy one (0.6 s seen at 9 megapixels).
    rows = np.zeros((grid, side), np.int64)
    for cell in range(grid):
        first, last = cell * side // grid, -(-(cell + 1) * side // grid)
        band, shares = mask[first:last].view(np.uint8), overlap[cell, first:last]
        whole = np.flatnonzero(shares == grid)
        if whole.size:
            inside = band[whole[0] : whole[-1] + 1]
            rows[cell] = grid * cv2.reduce(inside, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0].astype(np.int64)
        for y in np.flatnonzero((shares > 0) & (shares < grid)):
            rows[cell] += shares[y] * band[y]
    areas: NDArray[np.int64] = rows @ overlap.T
    return areas
