"""Measures whole pictures: what the tokenizer keeps of a photo, and samples of each class against the photos.

Knows nothing of holes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from core.lab.evaluation.answers import PHOTO, Answer, Part
from core.lab.evaluation.metrics import has_similarity, kernel_distance, lattice, psnr, similarity_map, to_side
from core.lab.evaluation.model.edits import SHOWN, side_by_side
from core.lab.evaluation.model.exam import SEEDS, Exam, compared
from core.lab.evaluation.model.questions import GENERATION, RECONSTRUCTION
from core.lab.evaluation.sheets import Line, fitted
from core.values.groups import Painting
from core.values.request import EditRequest
from core.values.result import EditResult

_BATCH = 16  # samples that are decoded together, where the device does
_SHOWN = 8  # samples of a class on a sheet


def answer_reconstruction(exam: Exam) -> Part:
    """Encode and decode the photos at the model's resolution, and measure what is lost."""
    pixels = exam.engine.spec.pixels
    photos = [to_side(photo, pixels) for photo in exam.photos]
    decoded, answers = [], []
    for i, photo in enumerate(tqdm(photos, desc=RECONSTRUCTION, leave=False, disable=None)):
        started = time.perf_counter()
        decoded.append(exam.engine.reconstruct(photo))
        figures = {"seconds": time.perf_counter() - started, "PSNR": psnr(decoded[i], photo)}
        if has_similarity():
            figures["SSIM"] = float(similarity_map(decoded[i], photo).mean())
        answers.append(Answer(str(i), exam.name, figures))
    pooled = {
        "pictures": float(len(photos)),
        "distance": float(exam.judge.distances(photos, {"": decoded})[""][:, 0].mean()),
        "KID": kernel_distance(exam.judge.features(photos), exam.judge.features(decoded)),
        "lattice": float(np.median([lattice(picture, pixels) for picture in decoded])),
        **exam.scored(photos, decoded),
    }
    lines = side_by_side({PHOTO: photos, exam.name: decoded})
    return Part(RECONSTRUCTION, answers, {exam.name: pooled}, {"": lines}, over=np.mean)


def generated(exam: Exam) -> Iterator[EditResult]:
    """Yield the result of each sample, `exam.samples` of each class of the photos, one class after another.

    Seconds are each sample's share of the batch that was decoded together.
    """
    painting = Painting(sharpen=exam.sharpen)
    asked = [
        EditRequest(class_id=c, painting=painting, decoding=exam.drawn(c * exam.samples + i))
        for c in sorted(set(exam.labels))
        for i in range(exam.samples)
    ]
    for start in tqdm(range(0, len(asked), _BATCH), desc=GENERATION, leave=False, disable=None):
        batch = asked[start : start + _BATCH]
        for result in exam.engine.edit_together(batch):
            yield replace(result, seconds={stage: s / len(batch) for stage, s in result.seconds.items()})


def answer_generation(exam: Exam) -> Part:
    """Generate pictures of each class and compare them with the photos, scaled down to the pictures' size."""
    side = min(exam.engine.spec.new_side(exam.sharpen), exam.photos.shape[1])
    photos = [to_side(photo, side) for photo in exam.photos]
    classes = sorted(set(exam.labels))
    results = list(generated(exam))
    made = [result.images[0] for result in results]
    by_class = [made[i : i + exam.samples] for i in range(0, len(made), exam.samples)]
    real, features = exam.judge.features(photos), exam.judge.features(made)
    pooled = {
        PHOTO: {"pictures": float(len(photos)), **exam.seen(real, exam.labels)},
        f"{exam.name} + class": {
            "pictures": float(len(made)),
            **compared(real, features),
            "diversity": float(np.mean([exam.diversity(some[:SEEDS]) for some in by_class])),
            "lattice": float(np.median([lattice(picture, exam.engine.spec.pixels) for picture in made])),
            "seconds": float(np.mean([result.seconds["total"] for result in results])),
            **exam.scored(photos, made),
            **exam.seen(features, list(np.repeat(classes, exam.samples))),
        },
    }
    shown = [[photos[exam.labels.index(label)], *some[:_SHOWN]] for label, some in zip(classes, by_class, strict=True)]
    lines: list[Line] = [(["photo", "generated"], [fitted(picture, SHOWN) for picture in line]) for line in shown]
    return Part(GENERATION, (), pooled, {"": lines})
