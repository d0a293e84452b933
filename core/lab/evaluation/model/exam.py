"""The model, the photos and the judge that all questions at the model's size share.

Knows nothing of the questions.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation.answers import spread
from core.lab.evaluation.cases import Photo
from core.lab.evaluation.inception import Inception
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Mask, Picture, kernel_distance, precision_recall
from core.values.groups import DecodeOptions, Painting

SAMPLES = 12  # of each class: what a person takes in on a sheet
SEEDS = 3  # answers of different seeds that are compared with each other


@dataclass(frozen=True, eq=False)
class Exam:
    """One model before its photos.

    Attributes:
        engine: the model under test.
        photos: (n, S, S, 3) uint8 RGB, n at least 2.
        labels: n indices into `classes`.
        classes: class names, in the order of the engine's and of the probe's classes.
        judge: the metric nets.
        options: how to decode, as far as it is not as the model advises; each photo and sample has a seed of its own.
        sharpen: how much new pictures are sharpened.
        samples: generated pictures per class, at least 2.
        inception: for FID and IS; None leaves them out.

    Raises:
        BadRequest: on construction, if photos or samples are too few to compare distributions.
    """

    engine: Engine
    photos: NDArray[np.uint8]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    judge: Judge
    options: DecodeOptions
    sharpen: float = Painting.sharpen
    samples: int = SAMPLES
    inception: Inception | None = None

    def __post_init__(self) -> None:
        """Check that there are enough."""
        if len(self.photos) < 2:
            raise BadRequest(f"{len(self.photos)} photos are too few to compare: give at least 2.")
        if self.samples < 2:
            raise BadRequest(f"--samples is {self.samples}: give at least 2 pictures a class.")

    @property
    def name(self) -> str:
        """The model's name, the beginning of its methods' names."""
        return self.engine.spec.name

    @property
    def knows_classes(self) -> bool:
        """Whether the photos' classes are the model's, so that they can be requested."""
        return self.engine.spec.classes == self.classes

    @property
    def sees_classes(self) -> bool:
        """Whether the judge's probe tells the photos' classes apart."""
        return self.judge.probes(self.classes, self.labels)

    def first(self, limit: int | None) -> Exam:
        """Limit the photos to `limit`, spread evenly over all; None keeps all."""
        chosen = spread(len(self.photos), limit)
        return replace(self, photos=self.photos[chosen], labels=tuple(self.labels[i] for i in chosen))

    def numbered(self) -> list[Photo]:
        """Return the photos with numbers and classes."""
        return [Photo(str(i), p, i, label) for i, (p, label) in enumerate(zip(self.photos, self.labels, strict=True))]

    def drawn(self, seed: int, variations: int = 1) -> DecodeOptions:
        """Return the options of one photo or sample; its number is its seed, so that a report can be repeated."""
        return replace(self.options, seed=seed, variations=variations)

    def seen(self, features: Tensor, wanted: Sequence[int]) -> dict[str, float]:
        """Measure how often the probe sees the wanted class in (n, 1280) features; nothing without a suitable probe."""
        return {"class seen": float(np.mean(self.judge.classes(features) == wanted))} if self.sees_classes else {}

    def scored(self, real: Sequence[Picture], made: Sequence[Picture]) -> dict[str, float]:
        """Measure FID and IS of whole pictures; nothing without an Inception net."""
        return self.inception.figures(real, made) if self.inception else {}

    def diversity(self, samples: Sequence[Picture], mask: Mask | None = None) -> float:
        """Average the perceptual distance of all pairs of answers to one question, in the mask if one is given."""
        first, second = zip(*itertools.combinations(samples, 2), strict=True)
        masks = None if mask is None else [mask] * len(first)
        return float(self.judge.distances(first, {"": second}, masks)[""][:, 1].mean())


def compared(real: Tensor, made: Tensor, *, kid: str = "KID") -> dict[str, float]:
    """Compare the features of pictures, (m, d), with those of photos, (n, d); n and m at least 2."""
    precision, recall = precision_recall(real, made)
    return {kid: kernel_distance(real, made), "precision": precision, "recall": recall}
