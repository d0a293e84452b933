"""EfficientNet-Lite0: with folded batch norms it is the published net, whichever file holds its arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.models.efficientnet import STRIDES, EfficientNetLite0, read_folded

WIDTH = 4


def published() -> dict[str, Tensor]:
    """The package's names, narrow: every block as wide as every other."""
    draw = torch.Generator().manual_seed(0)
    state: dict[str, Tensor] = {}

    def conv(name: str, norm: str, outputs: int, inputs: int, kernel: int) -> None:
        state[f"{name}.weight"] = torch.randn(outputs, inputs, kernel, kernel, generator=draw) / inputs**0.5
        for end in ("weight", "running_var"):
            state[f"{norm}.{end}"] = 0.5 + torch.rand(outputs, generator=draw)
        for end in ("bias", "running_mean"):
            state[f"{norm}.{end}"] = torch.randn(outputs, generator=draw)
        state[f"{norm}.num_batches_tracked"] = torch.tensor(7)

    conv("_conv_stem", "_bn0", WIDTH, 3, 3)
    for i in range(len(STRIDES)):
        inner = WIDTH if i == 0 else 2 * WIDTH
        if i:
            conv(f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0", inner, WIDTH, 1)
        conv(f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1", inner, 1, 3)
        conv(f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2", WIDTH, inner, 1)
    conv("_conv_head", "_bn1", 6, WIDTH, 1)
    return state | {"_fc.weight": torch.randn(9, 6, generator=draw), "_fc.bias": torch.randn(9, generator=draw)}


def folded() -> dict[str, Tensor]:
    """The same weights with their batch norms folded into the convolutions."""
    state = published()

    def joined(name: str, conv: str, norm: str) -> dict[str, Tensor]:
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + 1e-3)
        bias = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        return {f"{name}.w": state[f"{conv}.weight"] * scale[:, None, None, None], f"{name}.b": bias}

    arrays = joined("stem", "_conv_stem", "_bn0") | joined("head", "_conv_head", "_bn1")
    for i in range(len(STRIDES)):
        if i:
            arrays |= joined(f"b{i}.exp", f"_blocks.{i}._expand_conv", f"_blocks.{i}._bn0")
        arrays |= joined(f"b{i}.dw", f"_blocks.{i}._depthwise_conv", f"_blocks.{i}._bn1")
        arrays |= joined(f"b{i}.proj", f"_blocks.{i}._project_conv", f"_blocks.{i}._bn2")
    return arrays | {"fc.w": state["_fc.weight"], "fc.b": state["_fc.bias"]}


def test_folded_convolutions_are_convolutions_and_their_norms() -> None:
    state, net = published(), EfficientNetLite0(folded())
    pixels = torch.rand(2, 3, 48, 40, generator=torch.Generator().manual_seed(1))

    def plain(x: Tensor, conv: str, norm: str, *, groups: int = 1, stride: int = 1) -> Tensor:
        weight = state[f"{conv}.weight"]
        pads = []
        for n in (x.shape[3], x.shape[2]):
            total = max((-(-n // stride) - 1) * stride + weight.shape[-1] - n, 0)
            pads += [total // 2, total - total // 2]
        x = F.conv2d(F.pad(x, pads), weight, stride=stride, groups=groups)
        numbers = [state[f"{norm}.{end}"] for end in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *numbers, eps=1e-3)

    x = F.relu6(plain((pixels * 255 - 127) / 128, "_conv_stem", "_bn0", stride=2))
    for i, stride in enumerate(STRIDES):
        block, h = f"_blocks.{i}", x
        if i:
            h = F.relu6(plain(h, f"{block}._expand_conv", f"{block}._bn0"))
        h = F.relu6(plain(h, f"{block}._depthwise_conv", f"{block}._bn1", groups=h.shape[1], stride=stride))
        h = plain(h, f"{block}._project_conv", f"{block}._bn2")
        x = x + h if stride == 1 else h
    features = F.relu6(plain(x, "_conv_head", "_bn1")).mean((2, 3))
    torch.testing.assert_close(net.features(pixels), features)
    expected = features @ state["_fc.weight"].T + state["_fc.bias"]
    torch.testing.assert_close(net.logits(net.features(pixels)), expected)


def test_the_arrays_beside_the_training_data_make_the_same_net(tmp_path: Path) -> None:
    arrays = folded()
    np.savez(tmp_path / "folded.npz", **{name: value.numpy() for name, value in arrays.items()})
    again = read_folded(tmp_path / "folded.npz")
    assert again.keys() == arrays.keys()
    assert all(torch.equal(again[name], value) for name, value in arrays.items())
