"""Contact sheets of answers at photo size: whole pictures as they are shown, and the hole's edge at 100 %.

Knows nothing of figures or files. Captions are drawn with OpenCV, whose letters are ASCII only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.canvas.seam import RING_PX, Border
from core.lab.evaluation.cases import Case, canvas_of, to_display
from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Box, Size

SIDE = 224
"""Pixels of a tile's side; a panorama's tile is as wide as eight."""
MOST_ROWS = 20

_CAPTION = 16  # pixels
_PAPER = 255
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
    frame = Size(SIDE, SIDE) if case.truth is not None else _frame(size)
    tinted = to_display(canvas[..., :3]).astype(np.float32)
    hidden = to_display(case.mask.astype(np.uint8) * 255) > 127
    tinted[hidden] = 0.4 * tinted[hidden] + 0.6 * _TINT
    return Tiles(
        case.photo,
        _fitted(np.rint(tinted).astype(np.uint8), frame),
        {name: _fitted(picture[view.slices][..., :3], frame) for name, picture in pictures.items()},
        {name: _padded(picture[edge.slices][..., :3], Size(SIDE, SIDE)) for name, picture in pictures.items()},
    )


def sheets(rows: Sequence[Tiles]) -> dict[str, Picture]:
    """Return the sheets of one question by name: "shown", a photo a row, and "edges", at 100 %.

    At most `MOST_ROWS` photos, spread over all. Panoramas stand below each other, a method a row.
    """
    chosen = np.linspace(0, len(rows) - 1, min(MOST_ROWS, len(rows))).round().astype(int)
    kept = [rows[i] for i in chosen]
    methods = list(dict.fromkeys(name for row in kept for name in row.shown))
    if any(tile.asked.shape[1] > SIDE for tile in kept):
        strips = [(f"{row.photo}, {name}", [row.shown[name]]) for row in kept for name in row.shown]
        shown = _sheet([""], strips)
    else:
        shown = _sheet(["asked", *methods], [(r.photo, [r.asked, *_of(r.shown, methods)]) for r in kept])
    edges = _sheet(["asked", *methods], [(r.photo, [_square(r.asked), *_of(r.edges, methods)]) for r in kept])
    return {"shown": shown, "edges": edges}


def _of(pictures: Mapping[str, Picture], methods: Sequence[str]) -> list[Picture]:
    blank = np.full((SIDE, SIDE, 3), _PAPER, np.uint8)
    return [pictures.get(name, blank) for name in methods]


def _sheet(columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Picture]]]) -> Picture:
    """Return rows of tiles, each below its caption; the columns' names stand above all."""
    lines = []
    for i, (caption, pictures) in enumerate(rows):
        line = np.hstack([np.asarray(picture) for picture in pictures])
        if i == 0 and any(columns):
            width = line.shape[1] // len(columns)
            lines.append(np.hstack([_text(name, width) for name in columns]))
        lines += [_text(caption, line.shape[1]), line]
    width = max(line.shape[1] for line in lines)
    return np.vstack([_padded(line, Size(width, line.shape[0])) for line in lines])


def _text(words: str, width: int) -> Picture:
    line = np.full((_CAPTION, width, 3), _PAPER, np.uint8)
    plain = words.encode("ascii", "replace").decode()
    cv2.putText(line, plain, (3, _CAPTION - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return line


def _frame(size: Size) -> Size:
    """Return the size of a tile for a grown canvas: a square, or a strip for a panorama."""
    if size.width <= _LONG * size.height:
        return Size(SIDE, SIDE)
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


def _fitted(picture: Picture, frame: Size) -> Picture:
    """Return a picture scaled to fit into a frame, on paper."""
    scale = min(frame.width / picture.shape[1], frame.height / picture.shape[0])
    width, height = (max(1, round(n * scale)) for n in picture.shape[1::-1])
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    small = cv2.resize(np.ascontiguousarray(picture), (width, height), interpolation=method)
    return _padded(np.asarray(small, np.uint8), frame)


def _square(picture: Picture) -> Picture:
    return _fitted(picture, Size(SIDE, SIDE))


def _padded(picture: Picture, frame: Size) -> Picture:
    padded = np.full((frame.height, frame.width, 3), _PAPER, np.uint8)
    height, width = min(frame.height, picture.shape[0]), min(frame.width, picture.shape[1])
    padded[:height, :width] = picture[:height, :width]
    return padded
