"""The counts of tests/house meet their targets; docs/architecture.md draws the house that is counted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.house.arrows import circles, storeys
from tests.house.table import FLOORS, Row, table

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    return {row.what: row for row in table(ROOT)}


def test_no_count_is_above_its_target(rows: dict[str, Row]) -> None:
    missed = {
        row.what: (row.value, row.behind)
        for row in rows.values()
        if row.most is not None and float(row.value) > row.most
    }
    assert missed == {}


@pytest.mark.parametrize("package", FLOORS)
def test_the_drawing_shows_the_floors(package: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (drawing,) = re.findall(rf"^    {package}/\n((?:      .+\n)+)", text, re.M)
    drawn = [re.split(r"\s{2,}", line.strip())[0] for line in drawing.splitlines()]
    assert [set(re.split(r",\s*", floor)) for floor in drawn] == FLOORS[package][::-1]


def test_circles_and_floors_are_counted() -> None:
    """What the table rests on: a loop is found, and floors are as many as the longest way down."""
    assert circles({"a": {"b"}, "b": {"a"}, "c": {"a"}}) == ["a ~ b"]
    assert storeys({"a": {"b"}, "b": {"c"}, "c": set(), "d": {"c"}}) == 3
    assert storeys({"a": {"b"}, "b": {"a"}}) == 0
