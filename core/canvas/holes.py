"""Which parts of a hole are looked at together: connected regions, near ones joined, distant ones separate.

Knows nothing of tokens or colours. One window over everything that was brushed would be as coarse as the two most
distant strokes are apart; here each part has windows of its own. Parts are kept as crops, so that their cost depends on
them and not on the photo. Constants: docs/canvas.md, section 1.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box, Size, distance_inside

JOINED = 1.5
"""Parts are joined if one window for both is at most this many times as wide as the wider of their own: a resolution
lower by a third is the price of one pass less."""
_MOST_PARTS = 48
"""With more connected regions than this, neighbours are joined first, nearest first: 192 took 0.46 s without the
bound."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the canvas to be repainted.

    Attributes:
        bounds: the box around it.
        mask: (h, w) bool of that box, True = repaint.
    """

    bounds: Box
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Part:
        """Make a part of a whole (H, W) mask that is not empty."""
        bounds = Box.around(mask)
        assert bounds is not None
        return cls(bounds, mask[bounds.slices])

    def seen(self, box: Box) -> NDArray[np.bool_]:
        """Return the part's pixels in any box of the canvas, a new (h, w) array."""
        found = np.zeros((box.size.height, box.size.width), np.bool_)
        both = box.common(self.bounds)
        if both is not None:
            here = both.shifted(-self.bounds.left, -self.bounds.top).slices
            found[both.shifted(-box.left, -box.top).slices] = self.mask[here]
        return found

    def within(self, box: Box) -> Box | None:
        """Find the smallest box around the pixels that lie in a box of the canvas."""
        both = box.common(self.bounds)
        if both is None:
            return None
        inside = Box.around(self.mask[both.shifted(-self.bounds.left, -self.bounds.top).slices])
        return None if inside is None else inside.shifted(both.left, both.top)

    def depth(self) -> float:
        """Largest distance in pixels of a pixel from the rim; if anything, a little too large."""
        shrink = -(-max(self.mask.shape) // _DEPTH_SIDE)
        # Everything outside the part's bounds is known.
        return float(shrink * distance_inside(_touched(self.mask, shrink), edge=True).max())


_DEPTH_SIDE = 512
"""Side in pixels of the copy on which depth is measured: to within a pixel of it, 0.2 % of the part."""


def parts(mask: NDArray[np.bool_], side_for: Callable[[Size], int], reach: int) -> Iterator[Part]:
    """Split a mask into parts that share windows: disjoint, and together the whole mask.

    Args:
        mask: (H, W) bool, True = repaint, some of it True.
        side_for: size of a part -> side of its window in pixels.
        reach: pixels; regions nearer than this are one part.

    Yields:
        Parts, from top left to bottom right; a single one if nothing is far apart.
    """
    whole = Part.of(mask)
    # No window is narrower than that of a single pixel: if one for everything is hardly wider, regions need no look.
    if side_for(whole.bounds.size) <= JOINED * side_for(Size(1, 1)):
        yield whole
        return
    labels, boxes = _regions(whole, reach)
    while len(boxes) > _MOST_PARTS:
        reach *= 2
        labels, boxes = _regions(whole, reach)
    owner = _joined(boxes, side_for)
    for group in dict.fromkeys(owner):
        bounds = functools.reduce(Box.joined, (box for box, o in zip(boxes, owner, strict=True) if o == group))
        local = bounds.shifted(-whole.bounds.left, -whole.bounds.top)
        members = np.array([False, *(o == group for o in owner)])
        coarse = Box(local.left // reach, local.top // reach, -(-local.right // reach), -(-local.bottom // reach))
        near = members[labels[coarse.slices]].repeat(reach, 0).repeat(reach, 1)
        inside = local.shifted(-coarse.left * reach, -coarse.top * reach)
        yield Part(bounds, whole.mask[local.slices] & near[inside.slices])


def _regions(whole: Part, reach: int) -> tuple[NDArray[np.int32], list[Box]]:
    """Label each square of `reach` pixels with its region (from 1), and return the regions' boxes on the canvas."""
    small = _touched(whole.mask, reach).astype(np.uint8)
    count, found, stats, _ = cv2.connectedComponentsWithStats(small, connectivity=8, ltype=cv2.CV_32S)
    labels: NDArray[np.int32] = np.asarray(found, np.int32)
    height, width = whole.mask.shape
    boxes = []
    for region in range(1, count):
        left, top, wide, high = (int(n) for n in stats[region, :4])
        squares = labels[top : top + high, left : left + wide] == region
        near = Box(left, top, left + wide, top + high)
        pixels = Box(*(n * reach for n in near)).clamped(Size(width, height))
        own = squares.repeat(reach, 0).repeat(reach, 1)[: pixels.size.height, : pixels.size.width]
        inside = Box.around(whole.mask[pixels.slices] & own)
        assert inside is not None
        boxes.append(inside.shifted(whole.bounds.left + pixels.left, whole.bounds.top + pixels.top))
    return labels, boxes


def _touched(mask: NDArray[np.bool_], square: int) -> NDArray[np.bool_]:
    """Find the squares of `square` pixels that a mask touches, those at the right and bottom edge cut short."""
    if square == 1:
        return mask
    height, width = mask.shape
    even = height // square * square
    rows: NDArray[np.bool_] = np.logical_or.reduce(mask[:even].reshape(-1, square, width), axis=1)
    if even < height:
        rows = np.concatenate([rows, np.logical_or.reduce(mask[even:], axis=0, keepdims=True)])
    squares: NDArray[np.bool_] = np.logical_or.reduceat(rows, np.arange(0, width, square), axis=1)
    return squares


def _joined(boxes: list[Box], side_for: Callable[[Size], int]) -> list[int]:
    """Group boxes: two groups merge while one window for both is hardly wider than a window for one."""
    owner = list(range(len(boxes)))
    spans = dict(enumerate(boxes))
    while len(spans) > 1:
        best: tuple[float, int, int] = (math.inf, 0, 0)
        keys = list(spans)
        for i, first in enumerate(keys):
            for second in keys[i + 1 :]:
                apart = max(side_for(spans[first].size), side_for(spans[second].size))
                best = min(best, (side_for(spans[first].joined(spans[second]).size) / apart, first, second))
        if best[0] > JOINED:
            break
        _, kept, gone = best
        spans[kept] = spans[kept].joined(spans.pop(gone))
        owner = [kept if o == gone else o for o in owner]
    return owner
