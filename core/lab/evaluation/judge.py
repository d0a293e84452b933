"""The metric net, and a linear probe on its features, asked in batches about lists of pictures.

Knows nothing of how the pictures came to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.lab.evaluation.metrics import Mask, Picture, to_tensor
from core.lab.features import MetricNet, tap_distance
from core.models.vision import BUNDLED_NET

SIDE = 224  # pixels at which the metric net was trained and its reference values hold
_BATCH = 16  # pictures at a time, 10 MB of pixels at 224 px: bounds the memory of their activations
_PENALTY = 2e-3  # L2, as of the fixed probe which the model card's figures were judged by
_ROUNDS = 100  # of L-BFGS at most


@dataclass(frozen=True, eq=False)
class Probe:
    """Linear probe on `MetricNet.features`: w (C, 1280) and b (C,), float32."""

    w: Tensor
    b: Tensor

    @classmethod
    def read(cls, path: Path) -> Probe:
        """Read the probe in an .npz file with arrays `w` and `b`.

        Raises:
            FileNotFoundError: if the file is missing.
            ValueError, BadZipFile: if it is another kind of file.
        """
        with np.load(path) as arrays:
            if not {"w", "b"} <= set(arrays.files):
                raise ValueError(f"{path} is no probe: give an .npz file with w (classes, 1280) and b (classes)")
            return cls(*(torch.from_numpy(arrays[name].astype(np.float32)) for name in "wb"))

    @classmethod
    def fitted(cls, features: Tensor, labels: Tensor, classes: int) -> Probe:
        """Fit the logistic regression of classes on features; the same photos give the same probe.

        Args:
            features: (n, 1280) float32.
            labels: (n,) int64 in [0, classes).
            classes: C.
        """
        w = torch.zeros(classes, features.shape[1], requires_grad=True)
        b = torch.zeros(classes, requires_grad=True)
        optimizer = torch.optim.LBFGS([w, b], max_iter=_ROUNDS, line_search_fn="strong_wolfe")

        def closure() -> Tensor:
            optimizer.zero_grad()
            loss = F.cross_entropy(features @ w.T + b, labels) + _PENALTY * w.square().sum()
            torch.autograd.backward([loss])
            return loss

        optimizer.step(closure)
        return cls(w.detach(), b.detach())

    def logits(self, features: Tensor) -> Tensor:
        """Compute (B, C) logits of (B, 1280) features."""
        return features @ self.w.to(features.device).T + self.b.to(features.device)


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
