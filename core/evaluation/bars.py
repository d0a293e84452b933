"""What the model is expected to reach, as data, and how far the figures are from it.

Knows nothing of how figures are measured. The bars are those of issue 3 of this project, part "Evaluation", set on the
evaluation photos of the training domain; "after a GPU run" are its stricter ones for a model trained on a GPU. Its
KID bars name "the best baseline" of a list with PatchMatch, but the figures that it quotes for orientation (0.58 x and
0.88 x) fit smooth baselines alone: each of these bars therefore stands here twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.evaluation import generation, reconstruction
from core.evaluation.edits import RANKED, Answer
from core.evaluation.questions import CLASS_BOX


@dataclass(frozen=True)
class Bar:
    """One figure that is wanted of the model.

    Attributes:
        question, measure: as in the report.
        wanted: after training on a CPU.
        on_gpu: after training on a GPU; None where the issue names no other.
        at_least: whether more is better; else less is.
        method: what the method's name has to end with; "" takes the model with and without class.
    """

    question: str
    measure: str
    wanted: float
    on_gpu: float | None = None
    at_least: bool = False
    method: str = ""

    def reached(self, value: float) -> bool:
        """Return whether a figure reaches the bar of CPU training."""
        return value >= self.wanted if self.at_least else value <= self.wanted


BARS = (
    Bar("centre 50 %", "KID / best baseline", 0.35, 0.15),
    Bar("centre 50 %", "KID / best smooth baseline", 0.35, 0.15),
    Bar("right 50 %", "KID / best baseline", 0.45, 0.2),
    Bar("right 50 %", "KID / best smooth baseline", 0.45, 0.2),
    Bar("centre 50 %", "distance / best baseline", 1.0),
    Bar("free-form strokes", "distance / best baseline", 1.05),
    Bar(CLASS_BOX.name, "class seen", 0.65, at_least=True, method="one sample"),
    Bar(CLASS_BOX.name, "class seen", 0.8, at_least=True, method=f"likeliest of {RANKED}"),
    Bar(generation.QUESTION, "class seen", 0.75, at_least=True),
    Bar(generation.QUESTION, "recall", 0.3, at_least=True),
    Bar(reconstruction.QUESTION, "distance", 0.75, 0.5),
    Bar(reconstruction.QUESTION, "PSNR", 20.0, 21.0, at_least=True),
)


def bars_table(parts: Sequence[Sequence[Answer]], model: str) -> str:
    """Return one line for each bar whose question was asked, with the model's figures; "" where none was.

    Args:
        parts: the answers to each question, ratios included.
        model: its name, with which its methods' names begin.
    """
    lines = []
    for bar in BARS:
        asked = [answer for answers in parts for answer in answers if answer.question == bar.question]
        found = [
            (answer.method.removeprefix(model).lstrip(" +,"), answer.figures[bar.measure])
            for answer in asked
            if answer.method.startswith(model)
            and answer.method.endswith(bar.method)
            and math.isfinite(answer.figures.get(bar.measure, math.nan))
        ]
        if not asked:
            continue
        sign = "at least" if bar.at_least else "at most"
        figures = "; ".join(f"{value:.3g}{f' ({kind})' if kind else ''}" for kind, value in found)
        # No figure: the best baseline is as good as the photos themselves, and its KID not above 0.
        verdict = "; ".join("yes" if bar.reached(value) else "no" for _, value in found) or "no"
        on_gpu = "" if bar.on_gpu is None else f"{sign} {bar.on_gpu:g}"
        lines.append(
            f"| {bar.question} | {bar.measure} | {sign} {bar.wanted:g} | {on_gpu} | {figures or '-'} | {verdict} |"
        )
    if not lines:
        return ""
    heading = [
        "| question | measure | bar | after a GPU run | measured | bar reached |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*heading, *lines]) + "\n"
