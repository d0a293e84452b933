"""Tables say what they are given; what is spread takes the first and the last."""

from __future__ import annotations

import csv
import io
import math

import pytest

from core.errors import BadRequest
from core.lab.evaluation.answers import chosen, csv_table, in_words, markdown_table, slug, spread

NAMES = ("hole: object", "hole: thin strokes", "growth to 16:9", "sizes")


def test_spread_takes_the_first_and_the_last() -> None:
    assert spread(3, 8) == [0, 1, 2]
    assert spread(9, 3) == [0, 4, 8]


def test_questions_are_chosen_by_their_beginnings_and_keep_their_order() -> None:
    assert list(map(slug, NAMES)) == ["hole-object", "hole-thin-strokes", "growth-to-16-9", "sizes"]
    assert chosen(NAMES, ["sizes", "hole"]) == (*NAMES[:2], "sizes")
    assert chosen(NAMES, ["growth to 16:9"]) == NAMES[2:3]
    assert chosen(NAMES, None) == NAMES
    with pytest.raises(BadRequest, match=r"question 'holes' is unknown: .* hole-object"):
        chosen(NAMES, ["hole", "holes"])


def test_a_table_has_words_to_the_left_and_figures_to_the_right() -> None:
    table = markdown_table(("bar", "wanted", "found"), [("a", "at most 1", "0.5"), ("b", "", "-")], words=2)
    assert table.splitlines() == [
        "| bar | wanted | found |",
        "| --- | --- | ---: |",
        "| a | at most 1 | 0.5 |",
        "| b |  | - |",
    ]


def test_a_csv_keeps_words_and_six_digits_of_fractions() -> None:
    rows = list(csv.reader(io.StringIO(csv_table(("name", "value"), [("a, b", 1 / 3), ("c", 12_345_678)]))))
    assert rows == [["name", "value"], ["a, b", "0.333333"], ["c", "12345678"]]


def test_a_figure_has_its_own_format_and_what_is_none_is_shown_as_none() -> None:
    formats = {"share": "{:.0%}"}
    values = (("share", 0.5), ("other", 0.5), ("share", math.nan), ("other", math.inf), ("share", None))
    assert [in_words(formats, name, value, "{:.2f}") for name, value in values] == ["50%", "0.50", "-", "-", ""]
