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
_BATCH = 16
_PENALTY = 2e-3  # L2, as of the fixed probe which the model card's figures were judged by
_ROUNDS = 100  # of L-BFGS at most


@dataclass(frozen=True, eq=False)
class Probe:
    """Linear probe on `MetricNet.features`: w (C, 1280) and b (C,), float32."""

    w: Tensor
    b: Tensor

    @classmethod
    def read(cls, path: Path) -> Probe:
        """Return the probe of an .npz file with arrays `w` and `b`.

        Raises:
            FileNotFoundError: where the file is missing.
            ValueError, BadZipFile: where it is no such file.
        """
        with np.load(path) as arrays:
            if not {"w", "b"} <= set(arrays.files):
                raise ValueError(f"{path} is no probe: give an .npz file with w (classes, 1280) and b (classes)")
            return cls(*(torch.from_numpy(arrays[name].astype(np.float32)) for name in "wb"))

    @classmethod
    def fitted(cls, features: Tensor, labels: Tensor, classes: int) -> Probe:
        """Return the logistic regression of classes on features; the same photos give the same probe.

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
        """Return (B, C) logits of (B, 1280) features."""
        return features @ self.w.to(features.device).T + self.b.to(features.device)


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
        self,
        photos: Sequence[Picture],
        answers: Mapping[str, Sequence[Picture]],
        masks: Sequence[Mask] | None = None,
    ) -> dict[str, NDArray[np.float32]]:
        """Return each method's perceptual distances to the photos, (n, 2): of the whole picture, of the masked part.

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
