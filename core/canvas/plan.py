"""Which windows an edit needs, in which order, and which token cells of each are unknown.

Knows nothing of colours, nets or decoding. One planner serves every task: they differ only in the unknown pixels of the
canvas, and a border is grown outwards where a hole is seen whole. Coarse passes come first; `refine` adds finer windows
over the same pixels. Constants: docs/canvas.md, section 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.holes import Part, parts
from core.canvas.masks import latent_mask
from core.canvas.windows import MOST_TILES, Tile, around_picture, over_hole, tiles, wanted_side
from core.values.geometry import Box, Size
from core.values.region import Task
from core.values.request import EditRequest

_KEPT = 2
"""Of every five cells, those that a finer window keeps from the coarser one (docs/algorithm.md, section 8): with a
knight's move between them, no redrawn cell is far from a kept one."""
MOST_EXAMPLES = 6
"""Windows beside the hole from which detail is learnt, 50 ms each; twelve were no better."""
_KNOWN = 0.3
"""Least share of known pixels in such a window: with less, few of its blocks are wholly known."""
_REACH = 8
"""Regions nearer than an eighth of the model's side are one: two cells of a 16 x 16 grid, which they would share."""
_FINEST = 1.25
"""Windows up to this multiple of the model's own pixels are not refined: there is little finer structure to show."""


@dataclass(frozen=True, eq=False)
class Pass:
    """One encode, decode and paste on one window.

    Attributes:
        window: square box inside the canvas (the grown canvas, for EXTRAPOLATE).
        unknown: (h, w) bool, token cells to decode.
        mask: (s, s) bool, pixels of the window that this pass is responsible for. Those of all passes of level 0 are
            disjoint and make up the hole; so do those of each finer level, as far as it goes.
        hidden: (s, s) bool, pixels of the window that nobody has painted by then: `mask` and what later passes of
            level 0 are responsible for. Empty at finer levels.
        level: 0 for the first look; n for a window 2**n times finer over what is already painted.
    """

    window: Box
    unknown: NDArray[np.bool_]
    mask: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    level: int = 0


def plan(request: EditRequest, pixels: int, grid: int) -> tuple[Pass, ...]:
    """Plan the passes of an edit, in the order in which they must run.

    Distant parts of the hole get windows of their own. A part whose bounding box fits into the largest square of the
    canvas takes one window; a long thin one, one longer than that square, or a border takes overlapping windows, in an
    order in which each sees known pixels. A window that the request pins is the only one.

    Args:
        request: the edit.
        pixels: side of the model's picture; smaller windows are used only where the canvas is smaller.
        grid: token cells on that side.

    Returns:
        At least one pass, each with something unknown; level 0 first.
    """
    wanted, view = request.hole(pixels), request.view
    remaining = wanted.copy()
    coarse: list[Pass] = []
    finer: list[Pass] = []
    for part, windows in _tiled(request, wanted, pixels):
        firsts = []
        for window, own in windows:
            mask = part.seen(window) & remaining[window.slices]
            if own != window:
                mask = _within(mask, own, window)
            if not mask.any():
                continue
            hidden = remaining[window.slices].copy()
            left = remaining[window.slices]
            left &= ~mask
            unknown = latent_mask(hidden, grid, coverage=view.coverage, grow=view.grow_tokens)
            firsts.append(Pass(window, unknown, mask, hidden))
        coarse += firsts
        finer += _refined(firsts, part, _size(wanted), view.refine, pixels, grid)
    return (*coarse, *finer)


def example_windows(passes: Sequence[Pass], hole: NDArray[np.bool_]) -> dict[int, list[Box]]:
    """Find windows of known pixels near the passes, by their side.

    Args:
        passes: from `plan`.
        hole: (H, W) bool, from `EditRequest.hole`.

    Returns:
        Side in pixels -> at most `MOST_EXAMPLES` windows, none of which covers half of another; none for a side only if
        hardly anything is known.
    """
    height, width = hole.shape
    found: dict[int, list[Box]] = {}
    for side in dict.fromkeys(one.window.size.width for one in passes):
        alike = [one.window for one in passes if one.window.size.width == side]
        count = min(len(alike), MOST_EXAMPLES)
        spread = [alike[i * (len(alike) - 1) // max(1, count - 1)] for i in range(count)]
        chosen: list[Box] = []
        for reach in (0, side // 2, side):
            around = [(reach * dx, reach * dy) for dy in (-1, 0, 1) for dx in (-1, 0, 1)] if reach else [(0, 0)]
            for window in spread:
                for dx, dy in around:
                    near = window.shifted(dx, dy).shifted_inside(Size(width, height))
                    known = 1 - np.count_nonzero(hole[near.slices]) / side**2
                    if known >= _KNOWN and len(chosen) < MOST_EXAMPLES and not any(_overlap(near, c) for c in chosen):
                        chosen.append(near)
        found[side] = chosen
    return found


def _overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes of one size share more than half of their pixels."""
    both = one.common(other)
    return both is not None and 2 * both.size.width * both.size.height > one.size.width * one.size.height


def _tiled(request: EditRequest, hole: NDArray[np.bool_], pixels: int) -> Iterator[tuple[Part, Sequence[Tile]]]:
    """Yield each part of the hole that is looked at by itself, with its windows."""
    size, view = _size(hole), request.view
    if view.window is not None:
        yield Part.of(hole), [(view.window, view.window)]
    elif request.task is Task.EXTRAPOLATE:
        yield Part.of(hole), [(window, window) for window in around_picture(size, request.sides, pixels)]
    elif request.task is Task.GENERATE:
        yield Part.of(hole), [(Box(0, 0, pixels, pixels),) * 2]
    else:
        most = MOST_TILES << view.refine
        shorter = min(size)

        def side_for(bounds: Size) -> int:
            wanted = wanted_side(bounds, pixels, view.context)
            return min(wanted, shorter) if max(bounds) <= shorter else wanted  # longer than any window: no end to it

        for part in parts(hole, side_for, pixels // _REACH):
            yield part, over_hole(part, size, pixels, view.context, most)


def _size(mask: NDArray[np.bool_]) -> Size:
    return Size(mask.shape[1], mask.shape[0])


def _within(mask: NDArray[np.bool_], own: Box, window: Box) -> NDArray[np.bool_]:
    """Clear a window's mask outside a box of the canvas."""
    kept = np.zeros_like(mask)
    inside = own.shifted(-window.left, -window.top).slices
    kept[inside] = mask[inside]
    return kept


def _refined(firsts: Sequence[Pass], part: Part, canvas: Size, levels: int, pixels: int, grid: int) -> Iterator[Pass]:
    """Yield the finer levels of passes over a part of the hole, each with windows half as wide as the level before."""
    side = max((one.window.size.width for one in firsts), default=0)
    for level in range(1, levels + 1):
        if side <= _FINEST * pixels:
            return
        side = max(pixels, side // 2)
        for window, tile in tiles(part, canvas, side):
            mask = _within(part.seen(window), tile, window)
            unknown = latent_mask(mask, grid) & ~_kept(grid)
            yield Pass(window, unknown, mask, np.zeros_like(mask), level)


def _kept(grid: int) -> NDArray[np.bool_]:
    """Select the cells (h, w) bool that a finer window keeps, a knight's move apart, so that none is far from one."""
    rows, columns = np.indices((grid, grid))
    return np.asarray((2 * rows + columns) % 5 < _KEPT)
