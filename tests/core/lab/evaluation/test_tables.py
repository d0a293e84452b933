"""Tables say what they are given, each figure in its measure's words."""

from __future__ import annotations

import csv
import io
import math

from core.lab.evaluation.tables import BY_NAME, MEASURES, csv_table, figures_table, legend, markdown_table


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
    values = (("class seen", 0.5), ("PSNR", 20.456), ("KID", math.nan), ("PSNR", math.inf), ("KID", None))
    assert [BY_NAME[name].words(value) for name, value in values] == ["50.0%", "20.46", "-", "-", ""]


def test_figures_keep_the_order_of_measures_and_leave_gaps() -> None:
    lines = figures_table({"photo": {}, "ours": {"seconds": 0.5, "KID": 1.25, "PSNR": math.inf}}).splitlines()
    assert lines[0] == "| method | KID | PSNR | seconds |"
    assert lines[2:] == ["| photo |  |  |  |", "| ours | 1.250 | - | 0.500 |"]


def test_the_legend_explains_what_was_measured_and_no_measure_is_there_twice() -> None:
    assert legend(["KID", "PSNR"]) == f"KID: {BY_NAME['KID'].about}."
    assert len(BY_NAME) == len(MEASURES)
