"""Asks every method a question about photos of any size; measures the answers and keeps small pictures of them.

Knows nothing of how answers are made, or of the figures of one picture, which figures.py computes; those of many
together are computed here. One photo is answered at a time, and only figures and small pictures of an answer are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from core.lab.evaluation.answers import PHOTO, Answer, Part, spread
from core.lab.evaluation.bars import Bar
from core.lab.evaluation.cases import Case, Method, Painted, Photo, Question, answered, to_display
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Picture, kernel_distance, told_apart
from core.lab.evaluation.photos.figures import distances, figures, hole_pictures
from core.lab.evaluation.photos.methods import EDITOR, PATCHMATCH, PLAIN, single_window
from core.lab.evaluation.photos.questions import MEAN
from core.lab.evaluation.sheets import Line, fitted
from core.values.geometry import Box, Size
from core.values.result import EditResult

READING = (
    "Each figure is the median over the photos where nothing else is said. The editor is the first ranked of four "
    "variations where the photo is known; below it stands what other ways of ranking them would give. A hole holds a "
    "foreign object, the photo in inverted colours, that must not shine through. Model followed: one variation, laid "
    "out by the model's tokens alone. Plain MaskGIT: one window, nothing finished; several windows where no square can "
    "show the hole."
)
_LEAST_CROPS = 8  # of which a distribution can be told
_NEAR = "distance in hole"
SIDE = 224
"""Pixels of a small picture's side, as the metric net sees it; a panorama's is as wide as four."""
_LONG = 2.5  # a grown canvas wider than this times its height is shown as a strip
_TINT = np.array([230, 40, 60], np.float32)  # what is to be painted, on the picture of the question

WAYS: dict[str, Callable[[EditResult], ArrayLike]] = {
    "score": lambda result: -np.array(result.scores),
    "fit": lambda result: -np.array(result.fits),
    "seam": lambda result: result.seams,
    "colour shift": lambda result: result.colour_shifts,
}
"""Way of ranking variations besides the editor's -> the value of each, of which the least comes first."""


def ask(
    question: Question,
    group: str,
    photos: Sequence[Photo],
    methods: Mapping[str, Method],
    judge: Judge,
    most: int | None = None,
) -> Part:
    """Ask every method one question about photos; photos that it does not fit are left out.

    The editor and plain MaskGIT are always asked, every other method if the question says so.

    Args:
        question: to ask.
        group: name of the photos.
        photos: to ask about.
        methods: by name.
        judge: the metric nets.
        most: largest number of photos, spread over all; None for the question's own limit.
    """
    asked = {name: method for name, method in methods.items() if question.fills or name in (EDITOR, PLAIN)}
    fitting = [photo for photo in photos if question.build(photo) is not None]
    answers: list[Answer] = []
    shown: list[Line] = []
    crops: dict[str, list[Tensor]] = {}
    chosen = [fitting[i] for i in spread(len(fitting), question.most if most is None else most)]
    for case, painted in answered(question, chosen, asked):
        pictures = {} if case.truth is None else {PHOTO: case.truth}
        pictures |= {name: one.picture for name, one in painted.items()}
        found = _measured(case, painted, pictures)
        if case.truth is not None:
            for name, distance in _distances(judge, case, painted).items():
                found.setdefault(name, {})[_NEAR] = distance  # all that is known of other ways of ranking
            for name, picture in pictures.items():
                crops.setdefault(name, []).append(judge.features(hole_pictures(case.mask, picture)))
        answers += [Answer(case.photo, name, measured) for name, measured in found.items()]
        shown.append(_shown(case, pictures))
    part = Part(question.name, answers, {}, {"shown": shown}, question.about, group)
    pooled = {name: {**_beside_patchmatch(part, name), **_told(crops, name)} for name in part.methods}
    return replace(part, pooled=pooled)


def _measured(
    case: Case, painted: Mapping[str, Painted], pictures: Mapping[str, Picture]
) -> dict[str, dict[str, float]]:
    """Measure what needs no metric net, by method; the truth too, if it is known."""
    found = {name: figures(case, picture) for name, picture in pictures.items()}
    for name, one in painted.items():
        found[name] |= one.figures
        if case.truth is not None:
            # The ring is the same, so this is what is inside beside what the truth has there.
            found[name]["sharpness, of the photo's"] = found[name]["sharpness"] / found[PHOTO]["sharpness"]
    if case.truth is not None:
        del found[PHOTO]["changed outside"]  # the truth has no planted object
    return found


def _distances(judge: Judge, case: Case, painted: Mapping[str, Painted]) -> dict[str, float]:
    """Measure each answer's distance to the truth, and that of the editor's variations by other ways of ranking."""
    near = distances(judge, case, {name: one.picture for name, one in painted.items()})
    result = painted[EDITOR].result if EDITOR in painted else None
    if result is None:
        return near
    of_all = list(distances(judge, case, {str(i): picture for i, picture in enumerate(result.images)}).values())
    near |= {f"{EDITOR}, ranked by {way}": of_all[int(np.argmin(value(result)))] for way, value in WAYS.items()}
    return near | {f"{EDITOR}, {MEAN}": float(np.mean(of_all)), f"{EDITOR}, nearest of variations": min(of_all)}


def _told(crops: Mapping[str, Sequence[Tensor]], method: str) -> dict[str, float]:
    """Measure how fills differ from photos, if there are enough: KID of crops, how well a judge finds them."""
    if method == PHOTO or method not in crops or sum(map(len, crops[PHOTO])) < _LEAST_CROPS:
        return {}
    real, made = (torch.cat(list(crops[name])) for name in (PHOTO, method))
    told = {"KID of hole crops": kernel_distance(real, made)}
    if len(crops[PHOTO]) < _LEAST_CROPS:
        return told
    means = {name: torch.stack([crop.mean(0) for crop in found]) for name, found in crops.items()}
    told["found"] = told_apart(means[PHOTO], means[method])
    if PATCHMATCH in means:
        told["found, less PatchMatch's"] = told["found"] - told_apart(means[PHOTO], means[PATCHMATCH])
    return told


def _beside_patchmatch(part: Part, method: str) -> dict[str, float]:
    """Compare a method's distances with PatchMatch's, photo by photo."""
    ours, theirs = (np.array(part.values(name, _NEAR)) for name in (method, PATCHMATCH))
    if not len(ours) or not len(theirs) or method == PATCHMATCH:
        return {}
    gains = theirs - ours
    return {
        "distance / PatchMatch's": float(ours.mean() / theirs.mean()),
        "nearer than PatchMatch": float((gains > 0).mean()),
        "nearer by": float(gains.mean()),
        "its error": float(gains.std(ddof=1) / np.sqrt(len(gains))) if len(gains) > 1 else float("nan"),
    }


def _shown(case: Case, pictures: Mapping[str, Picture]) -> Line:
    """Make the line of a sheet: the question, then each answer's hole in its surroundings, or the whole canvas."""
    size = case.size
    box = (single_window(case.mask) if case.is_hole else None) or Box(0, 0, *size)
    frame = Size(4 * SIDE, SIDE) if case.truth is None and size.width > _LONG * size.height else Size(SIDE, SIDE)
    shown = [fitted(picture[box.slices][..., :3], frame) for picture in pictures.values()]
    return [case.photo, *pictures], [fitted(_asked(case), frame), *shown]


def _asked(case: Case) -> Picture:
    """Show the whole canvas at display size, with the hole tinted."""
    tinted = to_display(case.canvas()[..., :3]).astype(np.float32)
    hidden = to_display(case.mask.astype(np.uint8) * 255) > 127
    tinted[hidden] = 0.4 * tinted[hidden] + 0.6 * _TINT
    return np.rint(tinted).astype(np.uint8)


def ours(bar: Bar, part: Part) -> dict[str, str]:
    """Return the editor's method that a bar is about -> the word that tells it from the first ranked; {} if missing."""
    wanted = f"{EDITOR}, {bar.method}" if bar.method else EDITOR
    return {wanted: bar.method} if wanted in part.methods else {}
