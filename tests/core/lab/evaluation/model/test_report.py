from __future__ import annotations

import csv
import io

import numpy as np

from core.lab.evaluation.answers import Answer
from core.lab.evaluation.baselines import BASELINES
from core.lab.evaluation.model.bars import MODEL_BARS, bars_table
from core.lab.evaluation.model.course import NAMES
from core.lab.evaluation.model.report import (
    DISTANCE,
    KID,
    RATIOS,
    class_sheet,
    contact_sheet,
    figures_csv,
    markdown,
    report,
    summary,
    with_ratios,
)
from core.lab.evaluation.sheets import CAPTION_PX


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
    rows = list(csv.DictReader(io.StringIO(figures_csv([answer("a, b", 0, x=1.0, y=2.5)]))))
    assert [(row["question"], row["method"], row["measure"], float(row["value"])) for row in rows] == [
        ("centre 50 %", "a, b", "x", 1.0),
        ("centre 50 %", "a, b", "y", 2.5),
    ]


def test_ratios_are_to_the_best_baseline_and_to_the_best_that_copies_no_texture() -> None:
    answers = [
        answer("Telea", 0, **{KID: 4.0, DISTANCE: 1.0}),
        answer("PatchMatch at 128 px", 0, **{KID: 2.0, DISTANCE: 2.0}),
        answer("ours", 0, **{KID: 1.0, DISTANCE: 3.0}),
        answer("photo", 0, **{"class seen": 1.0}),
    ]
    rated = with_ratios(answers, BASELINES)
    assert [a.figures.get("KID / best baseline") for a in rated] == [2.0, 1.0, 0.5, None]
    assert [a.figures.get("KID / best smooth baseline") for a in rated] == [1.0, 0.5, 0.25, None]
    assert [a.figures.get("distance / best baseline") for a in rated] == [1.0, 2.0, 3.0, None]


def test_there_is_no_ratio_to_a_baseline_as_good_as_the_photos() -> None:
    below = [answer("Telea", 0, **{KID: -0.1}), answer("ours", 0, **{KID: 1.0})]
    assert all(set(a.figures) == {KID} for a in with_ratios(below, BASELINES))


def test_the_summary_has_a_line_a_question_and_the_bars_their_verdicts() -> None:
    answers = with_ratios(
        [
            answer("Telea", 0, **{KID: 1.0, DISTANCE: 1.0, "class seen": 0.9}),
            answer("ours", 0, **{KID: 0.5, DISTANCE: 0.9, "class seen": 0.25}),
            answer("ours + class", 0, **{KID: 0.3, DISTANCE: 1.5, "class seen": 0.5}),
        ],
        BASELINES,
    )
    table = summary([answers], "ours", BASELINES).splitlines()
    assert table[0].startswith("| question | best baseline by KID | KID / best baseline |")
    assert table[2] == "| centre 50 % | Telea | 0.50 / 0.30 | 0.50 / 0.30 | 0.90 / 1.50 | 25.0% / 50.0% |"
    bars = bars_table([answers], "ours").splitlines()
    assert "| centre 50 % | KID / best baseline | at most 0.35 | at most 0.15 | 0.5; 0.3 (class) | no; yes |" in bars
    assert "| centre 50 % | distance / best baseline | at most 1 |  | 0.9; 1.5 (class) | yes; no |" in bars
    assert not any("right 50 %" in line for line in bars)
    text = report("a title", [answers], "ours", BASELINES, ["Something was not measured."])
    assert text.startswith("## a title\n")
    assert text.rstrip().endswith("Something was not measured.")


def test_a_bar_without_a_figure_is_not_reached() -> None:
    answers = [answer("Telea", 0, **{KID: -0.1}), answer("ours", 0, **{KID: -0.2})]
    assert "| centre 50 % | KID / best baseline | at most 0.35 | at most 0.15 | - | no |" in bars_table(
        [answers], "ours"
    )
    assert bars_table([], "ours") == ""


def test_bars_name_questions_and_measures_that_there_are() -> None:
    measured = {*RATIOS, "class seen", "recall", "lattice", "distance", "PSNR"}
    assert {bar.question for bar in MODEL_BARS} <= set(NAMES)
    assert {bar.measure for bar in MODEL_BARS} <= measured


def test_class_sheet_has_a_class_a_line_with_its_photo_first() -> None:
    photos = [np.full((8, 8, 3), value, np.uint8) for value in (10, 20)]
    samples = [np.full((8, 8, 3), value, np.uint8) for value in (100, 101, 102, 200, 201, 202)]
    found = class_sheet(photos, samples, most=2, side=16)[CAPTION_PX:]
    assert found.shape == (32, 48, 3)
    assert found[8::16, 8::16, 0].tolist() == [[10, 100, 101], [20, 200, 201]]


def test_contact_sheet_puts_methods_in_columns() -> None:
    sheet = contact_sheet([answer("a", 10), answer("b", 200)], most=3, side=20)
    assert sheet.shape == (CAPTION_PX + 3 * 20, 40, 3)
    assert (sheet[CAPTION_PX:, :20] == 10).all()
    assert (sheet[CAPTION_PX:, 20:] == 200).all()
