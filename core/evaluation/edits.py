"""How good edits are: the engine and plain baselines answer the same questions about the same photos.

Knows nothing of files. The engine is entered through `Engine.edit` alone, as a person's edits are. A plausible
invention is not the hidden photo, so the kernel distance of hole crops counts for more than the distance to it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from core.engine import Engine
from core.errors import BadRequest
from core.evaluation.judge import Judge
from core.evaluation.metrics import Mask, Picture, kernel_distance, psnr, ring_colour_shift, seam_step
from core.evaluation.questions import CLASS_BOX, QUESTIONS, Question, hole_crops
from core.geometry import Box
from core.request import DecodeOptions, EditRequest, Task

SEED = 0
RANKED = 4  # samples among which the likeliest is chosen, for the class edit
_RADIUS = 5  # pixels around a hole that OpenCV's inpainting looks at

Fill = Callable[[Picture, Mask], Picture]


def _opencv(photo: Picture, hidden: Mask, *, method: int) -> Picture:
    blanked = np.where(hidden[..., None], 0, photo).astype(np.uint8)
    return np.asarray(cv2.inpaint(blanked, hidden.astype(np.uint8) * 255, _RADIUS, method), np.uint8)


def _mean_colour(photo: Picture, hidden: Mask) -> Picture:
    colour = photo[~hidden].mean(0).round().astype(np.uint8)
    return np.where(hidden[..., None], colour, photo)


BASELINES: dict[str, Fill] = {
    "Telea": partial(_opencv, method=cv2.INPAINT_TELEA),
    "Navier-Stokes": partial(_opencv, method=cv2.INPAINT_NS),
    "mean colour": _mean_colour,
}
"""(photo, hidden) -> filled photo. None of them sees what is hidden."""


@dataclass(frozen=True, eq=False)
class TestSet:
    """The photos to be judged on.

    Attributes:
        photos: (n, S, S, 3) uint8 RGB.
        labels: n indices into `classes`.
        classes: class names, in the order of the engine's and of the probe's classes.
    """

    photos: NDArray[np.uint8]
    labels: tuple[int, ...]
    classes: tuple[str, ...]

    __test__ = False  # for pytest, which collects classes by this name

    def first(self, limit: int | None) -> TestSet:
        """Return `limit` photos spread evenly over all; everything where it is None."""
        if limit is None or limit >= len(self.photos):
            return self
        chosen = np.linspace(0, len(self.photos) - 1, limit).round().astype(int)
        return replace(self, photos=self.photos[chosen], labels=tuple(self.labels[i] for i in chosen))


@dataclass(frozen=True, eq=False)
class Answer:
    """One method's answers to one question.

    Attributes:
        question, method: names.
        pictures: one filled photo for each photo.
        figures: measured values by name; absent where a measure does not apply.
    """

    question: str
    method: str
    pictures: list[Picture]
    figures: Mapping[str, float]


def evaluate_edits(
    engine: Engine,
    test_set: TestSet,
    judge: Judge,
    *,
    options: DecodeOptions,
    questions: Sequence[Question] = QUESTIONS,
) -> Iterator[list[Answer]]:
    """Yield the answers to one question after another, the class edit last.

    Args:
        engine: the model under test.
        test_set: at least two photos, of the engine's classes.
        judge: the metric nets.
        options: how to decode; the seed is replaced by one for each photo.
        questions: what to hide.

    Raises:
        BadRequest: where there are fewer than two photos.
    """
    if len(test_set.photos) < 2:
        raise BadRequest(f"{len(test_set.photos)} photos are too few to compare distributions: give at least 2.")
    photos = list(test_set.photos)
    side = photos[0].shape[0]
    for question in questions:
        masks = [question.mask(side, i) for i in range(len(photos))]
        answers = [_judged("photo itself", photos, 0.0, question, test_set, masks, judge)]
        for method, fill in BASELINES.items():
            started = time.perf_counter()
            filled = [fill(photo, mask) for photo, mask in zip(photos, masks, strict=True)]
            seconds = (time.perf_counter() - started) / len(photos)
            answers.append(_judged(method, filled, seconds, question, test_set, masks, judge))
        for method, labels in _engine_runs(engine, test_set):
            filled, seconds = _edited(engine, question, photos, masks, labels, options)
            answers.append(_judged(method, filled, seconds, question, test_set, masks, judge))
        yield answers
    if engine.spec.classes == test_set.classes and judge.class_count == len(test_set.classes):
        yield _class_edits(engine, test_set, judge, options)


def _engine_runs(engine: Engine, test_set: TestSet) -> list[tuple[str, list[int | None]]]:
    """Return (method name, class of each photo) for the model without and, where it knows them, with classes."""
    runs: list[tuple[str, list[int | None]]] = []
    if engine.spec.null_class:
        runs.append((engine.spec.name, [None] * len(test_set.labels)))
    if engine.spec.classes == test_set.classes:
        runs.append((f"{engine.spec.name} + class", list(test_set.labels)))
    return runs


def _edited(
    engine: Engine,
    question: Question,
    photos: list[Picture],
    masks: list[Mask],
    labels: list[int | None],
    options: DecodeOptions,
) -> tuple[list[Picture], float]:
    """Return the engine's pictures and its mean seconds an edit."""
    filled, seconds = [], 0.0
    for i, (photo, mask, label) in enumerate(
        zip(tqdm(photos, desc=question.name, leave=False, disable=None), masks, labels, strict=True)
    ):
        drawn = replace(options, seed=SEED + i, variations=1)
        # A hard edge: the feather lies inside the mask and would show some of the hidden photo.
        shared: dict[str, Any] = {"class_id": label, "feather_px": 0, "options": drawn}
        cut = question.sides(photo.shape[0])
        if any(cut):
            known = Box(cut.left, cut.top, photo.shape[1] - cut.right, photo.shape[0] - cut.bottom)
            request = EditRequest(Task.EXTRAPOLATE, photo[known.slices].copy(), extend=cut, **shared)
        else:
            request = EditRequest(Task.INPAINT, photo, mask, **shared)
        result = engine.edit(request)
        filled.append(result.images[0])
        seconds += result.seconds["total"]
    return filled, seconds / len(photos)


def _judged(
    method: str,
    filled: list[Picture],
    seconds: float,
    question: Question,
    test_set: TestSet,
    masks: list[Mask],
    judge: Judge,
) -> Answer:
    photos = list(test_set.photos)
    real, made, owners = [], [], []
    for i, (photo, picture, mask) in enumerate(zip(photos, filled, masks, strict=True)):
        for box in hole_crops(mask):
            real.append(photo[box.slices])
            made.append(picture[box.slices])
            owners.append(i)
    features = judge.features(made)
    figures = {
        "KID of hole crops": kernel_distance(judge.features(real), features),
        "distance in hole": float(judge.distances(filled, photos, masks).mean()),
        "distance": float(judge.distances(filled, photos).mean()),
        "PSNR in hole": _mean([psnr(a, b, m) for a, b, m in zip(filled, photos, masks, strict=True)]),
        "PSNR": _mean([psnr(a, b) for a, b in zip(filled, photos, strict=True)]),
        "seam ratio": _mean([seam_step(a, m) for a, m in zip(filled, masks, strict=True)])
        / _mean([seam_step(a, m) for a, m in zip(photos, masks, strict=True)]),
        "ring delta-E": _mean([ring_colour_shift(a, m) for a, m in zip(filled, masks, strict=True)]),
        "changed outside": float(sum(_changed(a, b, m) for a, b, m in zip(filled, photos, masks, strict=True))),
        "seconds": seconds,
    }
    if method == "photo itself":
        figures = {name: figures[name] for name in ("seam ratio", "ring delta-E")}
    if judge.class_count == len(test_set.classes):
        named = judge.classes(features)
        figures["class seen"] = float(np.mean(named == np.array(test_set.labels)[owners]))
    return Answer(question.name, method, filled, figures)


def _class_edits(engine: Engine, test_set: TestSet, judge: Judge, options: DecodeOptions) -> list[Answer]:
    """Repaint the centre of each photo as another class; the classes asked for take turns."""
    count = len(test_set.classes)
    asked = [(label + 1 + i % (count - 1)) % count for i, label in enumerate(test_set.labels)]
    side = test_set.photos.shape[1]
    box = Box.around(CLASS_BOX.mask(side, 0))
    assert box is not None
    singles, ranked, seconds = [], [], 0.0
    photos = tqdm(test_set.photos, desc=CLASS_BOX.name, leave=False, disable=None)
    for i, (photo, class_id) in enumerate(zip(photos, asked, strict=True)):
        drawn = replace(options, seed=SEED + i, variations=RANKED)
        result = engine.edit(EditRequest(Task.MANIPULATE, photo, box=box, class_id=class_id, options=drawn))
        singles.append(result.images[0])  # equals itself drawn alone
        ranked.append(result.images[int(np.argmax(result.scores))])
        seconds += result.seconds["total"]
    name = engine.spec.name
    methods: list[tuple[str, list[Picture], Sequence[int], float | None]] = [
        ("photo itself, its own class", list(test_set.photos), test_set.labels, None),
        (f"{name}, one sample", singles, asked, None),
        (f"{name}, likeliest of {RANKED}", ranked, asked, seconds / len(asked)),
    ]
    answers = []
    for method, pictures, wanted, spent in methods:
        seen = judge.classes(judge.features([picture[box.slices] for picture in pictures]))
        figures = {"class seen": float(np.mean(seen == np.array(wanted)))}
        if spent is not None:
            figures["seconds"] = spent
        answers.append(Answer(CLASS_BOX.name, method, pictures, figures))
    return answers


def _changed(a: Picture, b: Picture, hidden: Mask) -> int:
    """Return how many pixels outside the mask differ."""
    return int(((a != b).any(2) & ~hidden).sum())


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the finite values; nan where there are none."""
    finite = [v for v in values if np.isfinite(v)]
    return float(np.mean(finite)) if finite else float("nan")
