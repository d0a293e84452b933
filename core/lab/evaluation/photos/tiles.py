"""Contact sheets of answers at photo size: whole pictures as they are shown, and the hole's edge at 100 %.

Knows nothing of figures or files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.canvas.seam import RING_PX, Border
from core.lab.evaluation.answers import spread
from core.lab.evaluation.metrics import Mask, Picture
from core.lab.evaluation.photos.cases import Case, canvas_of, to_display
from core.lab.evaluation.sheets import Line, cut, fitted, sheet
from core.values.geometry import Box, Size

SIDE = 224
"""Pixels of a tile's side; a panorama's tile is as wide as eight."""
MOST_ROWS = 20

_SQUARE = Size(SIDE, SIDE)
_LONG = 2.5  # a grown canvas wider than this times its height is shown as a strip
_TINT = np.array([230, 40, 60], np.float32)  # what is to be painted, on the picture of the question


@dataclass(frozen=True, eq=False)
class Tiles:
    """Small pictures of one case.

    Attributes:
        photo: its name.
        asked: the whole canvas, what is to be painted tinted.
        shown: by method the hole in its surroundings, or the whole canvas where a border was asked for.
        edges: by method the hole's edge, pixel by pixel.
    """

    photo: str
    asked: Picture
    shown: Mapping[str, Picture]
    edges: Mapping[str, Picture]


def tiles(case: Case, pictures: Mapping[str, Picture]) -> Tiles:
    """Return the small pictures of one case's answers by method."""
    canvas = canvas_of(case)
    size = Size(case.mask.shape[1], case.mask.shape[0])
    view, edge = _view(case.mask, size) if case.is_hole else Box(0, 0, *size), _edge(case.mask, size)
    frame = _SQUARE if case.truth is not None else _frame(size)
    tinted = to_display(canvas[..., :3]).astype(np.float32)
    hidden = to_display(case.mask.astype(np.uint8) * 255) > 127
    tinted[hidden] = 0.4 * tinted[hidden] + 0.6 * _TINT
    return Tiles(
        case.photo,
        fitted(np.rint(tinted).astype(np.uint8), frame),
        {name: fitted(picture[view.slices][..., :3], frame) for name, picture in pictures.items()},
        {name: cut(picture[edge.slices][..., :3], _SQUARE) for name, picture in pictures.items()},
    )


def sheets(rows: Sequence[Tiles]) -> dict[str, Picture]:
    """Return the sheets of one question by name: "shown", a photo a line, and "edges", at 100 %.

    At most `MOST_ROWS` photos, spread over all. Panoramas stand below each other, a method a line.
    """
    kept = [rows[i] for i in spread(len(rows), MOST_ROWS)]
    methods = list(dict.fromkeys(name for row in kept for name in row.shown))
    if any(row.asked.shape[1] > SIDE for row in kept):
        shown: list[Line] = [([f"{row.photo}, {name}"], [row.shown[name]]) for row in kept for name in row.shown]
    else:
        shown = [([row.photo, *methods], [row.asked, *_of(row.shown, methods)]) for row in kept]
    edges = [([row.photo, *methods], [fitted(row.asked, _SQUARE), *_of(row.edges, methods)]) for row in kept]
    return {"shown": sheet(shown), "edges": sheet(edges)}


def _of(pictures: Mapping[str, Picture], methods: Sequence[str]) -> list[Picture]:
    blank = np.full((SIDE, SIDE, 3), 255, np.uint8)
    return [pictures.get(name, blank) for name in methods]


def _frame(size: Size) -> Size:
    """Return the size of a tile for a grown canvas: a square, or a strip for a panorama."""
    if size.width <= _LONG * size.height:
        return _SQUARE
    return Size(8 * SIDE, max(8, round(8 * SIDE * size.height / size.width)))


def _view(mask: Mask, size: Size) -> Box:
    """Return the hole in its surroundings: a square twice as large, or as the picture allows."""
    hole = Box.around(mask)
    assert hole is not None, "a case hides something"
    side = min(2 * max(hole.size), *size)
    if max(hole.size) > side:
        return Box(0, 0, *size)
    left, top = hole.left + (hole.size.width - side) // 2, hole.top + (hole.size.height - side) // 2
    return Box(left, top, left + side, top + side).shifted_inside(size)


def _edge(mask: Mask, size: Size) -> Box:
    """Return a square of `SIDE` pixels whose middle is on the mask's border, or what the picture has of it."""
    border = Border.of(mask)
    middle = len(border.inside) // 2
    width, height = min(SIDE, size.width), min(SIDE, size.height)
    left = int(border.columns[middle, RING_PX]) - width // 2
    top = int(border.rows[middle, RING_PX]) - height // 2
    return Box(left, top, left + width, top + height).shifted_inside(size)
