"""The evaluation at photo size: every question about every photo, each method's answer measured and shown.

Knows nothing of how answers are made or figures computed. One photo is answered at a time, and of an answer only its
figures and small pictures are kept.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.engine import Engine
from core.errors import BadRequest
from core.evaluation import photo_figures
from core.evaluation.cases import OBJECT, QUESTIONS, PhotoQuestion, photo_seed
from core.evaluation.judge import Judge
from core.evaluation.metrics import Picture, kernel_distance
from core.evaluation.photo_figures import distances, figures, hole_pictures
from core.evaluation.photo_methods import EDITOR, PLAIN, Method, photo_methods
from core.evaluation.photo_sheets import Tiles, tiles
from core.evaluation.ranking import Trial, Worth, try_variations, worth
from core.evaluation.scaling import Cost

Item = TypeVar("Item")

TRUTH = "photo itself"
_LEAST_CROPS = 8  # of which a distribution can be told
RANKED = (OBJECT, "border: right")
"""The questions about which variations are ranked."""
RANKING, SIZES = "ranking", "sizes"
"""Parts of the evaluation that are no question about photos, by name."""


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo by name: (H, W, 3 or 4) uint8."""

    name: str
    pixels: Picture


@dataclass(frozen=True, eq=False)
class Outcome:
    """One method's answer to one question about one photo: its figures, nan where a measure does not apply."""

    photo: str
    method: str
    figures: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Part:
    """All that was learned about one question.

    Attributes:
        group: name of the photos asked about.
        question: the question.
        outcomes: by photo, then by method; the truth, where there is one, is the first method.
        kid: kernel distance of the hole's crops to the truth's by method, where there are enough.
        tiles: small pictures of each photo's answers.
    """

    group: str
    question: PhotoQuestion
    outcomes: Sequence[Outcome]
    kid: Mapping[str, float]
    tiles: Sequence[Tiles]

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that answered, in their order."""
        return tuple(dict.fromkeys(outcome.method for outcome in self.outcomes))

    def values(self, method: str, measure: str) -> list[float]:
        """Return a method's finite figures of one measure, a photo each."""
        found = [o.figures[measure] for o in self.outcomes if o.method == method and measure in o.figures]
        return [value for value in found if np.isfinite(value)]


@dataclass(eq=False)
class Findings:
    """What the evaluation has learned so far.

    Attributes:
        model: name of the model, and how it ran.
        parts: one for each group and question.
        worths: what ranking is worth by group and question.
        costs: of an edit by size of picture.
        notes: sentences on what was left out.
        seconds: that each part took.
    """

    model: str
    parts: list[Part] = field(default_factory=list)
    worths: dict[str, list[Worth]] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """Return the parts of the evaluation by the names that choose them."""
    return (*(question.slug for question in QUESTIONS), RANKING, SIZES)


def chosen(words: Sequence[str] | None) -> tuple[str, ...]:
    """Return the parts whose names begin with one of the words; all where there are none.

    Raises:
        BadRequest: where a word begins no name.
    """
    if words is None:
        return names()
    for word in words:
        if not any(name.startswith(word) for name in names()):
            raise BadRequest(f"part {word!r} is unknown: give the beginnings of any of {', '.join(names())}.")
    return tuple(name for name in names() if name.startswith(tuple(words)))


def spread(items: Sequence[Item], most: int | None) -> list[Item]:
    """Return at most `most` items, spread over all."""
    if most is None or most >= len(items):
        return list(items)
    return [items[i * (len(items) - 1) // max(1, most - 1)] for i in range(most)]


def fitting(question: PhotoQuestion, photos: Sequence[Photo]) -> list[Photo]:
    """Return the photos that a question fits."""
    return [photo for photo in photos if question.build(photo.name, photo.pixels) is not None]


def ask(
    question: PhotoQuestion, group: str, photos: Sequence[Photo], methods: Mapping[str, Method], judge: Judge
) -> Part:
    """Return every method's answers to one question; photos that it does not fit are left out.

    Methods that are not MaskGIT are asked where the question says so.
    """
    asked = {name: method for name, method in methods.items() if question.fills or name in (EDITOR, PLAIN)}
    outcomes, pictures = [], []
    crops: dict[str, list[Tensor]] = {}
    chosen_photos = spread(fitting(question, photos), question.most)
    for photo in tqdm(chosen_photos, desc=f"{group}, {question.name}", leave=False, disable=None):
        case = question.build(photo.name, photo.pixels)
        assert case is not None, "the question fits"
        answers = {name: method(case, photo_seed(photo.name)) for name, method in asked.items()}
        made = {name: answer.picture for name, answer in answers.items()}
        near = distances(judge, case, made) if case.truth is not None else {}
        shown = made if case.truth is None else {TRUTH: case.truth, **made}
        natural = float("nan")
        for name, picture in shown.items():
            measured = figures(case, picture)
            if name == TRUTH:
                natural = measured[photo_figures.SHARPNESS]
            else:
                # The ring is the same, so this is what is inside beside what the truth has there.
                measured[photo_figures.SHARPNESS_KEPT] = measured[photo_figures.SHARPNESS] / natural
            if name in answers:
                measured[photo_figures.SECONDS] = answers[name].seconds
                measured[photo_figures.OPENED] = float(answers[name].windows)
            else:
                del measured[photo_figures.CHANGED]  # the truth has no planted object
            if name in near:
                measured[photo_figures.DISTANCE] = near[name]
            if case.truth is not None:
                crops.setdefault(name, []).append(judge.features(hole_pictures(case.mask, picture)))
            outcomes.append(Outcome(photo.name, name, measured))
        pictures.append(tiles(case, shown))
    return Part(group, question, outcomes, _kernel_distances(crops), pictures)


def _kernel_distances(crops: Mapping[str, Sequence[Tensor]]) -> dict[str, float]:
    features = {name: torch.cat(list(found)) for name, found in crops.items()}
    if TRUTH not in features or len(features[TRUTH]) < _LEAST_CROPS:
        return {}
    real = features.pop(TRUTH)
    return {name: kernel_distance(real, made) for name, made in features.items()}


def rank(question: PhotoQuestion, photos: Sequence[Photo], engine: Engine, judge: Judge) -> list[Worth]:
    """Return what ranking the engine's variations is worth on one question."""
    trials: list[Trial] = []
    asked = spread(fitting(question, photos), question.most)
    for photo in tqdm(asked, desc=f"{RANKING}, {question.name}", leave=False, disable=None):
        case = question.build(photo.name, photo.pixels)
        assert case is not None, "the question fits"
        trials.append(try_variations(engine, judge, case, seed=photo_seed(photo.name)))
    return worth(trials)


def examine(
    engine: Engine,
    groups: Mapping[str, Sequence[Photo]],
    judge: Judge,
    *,
    parts: Sequence[str],
    costs: Callable[[], Sequence[Cost]],
) -> Iterator[tuple[str, Findings]]:
    """Ask everything that was chosen.

    Args:
        engine: the model under test.
        groups: photos by the name of their group.
        judge: the metric nets.
        parts: of `names`.
        costs: measures what edits cost by size; called where that part was chosen.

    Yields:
        The name of each part that was done, and all findings so far, which grow from one yield to the next.
    """
    methods, missing = photo_methods(engine)
    findings = Findings(f"{engine.spec.name} ({engine.device}, {engine.dtype})", notes=list(missing))
    for question, group in itertools.product(QUESTIONS, groups):
        if question.slug not in parts:
            continue
        started = time.perf_counter()
        part = ask(question, group, groups[group], methods, judge)
        name = f"{group}, {question.name}"
        findings.seconds[name] = time.perf_counter() - started
        if part.outcomes:
            findings.parts.append(part)
        else:
            findings.notes.append(f"No photo of {group} fits the question {question.name}.")
        yield name, findings
    for group, question in itertools.product(groups, QUESTIONS):
        if RANKING in parts and question.name in RANKED:
            started = time.perf_counter()
            name = f"{RANKING}: {group}, {question.name}"
            findings.worths[name] = rank(question, groups[group], engine, judge)
            findings.seconds[name] = time.perf_counter() - started
            yield name, findings
    if SIZES in parts:
        started = time.perf_counter()
        findings.costs = list(costs())
        findings.seconds[SIZES] = time.perf_counter() - started
        yield SIZES, findings
