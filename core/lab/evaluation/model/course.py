"""The questions of an evaluation by name, in the order in which they are asked, and which of them can be.

Knows nothing of files or of how the answers are written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from core.lab.evaluation.answers import Part
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.baselines import installed_baselines
from core.lab.evaluation.metrics import has_similarity
from core.lab.evaluation.model.edits import answer_class_edit, answer_question
from core.lab.evaluation.model.exam import Exam
from core.lab.evaluation.model.questions import CLASS_EDIT, GENERATION, QUESTIONS, RECONSTRUCTION
from core.lab.evaluation.model.whole import answer_generation, answer_reconstruction

Ask = Callable[[Exam], Part]

COURSE: dict[str, Ask] = {
    RECONSTRUCTION: answer_reconstruction,
    **{question.name: partial(answer_question, question=question) for question in QUESTIONS},
    CLASS_EDIT: answer_class_edit,
    GENERATION: answer_generation,
}
"""Every question there is, by name."""

READING = "A plausible invention is not the hidden photo: KID counts for more than distance, SSIM and PSNR."


def course(exam: Exam, names: Sequence[str] = tuple(COURSE)) -> tuple[dict[str, Ask], list[str]]:
    """Choose the named questions that can be asked, and write a sentence for everything that will not be measured.

    Args:
        exam: the model, the photos and who judges.
        names: of the questions to ask.
    """
    missing = installed_baselines()[1]
    if not has_similarity():
        missing.append("SSIM was not measured: `pip install scikit-image` brings it.")
    if exam.judge.probe is None:
        missing.append(
            "Which class is seen was not judged: give photos of every class with --probe, to learn them from."
        )
    unfit = {GENERATION, CLASS_EDIT} if not exam.knows_classes else set[str]()
    if not exam.sees_classes:
        unfit.add(CLASS_EDIT)
    left_out = ", ".join(name for name in names if name in unfit)
    if left_out:
        missing.append(f"Not asked, since the photos' classes are not the model's and the probe's: {left_out}.")
    return {name: COURSE[name] for name in names if name not in unfit}, missing


def ours(bar: Bar, part: Part, *, model: str) -> dict[str, str]:
    """Return the model's methods that a bar is about, each with the word that distinguishes it."""
    found = [name for name in part.methods if name.startswith(model) and name.endswith(bar.method)]
    return {name: name.removeprefix(model).lstrip(" +,") for name in found}
