"""Measures edits: the engine and plain baselines answer the same questions about the same photos.

Knows nothing of files or nets: pictures come from `Engine.edit`, likelihoods from `Engine.token_nll`. A plausible
invention is not the hidden photo, so the kernel distance of hole crops counts for more than the distance to it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from tqdm import tqdm

from core.canvas.seam import ring_shift, seam_score
from core.lab.evaluation import requests
from core.lab.evaluation.answers import PHOTO, Answer, Part, spread
from core.lab.evaluation.baselines import BASELINES, filled, installed_baselines
from core.lab.evaluation.cases import Case, Method, Painted, Question, answered
from core.lab.evaluation.metrics import Mask, Picture, changed_outside, has_similarity, psnr, similarity_map
from core.lab.evaluation.model.exam import SEEDS, Exam, compared
from core.lab.evaluation.model.questions import CLASS_EDIT, CLASS_SHARE, RANKED
from core.lab.evaluation.sheets import Line, fitted
from core.values.geometry import Box, Size
from core.values.groups import Painting
from core.values.request import EditRequest

SHOWN = Size(160, 160)
"""Of a picture on a sheet in pixels."""
SEEDED_PHOTOS = 4  # photos for which answers of other seeds are drawn: each costs two more edits a question and method
_OTHER_SEEDS = 1_000_000  # beyond the seeds of the answers themselves
RATIOS = {
    "KID / best baseline": ("KID of hole crops", ""),
    "KID / best smooth baseline": ("KID of hole crops", "PatchMatch"),
    "distance / best baseline": ("distance in hole", ""),
}
"""Ratio -> (the measure, of which less is better; with what the names of baselines that do not count begin)."""


def answer_question(exam: Exam, question: Question) -> Part:
    """Ask the installed baselines and the engine, with and without class, about the question's share of the photos."""
    exam = exam.first(max(2, round(question.share * len(exam.photos))))
    methods: dict[str, Method] = {name: partial(filled, fill=f) for name, f in installed_baselines()[0].items()}
    if exam.engine.spec.null_class:
        methods[exam.name] = partial(_edited, exam=exam, by_class=False)
    if exam.knows_classes:
        methods[f"{exam.name} + class"] = partial(_edited, exam=exam, by_class=True)
    answers: list[Answer] = []
    whole: dict[str, list[Picture]] = {}
    crops: dict[str, list[Picture]] = {}
    wanted: list[int] = []
    for case, painted in answered(question, exam.numbered(), methods):
        assert case.truth is not None, "a photo was cut"
        assert case.label is not None, "a photo has a class"
        boxes = hole_crops(case.mask)
        wanted += [case.label] * len(boxes)
        answers += _measured(exam, case, painted)
        for name, picture in {PHOTO: case.truth, **{name: one.picture for name, one in painted.items()}}.items():
            whole.setdefault(name, []).append(picture)
            crops.setdefault(name, []).extend(picture[box.slices] for box in boxes)
    features = {name: exam.judge.features(some) for name, some in crops.items()}
    pooled = {name: {"pictures": float(len(exam.photos)), **exam.seen(f, wanted)} for name, f in features.items()}
    for name in methods:
        pooled[name] |= compared(features[PHOTO], features[name], kid="KID of hole crops")
        pooled[name] |= exam.scored(whole[PHOTO], whole[name])
    return with_ratios(Part(question.name, answers, pooled, {"": side_by_side(whole)}, over=np.mean))


def _edited(case: Case, *, exam: Exam, by_class: bool) -> Painted:
    """Answer with the engine; measure the true tokens' likelihood, and for a few photos the diversity of seeds."""
    # A hard edge: the feather lies inside the mask and would show some of the hidden photo. No finish: the model is
    # measured here, at its own size; what is made of it in whole photos, the room of photos measures.
    label = case.label if by_class else None
    painting, decoding = Painting(feather_px=0, finish="none"), exam.drawn(case.seed)
    request = requests.edit(case, class_id=label, painting=painting, decoding=decoding)
    result = exam.engine.edit(request)
    assert case.truth is not None, "a photo was cut"
    figures = {"seconds": result.seconds["total"], "NLL per token": exam.engine.token_nll(request, case.truth)}
    if case.seed in spread(len(exam.photos), SEEDED_PHOTOS):
        drawn = exam.drawn(_OTHER_SEEDS + SEEDS * case.seed, SEEDS - 1)
        others = exam.engine.edit(replace(request, decoding=drawn)).images
        figures["diversity"] = exam.diversity([result.images[0], *others], case.mask)
    return Painted(result.images[0], figures)


def _measured(exam: Exam, case: Case, painted: Mapping[str, Painted]) -> list[Answer]:
    """Measure each method's answer about one photo, the photo itself first."""
    truth, mask = case.truth, case.mask
    assert truth is not None, "a photo was cut"
    answers = [Answer(case.photo, PHOTO, _edge(truth, mask))]
    near = exam.judge.distances([truth], {name: [one.picture] for name, one in painted.items()}, [mask])
    for name, one in painted.items():
        (whole, inside) = (float(distance) for distance in near[name][0])
        figures = {
            **_edge(one.picture, mask),
            "distance in hole": inside,
            "distance": whole,
            "PSNR in hole": psnr(one.picture, truth, mask),
            "PSNR": psnr(one.picture, truth),
            "changed outside": float(changed_outside(one.picture, truth, mask)),
            **one.figures,
        }
        if has_similarity():
            similar = similarity_map(one.picture, truth)
            figures |= {"SSIM": float(similar.mean()), "SSIM in hole": float(similar[mask].mean())}
        answers.append(Answer(case.photo, name, figures))
    return answers


def _edge(picture: Picture, mask: Mask) -> dict[str, float]:
    return {"seam ratio": seam_score(picture, mask), "ring delta-E": ring_shift(picture, mask)}


def side_by_side(pictures: Mapping[str, Sequence[Picture]]) -> list[Line]:
    """Make the lines of a sheet: a column per method, a line per photo."""
    return [(list(pictures), [fitted(one, SHOWN) for one in line]) for line in zip(*pictures.values(), strict=True)]


def with_ratios(part: Part) -> Part:
    """Add the `RATIOS` to the best baseline; infinite if that one is as good as the photos."""
    pooled = {method: dict(figures) for method, figures in part.pooled.items()}
    for ratio, (measure, ignored) in RATIOS.items():
        figures = {m: value for m in part.methods if (value := part.figure(m, measure)) is not None}
        counted = [m for m in figures if m in BASELINES and not (ignored and m.startswith(ignored))]
        best = min((figures[method] for method in counted), default=0.0)
        for method, value in figures.items():
            pooled[method][ratio] = value / best if best > 0.0 else math.inf
    return replace(part, pooled=pooled)


def hole_crops(mask: Mask, *, most: int = 4) -> tuple[Box, ...]:
    """Choose the squares to judge: wholly hidden ones if any fit, else the square around all hidden pixels.

    On whole pictures a flat grey hole scores well, because the rest is the real photo; inside the hole it does not.

    Args:
        mask: (side, side) bool, at least one True.
        most: largest number of squares, spread over those that fit.

    Returns:
        Squares of a half or a quarter of the side that do not overlap, or one larger square.
    """
    side = mask.shape[0]
    for square in (side // 2, side // 4):
        places = range(0, side - square + 1, square // 2)
        inside: list[Box] = []
        for box in (Box(x, y, x + square, y + square) for y in places for x in places):
            if mask[box.slices].all() and all(box.common(kept) is None for kept in inside):
                inside.append(box)
        if inside:
            return tuple(inside[i] for i in spread(len(inside), most))
    hole = Box.around(mask)
    assert hole is not None, "a question hides something"
    reach = max(hole.size)
    left, top = min(hole.left, side - reach), min(hole.top, side - reach)
    return (Box(left, top, left + reach, top + reach),)


def answer_class_edit(exam: Exam) -> Part:
    """Repaint the centre of each photo as another of the probe's classes, in turn."""
    count = exam.judge.class_count
    asked = [(label + 1 + i % (count - 1)) % count for i, label in enumerate(exam.labels)]
    side = exam.photos.shape[1]
    low = round(side * (1.0 - CLASS_SHARE) / 2.0)
    box, results = Box(low, low, side - low, side - low), []
    for i, photo in enumerate(tqdm(exam.photos, desc=CLASS_EDIT, leave=False, disable=None)):
        painting, decoding = Painting(sharpen=exam.sharpen), exam.drawn(i, RANKED)
        request = EditRequest(photo, box, asked[i], painting=painting, decoding=decoding)
        results.append(exam.engine.edit(request))
    one, likeliest, first = f"{exam.name}, one sample", f"likeliest of {RANKED}", f"first ranked of {RANKED}"
    pictures = {
        f"{PHOTO}, its own class": list(exam.photos),
        one: [result.images[0] for result in results],  # on a CPU equal to itself drawn alone
        f"{exam.name}, {likeliest}": [result.images[int(np.argmax(result.scores))] for result in results],
        f"{exam.name}, {first}": [result.images[result.ranking[0]] for result in results],
    }
    # Each sample of a batch takes its share on the CPU, where they go through the nets one by one.
    spent = float(np.mean([result.seconds["total"] for result in results]))
    pooled: dict[str, dict[str, float]] = {}
    for method, made in pictures.items():
        features = exam.judge.features([picture[box.slices] for picture in made])
        wanted_of = exam.labels if method.startswith(PHOTO) else asked
        pooled[method] = {"pictures": float(len(made)), **exam.seen(features, wanted_of)}
        if method.startswith(exam.name):
            pooled[method]["seconds"] = spent / RANKED if method == one else spent
    seeded = (results[i].images[:SEEDS] for i in spread(len(results), SEEDED_PHOTOS))
    pooled[one]["diversity"] = float(
        np.mean([exam.diversity([image[box.slices] for image in some]) for some in seeded])
    )
    return Part(CLASS_EDIT, (), pooled, {"": side_by_side(pictures)})
