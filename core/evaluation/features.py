"""EfficientNet-Lite0 as a yardstick: perceptual distance, and a linear probe of classes on its pooled features.

Knows nothing of our models or of where photos lie. The net's weights come with the bundled model
(`core.models.vision.BUNDLED_NET`); a probe is fitted on photos of the classes that it is to tell apart.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.models.efficientnet import EfficientNetLite0, read_folded

_TAPS = (0, 2, 4, 10, 15)
"""Blocks whose outputs make the perceptual distance: the last before each halving of the size, and the last of all."""
_PENALTY = 2e-3
"""L2 penalty of a probe's weights, that of the fixed probe which the model card's figures were judged by."""
_ROUNDS = 100
"""Most rounds of L-BFGS: features of 1280 numbers and a few thousand photos settle in fewer."""


class MetricNet(EfficientNetLite0):
    """The net of a weight file, and the distance that its blocks make.

    Raises:
        FileNotFoundError: where the weight file is missing.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__(read_folded(weights))

    def taps(self, pixels: Tensor, last: int = 15) -> list[Tensor]:
        """Return what the perceptual distance compares: tapped blocks' outputs, (B, C, h, w), of unit length over C.

        Args:
            pixels: (B, 3, H, W) in [0, 1].
            last: stop at the last tap not beyond this block (fewer taps are cheaper: training uses 4).
        """
        chosen = [t for t in _TAPS if t <= last]
        outputs = self.blocks(pixels, chosen[-1])
        return [F.normalize(outputs[tap], dim=1) for tap in chosen]

    def distance(self, a: Tensor, b: Tensor, *, mask: Tensor | None = None, last: int = 15) -> Tensor:
        """Return each pair's perceptual distance: (B,) float32, 0 for equal pictures, about 1.7 for unrelated ones.

        Args:
            a, b: (B, 3, H, W) in [0, 1]. The reference values hold at 224x224.
            mask: (B, 1, H, W) bool; where given, only positions that it touches count.
            last: as for `taps`.
        """
        return tap_distance(self.taps(a, last), self.taps(b, last), mask)


def tap_distance(a: Sequence[Tensor], b: Sequence[Tensor], mask: Tensor | None = None) -> Tensor:
    """Return the perceptual distances, (B,) float32, of pictures whose `MetricNet.taps` are known.

    Args:
        a, b: taps of as many pictures, (B, C, h, w) each.
        mask: (B, 1, H, W) bool; where given, only positions that it touches count.
    """
    total = torch.zeros(a[0].shape[0], device=a[0].device)
    for for_a, for_b in zip(a, b, strict=True):
        gap = (for_a - for_b).square().sum(1)  # (B, h, w)
        if mask is None:
            total = total + gap.mean((1, 2))
        else:
            weight = F.adaptive_max_pool2d(mask.float(), gap.shape[1:])[:, 0]
            total = total + (gap * weight).sum((1, 2)) / weight.sum((1, 2)).clamp_min(1.0)
    return total / len(a)


@dataclass(frozen=True, eq=False)
class Probe:
    """Linear probe on `MetricNet.features`.

    Attributes:
        w: (C, 1280) float32.
        b: (C,) float32.
    """

    w: Tensor
    b: Tensor

    @classmethod
    def read(cls, path: Path) -> Probe:
        """Return the probe of an .npz file with arrays `w` and `b`.

        Raises:
            FileNotFoundError: where the file is missing.
            ValueError: where it is no such file.
        """
        try:
            with np.load(path) as arrays:
                w, b = (torch.from_numpy(arrays[name].astype(np.float32)) for name in "wb")
        except (KeyError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(f"{path} is no probe: give an .npz file with w (classes, 1280) and b (classes)") from error
        return cls(w, b)

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
