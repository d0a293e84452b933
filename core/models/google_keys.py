"""The names in Google MaskGIT's published files, flax and maskgit-torch, and their conversion to ours.

Knows nothing of containers: the maps take flat dicts. Our tokenizer's names are those of the TiTok and openMUSE files,
which need no map. Source: docs/architectures.md, sections 1 to 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor

from core.models.keymaps import Entry, count_after, mapped

_ENDS = ("weight", "bias")


def transformer_from_flax(state: Mapping[str, Tensor], what: str = "flax transformer") -> dict[str, Tensor]:
    """Convert Google's flax arrays by dotted names, without their `params` level, to a `GoogleTransformer` state dict.

    Flax kernels are (in, out), attention kernels (width, heads, d) or (heads, d, width).

    Raises:
        CheckpointError: if an entry is missing or unknown.
    """
    return mapped(state, _flax_transformer(count_after(state, "TransformerLayer_")), what)


def transformer_from_maskgit_torch(
    state: Mapping[str, Tensor], what: str = "maskgit-torch transformer"
) -> dict[str, Tensor]:
    """Convert a maskgit-torch transformer's state dict to a `GoogleTransformer`'s.

    Raises:
        CheckpointError: if an entry is missing or unknown.
    """
    return mapped(state, _torch_transformer(count_after(state, "blocks.")), what)


def tokenizer_from_flax(state: Mapping[str, Tensor], what: str = "flax tokenizer") -> dict[str, Tensor]:
    """Convert Google's flax arrays by dotted names, without their `params` level, to a `GoogleTokenizer` state dict.

    For the released net: five levels of two blocks. Flax kernels are (height, width, in, out).

    Raises:
        CheckpointError: if an entry is missing or unknown.
    """
    return mapped(state, _flax_tokenizer(), what)


def tokenizer_from_maskgit_torch(
    state: Mapping[str, Tensor], what: str = "maskgit-torch tokenizer"
) -> dict[str, Tensor]:
    """Convert a maskgit-torch tokenizer's state dict to a `GoogleTokenizer`'s.

    Raises:
        CheckpointError: if an entry is missing or unknown.
    """
    return mapped(state, _torch_tokenizer(), what)


def _dense(kernel: Tensor) -> Tensor:
    """(in, out) -> (out, in)."""
    return kernel.permute(1, 0)


def _into_heads(kernel: Tensor) -> Tensor:
    """(width, heads, d) -> (heads * d, width)."""
    return kernel.flatten(1, 2).permute(1, 0)


def _out_of_heads(kernel: Tensor) -> Tensor:
    """(heads, d, width) -> (width, heads * d)."""
    return kernel.flatten(0, 1).permute(1, 0)


def _conv(kernel: Tensor) -> Tensor:
    """(height, width, in, out) -> (out, in, height, width)."""
    return kernel.permute(3, 2, 0, 1)


def _flax_norm(ours: str, theirs: str) -> Iterator[Entry]:
    yield Entry(f"{ours}.weight", (f"{theirs}.scale",))
    yield Entry(f"{ours}.bias", (f"{theirs}.bias",))


def _flax_layer(ours: str, theirs: str, bring: Callable[[Tensor], Tensor], *, bias: bool = True) -> Iterator[Entry]:
    yield Entry(f"{ours}.weight", (f"{theirs}.kernel",), bring)
    if bias:
        yield Entry(f"{ours}.bias", (f"{theirs}.bias",))


def _flax_transformer(layers: int) -> Iterator[Entry]:
    yield Entry("tokens.weight", ("Embed_0.word_embeddings.embedding",))
    yield Entry("positions", ("Embed_0.position_embeddings.embedding",))
    yield Entry("bias", ("MlmLayer_0.mlm_bias.bias",))
    yield from _flax_norm("norm", "Embed_0.embeddings_ln")
    yield from _flax_layer("head", "MlmLayer_0.mlm_dense", _dense)
    yield from _flax_norm("head_norm", "MlmLayer_0.mlm_ln")
    for i in range(layers):
        ours, theirs = f"layers.{i}", f"TransformerLayer_{i}"
        attention = f"{theirs}.Attention_0.self_attention"
        stacked = [f"{attention}.{part}" for part in ("query", "key", "value")]
        yield Entry(f"{ours}.qkv.weight", tuple(f"{part}.kernel" for part in stacked), _into_heads)
        yield Entry(f"{ours}.qkv.bias", tuple(f"{part}.bias" for part in stacked), lambda bias: bias.flatten())
        yield from _flax_layer(f"{ours}.out", f"{attention}.out", _out_of_heads)
        yield from _flax_norm(f"{ours}.attention_norm", f"{theirs}.Attention_0.attention_output_ln")
        yield from _flax_layer(f"{ours}.up", f"{theirs}.Mlp_0.intermediate_output", _dense)
        yield from _flax_layer(f"{ours}.down", f"{theirs}.Mlp_0.layer_output", _dense)
        yield from _flax_norm(f"{ours}.mlp_norm", f"{theirs}.Mlp_0.layer_output_ln")


def _torch_transformer(layers: int) -> Iterator[Entry]:
    yield Entry("tokens.weight", ("tok_emb.weight",))
    yield Entry("positions", ("pos_emb",))
    yield Entry("bias", ("bias",))
    parts = {"norm": "emb_ln", "head": "Token_Prediction.0", "head_norm": "Token_Prediction.2"}
    for i in range(layers):
        ours, theirs = f"layers.{i}", f"blocks.{i}"
        parts |= {
            f"{ours}.out": f"{theirs}.MultiHeadAttention.out_proj",
            f"{ours}.attention_norm": f"{theirs}.AttentionLN",
            f"{ours}.up": f"{theirs}.MLP.0",
            f"{ours}.down": f"{theirs}.MLP.2",
            f"{ours}.mlp_norm": f"{theirs}.MlpLN",
        }
        for end in _ENDS:
            yield Entry(f"{ours}.qkv.{end}", (f"{theirs}.MultiHeadAttention.in_proj_{end}",))
    yield from _renamed(parts)


def _renamed(parts: Mapping[str, str]) -> Iterator[Entry]:
    """Yield weight and bias of parts whose names alone differ."""
    for ours, theirs in parts.items():
        for end in _ENDS:
            yield Entry(f"{ours}.{end}", (f"{theirs}.{end}",))


_BLOCKS = {
    # encoder: levels 0..4, then the middle; decoder: the middle, then levels 4..0
    "encoder": [*(f"encoder.down.{j // 2}.block.{j % 2}" for j in range(10)), "encoder.mid.0", "encoder.mid.1"],
    "decoder": ["decoder.mid.0", "decoder.mid.1", *(f"decoder.up.{4 - j // 2}.block.{j % 2}" for j in range(10))],
}
"""Our residual blocks of each half in running order, as both kinds of file count them."""

_SHORTCUTS = {
    *("encoder.down.2.block.0", "encoder.down.4.block.0"),
    *("decoder.up.3.block.0", "decoder.up.1.block.0"),
}
"""The blocks that change the width."""


def _flax_tokenizer() -> Iterator[Entry]:
    yield Entry("quantize.embedding.weight", ("quantizer.codebook",))
    yield from _flax_layer("encoder.conv_in", "encoder.Conv_0", _conv, bias=False)
    yield from _flax_layer("encoder.conv_out", "encoder.Conv_1", _conv)
    yield from _flax_layer("decoder.conv_in", "decoder.Conv_0", _conv)
    yield from _flax_layer("decoder.conv_out", "decoder.Conv_5", _conv)
    for n in range(1, 5):
        yield from _flax_layer(f"decoder.up.{5 - n}.upsample_conv", f"decoder.Conv_{n}", _conv)
    for half, blocks in _BLOCKS.items():
        yield from _flax_norm(f"{half}.norm_out", f"{half}.GroupNorm_0")
        for j, ours in enumerate(blocks):
            theirs = f"{half}.ResBlock_{j}"
            for n in range(2):
                yield from _flax_norm(f"{ours}.norm{n + 1}", f"{theirs}.GroupNorm_{n}")
                yield from _flax_layer(f"{ours}.conv{n + 1}", f"{theirs}.Conv_{n}", _conv, bias=False)
            if ours in _SHORTCUTS:
                yield from _flax_layer(f"{ours}.nin_shortcut", f"{theirs}.Conv_2", _conv, bias=False)


def _torch_tokenizer() -> Iterator[Entry]:
    yield Entry("quantize.embedding.weight", ("quantizer.codebook.weight",))
    yield Entry("encoder.conv_in.weight", ("encoder.conv_in.weight",))
    names = ("encoder.conv_out", "decoder.conv_in", "decoder.conv_out", "encoder.norm_out", "decoder.norm_out")
    parts = {name: name for name in names}
    # res_blocks are stages of two blocks; entry 3 of the decoder's stages 1..4 is the convolution after the upsampling.
    parts |= {f"decoder.up.{5 - stage}.upsample_conv": f"decoder.res_blocks.{stage}.3" for stage in range(1, 5)}
    for half, blocks in _BLOCKS.items():
        for j, ours in enumerate(blocks):
            theirs = f"{half}.res_blocks.{j // 2}.{j % 2}"
            for n in range(2):
                parts[f"{ours}.norm{n + 1}"] = f"{theirs}.norm{n}"
                yield Entry(f"{ours}.conv{n + 1}.weight", (f"{theirs}.conv{n}.weight",))
            if ours in _SHORTCUTS:
                yield Entry(f"{ours}.nin_shortcut.weight", (f"{theirs}.conv_res.weight",))
    yield from _renamed(parts)
