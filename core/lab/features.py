"""EfficientNet-Lite0 as a yardstick: the perceptual distance of two pictures.

Knows nothing of our models or of where photos lie. Training learns with it and evaluation measures with it, using the
weights of the bundled model (`core.models.vision.BUNDLED_NET`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from core.models.efficientnet import EfficientNetLite0, read_folded

_TAPS = (0, 2, 4, 10, 15)
"""Blocks whose outputs make up the perceptual distance: the last before each halving of the size, and the very last."""


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
