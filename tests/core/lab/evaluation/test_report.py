"""A report follows from its parts: figures over photos, tables, bars with their verdicts, CSV, sheets."""

from __future__ import annotations

import csv
import io
import math

import numpy as np
import pytest

from core.lab.evaluation.answers import PHOTO, Answer, Part, slug, spread
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.report import bars_table, figures_csv, markdown, report, sheets
from core.lab.evaluation.sheets import CAPTION_PX


def part(question: str = "hole", group: str = "", **figures: list[float]) -> Part:
    """Return what a method "ours" reached on two photos, whose own seam ratio is 1."""
    answers = [Answer(str(i), PHOTO, {"seam ratio": 1.0}) for i in range(2)]
    measured = [dict(zip(figures, values, strict=True)) for values in zip(*figures.values(), strict=True)]
    answers += [
        Answer(str(i), "ours", {name.replace("_", " "): v for name, v in one.items()}) for i, one in enumerate(measured)
    ]
    return Part(question, answers, {"ours": {"KID": 0.25}}, {"": []}, group=group)


def ours(bar: Bar, part: Part) -> dict[str, str]:
    return {"ours": "one"}


def test_spread_takes_the_first_and_the_last() -> None:
    assert spread(3, 8) == spread(3, None) == [0, 1, 2]
    assert spread(9, 3) == [0, 4, 8]


def test_figures_over_photos_are_what_their_measure_says() -> None:
    found = part(
        seam_ratio=[1.0, 1.3, 9.0, math.nan], distance_in_hole=[0.0, 0.0, 3.0, 1.0], changed_outside=[1, 2, 3, 4]
    )
    assert found.methods == (PHOTO, "ours")
    assert found.values("ours", "seam ratio") == [1.0, 1.3, 9.0]
    assert found.figures()["ours"] == {"KID": 0.25, "seam ratio": 1.3, "distance in hole": 1.0, "changed outside": 10.0}
    assert found.figure(PHOTO, "KID") is None


def test_bars_say_what_reached_them_and_leave_out_what_was_not_measured() -> None:
    bars = [
        Bar("seam ratio", most=1.15, question="hole", on_gpu="at most 1.1"),
        Bar("KID", 0.2, 0.3, question="hole"),
        Bar("PSNR", least=20.0, question="hole"),
        Bar("KID", most=0.1, question="border"),
    ]
    lines = bars_table(bars, [part(seam_ratio=[1.1, 1.3])], ours).splitlines()
    assert lines[2:] == [
        "| hole | seam ratio | at most 1.15 | at most 1.1 | 1.20 (one) | no |",
        "| hole | KID | 0.2 to 0.3 |  | 0.250 (one) | yes |",
    ]
    assert bars_table(bars, [], ours) == ""
    assert [Bar("x", least=1.0).wanted, Bar("x", 0.0, 0.0).wanted] == ["at least 1", "0"]
    assert not Bar("x").met(math.nan)


def test_a_bar_for_all_together_names_the_questions_that_miss_it() -> None:
    parts = [part("hole", "wide", seam_ratio=[1.0, 1.1]), part("border", "wide", seam_ratio=[1.1, 1.9])]
    (line,) = bars_table([Bar("seam ratio", most=1.15)], parts, ours).splitlines()[2:]
    assert (
        line == "| all together | seam ratio | at most 1.15 |  | 1.10 (photos 1.00) | yes; not by wide: border (1.50) |"
    )


def test_the_report_has_bars_tables_and_how_to_read_it() -> None:
    text = report("a title", [part(seam_ratio=[1.0])], [Bar("KID", most=1.0, question="hole")], ours, ["A note."])
    assert text.startswith("## a title\n")
    assert text.index("### Bars") < text.index("### hole") < text.index("### Reading")
    assert "KID: kernel distance" in text
    assert text.rstrip().endswith("A note.")
    assert "### Bars" not in report("a title", [part()], [], ours, [])
    assert markdown(Part("q", [Answer("a", "m", {"KID": 1.0})], {}, {}, "hidden")).startswith(
        "### q\n\n1 photos; hidden.\n"
    )


def test_csv_has_a_line_for_each_figure_of_a_photo_and_of_all() -> None:
    rows = list(csv.DictReader(io.StringIO(figures_csv([part("hole", "wide", seam_ratio=[1.0, 2.0, math.nan])]))))
    assert {(row["group"], row["question"]) for row in rows} == {("wide", "hole")}
    own = [(row["photo"], row["measure"], float(row["value"])) for row in rows if row["method"] == "ours"]
    assert own == [("0", "seam ratio", 1.0), ("1", "seam ratio", 2.0), ("", "KID", 0.25), ("", "seam ratio", 1.5)]


@pytest.mark.parametrize(("group", "stem"), [("", "hole-50"), ("wide", "wide-hole-50")])
def test_sheets_are_named_after_their_question_and_spread_over_the_photos(group: str, stem: str) -> None:
    lines = [([str(i)], [np.full((10, 20, 3), i, np.uint8)]) for i in range(9)]
    ((name, sheet),) = sheets(Part("hole: 50 %", (), {}, {"": lines, "none": []}, group=group), most=3).items()
    assert name == stem == slug(f"{group} hole: 50 %")
    assert [int(sheet[i * 26 + CAPTION_PX, 0, 0]) for i in range(3)] == [0, 4, 8]
