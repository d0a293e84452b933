"""The evaluation at photo size: every question about every photo, each method's answer measured and shown.

Knows nothing of how answers are made or figures computed. One photo is answered at a time, and of an answer only its
figures and small pictures are kept.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation import photo_figures
from core.lab.evaluation.cases import BORDER, OBJECT, QUESTIONS, Case, PhotoQuestion, photo_seed
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Paired, Picture, kernel_distance, told_apart
from core.lab.evaluation.photo_figures import distances, figures, hole_pictures
from core.lab.evaluation.photo_methods import EDITOR, PATCHMATCH, PLAIN, Answer, Method, photo_methods
from core.lab.evaluation.photo_sheets import Tiles, tiles
from core.lab.evaluation.ranking import Trial, Worth, trial_of, worth
from core.lab.evaluation.scaling import Cost

Item = TypeVar("Item")

TRUTH = "photo itself"
_LEAST_CROPS = 8  # of which a distribution can be told
RANKED = (OBJECT, BORDER)
"""The questions of which it is told what ranking the variations is worth."""
SIZES = "sizes"
"""The part of the evaluation that is no question about photos."""
MEAN = f"{EDITOR}, {photo_figures.MEAN}"


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
        pooled: figures of all photos together, by measure and method, where there are enough.
        tiles: small pictures of each photo's answers.
        worths: what ranking the editor's variations is worth.
    """

    group: str
    question: PhotoQuestion
    outcomes: Sequence[Outcome]
    pooled: Mapping[str, Mapping[str, float]]
    tiles: Sequence[Tiles]
    worths: Sequence[Worth] = ()

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
        costs: of an edit by size of picture.
        notes: sentences on what was left out.
        seconds: that each part took.
    """

    model: str
    parts: list[Part] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """Return the parts of the evaluation by the names that choose them."""
    return (*(question.slug for question in QUESTIONS), SIZES)


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
    question: PhotoQuestion,
    group: str,
    photos: Sequence[Photo],
    methods: Mapping[str, Method],
    judge: Judge,
    most: int | None = None,
) -> Part:
    """Return every method's answers to one question; photos that it does not fit are left out.

    Methods that are not MaskGIT are asked where the question says so.

    Args:
        question: what to hide.
        group: name of the photos.
        photos: to ask about.
        methods: by name.
        judge: the metric nets.
        most: largest number of photos, spread over all; None for the question's own limit.
    """
    asked = {name: method for name, method in methods.items() if question.fills or name in (EDITOR, PLAIN)}
    outcomes: list[Outcome] = []
    pictures, trials = [], []
    crops: dict[str, list[Tensor]] = {}
    chosen_photos = spread(fitting(question, photos), question.most if most is None else most)
    for photo in tqdm(chosen_photos, desc=f"{group}, {question.name}", leave=False, disable=None):
        case = question.build(photo.name, photo.pixels)
        assert case is not None, "the question fits"
        answers = {name: method(case, photo_seed(photo.name)) for name, method in asked.items()}
        made = {name: answer.picture for name, answer in answers.items()}
        shown = made if case.truth is None else {TRUTH: case.truth, **made}
        near, trial = _distances(judge, case, answers)
        trials += [] if trial is None else [trial]
        for name, measured in _measured(case, answers, shown).items():
            outcomes.append(Outcome(photo.name, name, {**measured, **near.pop(name, {})}))
        outcomes += [Outcome(photo.name, name, measured) for name, measured in near.items()]
        if case.truth is not None:
            for name, picture in shown.items():
                crops.setdefault(name, []).append(judge.features(hole_pictures(case.mask, picture)))
        pictures.append(tiles(case, shown))
    part = Part(group, question, outcomes, {}, pictures, worth(trials) if question.name in RANKED else ())
    return replace(part, pooled={**_pooled(crops), **_beside_patchmatch(part)})


def _measured(
    case: Case, answers: Mapping[str, Answer], shown: Mapping[str, Picture]
) -> Mapping[str, dict[str, float]]:
    """Return the figures that need no metric net, by method; the truth's among them where it is known."""
    found = {name: figures(case, picture) for name, picture in shown.items()}
    natural = found[TRUTH][photo_figures.SHARPNESS] if TRUTH in found else float("nan")
    for name, measured in found.items():
        if name not in answers:
            del measured[photo_figures.CHANGED]  # the truth has no planted object
            continue
        # The ring is the same, so this is what is inside beside what the truth has there.
        measured[photo_figures.SHARPNESS_KEPT] = measured[photo_figures.SHARPNESS] / natural
        measured[photo_figures.SECONDS] = answers[name].seconds
        measured[photo_figures.OPENED] = float(answers[name].windows)
    return found


def _distances(
    judge: Judge, case: Case, answers: Mapping[str, Answer]
) -> tuple[dict[str, dict[str, float]], Trial | None]:
    """Return the distance of each answer, and the mean of the editor's variations, to the truth; and its variations."""
    if case.truth is None:
        return {}, None
    near = distances(judge, case, {name: answer.picture for name, answer in answers.items()})
    result, trial = answers[EDITOR].result if EDITOR in answers else None, None
    if result is not None:
        of_all = distances(judge, case, {str(i): picture for i, picture in enumerate(result.images)})
        trial = trial_of(judge, case, result, list(of_all.values()))
        near[MEAN] = float(trial.distances.mean())
    return {name: {photo_figures.DISTANCE: value} for name, value in near.items()}, trial


def _pooled(crops: Mapping[str, Sequence[Tensor]]) -> dict[str, dict[str, float]]:
    """Return what tells distributions apart, by measure and method: KID of all crops, and how often fills are found."""
    if TRUTH not in crops or sum(map(len, crops[TRUTH])) < _LEAST_CROPS:
        return {}
    real, mean = torch.cat(list(crops[TRUTH])), torch.stack([c.mean(0) for c in crops[TRUTH]])
    made = {name: found for name, found in crops.items() if name != TRUTH}
    pooled = {photo_figures.KID: {name: kernel_distance(real, torch.cat(list(c))) for name, c in made.items()}}
    if len(mean) >= _LEAST_CROPS:
        found = {name: told_apart(mean, torch.stack([crop.mean(0) for crop in c])) for name, c in made.items()}
        pooled[photo_figures.FOUND] = found
        if PATCHMATCH in found:
            less = {name: value - found[PATCHMATCH] for name, value in found.items()}
            pooled[photo_figures.FOUND_MORE] = less
    return pooled


def _beside_patchmatch(part: Part) -> dict[str, dict[str, float]]:
    """Return how the methods' distances compare with PatchMatch's, photo by photo, by measure and method."""
    theirs = part.values(PATCHMATCH, photo_figures.DISTANCE)
    if not theirs:
        return {}
    others = [name for name in part.methods if name not in (TRUTH, PATCHMATCH)]
    pairs = {name: Paired.of(part.values(name, photo_figures.DISTANCE), theirs) for name in others}
    return {
        photo_figures.RATIO: {name: pair.ours / pair.theirs for name, pair in pairs.items()},
        photo_figures.NEARER: {name: pair.better for name, pair in pairs.items()},
        photo_figures.GAIN: {name: pair.gain for name, pair in pairs.items()},
        photo_figures.GAIN_ERROR: {name: pair.error for name, pair in pairs.items()},
    }


def examine(
    engine: Engine,
    groups: Mapping[str, Sequence[Photo]],
    judge: Judge,
    *,
    parts: Sequence[str],
    most: int | None = None,
    costs: Callable[[], Sequence[Cost]],
) -> Iterator[tuple[str, Findings]]:
    """Ask everything that was chosen.

    Args:
        engine: the model under test.
        groups: photos by the name of their group.
        judge: the metric nets.
        parts: of `names`.
        most: photos of each group that each question is asked about; None for the questions' own limits.
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
        part = ask(question, group, groups[group], methods, judge, most)
        name = f"{group}, {question.name}"
        findings.seconds[name] = time.perf_counter() - started
        if part.outcomes:
            findings.parts.append(part)
        else:
            findings.notes.append(f"No photo of {group} fits the question {question.name}.")
        yield name, findings
    if SIZES in parts:
        started = time.perf_counter()
        findings.costs = list(costs())
        findings.seconds[SIZES] = time.perf_counter() - started
        yield SIZES, findings
