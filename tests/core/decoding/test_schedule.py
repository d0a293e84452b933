"""Schedules and per-step counts against the reference's golden tables."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.schedule import falling, masked_counts, masked_share
from core.decoding.settings import SCHEDULES


def revealed(unknown: int, steps: int, schedule: str, start_step: int = 0) -> list[int]:
    counts = (unknown, *masked_counts(unknown, steps, schedule, start_step))
    return [before - after for before, after in itertools.pairwise(counts)]


# docs/algorithm.md, section 3: N = 256, T = 8.
GOLDEN_256_8 = {
    "exponential": [2, 2, 4, 8, 16, 32, 64, 128],
    "cubic": [1, 3, 10, 18, 31, 45, 64, 84],
    "square": [4, 12, 20, 28, 36, 44, 52, 60],
    "cosine": [5, 15, 24, 31, 39, 45, 48, 49],
    "linear": [32] * 8,
    "square root": [91, 37, 29, 25, 21, 19, 18, 16],
    "logarithmic": [160, 32, 19, 13, 11, 8, 7, 6],
    "arccos": [21, 21, 21, 23, 25, 28, 35, 82],
    "arccos counts": [1, 18, 26, 32, 38, 43, 48, 50],
}


@pytest.mark.parametrize(("schedule", "counts"), GOLDEN_256_8.items())
def test_counts_of_every_schedule_equal_the_reference(schedule: str, counts: list[int]) -> None:
    assert revealed(256, 8, schedule) == counts


@pytest.mark.parametrize(
    ("unknown", "steps", "counts"),
    [
        (256, 16, [2, 3, 7, 8, 11, 13, 15, 16, 19, 20, 22, 23, 23, 25, 24, 25]),
        (1024, 8, [20, 58, 95, 127, 156, 177, 192, 199]),
        (10, 12, [1] * 10),
        (1, 8, [1]),
    ],
)
def test_cosine_counts_equal_the_reference(unknown: int, steps: int, counts: list[int]) -> None:
    assert revealed(unknown, steps, "cosine") == counts


@pytest.mark.parametrize(
    ("unknown", "steps", "counts"),
    [
        (256, 12, [1, 9, 13, 17, 19, 22, 24, 26, 28, 30, 32, 35]),
        (1024, 15, [1, 26, 38, 46, 54, 61, 67, 73, 79, 84, 89, 94, 99, 104, 109]),
        (7, 1, [7]),
        (3, 8, [1, 1, 1]),
    ],
)
def test_arccos_counts_equal_the_reference(unknown: int, steps: int, counts: list[int]) -> None:
    assert revealed(unknown, steps, "arccos counts") == counts


def test_the_share_of_arccos_counts_is_what_many_steps_leave() -> None:
    steps, unknown = 300, 1_000_000
    counts = torch.tensor(masked_counts(unknown, steps, "arccos counts")) / unknown
    share = masked_share("arccos counts", torch.arange(1, steps + 1) / steps, unknown)
    assert (counts - share).abs().max() < 1.0 / steps


def test_steps_that_count_as_done_are_revealed_at_once() -> None:
    assert revealed(256, 8, "arccos counts", 3) == [1 + 18 + 26 + 32, 38, 43, 48, 50]


@pytest.mark.parametrize(
    ("unknown", "start", "table"),
    [
        (256, 0, [3, 6, 11, 15, 18, 22, 26, 27, 31, 31, 33, 33]),
        (256, 2, [20, 15, 18, 22, 26, 27, 31, 31, 33, 33]),
        (1024, 0, [9, 26, 43, 60, 74, 88, 101, 111, 121, 126, 132, 133]),
    ],
)
def test_twelve_steps_differ_from_the_float64_table_by_the_one_token_at_two_thirds(
    unknown: int, start: int, table: list[int]
) -> None:
    # cos(pi/2 * 2/3) is 0.49999997 in float32 and 0.5000000000000001 in float64; the reference decodes in float32
    # (part 2), its table for T = 12 was computed in float64.
    eighth = 8 - start - 1
    expected = list(table)
    expected[eighth] += 1
    expected[eighth + 1] -= 1
    assert revealed(unknown, 12, "cosine", start) == expected


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_share_falls_from_one_to_nothing(schedule: str) -> None:
    share = masked_share(schedule, torch.linspace(0, 1, 101), 256)
    assert share.dtype == torch.float32
    assert share[0] == pytest.approx(1.0 if schedule != "exponential" else 1 - 1 / 256, abs=1e-6)
    assert share[-1] <= 1e-6 + 1e-7
    assert (share.diff() <= 0).all()


@given(
    unknown=st.integers(0, 1024), steps=st.integers(1, 300), schedule=st.sampled_from(list(SCHEDULES)), data=st.data()
)
def test_counts_fall_strictly_to_zero_for_any_number(
    unknown: int, steps: int, schedule: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, steps - 1))
    counts = masked_counts(unknown, steps, schedule, start)
    assert len(counts) == (0 if unknown == 0 else min(len(counts), steps - start, unknown))
    if unknown:
        assert counts[-1] == 0
        assert all(a > b for a, b in zip((unknown, *counts), counts, strict=False))


@given(unknown=st.integers(0, 2), schedule=st.sampled_from(list(SCHEDULES)))
def test_small_counts_give_finite_shares(unknown: int, schedule: str) -> None:
    share = masked_share(schedule, torch.linspace(0, 1, 9), unknown)
    assert all(math.isfinite(value) and 0 < value <= 1 for value in share.tolist())


@given(st.integers(1, 300), st.integers(1, 40), st.sampled_from(list(SCHEDULES)), st.integers(0, 300))
def test_the_rest_of_a_schedule_stays_and_every_step_reveals_a_token(
    unknown: int, steps: int, schedule: str, fewer: int
) -> None:
    counts = masked_counts(unknown, steps, schedule)
    for taken in range(1, len(counts)):
        assert falling(counts[taken:], counts[taken - 1]) == counts[taken:]
    clamped = (max(1, unknown - fewer), *falling(counts, max(1, unknown - fewer)))
    assert clamped[-1] == 0
    assert all(after < before for before, after in itertools.pairwise(clamped))


def test_haltons_authors_round_what_is_revealed_down() -> None:
    """Cumulative 20 41 62 85 110 138 173 256 (docs/algorithm.md, section 3, item 3)."""
    counts = masked_counts(256, 8, "arccos", order="halton")
    assert [256 - count for count in counts] == [20, 41, 62, 85, 110, 138, 173, 256]
