"""What the rows say: every sentence and table follows from the figures, none is fixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.lab.evaluation import figures
from core.lab.evaluation.findings import (
    CENTRE,
    GENERATION,
    ONE,
    PHOTOS,
    PUBLISHED,
    RECONSTRUCTION,
    STEPS,
    STUDIED,
    Row,
    halton_section,
    halton_words,
    orders_figure,
    rank_correlation,
    schedule_section,
    schedule_words,
    schedules_figure,
    sequential_section,
    sequential_words,
)

NAN = float("nan")


def row(schedule: str, steps: int, kid: float, *, order: str = "confidence", kind: str = GENERATION) -> Row:
    return Row(kind, order, schedule, steps, 44, float(steps), 0.01 * steps, kid, 0.001, 0.5)


def curve(
    schedule: str, best: int, height: float = 0.1, *, slope: float = 0.05, order: str = "confidence"
) -> list[Row]:
    return [row(schedule, t, height + slope * abs(np.log2(t / best)), order=order) for t in STEPS]


TIMED = [
    replace(row("", 0, NAN, order="raster", kind=ONE), forwards=256.0, seconds=4.0, probe=NAN),
    replace(row("cosine", 8, NAN, kind=ONE), forwards=8.0, seconds=0.1, probe=NAN),
]


@pytest.mark.parametrize("best", [6, 12])
def test_the_winner_and_its_sweet_spot_are_read_from_the_rows(best: int) -> None:
    rows = [*curve("square", best), *curve("linear", 16, 0.2), *curve("cubic", 8, 0.1005)]
    words = " ".join(schedule_words(rows, GENERATION))
    assert f"lowest KID is square's at T = {best}: 0.1000" in words
    assert "their own best T cubic cannot be told from it" in words
    assert "Clearly behind, from better to worse: linear." in words
    assert f"square (after T = {best})" in words


def test_a_curve_that_still_falls_is_not_called_a_sweet_spot() -> None:
    assert "Best at the most steps tried, perhaps beyond: linear." in schedule_words(curve("linear", 32), GENERATION)
    level = schedule_words(curve("linear", 8, slope=1e-5), GENERATION)
    assert "No turn beyond the noise after the best T: linear." in level


def test_schedules_are_ranked_beside_the_papers() -> None:
    rows = [r for s, p in PUBLISHED.items() for r in curve(s, 8, p.fid / 100)]
    assert "their FID is 1.00" in schedule_words(rows, GENERATION)[-1]
    turned = [r for s, p in PUBLISHED.items() for r in curve(s, 8, 1.0 - p.fid / 100)]
    last = schedule_words(turned, GENERATION)[-1]
    assert "their FID is -1.00; their best is cosine, ours among these logarithmic." in last


def test_rank_correlation_sees_order_alone() -> None:
    assert rank_correlation([1.0, 2.0, 9.0], [0.1, 5.0, 6.0]) == pytest.approx(1.0)
    assert rank_correlation([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 4.0, 3.0]) == pytest.approx(0.6)


def test_schedule_tables_hold_every_figure_and_the_published_ones() -> None:
    rows = [*curve("cosine", 10), row("arccos", 4, 0.4321), row("cosine", 8, 0.2, kind=CENTRE)]
    rows += [replace(row("", 0, 0.01, order=order), probe=0.9) for order in (PHOTOS, RECONSTRUCTION)]
    text = "\n\n".join(schedule_section(rows))
    assert "**0.1000, 50%**" in text
    assert "**0.4321, 50%**" in text
    assert "| cosine | 10 | 0.1000 ± 0.0010 | 50% | 10 | 6.06 | 4.22 |" in text
    assert "| arccos | 4 | 0.4321 ± 0.0010 | 50% | - | - | - |" in text
    assert "the probe names 90% of the real photos" in text
    assert text.count("####") == 2
    assert schedule_section([])[2:] == []


def test_speed_up_and_quality_of_parallel_decoding_are_computed() -> None:
    rows = [*TIMED, row("", 0, 0.2, order="raster"), row("cosine", 8, 0.1)]
    words = " ".join(sequential_words(rows))
    assert "40 times faster, with 32 times fewer forwards" in words
    assert "KID 0.1000 ± 0.0010 parallel is below 0.2000 ± 0.0010 sequential" in words
    assert "| generation, in batches | raster, one token a step |" in "\n".join(sequential_section(rows))
    assert sequential_section(TIMED[:1]) == []


def test_halton_is_compared_at_equal_steps_and_schedule() -> None:
    rows = [*curve("cosine", 8), *curve("cosine", 32, order="halton", slope=0.02)]
    words = " ".join(halton_words(rows, GENERATION))
    assert "clearly lower at T = 16, 24 and 32 and clearly higher at T = 4, 6, 8 and 10, of 8 measured" in words
    assert "Best T is 32 for Halton" in words
    assert "Arccos" not in words
    assert "| halton, cosine |" in "\n".join(halton_section(rows))
    assert halton_section(curve("cosine", 8)) == []


def test_without_an_error_any_difference_counts() -> None:
    rows = [replace(r, kid_error=NAN) for r in (row("cosine", 4, 0.1), row("linear", 4, 0.1001))]
    assert "Clearly behind, from better to worse: linear." in schedule_words(rows, GENERATION)


def test_figures_are_two_by_two_panels_and_follow_the_rows() -> None:
    rows = [r for s in STUDIED for r in curve(s, 8)]
    drawn = schedules_figure(rows)
    assert drawn.shape == (2 * figures.HEIGHT, 2 * figures.WIDTH, 3)
    assert (drawn[figures.HEIGHT + 60 :, :] == 255).all()  # no holes are measured
    assert (schedules_figure([*rows, row("cosine", 8, 0.5, kind=CENTRE)])[figures.HEIGHT + 60 :] < 255).any()
    assert (orders_figure(rows) != orders_figure([*rows, *curve("arccos", 8, order="halton")])).any()
