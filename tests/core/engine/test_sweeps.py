"""Sweeps on a fake model."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from core.engine import threads
from core.engine.sweeps import sheet, sweep, to_csv
from core.errors import BadRequest
from core.values.geometry import Box
from core.values.groups import DecodeOptions
from core.values.region import Mask
from core.values.request import EditRequest
from tests.fakes import fake_engine

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
MASK = np.zeros((48, 64), np.bool_)
MASK[Box(10, 10, 40, 40).slices] = True
REQUEST = EditRequest(IMAGE, Mask(MASK), decoding=DecodeOptions(variations=3, seed=4))


def test_every_cell_equals_its_edit_run_alone() -> None:
    cells = list(sweep(fake_engine(), REQUEST, {"schedule": ["cosine", "sqrt"], "steps": [2, 5, 8]}))
    assert sorted((c.row, c.column) for c in cells) == [(r, c) for r in range(2) for c in range(3)]
    for cell in cells:
        assert cell.request.decoding.variations == 1
        assert np.array_equal(fake_engine().edit(cell.request).images[0], cell.image)
        assert cell.settings["steps"] == (2, 5, 8)[cell.column] == cell.forwards
        assert cell.settings["schedule"] == ("cosine", "square root")[cell.row]


def test_cells_that_share_t_share_a_batch() -> None:
    engine = fake_engine()
    cells = sweep(engine, REQUEST, {"schedule": ["cosine", "linear", "cubic"], "steps": [2, 4]})
    next(cells)
    assert engine.forwards == 3 * 2, "the three cells of T = 2 are done, none of T = 4"


def test_a_batch_is_as_small_as_whoever_waits_between_cells_wants_it() -> None:
    engine = fake_engine()
    engine.divide_among(threads.EVERYONE)
    assert engine.together == 1
    next(sweep(engine, REQUEST, {"schedule": ["cosine", "linear", "cubic"], "steps": [2, 4]}, together=1))
    assert engine.forwards == 2
    engine.divide_among(1)
    assert engine.together == threads.EVERYONE, "side by side"


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("class_id", [None, 0, 2]),
        ("seed", [1, 2]),
        ("guidance_scale", [1.0, 3.0]),
        ("choice_temperature", [0.0, 9.0]),
        ("token_temperature", [0.5, 1.5]),
        ("order", ["confidence", "halton", "raster"]),
    ],
)
def test_other_axes_work_alone(axis: str, values: list[object]) -> None:
    cells = list(sweep(fake_engine(), EditRequest(IMAGE, Mask(MASK), class_id=1), {axis: values}))
    assert [cell.settings[axis] for cell in cells] == values
    assert len({cell.image.tobytes() for cell in cells}) == len(values)


def test_a_sweep_over_t_starts_at_zero_where_the_start_step_does_not_fit() -> None:
    request = EditRequest(IMAGE, Mask(MASK), decoding=DecodeOptions(steps=12, start_step=4))
    cells = list(sweep(fake_engine(), request, {"steps": [2, 8]}))
    assert [c.request.decoding.start_step for c in cells] == [0, 4]


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ({}, "one or two axes"),
        ({"colour": [1]}, "cannot be swept"),
        ({"steps": []}, "has no values"),
        ({"steps": [0]}, "steps T is 0"),
        ({"seed": list(range(200))}, "200 cells"),
        ({"schedule": ["cosign"]}, "'cosign' is unknown"),
    ],
)
def test_bad_axes_are_refused_before_anything_runs(axes: dict[str, list[object]], sentence: str) -> None:
    engine = fake_engine()
    with pytest.raises(BadRequest, match=sentence):
        next(sweep(engine, REQUEST, axes))
    assert engine.forwards == 0


def test_sheet_and_csv_hold_every_cell() -> None:
    axes = {"schedule": ["cosine", "linear"], "steps": [2, 4]}
    cells = list(sweep(fake_engine(), REQUEST, axes))
    drawn, partial, empty = sheet(cells, axes), sheet(cells[:1], axes), sheet([], axes)
    assert drawn.dtype == np.uint8
    assert drawn.shape == partial.shape
    assert (drawn != partial).any()
    assert empty.ndim == 3
    rows = list(csv.DictReader(io.StringIO(to_csv(cells))))
    assert [(r["schedule"], r["steps"], r["seed"]) for r in rows] == [
        (s, t, "4") for s in ("cosine", "linear") for t in ("2", "4")
    ]
    assert all(float(r["seconds"]) > 0 and int(r["forwards"]) > 0 and float(r["score"]) < 0 for r in rows)
