"""How good whole pictures of a class are: samples of each class beside the photos of the test set.

Knows nothing of holes. Photos are as large as the pictures, or as large as they are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from tqdm import tqdm

from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation.answers import PHOTO, Answer, TestSet
from core.lab.evaluation.inception import Inception
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import kernel_distance, lattice, precision_recall, to_side
from core.lab.evaluation.model.edits import SEED, SEEDS, diversity
from core.values.groups import MOST_VARIATIONS, DecodeOptions, Painting
from core.values.request import EditRequest

QUESTION = "generation per class"
SAMPLES = 12


def evaluate_generation(
    engine: Engine,
    test_set: TestSet,
    judge: Judge,
    *,
    options: DecodeOptions,
    sharpen: float = Painting.sharpen,
    samples: int = SAMPLES,
    inception: Inception | None = None,
) -> list[Answer]:
    """Return one photo and `samples` pictures of each class in the test set, by class, with figures for the latter.

    Args:
        engine: the model under test, which knows the photos' classes.
        test_set: at least two photos.
        judge: the metric nets.
        options: how to decode; every sample has a seed of its own.
        sharpen: how much the pictures are sharpened.
        samples: pictures a class, at least 2.
        inception: for FID and IS, where there is one.

    Raises:
        BadRequest: where there are fewer than two photos or samples a class.
    """
    test_set.check()
    if samples < 2:
        raise BadRequest(f"--samples is {samples}: give at least 2 pictures a class.")
    side = min(engine.spec.new_side(sharpen), test_set.photos.shape[1])
    photos = [to_side(photo, side) for photo in test_set.photos]
    classes = sorted(set(test_set.labels))
    made, by_class, seconds = [], [], 0.0
    for class_id in tqdm(classes, desc=QUESTION, leave=False, disable=None):
        for start in range(0, samples, MOST_VARIATIONS):
            count = min(MOST_VARIATIONS, samples - start)
            drawn = replace(options, seed=SEED + class_id * samples + start, variations=count)
            result = engine.edit(EditRequest(class_id=class_id, painting=Painting(sharpen=sharpen), decoding=drawn))
            made += list(result.images)
            seconds += result.seconds["total"]
        by_class.append(made[-samples:])
    real, features = judge.features(photos), judge.features(made)
    precision, recall = precision_recall(real, features)
    figures = {
        "pictures": float(len(made)),
        "KID": kernel_distance(real, features),
        "precision": precision,
        "recall": recall,
        "diversity": diversity(judge, [pictures[:SEEDS] for pictures in by_class]),
        "lattice": float(np.median([lattice(picture, engine.spec.pixels) for picture in made])),
        "seconds": seconds / len(made),
        **(inception.figures(photos, made) if inception else {}),
    }
    natural = {"pictures": float(len(photos))}
    if judge.probes(test_set.classes, test_set.labels):
        natural["class seen"] = float(np.mean(judge.classes(real) == np.array(test_set.labels)))
        figures["class seen"] = float(np.mean(judge.classes(features) == np.repeat(classes, samples)))
    shown = [photos[test_set.labels.index(class_id)] for class_id in classes]
    return [
        Answer(QUESTION, PHOTO, shown, natural),
        Answer(QUESTION, f"{engine.spec.name} + class", made, figures),
    ]
