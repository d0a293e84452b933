"""The reference's tokenizers once more, simple and slow, over the published names: nothing here is the product's.

Source: docs/architectures.md, sections 1, 4 and 5. Convolutions are unfolded into products, norms and
attention are written out, so that only additions and multiplications are shared with the nets under test.
"""

from __future__ import annotations

import torch
from torch import Tensor

State = dict[str, Tensor]


def conv(x: Tensor, state: State, name: str) -> Tensor:
    """Stride 1, zeros around, as wide as the kernel asks for."""
    return _convolved(x, state, name, (state[f"{name}.weight"].shape[-1] - 1) // 2)


def _convolved(x: Tensor, state: State, name: str, pad: int) -> Tensor:
    kernel = state[f"{name}.weight"]
    side = kernel.shape[-1]
    b, c, h, w = x.shape
    wide = x.new_zeros(b, c, h + 2 * pad, w + 2 * pad)
    wide[:, :, pad : pad + h, pad : pad + w] = x
    rows, columns = h + 2 * pad - side + 1, w + 2 * pad - side + 1
    y = x.new_zeros(b, len(kernel), rows, columns)
    for i in range(side):
        for j in range(side):
            y = y + torch.einsum("oc,bchw->bohw", kernel[:, :, i, j], wide[:, :, i : i + rows, j : j + columns])
    bias = state.get(f"{name}.bias")
    return y if bias is None else y + bias[:, None, None]


def group_norm(x: Tensor, state: State, name: str, groups: int) -> Tensor:
    parts = x.reshape(len(x), groups, -1)
    mean = parts.mean(-1, keepdim=True)
    variance = (parts - mean).square().mean(-1, keepdim=True)
    scaled = ((parts - mean) / torch.sqrt(variance + 1e-6)).reshape(x.shape)
    return scaled * state[f"{name}.weight"][:, None, None] + state[f"{name}.bias"][:, None, None]


def swish(x: Tensor) -> Tensor:
    return x / (1.0 + torch.exp(-x))


def block(x: Tensor, state: State, name: str, groups: int, *, google: bool) -> Tensor:
    h = conv(swish(group_norm(x, state, f"{name}.norm1", groups)), state, f"{name}.conv1")
    h = conv(swish(group_norm(h, state, f"{name}.norm2", groups)), state, f"{name}.conv2")
    if f"{name}.nin_shortcut.weight" not in state:
        return x + h
    return h + conv(h if google else x, state, f"{name}.nin_shortcut")


def attention(x: Tensor, state: State, name: str, groups: int) -> Tensor:
    h = group_norm(x, state, f"{name}.norm", groups)
    q, k, v = (conv(h, state, f"{name}.{part}").flatten(2) for part in "qkv")  # (B, C, n)
    scores = torch.exp(q.transpose(1, 2) @ k / q.shape[1] ** 0.5)
    weights = scores / scores.sum(-1, keepdim=True)
    mixed = (v @ weights.transpose(1, 2)).reshape(x.shape)
    return x + conv(mixed, state, f"{name}.proj_out")


def halved(x: Tensor, state: State, name: str) -> Tensor:
    """Every other place of a convolution that sees one row and one column of zeros more at the bottom and right."""
    b, c, h, w = x.shape
    wide = x.new_zeros(b, c, h + 1, w + 1)
    wide[:, :, :h, :w] = x
    return _convolved(wide, state, name, 0)[:, :, ::2, ::2]


def averaged(x: Tensor) -> Tensor:
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4.0


def repeated(x: Tensor) -> Tensor:
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def google_features(state: State, x: Tensor, groups: int, levels: int) -> Tensor:
    """What the encoder gives to the codebook."""
    x = conv(x, state, "encoder.conv_in")
    for level in range(levels):
        for i in range(2):
            x = block(x, state, f"encoder.down.{level}.block.{i}", groups, google=True)
        x = averaged(x) if level < levels - 1 else x
    for i in range(2):
        x = block(x, state, f"encoder.mid.{i}", groups, google=True)
    return conv(swish(group_norm(x, state, "encoder.norm_out", groups)), state, "encoder.conv_out")


def google_picture(state: State, tokens: Tensor, groups: int, levels: int) -> Tensor:
    x = conv(state["quantize.embedding.weight"][tokens].permute(0, 3, 1, 2), state, "decoder.conv_in")
    for i in range(2):
        x = block(x, state, f"decoder.mid.{i}", groups, google=True)
    for level in reversed(range(levels)):
        for i in range(2):
            x = block(x, state, f"decoder.up.{level}.block.{i}", groups, google=True)
        if level:
            x = conv(repeated(x), state, f"decoder.up.{level}.upsample_conv")
    return conv(swish(group_norm(x, state, "decoder.norm_out", groups)), state, "decoder.conv_out").clamp(0.0, 1.0)


def _names(llamagen: bool, levels: int) -> dict[str, object]:
    """How taming and LlamaGen call the same places."""
    if not llamagen:
        return {
            "down": "encoder.down.{}",
            "up": "decoder.up.{}",
            "block": "block",
            "mid": ("block_1", "attn_1", "block_2"),
        }
    return {"down": "encoder.conv_blocks.{}", "up": "decoder.conv_blocks.{}", "block": "res", "mid": ("0", "1", "2")}


def _middle(x: Tensor, state: State, half: str, names: tuple[str, ...], groups: int) -> Tensor:
    x = block(x, state, f"{half}.mid.{names[0]}", groups, google=False)
    x = attention(x, state, f"{half}.mid.{names[1]}", groups)
    return block(x, state, f"{half}.mid.{names[2]}", groups, google=False)


def taming_features(state: State, x: Tensor, groups: int, levels: int, *, llamagen: bool = False) -> Tensor:
    """What the encoder gives to the codebook; LlamaGen's is of unit length."""
    names = _names(llamagen, levels)
    x = conv(2.0 * x - 1.0, state, "encoder.conv_in")
    for level in range(levels):
        place = str(names["down"]).format(level)
        for i in range(2):
            x = block(x, state, f"{place}.{names['block']}.{i}", groups, google=False)
            if level == levels - 1:
                x = attention(x, state, f"{place}.attn.{i}", groups)
        x = halved(x, state, f"{place}.downsample.conv") if level < levels - 1 else x
    x = _middle(x, state, "encoder", names["mid"], groups)  # type: ignore[arg-type]
    x = conv(swish(group_norm(x, state, "encoder.norm_out", groups)), state, "encoder.conv_out")
    x = conv(x, state, "quant_conv")
    return x / x.square().sum(1, keepdim=True).sqrt() if llamagen else x


def taming_picture(state: State, tokens: Tensor, groups: int, levels: int, *, llamagen: bool = False) -> Tensor:
    names = _names(llamagen, levels)
    codes = rows(state, unit=llamagen)[tokens].permute(0, 3, 1, 2)
    x = conv(conv(codes, state, "post_quant_conv"), state, "decoder.conv_in")
    x = _middle(x, state, "decoder", names["mid"], groups)  # type: ignore[arg-type]
    for level in reversed(range(levels)):
        place = str(names["up"]).format(levels - 1 - level if llamagen else level)
        for i in range(3):
            x = block(x, state, f"{place}.{names['block']}.{i}", groups, google=False)
            if level == levels - 1:
                x = attention(x, state, f"{place}.attn.{i}", groups)
        x = conv(repeated(x), state, f"{place}.upsample.conv") if level else x
    x = conv(swish(group_norm(x, state, "decoder.norm_out", groups)), state, "decoder.conv_out")
    return (x / 2.0 + 0.5).clamp(0.0, 1.0)


def rows(state: State, *, unit: bool = False) -> Tensor:
    """The codebook as it is compared."""
    table = state["quantize.embedding.weight"]
    return table / table.square().sum(1, keepdim=True).sqrt() if unit else table


def distances(features: Tensor, table: Tensor) -> Tensor:
    """Squared distance of every cell to every code: (B, h, w, K)."""
    return (features.permute(0, 2, 3, 1).unsqueeze(3) - table).square().sum(-1)
