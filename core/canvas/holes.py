"""Which parts of a mask are looked at together: connected regions, near ones joined, far ones apart.

Knows nothing of tokens or of pictures' colours. One window over everything that was brushed would be as coarse as the
two farthest strokes are apart; here each group has a window of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from core.geometry import Box

JOINED = 1.5
"""Groups are joined where one window for both is at most so many times as wide as the wider of their own."""
_MOST_PARTS = 48
"""More connected regions than this are first joined with their neighbours, nearest first."""


def groups(mask: NDArray[np.bool_], side_for: Callable[[Box], int], reach: int) -> Iterator[NDArray[np.bool_]]:
    """Yield masks of the parts that are looked at together; disjoint, together the mask.

    Args:
        mask: (H, W) bool, True = repaint, some of it True.
        side_for: bounding box of a part -> side of the window that it would get, in pixels.
        reach: pixels; regions nearer than this are one part.

    Yields:
        (H, W) bool, a new array each, from the top left to the bottom right; one where nothing is far apart.
    """
    bounds = Box.around(mask)
    assert bounds is not None
    part = mask[bounds.slices]
    # No window is narrower than that of a single pixel: one for all that is hardly wider needs no look at the regions.
    apart = side_for(bounds) > JOINED * side_for(Box(0, 0, 1, 1))
    labels, boxes = _regions(part, bounds, reach) if apart else (np.ones((1, 1), np.int32), [bounds])
    while len(boxes) > _MOST_PARTS:
        reach *= 2
        labels, boxes = _regions(part, bounds, reach)
    owner = _joined(boxes, side_for)
    for group in dict.fromkeys(owner):
        members = np.array([False, *(o == group for o in owner)])
        one = np.zeros_like(mask)
        one[bounds.slices] = part & members[labels]
        yield one


def _regions(part: NDArray[np.bool_], bounds: Box, reach: int) -> tuple[NDArray[np.int32], list[Box]]:
    """Return each pixel's region (from 1; a region's neighbourhood counts as it) and the regions' boxes on the canvas.

    Regions are found on a copy of `reach` pixels a cell, so that the cost is one look at every pixel.
    """
    height, width = part.shape
    rows, columns = -(-height // reach), -(-width // reach)
    padded = np.zeros((rows * reach, columns * reach), np.bool_)
    padded[:height, :width] = part
    small = np.ascontiguousarray(padded.reshape(rows, reach, columns, reach).any((1, 3)), np.uint8)
    _, coarse = cv2.connectedComponents(small, connectivity=8, ltype=cv2.CV_32S)
    labels = np.asarray(coarse, np.int32).repeat(reach, 0).repeat(reach, 1)[:height, :width]
    boxes = []
    for region in range(1, int(labels.max()) + 1):
        ys, xs = np.nonzero(coarse == region)
        near = Box(
            int(xs.min()) * reach,
            int(ys.min()) * reach,
            min(width, (int(xs.max()) + 1) * reach),
            min(height, (int(ys.max()) + 1) * reach),
        )
        inside = Box.around(part[near.slices] & (labels[near.slices] == region))
        assert inside is not None
        boxes.append(inside.shifted(bounds.left + near.left, bounds.top + near.top))
    return labels, boxes


def _joined(boxes: list[Box], side_for: Callable[[Box], int]) -> list[int]:
    """Return each box's group: two groups become one as long as a window for both is hardly wider than for one."""
    owner = list(range(len(boxes)))
    spans = dict(enumerate(boxes))
    while len(spans) > 1:
        best: tuple[float, int, int] = (math.inf, 0, 0)
        keys = list(spans)
        for i, first in enumerate(keys):
            for second in keys[i + 1 :]:
                apart = max(side_for(spans[first]), side_for(spans[second]))
                best = min(best, (side_for(spans[first].joined(spans[second])) / apart, first, second))
        if best[0] > JOINED:
            break
        _, kept, gone = best
        spans[kept] = spans[kept].joined(spans.pop(gone))
        owner = [kept if o == gone else o for o in owner]
    return owner
