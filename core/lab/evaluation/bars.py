"""What the model and the editor are expected to reach, as data, and how far the figures are from it.

Knows nothing of how figures are measured. The bars come from this project's plans: `MODEL_BARS` for the bundled model
on the evaluation photos of its training domain; `PHOTO_BARS` for the editor's finishing on whole photos, seen by a
person, and for its fills beside PatchMatch's on photos and with a judge that nothing was chosen by. Some plans name
"the best baseline" of a list with PatchMatch, but their figures for orientation fit smooth baselines alone: each of
these bars stands here twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.lab.evaluation import generation, reconstruction
from core.lab.evaluation import photo_figures as names
from core.lab.evaluation.cases import BORDER, FAR, OBJECT, THIN
from core.lab.evaluation.edits import RANKED, Answer
from core.lab.evaluation.questions import CLASS_BOX


@dataclass(frozen=True)
class Bar:
    """One figure that is wanted.

    Attributes:
        measure: as in the report.
        least, most: of the figure.
        question: as in the report; "" for any.
        method: what the method's name has to end with.
        on_gpu: the same in words for a model trained on a GPU; "" where no other is wanted.
    """

    measure: str
    least: float = -math.inf
    most: float = math.inf
    question: str = ""
    method: str = ""
    on_gpu: str = ""

    def met(self, value: float) -> bool:
        """Return whether a value reaches the bar; nan does not."""
        return self.least <= value <= self.most

    @property
    def wanted(self) -> str:
        """The bar in words."""
        if self.least == self.most:
            return f"{self.most:g}"
        if math.isinf(self.most):
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if math.isinf(self.least) else f"{self.least:g} to {self.most:g}"


_BEST, _SMOOTH = "KID / best baseline", "KID / best smooth baseline"
MODEL_BARS = (
    Bar(_BEST, most=0.35, question="centre 50 %", on_gpu="at most 0.15"),
    Bar(_SMOOTH, most=0.35, question="centre 50 %", on_gpu="at most 0.15"),
    Bar(_BEST, most=0.45, question="right 50 %", on_gpu="at most 0.2"),
    Bar(_SMOOTH, most=0.45, question="right 50 %", on_gpu="at most 0.2"),
    Bar("distance / best baseline", most=1.0, question="centre 50 %"),
    Bar("distance / best baseline", most=1.05, question="free-form strokes"),
    Bar("class seen", least=0.65, question=CLASS_BOX.name, method="one sample"),
    Bar("class seen", least=0.8, question=CLASS_BOX.name, method=f"likeliest of {RANKED}"),
    Bar("class seen", least=0.75, question=generation.QUESTION),
    Bar("recall", least=0.3, question=generation.QUESTION),
    Bar("lattice", most=1.2, question=generation.QUESTION),
    Bar("distance", most=0.75, question=reconstruction.QUESTION, on_gpu="at most 0.5"),
    Bar("PSNR", least=20.0, question=reconstruction.QUESTION, on_gpu="at least 21"),
)

PHOTO_BARS = (
    # How the editor's finish is seen by a person: of the median over all photos; of the sum, for pixels changed.
    Bar(names.SEAM, most=1.15),
    Bar(names.RING, most=3.0),
    Bar(names.SHARPNESS, 0.7, 1.3),
    Bar(names.SHARPNESS_SHOWN, 0.7, 1.3),
    Bar(names.DRIFTED, most=5.0),
    Bar(names.CHANGED, 0.0, 0.0),
    # Fills beside PatchMatch's, photos of 512 px on the shorter side, the first ranked of four.
    *(
        bar
        for question in (OBJECT, BORDER)
        for bar in (
            Bar(names.RATIO, most=0.95, question=question),
            Bar(names.NEARER, least=0.65, question=question),
            Bar(names.FOUND_MORE, most=0.02, question=question),
            Bar(names.SHARPNESS_KEPT, 0.8, 1.25, question=question),
        )
    ),
    Bar(names.RATIO, most=1.0, question=OBJECT, method=names.MEAN),
    Bar(names.SEAM, most=1.15, question=BORDER),
    *(
        bar
        for question in (THIN, FAR)
        for bar in (
            Bar(names.RATIO, most=1.0, question=question),
            Bar(names.SHARPNESS_KEPT, least=0.8, question=question),
        )
    ),
)


def bars_table(parts: Sequence[Sequence[Answer]], model: str) -> str:
    """Return one line for each of `MODEL_BARS` whose question was asked, with the model's figures; "" where none was.

    Args:
        parts: the answers to each question, ratios included.
        model: its name, with which its methods' names begin.
    """
    lines = []
    for bar in MODEL_BARS:
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
        figures = "; ".join(f"{value:.3g}{f' ({kind})' if kind else ''}" for kind, value in found)
        # No figure: the best baseline is as good as the photos themselves, and its KID not above 0.
        verdict = "; ".join("yes" if bar.met(value) else "no" for _, value in found) or "no"
        lines.append(f"| {bar.question} | {bar.measure} | {bar.wanted} | {bar.on_gpu} | {figures or '-'} | {verdict} |")
    if not lines:
        return ""
    heading = [
        "| question | measure | bar | after a GPU run | measured | bar reached |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*heading, *lines]) + "\n"
