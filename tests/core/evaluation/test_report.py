from __future__ import annotations

import csv
import io

import numpy as np

from core.evaluation.edits import Answer
from core.evaluation.report import contact_sheet, markdown, table_csv, with_ratios

KID = "KID of hole crops"


def answer(method: str, colour: int, **figures: float) -> Answer:
    return Answer("centre 50 %", method, [np.full((10, 10, 3), colour, np.uint8)] * 5, figures)


def test_tables_keep_an_order_and_leave_gaps() -> None:
    answers = [
        answer("photo", 0),
        answer("ours", 0, **{"seconds": 0.5, KID: 1.25, "class seen": 0.5, "PSNR": float("inf")}),
    ]
    lines = markdown(answers).splitlines()
    assert lines[0] == "### centre 50 %"
    assert lines[2] == "| method | KID of hole crops | PSNR | class seen | seconds |"
    assert lines[4] == "| photo |  |  |  |  |"
    assert lines[5] == "| ours | 1.250 | - | 50.0% | 0.500 |"


def test_csv_has_a_line_for_each_figure() -> None:
    rows = list(csv.DictReader(io.StringIO(table_csv([answer("a, b", 0, x=1.0, y=2.5)]))))
    assert [(row["question"], row["method"], row["measure"], float(row["value"])) for row in rows] == [
        ("centre 50 %", "a, b", "x", 1.0),
        ("centre 50 %", "a, b", "y", 2.5),
    ]


def test_ratios_are_to_the_best_baseline() -> None:
    answers = [answer("t", 0, **{KID: 4.0}), answer("m", 0, **{KID: 2.0}), answer("ours", 0, **{KID: 1.0})]
    ratios = [a.figures["KID / best baseline"] for a in with_ratios(answers, ["t", "m"])]
    assert ratios == [2.0, 1.0, 0.5]
    below = [answer("t", 0, **{KID: -0.1}), answer("ours", 0, **{KID: 1.0})]
    assert all("KID / best baseline" not in a.figures for a in with_ratios(below, ["t"]))


def test_contact_sheet_puts_methods_in_columns() -> None:
    sheet = contact_sheet([answer("a", 10), answer("b", 200)], most=3, side=20)
    assert sheet.shape == (14 + 3 * 20, 40, 3)
    assert (sheet[14:, :20] == 10).all()
    assert (sheet[14:, 20:] == 200).all()
