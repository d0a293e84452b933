"""How much of a photo survives the tokenizer: encode and decode alone, at the model's own resolution.

Knows nothing of masks or decoding.
"""

from __future__ import annotations

import time

import cv2
import numpy as np
from tqdm import tqdm

from core.engine import Engine
from core.lab.evaluation.answers import PHOTO, Answer, TestSet
from core.lab.evaluation.inception import Inception
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import has_similarity, kernel_distance, lattice, psnr, similarity_map

QUESTION = "reconstruction"


def evaluate_reconstruction(
    engine: Engine, test_set: TestSet, judge: Judge, *, inception: Inception | None = None
) -> list[Answer]:
    """Return the photos at the model's resolution and their reconstructions, with figures for the latter.

    Args:
        engine: the model under test.
        test_set: at least two photos.
        judge: the metric nets.
        inception: for FID and IS, where there is one.

    Raises:
        BadRequest: where there are fewer than two photos.
    """
    test_set.check()
    pixels = engine.spec.pixels
    photos = [cv2.resize(p, (pixels, pixels), interpolation=cv2.INTER_AREA).astype(np.uint8) for p in test_set.photos]
    started = time.perf_counter()
    decoded = [engine.reconstruct(photo) for photo in tqdm(photos, desc=QUESTION, leave=False, disable=None)]
    seconds = (time.perf_counter() - started) / len(photos)
    figures = {
        "pictures": float(len(photos)),
        "PSNR": float(np.mean([psnr(a, b) for a, b in zip(decoded, photos, strict=True)])),
        "distance": float(judge.distances(decoded, photos).mean()),
        "KID": kernel_distance(judge.features(photos), judge.features(decoded)),
        "lattice": float(np.median([lattice(picture, pixels) for picture in decoded])),
        "seconds": seconds,
        **(inception.figures(photos, decoded) if inception else {}),
    }
    if has_similarity():
        maps = [similarity_map(a, b) for a, b in zip(decoded, photos, strict=True)]
        figures["SSIM"] = float(np.mean([similar.mean() for similar in maps]))
    return [Answer(QUESTION, PHOTO, photos, {}), Answer(QUESTION, engine.spec.name, decoded, figures)]
