"""Curves stand where their values say, sweet spots are ringed, strips veil what is unknown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.lab.evaluation.figures import HEIGHT, WIDTH, Axes, Curve, Strip, draw_curves, draw_strips, panels

CURVE = Curve("cosine", ((4, 0.3), (8, 0.1), (16, 0.5), (32, 0.4)))
RISING = st.lists(st.floats(-5, 5), min_size=1, max_size=8)


@pytest.mark.parametrize(("lowest", "best"), [(True, (8, 0.1)), (False, (16, 0.5))])
def test_best_is_the_sweet_spot(lowest: bool, best: tuple[int, float]) -> None:
    assert CURVE.best(lowest=lowest) == best


def test_best_of_equals_takes_fewer_steps_and_skips_what_is_not_finite() -> None:
    assert Curve("a", ((4, float("nan")), (8, 0.2), (16, 0.2))).best(lowest=True) == (8, 0.2)
    assert Curve("a", ((4, 0.2), (8, 0.2))).best(lowest=False) == (4, 0.2)
    assert Curve("a", ((4, float("nan")),)).best(lowest=True) is None


@given(RISING)
def test_points_lie_on_the_panel_and_keep_their_order(values: list[float]) -> None:
    curve = Curve("a", tuple((2 + i, value) for i, value in enumerate(values)))
    axes = Axes.around([curve])
    places = [axes.at(*point) for point in curve.points]
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in places)
    assert [x for x, _ in places] == sorted({x for x, _ in places})
    highest = places[int(np.argmax(values))][1]
    assert all(highest <= y for _, y in places)
    assert all(axes.low <= tick <= axes.high for tick in axes.ticks())


@pytest.mark.parametrize("lowest", [True, False])
def test_only_the_sweet_spot_is_ringed(lowest: bool) -> None:
    panel = draw_curves([CURVE], title="t", measure="m", lowest=lowest)
    assert panel.shape == (HEIGHT, WIDTH, 3)
    assert panel.dtype == np.uint8
    axes = Axes.around([CURVE])
    ringed = []
    for point in CURVE.points:
        x, y = axes.at(*point)
        if (panel[y - 8, x] < 128).all() and (panel[y - 7, x] > 100).any():  # dark ring, light gap
            ringed.append(point)
    assert ringed == [CURVE.best(lowest=lowest)]


def test_a_level_widens_the_axes_and_is_drawn_across() -> None:
    with_level = draw_curves([CURVE], title="t", measure="m", lowest=True, level=("photos", -0.2))
    axes = Axes.around([CURVE], -0.2)
    x, y = axes.at(5.6, -0.2)
    assert axes.low < -0.2
    assert (with_level[y, x - 12 : x + 12] < 128).all(1).any()


def test_nothing_measured_is_an_empty_panel_and_curves_without_points_are_left_out() -> None:
    empty = draw_curves([Curve("a", ())], title="", measure="m", lowest=True)
    assert (empty == 255).all()
    both = draw_curves([CURVE, Curve("a", ())], title="t", measure="m", lowest=True)
    assert (both == draw_curves([CURVE], title="t", measure="m", lowest=True)).all()


def test_a_method_keeps_its_colour_whatever_is_measured() -> None:
    other = Curve("linear", ((4, 0.35), (32, 0.45)))
    legend = slice(WIDTH - 230, WIDTH - 220)
    lines = [draw_curves([first, other], title="", measure="m", lowest=True) for first in (CURVE, Curve("cosine", ()))]
    second, alone = lines[0][68, legend], lines[1][46, legend]  # its place in the legend moves up
    assert (second == alone).all()
    assert (second != lines[0][46, legend]).any()


def test_panels_stand_in_rows_and_columns() -> None:
    a, b = (np.full((3, 5, 3), value, np.uint8) for value in (1, 2))
    sheet = panels([[a, b], [b, a]])
    assert sheet.shape == (6, 10, 3)
    assert sheet[:, :, 0][[0, 0, 5, 5], [0, 9, 0, 9]].tolist() == [1, 2, 2, 1]


def test_strips_veil_unknown_cells_and_map_them_in_black() -> None:
    picture = np.full((16, 16, 3), 10, np.uint8)
    unknown = np.zeros((4, 4), bool)
    unknown[0] = True
    strip = Strip("raster", ["1 of 2", "2 of 2"], [picture, picture], [unknown, np.zeros((4, 4), bool)])
    sheet = draw_strips([strip, strip], side=32)
    text = 18
    assert sheet.shape == (2 * (2 * 32 + 2 * text), 64, 3)
    seen, maps = sheet[text : text + 32], sheet[text + 32 : text + 64]
    assert (seen[:8, :32] > 150).all()
    assert (seen[8:, :32] == 10).all()
    assert (seen[:, 32:] == 10).all()
    assert (maps[4, 2:30] == 0).all()
    assert (maps[12, 2:30] == 255).all()
    assert (maps[4, 34:62] == 255).all()
