"""Answers as a Markdown table, a CSV and contact sheets for a person to look at.

Knows nothing of how figures are measured.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import cv2
import numpy as np

from core.evaluation.edits import Answer
from core.evaluation.metrics import Picture

_ORDER = (
    "KID of hole crops",
    "KID / best baseline",
    "KID",
    "distance in hole",
    "distance",
    "PSNR in hole",
    "PSNR",
    "class seen",
    "seam ratio",
    "ring delta-E",
    "changed outside",
    "seconds",
)
_FORMATS = {"class seen": "{:.1%}", "changed outside": "{:.0f}", "PSNR": "{:.2f}", "PSNR in hole": "{:.2f}"}
_TEXT = 14  # height of a sheet's captions in pixels


def markdown(answers: Sequence[Answer]) -> str:
    """Return one question's answers as a heading and a table, one line a method."""
    names = [name for name in _ORDER if any(name in answer.figures for answer in answers)]
    lines = [
        f"### {answers[0].question}",
        "",
        f"| method | {' | '.join(names)} |",
        f"| --- | {' | '.join('---:' for _ in names)} |",
    ]
    for answer in answers:
        cells = [_formatted(name, answer.figures[name]) if name in answer.figures else "" for name in names]
        lines.append(f"| {answer.method} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _formatted(name: str, value: float) -> str:
    if not np.isfinite(value):
        return "-"
    return _FORMATS.get(name, "{:.3f}").format(value)


def table_csv(answers: Sequence[Answer]) -> str:
    """Return every figure as one line: question, method, measure, value."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("question", "method", "measure", "value"))
    for answer in answers:
        for name, value in answer.figures.items():
            writer.writerow((answer.question, answer.method, name, f"{value:.6g}"))
    return text.getvalue()


def contact_sheet(answers: Sequence[Answer], *, most: int = 8, side: int = 160) -> Picture:
    """Return one question's answers side by side, a method a column, a photo a row.

    Args:
        answers: of one question, over the same photos.
        most: at most so many photos, spread over all.
        side: of each picture on the sheet in pixels.

    Returns:
        (rows * side + caption, columns * side, 3) uint8 RGB.
    """
    count = len(answers[0].pictures)
    chosen = np.linspace(0, count - 1, min(most, count)).round().astype(int)
    sheet = np.full((_TEXT + side * len(chosen), side * len(answers), 3), 255, np.uint8)
    for column, answer in enumerate(answers):
        left = column * side
        cv2.putText(
            sheet, answer.method[:24], (left + 2, _TEXT - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.34, (0, 0, 0), 1, cv2.LINE_AA
        )
        for row, index in enumerate(chosen):
            picture = cv2.resize(answer.pictures[index], (side, side), interpolation=cv2.INTER_AREA)
            sheet[_TEXT + row * side : _TEXT + (row + 1) * side, left : left + side] = picture
    return sheet


def with_ratios(answers: Sequence[Answer], baselines: Sequence[str]) -> list[Answer]:
    """Return the answers with their kernel distance as a multiple of the best baseline's, where that is positive."""
    name = "KID of hole crops"
    known = [answer.figures[name] for answer in answers if answer.method in baselines and name in answer.figures]
    if not known or min(known) <= 0.0:
        return list(answers)
    return [
        Answer(a.question, a.method, a.pictures, {**a.figures, "KID / best baseline": a.figures[name] / min(known)})
        if name in a.figures
        else a
        for a in answers
    ]
