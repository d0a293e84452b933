"""EfficientNet-Lite0, a small classifier of ImageNet's 1000 classes, with folded batch norms.

Knows nothing of its uses: evaluation and training take it as a yardstick, recognising and suggestions as a classifier.
Source: Tan & Le 2019, the Lite variant of 2020 (Apache-2.0); docs/architectures.md, section 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.containers import each_tensor

SIDE = 224
"""Side in pixels of the squares that it was trained on (Tan & Le 2019)."""
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
"""Strides of its blocks, EfficientNet-B0's; Tan & Le 2019, table 1."""
_KERNELS = (3, 3, 3, 5, 5, 3, 3, 3, 5, 5, 5, 5, 5, 5, 5, 3)  # kernel sizes of its blocks, EfficientNet-B0's
_CHANNELS = (16, 24, 24, 40, 40, 80, 80, 80, 112, 112, 112, 192, 192, 192, 192, 320)
"""Output channels of its blocks, EfficientNet-B0's; Tan & Le 2019, table 1."""
_STEM, _CLASSES = 32, 1000
FEATURES = 1280
"""Numbers in a picture's pooled features."""
_EXPANSION = 6  # of every block but the first, which has no expanding convolution; Tan & Le 2019, table 1


def read_folded(path: Path) -> dict[str, Tensor]:
    """Read a file whose convolutions contain their batch norms: "stem.w", "b0.dw.b", ..., "fc.w".

    Args:
        path: an .npz file, or safetensors as in model folders.

    Raises:
        FileNotFoundError: if the file is missing.
    """
    if path.suffix == ".safetensors":
        return {name: value.to(torch.float32) for name, value in each_tensor(path)}
    with np.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}


def folded_shapes() -> dict[str, tuple[int, ...]]:
    """Return the shapes of the published net's arrays by name, batch norms folded."""
    weights: dict[str, tuple[int, ...]] = {"stem": (_STEM, 3, 3, 3)}
    before = _STEM
    for i, (kernel, channels) in enumerate(zip(_KERNELS, _CHANNELS, strict=True)):
        wide = before * _EXPANSION if i else before
        if i:
            weights[f"b{i}.exp"] = (wide, before, 1, 1)
        weights[f"b{i}.dw"] = (wide, 1, kernel, kernel)
        weights[f"b{i}.proj"] = (channels, wide, 1, 1)
        before = channels
    weights |= {"head": (FEATURES, before, 1, 1), "fc": (_CLASSES, FEATURES)}
    return {f"{name}.w": shape for name, shape in weights.items()} | {
        f"{name}.b": shape[:1] for name, shape in weights.items()
    }


def _same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad as TensorFlow's SAME does: the smaller half left and top. Symmetric padding costs 4 points of accuracy."""
    pads = [max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in (x.shape[3], x.shape[2])]
    return F.pad(x, (pads[0] // 2, pads[0] - pads[0] // 2, pads[1] // 2, pads[1] - pads[1] // 2))


class EfficientNetLite0(nn.Module):
    """The frozen net, float32, made of the arrays from `read_folded`."""

    fc_w: Tensor
    fc_b: Tensor

    def __init__(self, arrays: Mapping[str, Tensor]) -> None:
        super().__init__()
        for name, value in arrays.items():
            self.register_buffer(name.replace(".", "_"), value)

    def _conv(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        weight: Tensor = getattr(self, f"{name}_w")
        groups = x.shape[1] // weight.shape[1]
        if weight.shape[-1] > 1:
            x = _same(x, weight.shape[-1], stride)
        return F.conv2d(x, weight, getattr(self, f"{name}_b"), stride=stride, groups=groups)

    def blocks(self, pixels: Tensor, last: int = 15) -> list[Tensor]:
        """Compute the outputs of blocks 0..last for (B, 3, H, W) pixels in [0, 1], H and W at least 32."""
        x = F.relu6(self._conv((pixels * 255.0 - 127.0) / 128.0, "stem", 2))
        outputs: list[Tensor] = []
        for i, stride in enumerate(STRIDES[: last + 1]):
            h = F.relu6(self._conv(x, f"b{i}_exp")) if hasattr(self, f"b{i}_exp_w") else x
            h = self._conv(F.relu6(self._conv(h, f"b{i}_dw", stride)), f"b{i}_proj")
            x = x + h if stride == 1 and h.shape[1] == x.shape[1] else h
            outputs.append(x)
        return outputs

    def features(self, pixels: Tensor) -> Tensor:
        """Compute pooled features (B, 1280) float32 of (B, 3, H, W) pixels in [0, 1]; it was trained at 224x224."""
        return F.relu6(self._conv(self.blocks(pixels)[-1], "head")).mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """Compute (B, 1000) logits of ImageNet's classes, ordered by their WordNet ids, from (B, 1280) features."""
        return features @ self.fc_w.T + self.fc_b
