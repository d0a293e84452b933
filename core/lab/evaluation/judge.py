"""The metric net and the probe, asked in batches about lists of pictures.

Knows nothing of how the pictures came to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.lab.evaluation.metrics import Mask, Picture, to_tensor
from core.lab.evaluation.probe import Probe
from core.lab.features import MetricNet, tap_distance
from core.models.vision import BUNDLED_NET

SIDE = 224  # pixels at which the metric net was trained and its reference values hold
_BATCH = 16


class Judge:
    """Perceptual distances, features and classes of pictures.

    Args:
        weights: of the metric net; those that come with the bundled model where none are given.

    Attributes:
        probe: tells the classes of the photos apart; None leaves out what is said of classes.
    """

    def __init__(self, weights: Path | None = None) -> None:
        self._net = MetricNet(BUNDLED_NET if weights is None else weights).eval()
        self.probe: Probe | None = None

    def learn_classes(self, pictures: Iterable[Picture], labels: Sequence[int], classes: int) -> None:
        """Fit the probe on n pictures, taken one by one, with labels in [0, classes)."""
        features = torch.cat([self.features([picture]) for picture in pictures])
        self.probe = Probe.fitted(features, torch.tensor(labels), classes)

    @torch.inference_mode()
    def features(self, pictures: Sequence[Picture]) -> Tensor:
        """Return (n, 1280) float32 pooled features of pictures of any size, squeezed to squares."""
        starts = range(0, len(pictures), _BATCH)
        return torch.cat([self._net.features(to_tensor(pictures[i : i + _BATCH], SIDE)) for i in starts])

    def classes(self, features: Tensor) -> NDArray[np.int64]:
        """Return the probe's class index, (n,) int64, of each of (n, 1280) features; there must be a probe."""
        assert self.probe is not None, "ask `probes` first"
        return self.probe.logits(features).argmax(1).numpy()

    @property
    def class_count(self) -> int:
        """How many classes the probe tells apart; 0 without one."""
        return 0 if self.probe is None else len(self.probe.b)

    def probes(self, classes: Sequence[str], labels: Sequence[int]) -> bool:
        """Return whether the probe tells the classes of these labels apart: its classes are the first of `classes`."""
        return 0 < self.class_count <= len(classes) and max(labels) < self.class_count

    @torch.inference_mode()
    def distances(
        self, a: Sequence[Picture], b: Sequence[Picture], masks: Sequence[Mask] | None = None
    ) -> NDArray[np.float32]:
        """Return (n,) perceptual distances of pairs, of the masked part where masks are given."""
        parts = []
        for start in range(0, len(a), _BATCH):
            part = slice(start, start + _BATCH)
            hidden = None if masks is None else _mask_tensor(masks[part])
            parts.append(self._net.distance(to_tensor(a[part], SIDE), to_tensor(b[part], SIDE), mask=hidden))
        return torch.cat(parts).numpy()

    @torch.inference_mode()
    def distances_to(
        self, photos: Sequence[Picture], answers: Mapping[str, Sequence[Picture]], masks: Sequence[Mask]
    ) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return each method's distances to the photos: (of the masked part, of the whole picture), (n,) each.

        The same figures as `distances`, at a quarter of the work: the net looks once at each photo and each picture.
        """
        inside: dict[str, list[Tensor]] = {name: [] for name in answers}
        whole: dict[str, list[Tensor]] = {name: [] for name in answers}
        for start in range(0, len(photos), _BATCH):
            part = slice(start, start + _BATCH)
            hidden = _mask_tensor(masks[part])
            wanted = self._net.taps(to_tensor(photos[part], SIDE))
            for name, pictures in answers.items():
                made = self._net.taps(to_tensor(pictures[part], SIDE))
                inside[name].append(tap_distance(made, wanted, hidden))
                whole[name].append(tap_distance(made, wanted))
        return {name: (torch.cat(inside[name]).numpy(), torch.cat(whole[name]).numpy()) for name in answers}

    @torch.inference_mode()
    def distances_as_they_are(
        self, photos: Sequence[Picture], answers: Mapping[str, Sequence[Picture]], masks: Sequence[Mask]
    ) -> dict[str, float]:
        """Return each method's mean distance in the hole, of crops of one photo at their own size (64 px and more).

        The mean over the pixels of all crops' holes: each crop weighs as many as its mask has.
        """
        total = dict.fromkeys(answers, 0.0)
        for i, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
            hidden, wanted = torch.from_numpy(mask)[None, None], self._net.taps(_as_it_is(photo))
            for name, pictures in answers.items():
                near = tap_distance(self._net.taps(_as_it_is(pictures[i])), wanted, hidden)
                total[name] += float(near) * int(mask.sum())
        return {name: value / sum(int(mask.sum()) for mask in masks) for name, value in total.items()}


def _as_it_is(picture: Picture) -> Tensor:
    """Return a picture as (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float() / 255.0


def _mask_tensor(masks: Sequence[Mask]) -> Tensor:
    """Return masks as (n, 1, SIDE, SIDE) bool."""
    resized = [cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) for mask in masks]
    return torch.from_numpy(np.stack(resized) > 0).unsqueeze(1)
