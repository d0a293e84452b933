"""EfficientNet-Lite0 as a yardstick: perceptual distance, pooled features, and an 11-class linear probe.

Knows nothing of our models. The weights are two small .npz files beside the training data (their README states the
layout and the reference values); the product never needs them, training and evaluation do.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
_TAPS = (0, 2, 4, 10, 15)  # blocks whose outputs make the perceptual distance


def _same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad as TensorFlow's SAME does: the smaller half left and top. Symmetric padding costs 4 points of accuracy."""
    pads = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[3], x.shape[2])]
    return F.pad(x, (pads[0] // 2, pads[0] - pads[0] // 2, pads[1] // 2, pads[1] - pads[1] // 2))


class MetricNet(nn.Module):
    """Frozen EfficientNet-Lite0 (Apache-2.0), float32.

    Raises:
        FileNotFoundError: where the weight file is missing.
    """

    fc_w: Tensor
    fc_b: Tensor

    def __init__(self, weights: Path) -> None:
        super().__init__()
        with np.load(weights) as arrays:
            for name in arrays.files:
                self.register_buffer(name.replace(".", "_"), torch.from_numpy(arrays[name].astype(np.float32)))

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight: Tensor = getattr(self, f"{name}_w")
        groups = x.shape[1] // weight.shape[1]
        if weight.shape[-1] > 1:
            x = _same(x, weight.shape[-1], stride)
        return F.conv2d(x, weight, getattr(self, f"{name}_b"), stride=stride, groups=groups)

    def blocks(self, pixels: Tensor, last: int = 15) -> list[Tensor]:
        """Return the outputs of blocks 0..last of (B, 3, H, W) pixels in [0, 1], H and W at least 32."""
        x = F.relu6(self._conv((pixels * 255.0 - 127.0) / 128.0, "stem", 2))
        outputs: list[Tensor] = []
        for i, stride in enumerate(_STRIDES[: last + 1]):
            h = F.relu6(self._conv(x, f"b{i}_exp")) if hasattr(self, f"b{i}_exp_w") else x
            h = self._conv(F.relu6(self._conv(h, f"b{i}_dw", stride)), f"b{i}_proj")
            x = x + h if stride == 1 and h.shape[1] == x.shape[1] else h
            outputs.append(x)
        return outputs

    def features(self, pixels: Tensor) -> Tensor:
        """Return pooled features (B, 1280) float32 of (B, 3, H, W) pixels in [0, 1]; 224x224 is the trained size."""
        return F.relu6(self._conv(self.blocks(pixels)[-1], "head")).mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """Return (B, 1000) logits of ImageNet's classes, in the order of their WordNet ids, of (B, 1280) features."""
        return features @ self.fc_w.T + self.fc_b

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


class Probe:
    """Linear probe on `MetricNet.features`: 11 classes in the order of the training data's labels.json."""

    def __init__(self, weights: Path) -> None:
        with np.load(weights) as arrays:
            self.w = torch.from_numpy(arrays["w"].astype(np.float32))
            self.b = torch.from_numpy(arrays["b"].astype(np.float32))

    def logits(self, features: Tensor) -> Tensor:
        """Return (B, 11) logits of (B, 1280) features."""
        return features @ self.w.to(features.device).T + self.b.to(features.device)
