"""Which windows an edit needs, in which order, and which token cells of each are unknown.

Knows nothing of pixels' colours, nets or decoding. One planner serves every task: they differ only in the canvas
pixels that are unknown, and a border is marched outwards where a hole is looked at whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.masks import latent_mask
from core.geometry import Box, Sides, Size
from core.request import EditRequest, Task

_LEAST_CONTEXT = 1.25
"""A window that would show nothing but the hole is widened to this multiple of the hole."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One encode, decode and paste on one window.

    Attributes:
        window: square box inside the canvas (the grown canvas, for EXTRAPOLATE).
        unknown: (h, w) bool, token cells to decode.
        mask: (s, s) bool, the canvas pixels of the window that this pass is responsible for; those of all passes are
            disjoint and make up `canvas_mask`. Other pixels of the window are known by the time of this pass.
    """

    window: Box
    unknown: NDArray[np.bool_]
    mask: NDArray[np.bool_]


def plan(request: EditRequest, pixels: int, grid: int) -> tuple[Pass, ...]:
    """Return the passes of an edit, in the order in which they must run.

    A hole whose bounding box fits into the largest square of the canvas takes one pass; a longer one, or a border,
    takes overlapping windows in an order in which each sees pixels that are known by then. A window that the request
    pins is the only one.

    Args:
        request: what is asked.
        pixels: side of the model's picture; smaller windows are used only where the canvas is smaller.
        grid: token cells on that side.

    Returns:
        At least one pass, each with something unknown.
    """
    remaining = canvas_mask(request, pixels=pixels)
    if request.window is not None:
        windows: Iterator[Box] = iter((request.window,))
    elif request.task is Task.EXTRAPOLATE:
        windows = _around_picture(_size(remaining), request.extend, pixels)
    elif request.task is Task.GENERATE:
        windows = iter((Box(0, 0, pixels, pixels),))
    else:
        windows = iter(_over_hole(remaining, pixels, request.context))
    passes = []
    for window in windows:
        mask = remaining[window.slices].copy()
        if not mask.any():
            continue
        remaining[window.slices] = False
        unknown = latent_mask(mask, grid, coverage=request.coverage, grow=request.grow_tokens)
        passes.append(Pass(window, unknown, mask))
    return tuple(passes)


def canvas_mask(request: EditRequest, *, pixels: int) -> NDArray[np.bool_]:
    """Return which pixels of the canvas the request wants painted.

    Args:
        request: what is asked.
        pixels: side of the model's picture, the canvas of GENERATE.

    Returns:
        (H, W) bool, a new array, True = repaint, however little of it a soft mask blends in; of the grown canvas for
        EXTRAPOLATE.
    """
    if request.task is Task.GENERATE:
        return np.ones((pixels, pixels), np.bool_)
    assert request.image is not None  # EditRequest sees to it, and to the mask or box below
    height, width = request.image.shape[:2]
    if request.task is Task.EXTRAPOLATE:
        left, top, right, bottom = request.extend
        mask = np.ones((top + height + bottom, left + width + right), np.bool_)
        mask[top : top + height, left : left + width] = False
        return mask
    if request.mask is not None:
        return np.greater(request.mask, 0) if request.mask.dtype == np.uint8 else request.mask.astype(np.bool_)
    assert request.box is not None
    mask = np.zeros((height, width), np.bool_)
    mask[request.box.slices] = True
    return mask


def _size(mask: NDArray[np.bool_]) -> Size:
    return Size(mask.shape[1], mask.shape[0])


def _over_hole(mask: NDArray[np.bool_], pixels: int, context: float) -> Sequence[Box]:
    """Return one window around a hole, or several along the canvas where one cannot show hole and surroundings."""
    size = _size(mask)
    shorter = min(size)
    hole = Box.around(mask)
    assert hole is not None
    longer = max(hole.size)
    if longer <= shorter:
        for factor in (context, max(context, _LEAST_CONTEXT)):
            side = min(max(pixels, math.ceil(longer * factor)), shorter)
            window = _centred(hole, side).shifted_inside(size)
            if not mask[window.slices].all():
                return (window,)
        if size.width == size.height:  # the window is the canvas, and all of it is unknown
            return (window,)
    return _along_canvas(mask, hole, shorter)


def _centred(inner: Box, side: int) -> Box:
    left = inner.left + (inner.size.width - side) // 2
    top = inner.top + (inner.size.height - side) // 2
    return Box(left, top, left + side, top + side)


def _along_canvas(mask: NDArray[np.bool_], hole: Box, side: int) -> Sequence[Box]:
    """Return windows as high as the canvas (as wide, if it is upright), half overlapping, from known towards unknown.

    They reach half a window past the hole, where the canvas does, so that the ends have something known beside them.
    The one with most known pixels comes first; from there both ways.
    """
    size = _size(mask)
    lying = size.width > size.height
    first, last, length = (hole.left, hole.right, size.width) if lying else (hole.top, hole.bottom, size.height)
    starts = _positions(max(0, first - side // 2), min(length, last + side // 2), side, side - side // 2)
    windows = [Box(s, 0, s + side, side) if lying else Box(0, s, side, s + side) for s in starts]
    unknown = [int(mask[window.slices].sum()) for window in windows]
    best = unknown.index(min(unknown))
    return windows[best:] + windows[:best][::-1]


def _around_picture(grown: Size, sides: Sides, pixels: int) -> Iterator[Box]:
    """Yield the windows that grow a picture to the whole canvas, one strip at one side after the other.

    A strip is as thick as leaves half of its windows known, and spans what is known so far, the strips before it
    included: the later strips thereby take the corners, with known pixels at two sides. A picture that is small beside
    its border grows in several rounds, by no more than its own size at a time.
    """
    known = Box(sides.left, sides.top, grown.width - sides.right, grown.height - sides.bottom)
    canvas = Box(0, 0, grown.width, grown.height)
    while known != canvas:
        for edge in range(4):
            missing = abs(canvas[edge] - known[edge])
            if missing:
                side = min(max(pixels, 2 * min(missing, *known.size)), *grown)
                thickness = min(missing, max(1, side // 2))
                strip = _strip(known, edge, thickness)
                yield from _along_strip(strip, edge, side, grown)
                known = _grown(known, edge, thickness)


def _strip(known: Box, edge: int, thickness: int) -> Box:
    """Return the new pixels beyond one edge (0 left, 1 top, 2 right, 3 bottom) of what is known, corners left out."""
    left, top, right, bottom = known
    return (
        Box(left - thickness, top, left, bottom),
        Box(left, top - thickness, right, top),
        Box(right, top, right + thickness, bottom),
        Box(left, bottom, right, bottom + thickness),
    )[edge]


def _grown(known: Box, edge: int, thickness: int) -> Box:
    bounds = list(known)
    bounds[edge] += thickness if edge >= 2 else -thickness
    return Box(*bounds)


def _along_strip(strip: Box, edge: int, side: int, grown: Size) -> Iterator[Box]:
    """Yield the windows over a strip, flush with its outer edge, from its middle to both ends."""
    upright = edge in (0, 2)
    thickness, length = strip.size if upright else strip.size[::-1]
    start, end = (strip.top, strip.bottom) if upright else (strip.left, strip.right)
    reach = grown.height if upright else grown.width
    outer = strip[edge] - (side if edge >= 2 else 0)
    if length <= side:
        starts = [_short_start(start, end, side, reach)]
    else:
        # Half a window of overlap; a quarter is enough to continue a strip that is thinner than that.
        stride = side - (side // 4 if 4 * thickness <= side else side // 2)
        starts = _positions(start, end, side, stride)
    middle = (start + end - side) / 2
    for at in sorted(starts, key=lambda s: abs(s - middle)):
        left, top = (outer, at) if upright else (at, outer)
        yield Box(left, top, left + side, top + side).shifted_inside(grown)


def _short_start(start: int, end: int, side: int, reach: int) -> int:
    """Return where a window starts that is longer than its strip: it takes a whole corner along where it can."""
    slack = side - (end - start)
    if 0 < start <= slack:
        return 0
    if 0 < reach - end <= slack:
        return reach - side
    return start - slack // 2


def _positions(start: int, end: int, side: int, stride: int) -> list[int]:
    """Return evenly spaced starts of intervals of `side` that cover [start, end), at most `stride` apart."""
    room = max(0, end - side - start)
    count = -(-room // max(1, stride))
    return [start + (room * i) // count for i in range(count + 1)] if count else [start]
