"""What the server draws: bars that add up, text that is escaped, cells that can be pressed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.settings import SCHEDULES
from editor import markup
from editor.markup import Thumbnail

NAMES = st.sampled_from(list(SCHEDULES))


@given(NAMES, st.integers(1, 32), st.integers(1, 1024))
def test_the_curve_reveals_every_token_once(schedule: str, steps: int, unknown: int) -> None:
    drawn = markup.schedule_curve(schedule, steps, unknown)
    revealed = [int(count) for count in re.findall(r"step \d+: (\d+) tokens", drawn)]
    assert sum(revealed) == unknown
    assert len(revealed) == drawn.count("<rect") <= steps
    points = re.search(r'points="([^"]*)"', drawn)
    assert points is not None
    heights = [float(point.split(",")[1]) for point in points[1].split()]
    assert heights == sorted(heights)  # y grows downwards: what is masked only falls
    assert (heights[0], heights[-1]) == (1, 43)


@given(
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(st.integers(1, 24), min_size=1, max_size=4, unique=True),
)
def test_a_sweep_draws_each_pair_over_the_other_schedules(schedules: list[str], steps: list[int]) -> None:
    drawn = markup.sweep_curves(schedules, steps, 256)
    assert drawn.count("<figure>") == len(schedules) * len(steps)
    assert drawn.count('class="pg-other"') == len(schedules) * (len(schedules) - 1) * len(steps)
    tallest = max(float(height) for height in re.findall(r'height="([\d.]+)"><title>', drawn))
    assert tallest == pytest.approx(34, abs=0.01)  # one scale: the largest step of all fills its plot


def test_cells_are_buttons_in_their_places_and_all_text_is_escaped() -> None:
    cells = {(0, 1): Thumbnail('u"rl', "<i>1 s</i>")}
    drawn = markup.sweep_grid(("<a>", "b"), ("r&",), ("c0", '"c1'), cells, "said <b>", run="run<1>")
    assert drawn.count("<td") == 2
    assert drawn.count("pg-waiting") == 1
    assert '<button type="button" data-row="0" data-column="1"' in drawn
    assert 'data-run="run&lt;1&gt;"' in drawn
    for foreign in ("<a>", "<i>1", 'u"rl', "said <b>", "r&<"):
        assert foreign not in drawn


def test_hints_say_one_line_for_each_mode() -> None:
    drawn = markup.hints({"fill": "a < b", "extend": "c"})
    assert drawn.count("<p ") == 2
    assert 'data-mode="fill">a &lt; b<' in drawn
