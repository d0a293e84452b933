"""Where windows lie: over a hole, along a long one, in tiles, and outwards around a picture.

Knows nothing of tokens, requests or colours; boxes and parts of canvas pixels only. Constants: docs/canvas.md, section
1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from core.canvas.holes import Part
from core.values.geometry import Box, Sides, Size

LEAST_CONTEXT = 1.25
"""A window that would show nothing but the hole is widened to this multiple of it: an eighth known on each side."""
FINER = 3.0
"""Least gain in resolution for which tiles are used: at 1.5 strokes took twice the time and were no nearer."""
MOST_TILES = 4
"""Windows that a long thin hole takes at most, each as long as a whole edit; each level of refinement allows twice as
many."""
MOST_ALONG_STRIP = 2
"""A thin border is seen through windows of at least half its length: more windows are finer, and drift in colour."""

Tile = tuple[Box, Box]
"""A square window, and the box within it whose hidden pixels it paints."""


def over_hole(part: Part, canvas: Size, pixels: int, context: float, tiles_at_most: int) -> Sequence[Tile]:
    """Choose the windows over a part of a hole, in the order in which each sees something known.

    One window if it can show the part with surroundings. A long thin part takes several, so that none is much coarser
    than its thickness needs; so does one that is longer than the canvas's shorter side.

    Args:
        part: the pixels to repaint.
        canvas: its size.
        pixels: side of the model's picture.
        context: side of a window as a multiple of the part's longer side.
        tiles_at_most: windows that a thin part may take.
    """
    single = _single(part, canvas, pixels, context)
    widest = min(canvas) if single is None else single.size.width
    thin = _tiles_along(part, canvas, pixels, context, widest, tiles_at_most)
    if thin:
        return thin
    return [(single, single)] if single is not None else [(w, w) for w in _along_canvas(part, canvas)]


def wanted_side(hole: Size, pixels: int, context: float) -> int:
    """Side of a window that shows a hole of a given size with its context, on a canvas of any size."""
    return max(pixels, math.ceil(max(hole) * context))


def tiles(part: Part, canvas: Size, side: int) -> Iterator[Tile]:
    """Yield windows of one size over a part of a hole, a tile of half a window each, row by row.

    Args:
        part: the pixels to repaint.
        canvas: its size.
        side: of the windows, at most the canvas's shorter side.
    """
    for top, bottom in _cuts(part.bounds.top, part.bounds.bottom, side):
        for left, right in _cuts(part.bounds.left, part.bounds.right, side):
            tile = part.within(Box(left, top, right, bottom))
            if tile is not None:
                yield tile.centred(side).shifted_inside(canvas), tile


def _cuts(start: int, end: int, side: int) -> list[tuple[int, int]]:
    """Cut an interval into equal parts of at most half a window."""
    count = -(-(end - start) // max(1, side // 2))
    edges = [start + (end - start) * i // count for i in range(count + 1)]
    return list(itertools.pairwise(edges))


def _single(part: Part, canvas: Size, pixels: int, context: float) -> Box | None:
    """Return the one window that shows a part and something known, or None."""
    shorter, longer = min(canvas), max(part.bounds.size)
    if longer > shorter:
        return None
    for factor in (context, max(context, LEAST_CONTEXT)):
        side = min(wanted_side(part.bounds.size, pixels, factor), shorter)
        window = part.bounds.centred(side).shifted_inside(canvas)
        if not part.seen(window).all():
            return window
    return window if canvas.width == canvas.height else None  # the window is the canvas, and all of it is unknown


def _tiles_along(part: Part, canvas: Size, pixels: int, context: float, widest: int, most: int) -> Sequence[Tile]:
    """List the windows over a long thin part; none if they would be hardly finer than the widest."""
    if FINER * pixels > widest:
        return ()
    side = max(pixels, math.ceil(2 * part.depth() * context))
    while FINER * side <= widest:
        found = list(itertools.islice(tiles(part, canvas, side), most + 1))  # more are as bad as one more
        if len(found) <= most:
            return _from_known(part, found)
        side = math.ceil(1.25 * side)
    return ()


def _from_known(part: Part, found: Sequence[Tile]) -> Sequence[Tile]:
    """Order windows so that each sees as many known pixels as possible, the best first."""
    left, ordered = list(found), []
    remaining = Part(part.bounds, part.mask.copy())
    while left:
        unknown = [int(np.count_nonzero(remaining.seen(window))) for window, _ in left]
        window, tile = left.pop(unknown.index(min(unknown)))
        remaining.mask[tile.shifted(-part.bounds.left, -part.bounds.top).slices] = False
        ordered.append((window, tile))
    return ordered


def _along_canvas(part: Part, canvas: Size) -> Sequence[Box]:
    """List windows as high as the canvas (as wide, if it is upright), half overlapping, from known towards unknown.

    They reach half a window past the part, within the canvas, so that the ends have something known beside them. The
    window with most known pixels comes first, then its neighbours in both directions.
    """
    hole, side = part.bounds, min(canvas)
    lying = canvas.width > canvas.height
    first, last, length = (hole.left, hole.right, canvas.width) if lying else (hole.top, hole.bottom, canvas.height)
    starts = _positions(max(0, first - side // 2), min(length, last + side // 2), side, side - side // 2)
    windows = [Box(s, 0, s + side, side) if lying else Box(0, s, side, s + side) for s in starts]
    unknown = [int(np.count_nonzero(part.seen(window))) for window in windows]
    best = unknown.index(min(unknown))
    return windows[best:] + windows[:best][::-1]


def around_picture(grown: Size, sides: Sides, pixels: int) -> Iterator[Box]:
    """Yield the windows that grow a picture to the whole canvas, one strip at one side after the other.

    A strip is so thick that half of its windows is known, and spans all that is known by then, earlier strips included:
    later strips thus take the corners, with known pixels at two sides. A picture that is small beside its border grows
    in several rounds, each by no more than its size.
    """
    known = Box(sides.left, sides.top, grown.width - sides.right, grown.height - sides.bottom)
    canvas = Box(0, 0, grown.width, grown.height)
    while known != canvas:
        for edge in range(4):
            missing = abs(canvas[edge] - known[edge])
            if missing:
                length = max(_strip(known, edge, 1).size)
                side = min(max(pixels, 2 * min(missing, *known.size), length // MOST_ALONG_STRIP), *grown)
                thickness = min(missing, max(1, side // 2))
                strip = _strip(known, edge, thickness)
                yield from _along_strip(strip, edge, side, grown)
                known = _grown(known, edge, thickness)


def _strip(known: Box, edge: int, thickness: int) -> Box:
    """Return the new pixels beyond one edge (0 left, 1 top, 2 right, 3 bottom) of the known box, without corners."""
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
        # Half a window of overlap; a quarter is enough to continue a thinner strip.
        stride = side - (side // 4 if 4 * thickness <= side else side // 2)
        starts = _positions(start, end, side, stride)
    middle = (start + end - side) / 2
    for at in sorted(starts, key=lambda s: abs(s - middle)):
        left, top = (outer, at) if upright else (at, outer)
        yield Box(left, top, left + side, top + side).shifted_inside(grown)


def _short_start(start: int, end: int, side: int, reach: int) -> int:
    """Place a window longer than its strip; it includes a whole corner if it can."""
    slack = side - (end - start)
    if 0 < start <= slack:
        return 0
    if 0 < reach - end <= slack:
        return reach - side
    return start - slack // 2


def _positions(start: int, end: int, side: int, stride: int) -> list[int]:
    """List evenly spaced starts of intervals of `side` that cover [start, end), at most `stride` apart."""
    room = max(0, end - side - start)
    count = -(-room // max(1, stride))
    return [start + (room * i) // count for i in range(count + 1)] if count else [start]
