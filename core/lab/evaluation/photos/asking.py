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
from core.lab.evaluation.answers import PHOTO, Answer
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.machine.sizes import Cost
from core.lab.evaluation.metrics import Paired, Picture, kernel_distance, told_apart
from core.lab.evaluation.photos import figures as names
from core.lab.evaluation.photos.cases import BORDER, OBJECT, QUESTIONS, Case, PhotoQuestion, photo_seed
from core.lab.evaluation.photos.figures import distances, figures, hole_pictures
from core.lab.evaluation.photos.methods import EDITOR, PATCHMATCH, PLAIN, Method, Painted, photo_methods
from core.lab.evaluation.photos.ranking import Trial, Worth, trial_of, worth
from core.lab.evaluation.photos.tiles import Tiles, tiles

Item = TypeVar("Item")

_LEAST_CROPS = 8  # of which a distribution can be told
RANKED = (OBJECT, BORDER)
"""The questions of which it is told what ranking the variations is worth."""
SIZES = "sizes"
"""The part of the evaluation that is no question about photos."""
NAMES = (*(question.name for question in QUESTIONS), SIZES)
"""Every part there is."""
MEAN = f"{EDITOR}, {names.MEAN}"


@dataclass(frozen=True, eq=False)
class Photo:
    """A photo by name: (H, W, 3 or 4) uint8."""

    name: str
    pixels: Picture


@dataclass(frozen=True, eq=False)
class Part:
    """All that was learned about one question.

    Attributes:
        group: name of the photos asked about.
        question: the question.
        answers: by photo, then by method, pictures left out; the truth, where there is one, is the first method.
        pooled: figures of all photos together, by measure and method, where there are enough.
        tiles: small pictures of each photo's answers.
        worths: what ranking the editor's variations is worth.
    """

    group: str
    question: PhotoQuestion
    answers: Sequence[Answer]
    pooled: Mapping[str, Mapping[str, float]]
    tiles: Sequence[Tiles]
    worths: Sequence[Worth] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that answered, in their order."""
        return tuple(dict.fromkeys(answer.method for answer in self.answers))

    def values(self, method: str, measure: str) -> list[float]:
        """Return a method's finite figures of one measure, a photo each."""
        found = [a.figures[measure] for a in self.answers if a.method == method and measure in a.figures]
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
    answers: list[Answer] = []
    pictures, trials = [], []
    crops: dict[str, list[Tensor]] = {}
    chosen_photos = spread(fitting(question, photos), question.most if most is None else most)
    for photo in tqdm(chosen_photos, desc=f"{group}, {question.name}", leave=False, disable=None):
        case = question.build(photo.name, photo.pixels)
        assert case is not None, "the question fits"
        painted = {name: method(case, photo_seed(photo.name)) for name, method in asked.items()}
        made = {name: one.picture for name, one in painted.items()}
        shown = made if case.truth is None else {PHOTO: case.truth, **made}
        near, trial = _distances(judge, case, painted)
        trials += [] if trial is None else [trial]
        found = _measured(case, painted, shown)
        for name in dict.fromkeys([*found, *near]):  # of the mean of variations its distance alone is known
            measured = {**found.get(name, {}), **near.get(name, {})}
            answers.append(Answer(question.name, name, (), measured, photo.name))
        if case.truth is not None:
            for name, picture in shown.items():
                crops.setdefault(name, []).append(judge.features(hole_pictures(case.mask, picture)))
        pictures.append(tiles(case, shown))
    part = Part(group, question, answers, {}, pictures, worth(trials) if question.name in RANKED else ())
    return replace(part, pooled={**_pooled(crops), **_beside_patchmatch(part)})


def _measured(
    case: Case, painted: Mapping[str, Painted], shown: Mapping[str, Picture]
) -> Mapping[str, dict[str, float]]:
    """Return the figures that need no metric net, by method; the truth's among them where it is known."""
    found = {name: figures(case, picture) for name, picture in shown.items()}
    natural = found[PHOTO][names.SHARPNESS] if PHOTO in found else float("nan")
    for name, measured in found.items():
        if name not in painted:
            del measured[names.CHANGED]  # the truth has no planted object
            continue
        # The ring is the same, so this is what is inside beside what the truth has there.
        measured[names.SHARPNESS_KEPT] = measured[names.SHARPNESS] / natural
        measured[names.SECONDS] = painted[name].seconds
        measured[names.OPENED] = float(painted[name].windows)
    return found


def _distances(
    judge: Judge, case: Case, painted: Mapping[str, Painted]
) -> tuple[dict[str, dict[str, float]], Trial | None]:
    """Return the distance of each answer, and the mean of the editor's variations, to the truth; and its variations."""
    if case.truth is None:
        return {}, None
    near = distances(judge, case, {name: one.picture for name, one in painted.items()})
    result, trial = painted[EDITOR].result if EDITOR in painted else None, None
    if result is not None:
        of_all = distances(judge, case, {str(i): picture for i, picture in enumerate(result.images)})
        trial = trial_of(judge, case, result, list(of_all.values()))
        near[MEAN] = float(trial.distances.mean())
    return {name: {names.DISTANCE: value} for name, value in near.items()}, trial


def _pooled(crops: Mapping[str, Sequence[Tensor]]) -> dict[str, dict[str, float]]:
    """Return what tells distributions apart, by measure and method: KID of all crops, and how often fills are found."""
    if PHOTO not in crops or sum(map(len, crops[PHOTO])) < _LEAST_CROPS:
        return {}
    real, mean = torch.cat(list(crops[PHOTO])), torch.stack([c.mean(0) for c in crops[PHOTO]])
    made = {name: found for name, found in crops.items() if name != PHOTO}
    pooled = {names.KID: {name: kernel_distance(real, torch.cat(list(c))) for name, c in made.items()}}
    if len(mean) >= _LEAST_CROPS:
        found = {name: told_apart(mean, torch.stack([crop.mean(0) for crop in c])) for name, c in made.items()}
        pooled[names.FOUND] = found
        if PATCHMATCH in found:
            less = {name: value - found[PATCHMATCH] for name, value in found.items()}
            pooled[names.FOUND_MORE] = less
    return pooled


def _beside_patchmatch(part: Part) -> dict[str, dict[str, float]]:
    """Return how the methods' distances compare with PatchMatch's, photo by photo, by measure and method."""
    theirs = part.values(PATCHMATCH, names.DISTANCE)
    if not theirs:
        return {}
    others = [name for name in part.methods if name not in (PHOTO, PATCHMATCH)]
    pairs = {name: Paired.of(part.values(name, names.DISTANCE), theirs) for name in others}
    return {
        names.RATIO: {name: pair.ours / pair.theirs for name, pair in pairs.items()},
        names.NEARER: {name: pair.better for name, pair in pairs.items()},
        names.GAIN: {name: pair.gain for name, pair in pairs.items()},
        names.GAIN_ERROR: {name: pair.error for name, pair in pairs.items()},
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
        parts: of `NAMES`.
        most: photos of each group that each question is asked about; None for the questions' own limits.
        costs: measures what edits cost by size; called where that part was chosen.

    Yields:
        The name of each part that was done, and all findings so far, which grow from one yield to the next.
    """
    methods, missing = photo_methods(engine)
    findings = Findings(f"{engine.spec.name} ({engine.device}, {engine.dtype})", notes=list(missing))
    for question, group in itertools.product(QUESTIONS, groups):
        if question.name not in parts:
            continue
        started = time.perf_counter()
        part = ask(question, group, groups[group], methods, judge, most)
        name = f"{group}, {question.name}"
        findings.seconds[name] = time.perf_counter() - started
        if part.answers:
            findings.parts.append(part)
        else:
            findings.notes.append(f"No photo of {group} fits the question {question.name}.")
        yield name, findings
    if SIZES in parts:
        started = time.perf_counter()
        findings.costs = list(costs())
        findings.seconds[SIZES] = time.perf_counter() - started
        yield SIZES, findings
