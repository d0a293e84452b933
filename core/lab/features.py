"""EfficientNet-Lite0 as a yardstick: the perceptual distance of two pictures, and probes that tell classes apart.

Knows nothing of our models or of where photos lie. Training learns with it and evaluation measures with it, using the
weights of the bundled model (`core.models.vision.BUNDLED_NET`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.models.efficientnet import EfficientNetLite0, read_folded

_TAPS = (0, 2, 4, 10, 15)
"""Blocks whose outputs make up the perceptual distance: the last before each halving of the size, and the very last."""
_PENALTY = 2e-3  # L2, as of the fixed probe which the model card's figures were judged by
_ROUNDS = 100  # of L-BFGS at most


class MetricNet(EfficientNetLite0):
    """The net of a weight file, and the distance made of its blocks.

    Raises:
        FileNotFoundError: if the weight file is missing.
    """

    def __init__(self, weights: Path) -> None:
        super().__init__(read_folded(weights))

    def taps(self, pixels: Tensor, last: int = 15) -> list[Tensor]:
        """Compute the tapped outputs that the perceptual distance compares, (B, C, h, w) each, of unit length over C.

        Args:
            pixels: (B, 3, H, W) in [0, 1].
            last: stop at the last tap up to this block (fewer taps are faster: training uses 4).
        """
        chosen = [t for t in _TAPS if t <= last]
        outputs = self.blocks(pixels, chosen[-1])
        return [F.normalize(outputs[tap], dim=1) for tap in chosen]

    def distance(self, a: Tensor, b: Tensor, *, mask: Tensor | None = None, last: int = 15) -> Tensor:
        """Measure each pair's perceptual distance: (B,) float32, 0 for equal pictures, about 1.7 for unrelated ones.

        Args:
            a, b: (B, 3, H, W) in [0, 1]. The reference values hold at 224x224.
            mask: (B, 1, H, W) bool; if given, only positions that it touches count.
            last: as for `taps`.
        """
        return tap_distance(self.taps(a, last), self.taps(b, last), mask)


def tap_distance(a: Sequence[Tensor], b: Sequence[Tensor], mask: Tensor | None = None) -> Tensor:
    """Measure the perceptual distances, (B,) float32, of pictures whose `MetricNet.taps` are known.

    Args:
        a, b: taps of as many pictures, (B, C, h, w) each.
        mask: (B, 1, H, W) bool; if given, only positions that it touches count.
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
