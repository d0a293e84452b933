"""One request over a grid of two settings: streamed cell by cell, drawn as one sheet, written as CSV.

Knows nothing of nets or screens; every cell is an edit of its own and equals that edit run alone.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.decoding.settings import KNOBS, schedule_name
from core.engine import Engine
from core.errors import BadRequest
from core.values.request import EditRequest

_TITLES = {knob.name: knob.title for knob in KNOBS.values() if knob.examples} | {"class_id": "class", "seed": "seed"}
AXES = tuple(_TITLES)
"""The settings that can be swept."""

MOST_CELLS = 144
"""Most cells of a sweep: a square sheet of 12 x 12 is 2,300 px wide, about what a screen shows."""
_BATCH = 8
"""Cells decoded together: on a CPU, more would delay the first picture and not hasten the last."""
_CELL_SIDE = 192
"""Pixels of a cell on the sheet: larger than the bundled model's 128 px, and 12 of them fit on a screen."""


@dataclass(frozen=True, eq=False)
class Cell:
    """One result of a sweep.

    Attributes:
        row, column: its position in the grid.
        settings: the swept settings of this cell by name.
        request: the whole request of this cell.
        image: (H, W, 3 or 4) uint8.
        seconds: wall-clock time; cells decoded as one batch share theirs equally.
        forwards: transformer passes.
        score: mean log probability of its tokens.
        seam, colour_shift: how much the edge of the repainted pixels shows; see `EditResult`.
    """

    row: int
    column: int
    settings: Mapping[str, Any]
    request: EditRequest
    image: NDArray[np.uint8]
    seconds: float
    forwards: int
    score: float
    seam: float
    colour_shift: float


def sweep(
    engine: Engine, request: EditRequest, axes: Mapping[str, Sequence[Any]], *, together: int = _BATCH
) -> Iterator[Cell]:
    """Run the grid that two settings span, first axis down, second across.

    Cells with equal T are decoded as one batch, and come batch by batch.

    Args:
        engine: the loaded model.
        request: the request to vary; its own variations are not swept, each cell draws one.
        axes: one or two entries of `AXES` -> values.
        together: most cells of a batch, of at most 8; with `Engine.together` the time between two cells is shortest.

    Raises:
        BadRequest: for an unknown axis, no values, too many cells, or a value out of its range.
    """
    cells = _grid(request.advised(engine.spec), axes)
    together = min(together, _BATCH)
    groups: dict[int, list[tuple[int, int, dict[str, Any], EditRequest]]] = {}
    for cell in cells:
        groups.setdefault(cell[3].decoding.steps, []).append(cell)
    for group in groups.values():
        for start in range(0, len(group), together):
            batch = group[start : start + together]
            results = engine.edit_together([cell[3] for cell in batch])
            for (row, column, settings, asked), result in zip(batch, results, strict=True):
                yield Cell(
                    row=row,
                    column=column,
                    settings=settings,
                    request=asked,
                    image=result.images[0],
                    seconds=result.seconds["total"] / len(batch),
                    forwards=result.forwards,
                    score=result.scores[0],
                    seam=result.seams[0],
                    colour_shift=result.colour_shifts[0],
                )


def _grid(
    request: EditRequest, axes: Mapping[str, Sequence[Any]]
) -> list[tuple[int, int, dict[str, Any], EditRequest]]:
    """List (row, column, settings, request) of every cell; all are checked before the first one runs."""
    if not 1 <= len(axes) <= 2:
        raise BadRequest(
            "a sweep has one or two axes, {count} were given: choose among {choices}.",
            count=len(axes),
            choices=", ".join(AXES),
        )
    for name, values in axes.items():
        if name not in AXES:
            raise BadRequest(
                "axis {name!r} cannot be swept: choose among {choices}.", name=name, choices=", ".join(AXES)
            )
        if not values:
            raise BadRequest("axis {name} has no values: give at least one.", name=name)
    (row_name, row_values), *rest = axes.items()
    column_name, column_values = rest[0] if rest else ("", [None])
    if len(row_values) * len(column_values) > MOST_CELLS:
        raise BadRequest(
            "the sweep would have {cells} cells: stay within {most}.",
            cells=len(row_values) * len(column_values),
            most=MOST_CELLS,
        )
    cells = []
    for row, row_value in enumerate(row_values):
        for column, column_value in enumerate(column_values):
            settings = {row_name: row_value} | ({column_name: column_value} if column_name else {})
            if "schedule" in settings:
                settings["schedule"] = schedule_name(settings["schedule"])
            options = {name: value for name, value in settings.items() if name != "class_id"}
            if "steps" in options and request.decoding.start_step >= options["steps"]:
                options["start_step"] = 0
            class_id = settings.get("class_id", request.class_id)
            decoding = replace(request.decoding, **options, variations=1, only=None)
            painting = replace(request.painting, finish="none")  # compares decodings, not finishes
            asked = replace(request, class_id=class_id, painting=painting, decoding=decoding)
            cells.append((row, column, settings, asked))
    return cells


def sheet(cells: Sequence[Cell], axes: Mapping[str, Sequence[Any]], classes: Sequence[str] = ()) -> NDArray[np.uint8]:
    """Draw all cells as one labelled picture: first axis down, second across, seconds and forwards below each.

    Args:
        cells: finished cells; missing ones stay empty.
        axes: as given to `sweep`.
        classes: class names, if class_id is an axis.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    (row_name, row_values), *rest = axes.items()
    column_name, column_values = rest[0] if rest else ("", [""])
    height, width = cells[0].image.shape[:2] if cells else (1, 1)
    scale = _CELL_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    left, top, gap, caption = 128, 40, 8, 20
    canvas = np.full(
        (top + len(row_values) * (size[1] + caption + gap), left + len(column_values) * (size[0] + gap), 3),
        250,
        np.uint8,
    )
    _write(canvas, _TITLES[row_name], (8, top - 14), 0.42)
    for column, value in enumerate(column_values):
        if column_name:
            _write(canvas, _label(column_name, value, classes), (left + column * (size[0] + gap), top - 14), 0.48)
    for row, value in enumerate(row_values):
        _write(
            canvas, _label(row_name, value, classes, bare=True), (8, top + row * (size[1] + caption + gap) + 20), 0.48
        )
    for cell in cells:
        x, y = left + cell.column * (size[0] + gap), top + cell.row * (size[1] + caption + gap)
        canvas[y : y + size[1], x : x + size[0]] = _thumbnail(cell.image, size)
        _write(canvas, f"{cell.seconds:.2f} s, {cell.forwards} forwards", (x, y + size[1] + 14), 0.38)
    return canvas


def _label(name: str, value: Any, classes: Sequence[str], *, bare: bool = False) -> str:
    """Format an axis value for people; `bare` leaves the axis name to its title."""
    if name == "class_id":
        value = "none" if value is None else classes[value] if classes else value
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if bare or name in ("schedule", "order", "class_id") else f"{_TITLES[name]} {text}"


def _thumbnail(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Resize a picture to (width, height), transparency over white."""
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if image.shape[2] == 4:
        alpha = small[..., 3:].astype(np.float32) / 255.0
        small = np.rint(small[..., :3] * alpha + 255.0 * (1.0 - alpha)).astype(np.uint8)
    return np.asarray(small, np.uint8)


def _write(canvas: NDArray[np.uint8], text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, (40, 40, 40), 1, cv2.LINE_AA)


def to_csv(cells: Sequence[Cell]) -> str:
    """Write one line per cell: place, every decoding option, class, seconds, forwards, score."""
    names = [*KNOBS, "seed", "variations"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["row", "column", *names, "class_id", "seconds", "forwards", "score"])
    for cell in sorted(cells, key=lambda c: (c.row, c.column)):
        options = [getattr(cell.request.decoding, name) for name in names]
        class_id = "" if cell.request.class_id is None else cell.request.class_id
        measured = [f"{cell.seconds:.4f}", cell.forwards, f"{cell.score:.5f}"]
        writer.writerow([cell.row, cell.column, *options, class_id, *measured])
    return text.getvalue()
