"""How good edits are: the engine and plain baselines answer the same questions about the same photos.

Knows nothing of files. The engine is entered through `Engine.edit` alone, as a person's edits are. A plausible
invention is not the hidden photo, so the kernel distance of hole crops counts for more than the distance to it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from tqdm import tqdm

from core.canvas.seam import ring_shift, seam_score
from core.engine import Engine
from core.lab.evaluation.answers import PHOTO, Answer, TestSet, spread
from core.lab.evaluation.baselines import Fill, installed_baselines
from core.lab.evaluation.inception import Inception
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import (
    Mask,
    Picture,
    changed_outside,
    has_similarity,
    kernel_distance,
    precision_recall,
    psnr,
    similarity_map,
)
from core.lab.evaluation.model.questions import CLASS_BOX, Question, hole_crops
from core.values import region
from core.values.geometry import Box
from core.values.groups import DecodeOptions, Painting
from core.values.request import EditRequest

SEED = 0  # of the first sample; fixed, so that a report can be made again
RANKED = 4  # samples among which the likeliest is chosen, for the class edit
SEEDS = 3  # answers of different seeds that are compared with each other
SEEDED_PHOTOS = 4  # photos for which they are drawn: each costs two more edits a question and method
_OTHER_SEEDS = 1_000_000  # beyond the seeds of the answers themselves


@dataclass(frozen=True, eq=False)
class _Run:
    """One method's pictures for a question, and what was measured while they were made."""

    pictures: list[Picture]
    figures: dict[str, float] = field(default_factory=dict)


def answer_question(
    engine: Engine,
    test_set: TestSet,
    judge: Judge,
    question: Question,
    *,
    options: DecodeOptions,
    inception: Inception | None = None,
) -> list[Answer]:
    """Return the answers of the photo itself, the baselines that are installed, and the engine with and without class.

    Args:
        engine: the model under test.
        test_set: at least two photos; the question is asked about its `share` of them.
        judge: the metric nets.
        question: what to hide.
        options: how to decode; the seed is replaced by one for each photo.
        inception: for FID and IS of the whole pictures, where there is one.

    Raises:
        BadRequest: where there are fewer than two photos.
    """
    test_set.check()
    asked = test_set.first(max(2, round(question.share * len(test_set.photos))))
    photos = list(asked.photos)
    masks = [question.mask(photos[0].shape[0], i) for i in range(len(photos))]
    runs = {PHOTO: _Run(photos)}
    runs |= {name: _filled(name, fill, photos, masks) for name, fill in installed_baselines()[0].items()}
    for name, labels in _engine_runs(engine, asked):
        runs[name] = _edited(engine, question, photos, masks, labels, options, judge)
    return _judged(question, asked, masks, runs, judge, inception)


def _engine_runs(engine: Engine, test_set: TestSet) -> list[tuple[str, list[int | None]]]:
    """Return (method name, class of each photo) for the model without and, where it knows them, with classes."""
    runs: list[tuple[str, list[int | None]]] = []
    if engine.spec.null_class:
        runs.append((engine.spec.name, [None] * len(test_set.labels)))
    if engine.spec.classes == test_set.classes:
        runs.append((f"{engine.spec.name} + class", list(test_set.labels)))
    return runs


def _filled(name: str, fill: Fill, photos: list[Picture], masks: list[Mask]) -> _Run:
    """Return a baseline's pictures and its mean seconds a photo."""
    started = time.perf_counter()
    pairs = zip(tqdm(photos, desc=name, leave=False, disable=None), masks, strict=True)
    filled = [fill(photo, mask) for photo, mask in pairs]
    return _Run(filled, {"seconds": (time.perf_counter() - started) / len(photos)})


def _edited(
    engine: Engine,
    question: Question,
    photos: list[Picture],
    masks: list[Mask],
    labels: list[int | None],
    options: DecodeOptions,
    judge: Judge,
) -> _Run:
    """Return the engine's pictures, its mean seconds an edit, the true tokens' likelihood and the seeds' diversity."""
    seeded = spread(len(photos), SEEDED_PHOTOS)
    filled, seconds, nll, others = [], 0.0, [], []
    for i, (photo, mask, label) in enumerate(
        zip(tqdm(photos, desc=question.name, leave=False, disable=None), masks, labels, strict=True)
    ):
        request = _request(question, photo, mask, label, replace(options, seed=SEED + i, variations=1))
        result = engine.edit(request)
        filled.append(result.images[0])
        seconds += result.seconds["total"]
        nll.append(engine.token_nll(request, photo))
        if i in seeded:
            drawn = replace(options, seed=SEED + _OTHER_SEEDS + SEEDS * i, variations=SEEDS - 1)
            others.append([filled[-1], *engine.edit(replace(request, decoding=drawn)).images])
    figures = {
        "seconds": seconds / len(photos),
        "NLL per token": float(np.mean(nll)),
        "diversity": diversity(judge, others, [masks[i] for i in seeded]),
    }
    return _Run(filled, figures)


def diversity(judge: Judge, samples: Sequence[Sequence[Picture]], masks: Sequence[Mask] | None = None) -> float:
    """Return the mean perceptual distance of pairs of answers to the same question, in the mask where one is given.

    Args:
        judge: the metric net.
        samples: for each question two or more answers.
        masks: for each question what was hidden; None compares whole pictures.
    """
    places = range(len(samples))
    pairs = [(a, b, i) for i in places for a, b in itertools.combinations(samples[i], 2)]
    hidden = None if masks is None else [masks[i] for _, _, i in pairs]
    return float(judge.distances([a for a, _, _ in pairs], [b for _, b, _ in pairs], hidden).mean())


def _request(question: Question, photo: Picture, mask: Mask, label: int | None, options: DecodeOptions) -> EditRequest:
    # A hard edge: the feather lies inside the mask and would show some of the hidden photo. No finish: the model is
    # measured here, at its own size; what is made of it in whole photos, the room of photos measures.
    painting = Painting(feather_px=0, finish="none")
    cut = question.sides(photo.shape[0])
    if not any(cut):
        return EditRequest(photo, region.Mask(mask), label, painting=painting, decoding=options)
    known = Box(cut.left, cut.top, photo.shape[1] - cut.right, photo.shape[0] - cut.bottom)
    return EditRequest(photo[known.slices].copy(), cut, label, painting=painting, decoding=options)


def _judged(
    question: Question,
    test_set: TestSet,
    masks: list[Mask],
    runs: dict[str, _Run],
    judge: Judge,
    inception: Inception | None,
) -> list[Answer]:
    """Return every method's answer with its figures; what concerns the photos alone is computed once."""
    photos = list(test_set.photos)
    boxes = [(i, box) for i, mask in enumerate(masks) for box in hole_crops(mask)]
    wanted = np.array(test_set.labels)[[i for i, _ in boxes]]
    made = {name: run.pictures for name, run in runs.items() if name != PHOTO}
    distances = judge.distances_to(photos, made, masks)
    real = judge.features([photos[i][box.slices] for i, box in boxes])
    answers = []
    for method, run in tqdm(runs.items(), desc=f"{question.name}: judging", leave=False, disable=None):
        filled = run.pictures
        figures = {
            "pictures": float(len(photos)),
            "seam ratio": _mean([seam_score(a, m) for a, m in zip(filled, masks, strict=True)]),
            "ring delta-E": _mean([ring_shift(a, m) for a, m in zip(filled, masks, strict=True)]),
        }
        features = real if method == PHOTO else judge.features([filled[i][box.slices] for i, box in boxes])
        if method != PHOTO:
            inside, whole = distances[method]
            precision, recall = precision_recall(real, features)
            figures |= {
                "KID of hole crops": kernel_distance(real, features),
                "precision": precision,
                "recall": recall,
                "distance in hole": float(inside.mean()),
                "distance": float(whole.mean()),
                **_pixel_figures(filled, photos, masks),
                **(inception.figures(photos, filled) if inception else {}),
                **run.figures,
            }
        if judge.probes(test_set.classes, test_set.labels):
            figures["class seen"] = float(np.mean(judge.classes(features) == wanted))
        answers.append(Answer(question.name, method, filled, figures))
    return answers


def _pixel_figures(filled: list[Picture], photos: list[Picture], masks: list[Mask]) -> dict[str, float]:
    figures = {
        "PSNR in hole": _mean([psnr(a, b, m) for a, b, m in zip(filled, photos, masks, strict=True)]),
        "PSNR": _mean([psnr(a, b) for a, b in zip(filled, photos, strict=True)]),
        "changed outside": float(sum(changed_outside(a, b, m) for a, b, m in zip(filled, photos, masks, strict=True))),
    }
    if has_similarity():
        maps = [similarity_map(a, b) for a, b in zip(filled, photos, strict=True)]
        figures["SSIM"] = _mean([float(similar.mean()) for similar in maps])
        figures["SSIM in hole"] = _mean([float(s[m].mean()) for s, m in zip(maps, masks, strict=True)])
    return figures


def knows_the_classes(engine: Engine, test_set: TestSet) -> bool:
    """Return whether the photos' classes are the model's, so that it can be asked for them."""
    return engine.spec.classes == test_set.classes


def answer_class_edit(
    engine: Engine, test_set: TestSet, judge: Judge, *, options: DecodeOptions, sharpen: float = Painting.sharpen
) -> list[Answer]:
    """Repaint the centre of each photo as another class; the classes asked for take turns.

    Args:
        engine: the model under test, which knows the photos' classes.
        test_set: the photos.
        judge: the metric nets, with a probe of the photos' classes, which are asked for.
        options: how to decode; the seed is replaced by one for each photo.
        sharpen: how much what is new is sharpened.
    """
    count = judge.class_count
    asked = [(label + 1 + i % (count - 1)) % count for i, label in enumerate(test_set.labels)]
    side = test_set.photos.shape[1]
    box = Box.around(CLASS_BOX.mask(side, 0))
    assert box is not None
    singles, likeliest, first, others, seconds = [], [], [], [], 0.0
    photos = tqdm(test_set.photos, desc=CLASS_BOX.name, leave=False, disable=None)
    for i, (photo, class_id) in enumerate(zip(photos, asked, strict=True)):
        drawn = replace(options, seed=SEED + i, variations=RANKED)
        result = engine.edit(EditRequest(photo, box, class_id, painting=Painting(sharpen=sharpen), decoding=drawn))
        singles.append(result.images[0])  # equals itself drawn alone
        likeliest.append(result.images[int(np.argmax(result.scores))])
        first.append(result.images[result.ranking[0]])
        others.append([image[box.slices] for image in result.images[:SEEDS]])
        seconds += result.seconds["total"]
    name = engine.spec.name
    # Each sample of a batch takes its share on the CPU, where they go through the nets one by one.
    spent = seconds / len(asked)
    seeded = spread(len(others), SEEDED_PHOTOS)
    one = {"seconds": spent / RANKED, "diversity": diversity(judge, [others[i] for i in seeded])}
    methods: list[tuple[str, list[Picture], Sequence[int], dict[str, float]]] = [
        (f"{PHOTO}, its own class", list(test_set.photos), test_set.labels, {}),
        (f"{name}, one sample", singles, asked, one),
        (f"{name}, likeliest of {RANKED}", likeliest, asked, {"seconds": spent}),
        (f"{name}, first ranked of {RANKED}", first, asked, {"seconds": spent}),
    ]
    answers = []
    for method, pictures, wanted, measured in methods:
        seen = judge.classes(judge.features([picture[box.slices] for picture in pictures]))
        figures = {"pictures": float(len(asked)), "class seen": float(np.mean(seen == np.array(wanted))), **measured}
        answers.append(Answer(CLASS_BOX.name, method, pictures, figures))
    return answers


def _mean(values: Sequence[float]) -> float:
    """Return the mean of the finite values; nan where there are none."""
    finite = [v for v in values if np.isfinite(v)]
    return float(np.mean(finite)) if finite else float("nan")
