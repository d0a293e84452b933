"""The questions of an evaluation by name, in the order in which they are asked.

Knows nothing of files or of how the answers are written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from core.engine import Engine
from core.lab.evaluation.answers import Answer, TestSet
from core.lab.evaluation.baselines import installed_baselines
from core.lab.evaluation.inception import find_inception
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import has_similarity
from core.lab.evaluation.model import generation, reconstruction
from core.lab.evaluation.model.edits import answer_class_edit, answer_question, knows_the_classes
from core.lab.evaluation.model.questions import CLASS_BOX, QUESTIONS
from core.values.groups import DecodeOptions, Painting

Ask = Callable[[], list[Answer]]

NAMES = (reconstruction.QUESTION, *(question.name for question in QUESTIONS), CLASS_BOX.name, generation.QUESTION)
"""Every question there is."""


def course(
    engine: Engine,
    test_set: TestSet,
    judge: Judge,
    *,
    options: DecodeOptions,
    sharpen: float = Painting.sharpen,
    names: Sequence[str] = NAMES,
    samples: int = generation.SAMPLES,
    inception_weights: Path | None = None,
) -> tuple[dict[str, Ask], list[str]]:
    """Return what answers each question by its name, and a sentence for everything that will not be measured.

    Args:
        engine: the model under test.
        test_set: at least two photos.
        judge: the metric nets.
        options: how to decode.
        sharpen: how much what is new is sharpened.
        names: of the questions to ask.
        samples: pictures a class, where generation is asked for.
        inception_weights: for FID and IS.
    """
    inception, absent = find_inception(inception_weights)
    missing = [*installed_baselines()[1], *([absent] if absent else [])]
    if not has_similarity():
        missing.append("SSIM was not measured: `pip install scikit-image` brings it.")
    asks: dict[str, Ask] = {
        reconstruction.QUESTION: partial(
            reconstruction.evaluate_reconstruction, engine, test_set, judge, inception=inception
        )
    }
    for question in QUESTIONS:
        asks[question.name] = partial(
            answer_question, engine, test_set, judge, question, options=options, inception=inception
        )
    known = knows_the_classes(engine, test_set)
    if known and judge.probes(test_set.classes, test_set.labels):
        asks[CLASS_BOX.name] = partial(answer_class_edit, engine, test_set, judge, options=options, sharpen=sharpen)
    if known:
        asks[generation.QUESTION] = partial(
            generation.evaluate_generation,
            engine,
            test_set,
            judge,
            options=options,
            sharpen=sharpen,
            samples=samples,
            inception=inception,
        )
    unfit = [name for name in names if name not in asks]
    if judge.probe is None:
        missing.append(
            "Which class is seen was not judged: give photos of every class with --probe, to learn them from."
        )
    if unfit:
        missing.append(f"Not asked, since the photos' classes are not the model's and the probe's: {', '.join(unfit)}.")
    return {name: asks[name] for name in names if name in asks}, missing
