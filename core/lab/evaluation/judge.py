"""The metric net, and a linear probe on its features, asked in batches about lists of pictures.

Knows nothing of how the pictures came to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.lab.evaluation.metrics import Mask, Picture, to_tensor
from core.lab.features import MetricNet, Probe, tap_distance
from core.models.vision import BUNDLED_NET

SIDE = 224  # pixels at which the metric net was trained and its reference values hold
_BATCH = 16  # pictures at a time, 10 MB of pixels at 224 px: bounds the memory of their activations


class Judge:
    """Perceptual distances, features and classes of pictures.

    Args:
        weights: of the metric net; None for those that come with the bundled model.

    Attributes:
        probe: tells the classes of the photos apart; None leaves out all figures on classes.
    """

    def __init__(self, weights: Path | None = None) -> None:
        self._net = MetricNet(BUNDLED_NET if weights is None else weights).eval()
        self.probe: Probe | None = None

    @torch.inference_mode()
    def features(self, pictures: Sequence[Picture]) -> Tensor:
        """Compute (n, 1280) float32 pooled features of pictures of any size, squeezed to squares."""
        starts = range(0, len(pictures), _BATCH)
        return torch.cat([self._net.features(to_tensor(pictures[i : i + _BATCH], SIDE)) for i in starts])

    def classes(self, features: Tensor) -> NDArray[np.int64]:
        """Classify (n, 1280) features by the probe, which must be there: (n,) int64 class indices."""
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
        self,
        photos: Sequence[Picture],
        answers: Mapping[str, Sequence[Picture]],
        masks: Sequence[Mask] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Measure each method's perceptual distances to the photos, (n, 2): of the whole picture, of the masked part.

        Args:
            photos: n pictures.
            answers: n pictures by method.
            masks: of the parts that count; without them both figures are of the whole picture.
        """
        found: dict[str, list[Tensor]] = {name: [] for name in answers}
        for start in range(0, len(photos), _BATCH):
            part = slice(start, start + _BATCH)
            hidden = None if masks is None else _mask_tensor(masks[part])
            wanted = self._net.taps(to_tensor(photos[part], SIDE))  # looked at once, whatever the number of methods
            for name, pictures in answers.items():
                made = self._net.taps(to_tensor(pictures[part], SIDE))
                found[name].append(torch.stack([tap_distance(made, wanted, mask) for mask in (None, hidden)], 1))
        return {name: torch.cat(parts).numpy() for name, parts in found.items()}

    @torch.inference_mode()
    def distances_as_they_are(
        self, photos: Sequence[Picture], answers: Mapping[str, Sequence[Picture]], masks: Sequence[Mask]
    ) -> dict[str, float]:
        """Measure each method's mean distance in the hole, in crops of one photo at their own size (64 px and more).

        Each crop weighs as many as its mask has pixels.
        """
        total = dict.fromkeys(answers, 0.0)
        for i, (photo, mask) in enumerate(zip(photos, masks, strict=True)):
            hidden, wanted = torch.from_numpy(mask)[None, None], self._net.taps(_as_it_is(photo))
            for name, pictures in answers.items():
                near = tap_distance(self._net.taps(_as_it_is(pictures[i])), wanted, hidden)
                total[name] += float(near) * int(mask.sum())
        return {name: value / sum(int(mask.sum()) for mask in masks) for name, value in total.items()}


def _as_it_is(picture: Picture) -> Tensor:
    """Convert a picture to (1, 3, H, W) float32 in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None].float() / 255.0


def _mask_tensor(masks: Sequence[Mask]) -> Tensor:
    """Convert masks to (n, 1, SIDE, SIDE) bool."""
    resized = [cv2.resize(mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) for mask in masks]
    return torch.from_numpy(np.stack(resized) > 0).unsqueeze(1)
