"""Reads the two axes of a sweep, as a person types them, into values.

Knows nothing of running a sweep; core.sweep does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from core import BadRequest
from core.models import ModelSpec
from core.values import KNOBS, class_id, written_number, written_whole
from editor.sentences import on_page
from editor.sentences.language import say, table


class Grid(NamedTuple):
    """A requested sweep.

    Attributes:
        values: axis -> its values, rows first, as `core.sweep` takes them.
        labels: the values as people read them.
        titles: names of the axes.
    """

    values: Mapping[str, Sequence[Any]]
    labels: tuple[tuple[str, ...], tuple[str, ...]]
    titles: tuple[str, str]

    @property
    def cells(self) -> int:
        """Number of cells."""
        return len(self.labels[0]) * len(self.labels[1])


def examples(spec: ModelSpec) -> dict[str, str]:
    """Return example values for each axis."""
    classes = [name.split(",")[0] for name in spec.classes[:4]]
    settings = {knob.name: knob.examples for knob in KNOBS.values() if knob.examples}
    return {**settings, "seed": "0, 1, 2, 3", "class_id": ", ".join(["none", *classes] if spec.null_class else classes)}


def read_axes(texts: Sequence[str], spec: ModelSpec, *, most_cells: int) -> Grid:
    """Read the grid.

    Args:
        texts: row axis, its values, column axis, its values; values are separated by commas.
        spec: for class names.
        most_cells: largest allowed number of cells.

    Raises:
        BadRequest: if the axes or their values cannot be used.
    """
    rows, row_text, columns, column_text = texts
    if rows == columns:
        raise BadRequest(on_page.axes_equal(_name(rows)))
    row_values, column_values = _values(rows, row_text, spec), _values(columns, column_text, spec)
    cells = len(row_values) * len(column_values)
    if cells > most_cells:
        raise BadRequest(on_page.too_many_cells(cells, most_cells))
    return Grid(
        values={rows: row_values, columns: column_values},
        labels=(_labels(rows, row_values, spec), _labels(columns, column_values, spec)),
        titles=(_name(rows), _name(columns)),
    )


def swept_schedules(
    texts: Sequence[str], schedule: str, steps: int, spec: ModelSpec
) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Find the schedules and values of T that a sweep tries; those of the controls if it varies neither.

    Args:
        texts: as for `read_axes`; values that cannot be read yet are left out.
        schedule: name in the inspector.
        steps: T in the inspector.
        spec: for class names.
    """
    tried: dict[str, tuple[Any, ...]] = {"schedule": (schedule,), "steps": (steps,)}
    for axis, text in (texts[:2], texts[2:]):
        if axis not in tried:
            continue
        try:
            values = _values(axis, text, spec)
        except BadRequest:
            continue
        fitting = [v for v in values if v in KNOBS["schedule"].choices or (axis == "steps" and 1 <= v <= 64)]
        tried[axis] = tuple(dict.fromkeys(fitting[:8])) or tried[axis]
    return tried["schedule"], tried["steps"]


def _name(axis: str) -> str:
    return table("page.axes").get(axis, axis)


def _values(axis: str, text: str, spec: ModelSpec) -> list[Any]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if axis not in table("page.axes") or not parts:
        raise BadRequest(on_page.axis_values(_name(axis), text, examples(spec).get(axis, "1, 2, 3")))
    if axis == "schedule":
        return parts  # core.sweep checks the names
    if axis == "class_id":
        return [class_id(spec.classes, part) for part in parts]
    try:
        return [written_whole(part) if axis in ("steps", "seed") else written_number(part) for part in parts]
    except ValueError as error:
        raise BadRequest(on_page.axis_values(_name(axis), text, examples(spec)[axis])) from error


def _labels(axis: str, values: Sequence[Any], spec: ModelSpec) -> tuple[str, ...]:
    if axis == "class_id":
        return tuple(say("page.no_class") if v is None else spec.classes[v].split(",")[0] for v in values)
    prefix = "T " if axis == "steps" else ""
    return tuple(prefix + (f"{v:g}" if isinstance(v, float) else str(v)) for v in values)
