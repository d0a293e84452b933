"""What the rows say: every table, figure and curve follows from them, none is fixed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.lab.evaluation.paper.findings import (
    PUBLISHED,
    halton_section,
    orders_panels,
    rank_correlation,
    schedule_section,
    schedules_panels,
    sequential_section,
)
from core.lab.evaluation.paper.settings import (
    CENTRE,
    GENERATION,
    ONE,
    PHOTOS,
    RECONSTRUCTION,
    STEPS,
    STUDIED,
    Row,
    Setting,
)


def row(schedule: str, steps: int, kid: float, *, order: str = "confidence", kind: str = GENERATION) -> Row:
    return Row(Setting(kind, order, schedule, steps), 44, float(steps), 0.01 * steps, kid, 0.001, 0.5)


def curve(schedule: str, best: int, height: float = 0.1, *, order: str = "confidence") -> list[Row]:
    return [row(schedule, t, height + 0.05 * abs(np.log2(t / best)), order=order) for t in STEPS]


TIMED = [
    Row(Setting(ONE, "raster"), 1, 256.0, 4.0),
    Row(Setting(ONE, "confidence", "cosine", 8), 1, 8.0, 0.1),
]


@pytest.mark.parametrize("best", [6, 12])
def test_the_winner_and_its_sweet_spot_are_read_from_the_rows(best: int) -> None:
    text = "\n".join(schedule_section([*curve("linear", 16, 0.2), *curve("square", best)]))
    assert text.index(f"| square | {best} | 0.1000 ± 0.0010 |") < text.index("| linear | 16 | 0.2000 ± 0.0010 |")


def test_schedules_are_ranked_beside_the_papers() -> None:
    for sign in (1.0, -1.0):
        rows = [r for s, p in PUBLISHED.items() for r in curve(s, 8, 1.0 + sign * p.fid / 100)]
        assert f"our best KID with its FID is {sign:.2f}." in "\n".join(schedule_section(rows))
    assert "rank correlation" not in "\n".join(schedule_section(curve("cosine", 8)))


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
    text = "\n".join(sequential_section([*TIMED, row("", 0, 0.2, order="raster"), row("cosine", 8, 0.1)]))
    assert "40 times faster, with 32 times fewer forwards" in text
    assert "| generation, in batches | raster, one token a step | 0 | 0.00 | 0.2000 ± 0.0010 | 50% |" in text
    assert "| generation, in batches | confidence, T = 8 | 8 | 0.08 | 0.1000 ± 0.0010 | 50% |" in text
    assert sequential_section(TIMED[:1]) == []


def test_both_orders_stand_in_one_table() -> None:
    text = "\n".join(halton_section([*curve("cosine", 8), *curve("cosine", 32, order="halton")]))
    assert text.index("| confidence, cosine |") < text.index("| halton, cosine |")
    assert halton_section(curve("cosine", 8)) == []


def test_curves_follow_the_rows() -> None:
    rows = [r for s in STUDIED for r in curve(s, 8)]
    (kid, probe), holes = schedules_panels([*rows, row("", 0, 0.01, order=RECONSTRUCTION)])
    assert [one.name for one in kid.curves] == list(STUDIED)
    assert kid.curves[0].best(lowest=kid.lowest) == (8, 0.1)
    assert kid.level == (RECONSTRUCTION, 0.01)
    assert (kid.lowest, probe.lowest) == (True, False)
    assert probe.curves[0].points == tuple((t, 0.5) for t in STEPS)
    assert [panel.level for panel in holes] == [None, None]
    assert not any(one.points for panel in holes for one in panel.curves)
    orders = orders_panels([*rows, *curve("arccos", 16, order="halton")])[0][0]
    assert {one.name: one.best(lowest=True) for one in orders.curves}["halton arccos"] == (16, 0.1)
