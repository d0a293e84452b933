"""What the model is expected to reach on the evaluation photos of its training domain, and how far it is from it.

Knows nothing of how figures are measured. Some plans name "the best baseline" of a list with PatchMatch, but their
figures for orientation fit smooth baselines alone: each of these bars stands here twice.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from core.lab.evaluation.answers import Answer, markdown_table
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.model import generation, reconstruction
from core.lab.evaluation.model.edits import RANKED
from core.lab.evaluation.model.questions import CLASS_BOX

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
        verdict = "; ".join(bar.verdict(value) for _, value in found) or "no"
        lines.append((bar.question, bar.measure, bar.wanted, bar.on_gpu, figures or "-", verdict))
    head = ("question", "measure", "bar", "after a GPU run", "measured", "bar reached")
    return markdown_table(head, lines, words=len(head)) if lines else ""
