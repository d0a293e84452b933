"""A sweep: cell by cell, two files, and what can be taken from a cell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import read_recipe
from core.pictures import open_picture, read_png_text
from editor.handlers import Handlers
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import VALUES, event, path_of, run, told, visitor
from tests.editor.wire.sent import intent


def swept(handlers: Handlers, opened: dict[str, Any] | None, **changes: Any) -> list[Any]:
    """Run a sweep of two schedules and three values of T."""
    return told(handlers, opened, run="s", mode="sweep", **changes)


def adopt(handlers: Handlers, what: Any, row: Any = 1, column: Any = 2, sweep: Any = "s") -> Any:
    """Adopt a cell."""
    return handlers.sweeping.adopt(event({"run": sweep, "row": row, "column": column, "what": what}), visitor())


def test_sweep_fills_cell_by_cell_and_leaves_two_files(handlers: Handlers, opened: dict[str, Any]) -> None:
    answers = swept(handlers, opened)
    grids = [answer.grid for answer in answers if answer.grid is not None]
    assert [grid.count("<img") for grid in grids] == list(range(7))
    assert all("linear" in grid and "T 6" in grid and 'data-run="s"' in grid for grid in grids)
    assert answers[-1].message["kind"] == "stopped"
    last = next(answer for answer in answers if answer.csv is not None and answer.csv.value)
    paths = [Path(button.value["path"] if isinstance(button.value, dict) else button.value) for button in last[2:]]
    assert open_picture(paths[0]).shape[2] == 3
    assert len(paths[1].read_text("utf-8").splitlines()) == 7


def test_a_sweep_of_equal_axes_is_a_sentence(handlers: Handlers, opened: dict[str, Any]) -> None:
    data = {**intent(None), "doc": opened["doc"], "mode": "sweep"}
    axes = ("schedule", "cosine", "schedule", "linear")
    (answer,) = handlers.running.run(VALUES, axes, event(data), visitor())
    assert answer.message is not None
    assert "both schedule" in answer.message["message"]


def test_the_settings_of_a_cell_go_to_the_controls(handlers: Handlers, opened: dict[str, Any]) -> None:
    swept(handlers, opened)
    adopted = adopt(handlers, "settings")
    assert (adopted.values["schedule"], adopted.values["steps"], adopted.values["seed"]) == ("linear", 6, 3)
    assert adopted.values["mode"] == "fill"
    assert "linear" in adopted.message["message"]


@pytest.mark.parametrize(
    "changes", [{}, {"mask": None, "extend": [8, 0, 4, 0]}, {"mask": None}, {"doc": None, "mask": None}]
)
def test_the_picture_of_a_cell_is_that_of_the_cell(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any], changes: dict[str, Any]
) -> None:
    swept(handlers, opened, **changes)
    adopted = adopt(handlers, "picture")
    message = adopted.message
    assert (message["kind"], message["run"], message["branchable"], adopted.values) == ("result", "s-1-2", False, {})
    (only,) = message["variations"]
    assert only["changed_outside"] == 0
    file = path_of(only["url"])
    recipe = read_recipe(read_png_text(file.read_bytes()))
    assert (recipe.request["decoding"]["schedule"], recipe.request["decoding"]["steps"]) == ("linear", 6)
    asked = next(a for a in engine.asked if a.decoding.schedule == "linear" and a.decoding.steps == 6)
    expected: NDArray[np.uint8] = engine.edit(asked).image(0)
    assert np.array_equal(open_picture(file), expected)
    assert message["canvas"] == [expected.shape[1], expected.shape[0]]
    head = handlers.reviewing.accept(event({"run": "s-1-2", "variation": 0}), visitor()).message
    assert head["kind"] == "head"


@pytest.mark.parametrize(
    ("what", "row", "column", "sweep"),
    [
        ("everything", 1, 2, "s"),
        (None, 1, 2, "s"),
        ("settings", 2, 0, "s"),
        ("settings", -1, 0, "s"),
        ("picture", "0", 0, "s"),
        ("picture", 0, 0, "r1"),
        ("picture", 0, 0, None),
    ],
)
def test_adopting_nonsense_is_a_sentence(
    handlers: Handlers, opened: dict[str, Any], what: Any, row: Any, column: Any, sweep: Any
) -> None:
    run(handlers, opened)
    swept(handlers, opened)
    adopted = adopt(handlers, what, row, column, sweep)
    assert (adopted.message["kind"], adopted.message["level"], adopted.values) == ("notice", "error", {})
