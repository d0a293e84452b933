"""Google MaskGIT's transformer, and the maps from its published files' names to ours.

Knows nothing of containers or downloads: the maps take trees and dicts of arrays that someone else has read. Source of
the net, its names and its pitfalls: ../shared/reference/architectures.md, parts 1 to 3; of the token ids:
../shared/reference/algorithm.md, part 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models.interfaces import MASK, MaskTransformer


@dataclass(frozen=True)
class GoogleTransformerConfig:
    """Shape of a `GoogleTransformer`; the defaults are the 256 px net, grid 32 makes it the 512 px one.

    Heads cannot be seen in most files: the released nets have 16 (the paper says 8).
    """

    width: int = 768
    layers: int = 24
    heads: int = 16
    hidden: int = 3072
    grid: int = 16
    codebook_size: int = 1024
    classes: int = 1000

    def __post_init__(self) -> None:
        """Raise ValueError where the width does not split into heads."""
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")

    @property
    def rows(self) -> int:
        """Rows of the shared table: codes, classes, and the mask's row last."""
        return self.codebook_size + self.classes + 1


class _Layer(nn.Module):
    """BERT's post-norm layer: attention, then MLP with tanh GELU, a layer norm after each sum."""

    def __init__(self, config: GoogleTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)
        self.mlp_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor) -> Tensor:
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)  # (B, heads, n, d)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, width)
        x = self.attention_norm(x + self.out(mixed))
        y: Tensor = self.mlp_norm(x + self.down(F.gelu(self.up(x), approximate="tanh")))
        return y


class GoogleTransformer(MaskTransformer):
    """A post-norm BERT whose one table holds codes, classes and the mask; the class token comes first.

    Trained with labels only: there is no null class, so NO_CLASS is a ValueError.
    """

    def __init__(self, config: GoogleTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.grid = config.codebook_size, config.grid
        width = config.width
        self.tokens = nn.Embedding(config.rows, width)
        self.positions = nn.Parameter(torch.randn(config.grid**2 + 1, width) * 0.02)  # slot 0 = class
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.head = nn.Linear(width, width)
        self.head_norm = nn.LayerNorm(width, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(config.rows))
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(self, tokens: Tensor, class_ids: Tensor) -> Tensor:
        config = self.config
        # The table is shared: a class id out of range would silently read a code's or the mask's row.
        if bool(((class_ids < 0) | (class_ids >= config.classes)).any()):
            raise ValueError(
                f"class ids {class_ids.tolist()}: this family has no null class, give ids in 0..{config.classes - 1}"
            )
        rows = torch.where(tokens == MASK, config.rows - 1, tokens)
        rows = torch.cat((config.codebook_size + class_ids.unsqueeze(1), rows), dim=1)  # (B, 1 + N)
        x = self.norm(self.tokens(rows) + self.positions)
        for layer in self.layers:
            x = layer(x)
        h = self.head_norm(F.gelu(self.head(x[:, 1:]), approximate="tanh"))
        codes = slice(config.codebook_size)  # the original drops the class and mask columns before sampling
        return F.linear(h, self.tokens.weight[codes], self.bias[codes])  # (B, N, K)


class _Entries:
    """The arrays of one file, each to be taken exactly once, so that nothing is missed or left over."""

    def __init__(self, entries: Mapping[str, Any], what: str) -> None:
        self._entries = dict(entries)
        self._what = what

    def take(self, name: str) -> Tensor:
        """Return one array as a tensor; CheckpointError where it is not there."""
        try:
            value = self._entries.pop(name)
        except KeyError:
            raise CheckpointError(
                f"{self._what} lacks {name!r}: the file is not of this model, or is incomplete."
            ) from None
        return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value))  # a copy: read-only else

    def maybe(self, name: str) -> Tensor | None:
        """Return one array as a tensor, or None where it is not there."""
        return self.take(name) if name in self._entries else None

    def count(self, prefix: str) -> int:
        """Return how many numbers follow a prefix: one more than the highest of prefix0., prefix1., ..."""
        found = (name[len(prefix) :].split(".")[0] for name in self._entries if name.startswith(prefix))
        return max((int(number) + 1 for number in found if number.isdecimal()), default=0)

    def finish(self) -> None:
        """Raise CheckpointError where arrays were never taken."""
        if self._entries:
            raise CheckpointError(
                f"{self._what} holds {len(self._entries)} entries that this model does not know, the first is "
                f"{min(self._entries)!r}: the file is of another model."
            )


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, array) of a nested dict."""
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _flax_entries(tree: Mapping[str, Any], what: str) -> _Entries:
    params = tree.get("params", tree)
    if not isinstance(params, Mapping):
        raise CheckpointError(f"{what}: 'params' is no tree of arrays, the file is not of this model.")
    return _Entries(dict(_leaves(params)), what)


def transformer_from_flax(tree: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return a `GoogleTransformer` state dict from Google's flax tree, with or without its `params` level.

    Flax kernels are (in, out), attention kernels (width, heads, d) or (heads, d, width).

    Raises:
        CheckpointError: where an entry is missing or unknown.
    """
    file = _flax_entries(tree, "flax transformer")
    state = {
        "tokens.weight": file.take("Embed_0.word_embeddings.embedding"),
        "positions": file.take("Embed_0.position_embeddings.embedding"),
        "bias": file.take("MlmLayer_0.mlm_bias.bias"),
    }

    def norm(ours: str, theirs: str) -> None:
        state[f"{ours}.weight"] = file.take(f"{theirs}.scale")
        state[f"{ours}.bias"] = file.take(f"{theirs}.bias")

    def linear(ours: str, theirs: str) -> None:
        state[f"{ours}.weight"] = file.take(f"{theirs}.kernel").T.contiguous()
        state[f"{ours}.bias"] = file.take(f"{theirs}.bias")

    norm("norm", "Embed_0.embeddings_ln")
    linear("head", "MlmLayer_0.mlm_dense")
    norm("head_norm", "MlmLayer_0.mlm_ln")
    for i in range(file.count("TransformerLayer_")):
        attention = f"TransformerLayer_{i}.Attention_0.self_attention"
        kernels = [file.take(f"{attention}.{part}.kernel") for part in ("query", "key", "value")]
        biases = [file.take(f"{attention}.{part}.bias") for part in ("query", "key", "value")]
        state[f"layers.{i}.qkv.weight"] = torch.cat([kernel.flatten(1).T for kernel in kernels])
        state[f"layers.{i}.qkv.bias"] = torch.cat([bias.flatten() for bias in biases])
        state[f"layers.{i}.out.weight"] = file.take(f"{attention}.out.kernel").flatten(0, 1).T.contiguous()
        state[f"layers.{i}.out.bias"] = file.take(f"{attention}.out.bias")
        norm(f"layers.{i}.attention_norm", f"TransformerLayer_{i}.Attention_0.attention_output_ln")
        linear(f"layers.{i}.up", f"TransformerLayer_{i}.Mlp_0.intermediate_output")
        linear(f"layers.{i}.down", f"TransformerLayer_{i}.Mlp_0.layer_output")
        norm(f"layers.{i}.mlp_norm", f"TransformerLayer_{i}.Mlp_0.layer_output_ln")
    file.finish()
    return state


_MASKGIT_TORCH = {
    "tok_emb": "tokens",
    "pos_emb": "positions",
    "emb_ln": "norm",
    "Token_Prediction.0": "head",
    "Token_Prediction.2": "head_norm",
    "bias": "bias",
    "MultiHeadAttention.in_proj_": "qkv.",
    "MultiHeadAttention.out_proj": "out",
    "AttentionLN": "attention_norm",
    "MLP.0": "up",
    "MLP.2": "down",
    "MlpLN": "mlp_norm",
}
"""maskgit-torch's names of the transformer's parts -> ours."""


def transformer_from_maskgit_torch(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a `GoogleTransformer` state dict from the transformer entries of a maskgit-torch checkpoint.

    Raises:
        CheckpointError: where an entry is unknown.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state.items():
        layer, part = "", name
        if name.startswith("blocks."):
            number, part = name.removeprefix("blocks.").split(".", 1)
            layer = f"layers.{number}."
        theirs = next((t for t in _MASKGIT_TORCH if part.startswith(t)), None)
        if theirs is None:
            raise CheckpointError(f"maskgit-torch transformer holds {name!r}: the file is of another model.")
        ours[f"{layer}{_MASKGIT_TORCH[theirs]}{part.removeprefix(theirs)}"] = value
    return ours


def tokenizer_from_flax(tree: Mapping[str, Any]) -> dict[str, Tensor]:
    """Return a `GoogleTokenizer` state dict from Google's flax tree, with or without its `params` level.

    The released net is meant: five levels of two blocks. Flax kernels are (height, width, in, out).

    Raises:
        CheckpointError: where an entry is missing or unknown.
    """
    file = _flax_entries(tree, "flax tokenizer")
    state = {"quantize.embedding.weight": file.take("quantizer.codebook")}

    def norm(ours: str, theirs: str) -> None:
        state[f"{ours}.weight"] = file.take(f"{theirs}.scale")
        state[f"{ours}.bias"] = file.take(f"{theirs}.bias")

    def conv(ours: str, theirs: str, *, bias: bool = True) -> None:
        state[f"{ours}.weight"] = file.take(f"{theirs}.kernel").permute(3, 2, 0, 1).contiguous()
        if bias:
            state[f"{ours}.bias"] = file.take(f"{theirs}.bias")

    def block(ours: str, theirs: str) -> None:
        norm(f"{ours}.norm1", f"{theirs}.GroupNorm_0")
        conv(f"{ours}.conv1", f"{theirs}.Conv_0", bias=False)
        norm(f"{ours}.norm2", f"{theirs}.GroupNorm_1")
        conv(f"{ours}.conv2", f"{theirs}.Conv_1", bias=False)
        shortcut = file.maybe(f"{theirs}.Conv_2.kernel")  # only where the width changes
        if shortcut is not None:
            state[f"{ours}.nin_shortcut.weight"] = shortcut.permute(3, 2, 0, 1).contiguous()

    conv("encoder.conv_in", "encoder.Conv_0", bias=False)
    conv("encoder.conv_out", "encoder.Conv_1")
    conv("decoder.conv_in", "decoder.Conv_0")
    conv("decoder.conv_out", "decoder.Conv_5")
    for half in ("encoder", "decoder"):
        norm(f"{half}.norm_out", f"{half}.GroupNorm_0")
    for n in range(1, 5):
        conv(f"decoder.up.{5 - n}.upsample_conv", f"decoder.Conv_{n}")
    for j in range(10):
        block(f"encoder.down.{j // 2}.block.{j % 2}", f"encoder.ResBlock_{j}")
        block(f"decoder.up.{4 - j // 2}.block.{j % 2}", f"decoder.ResBlock_{j + 2}")
    for j in range(2):
        block(f"encoder.mid.{j}", f"encoder.ResBlock_{j + 10}")
        block(f"decoder.mid.{j}", f"decoder.ResBlock_{j}")
    file.finish()
    return state


_MASKGIT_TORCH_BLOCK = {
    "norm0": "norm1",
    "conv0": "conv1",
    "norm1": "norm2",
    "conv1": "conv2",
    "conv_res": "nin_shortcut",
}


def tokenizer_from_maskgit_torch(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a `GoogleTokenizer` state dict from the tokenizer entries of a maskgit-torch checkpoint.

    Its res_blocks are numbered in running order: encoder 0..4 = levels, 5 = middle; decoder 0 = middle,
    1..5 = levels 4..0, whose entry 3 is the convolution after the upsampling.

    Raises:
        CheckpointError: where an entry is unknown.
    """
    ours: dict[str, Tensor] = {}
    for name, value in state.items():
        match name.split("."):
            case ["quantizer", "codebook", "weight"]:
                ours["quantize.embedding.weight"] = value
            case ["encoder" | "decoder", "conv_in" | "conv_out" | "norm_out", _]:
                ours[name] = value
            case ["decoder", "res_blocks", stage, "3", end] if stage in "1234":
                ours[f"decoder.up.{5 - int(stage)}.upsample_conv.{end}"] = value
            case ["encoder" | "decoder" as half, "res_blocks", stage, number, part, end] if (
                stage in "012345" and part in _MASKGIT_TORCH_BLOCK
            ):
                place = f"down.{stage}.block" if half == "encoder" else f"up.{5 - int(stage)}.block"
                if stage == ("5" if half == "encoder" else "0"):
                    place = "mid"
                ours[f"{half}.{place}.{number}.{_MASKGIT_TORCH_BLOCK[part]}.{end}"] = value
            case _:
                raise CheckpointError(f"maskgit-torch tokenizer holds {name!r}: the file is of another model.")
    return ours
