"""Files as other programs write them: the published names at small sizes, with seeded numbers, in every container.

The shapes of tests/golden/checkpoint-keys.json are shrunk to 4x4 tokens of 16 px, 32 codes, 10 classes and two layers.
Google's three ways of writing one tokenizer and two of one transformer are made from the same numbers by the tables in
docs/architectures.md, sections 1 to 3, read the other way round than the loader reads them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgpack
import torch
from safetensors.torch import save_file
from torch import Tensor

from core.models.google import GoogleTransformerConfig
from core.models.halton import HaltonTransformerConfig
from core.models.valeo import ValeoTransformerConfig
from core.models.vqgan import GoogleTokenizerConfig, LlamaGenTokenizerConfig, TamingTokenizerConfig

State = dict[str, Tensor]
Shapes = dict[str, tuple[int, ...]]
Published = Callable[[str, str], Shapes]

_NET: dict[str, Any] = {"layers": 2, "grid": 4, "codebook_size": 32, "classes": 10}
_CONV: dict[str, Any] = {"base_channels": 8, "groups": 4, "codebook_size": 32}
CONFIGS: dict[str, tuple[Any, Any]] = {
    "google": (
        GoogleTokenizerConfig(**_CONV, code_dim=12),
        GoogleTransformerConfig(**_NET, width=32, heads=4, hidden=48),
    ),
    "halton": (
        LlamaGenTokenizerConfig(**_CONV, code_dim=4, latent_channels=10),
        HaltonTransformerConfig(**_NET, width=26, heads=3),
    ),
    "valeo": (
        TamingTokenizerConfig(**_CONV, code_dim=12, latent_channels=10),
        ValeoTransformerConfig(**_NET, width=32, heads=4, hidden=48),
    ),
}
"""What the small files make: a tokenizer's and a transformer's config by family."""

_ENTRIES = {"google": "maskgit-torch", "halton": "halton (small 256)", "valeo": "valeo-v1"}
_TRANSFORMER_SIZES = {
    "google": {768: 32, 2304: 96, 3072: 48, 257: 17, 2025: 43},
    "valeo": {768: 32, 2304: 96, 3072: 48, 257: 17, 2026: 44},
    "halton": {512: 26, 510: 24, 1536: 256, 3072: 156, 1024: 52, 256: 16, 16385: 33, 1001: 11},
}
_WIDTHS = {128: 8, 256: 16, 512: 32}
_TOKENIZER_SIZES = (
    # names, and what stands in each place of their shape; None keeps the rule for widths
    (r"quantize\.embedding\.weight", {"google": (32, 12), "valeo": (32, 12), "halton": (32, 4)}),
    (r"quant_conv\.weight", {"valeo": (12, 10, 1, 1), "halton": (4, 10, 1, 1)}),
    (r"quant_conv\.bias", {"valeo": (12,), "halton": (4,)}),
    (r"post_quant_conv\.weight", {"valeo": (10, 12, 1, 1), "halton": (10, 4, 1, 1)}),
    (r"post_quant_conv\.bias", {"valeo": (10,), "halton": (10,)}),
    (r"encoder\.conv_out\.weight", {"google": (12, 32, 1, 1), "valeo": (10, 32, 3, 3), "halton": (10, 32, 3, 3)}),
    (r"encoder\.conv_out\.bias", {"google": (12,), "valeo": (10,), "halton": (10,)}),
    (r"decoder\.conv_in\.weight", {"google": (32, 12, 3, 3), "valeo": (32, 10, 3, 3), "halton": (32, 10, 3, 3)}),
    (r"quantize\.codebook_used", {"halton": (65,)}),
)


def transformer(family: str, published: Published, sizes: Mapping[int, int] | None = None) -> State:
    """A small transformer by the published names; of Google's, those of maskgit-torch.

    `sizes` says what becomes of the published sizes instead of what makes `CONFIGS`.
    """
    sizes = _TRANSFORMER_SIZES[family] if sizes is None else sizes
    return _transformer(family, published(_ENTRIES[family], "transformer"), sizes, layers=2)


def _transformer(family: str, published: Shapes, sizes: Mapping[int, int], layers: int) -> State:
    shapes = {
        name: tuple(sizes.get(n, n) for n in shape)
        for name, shape in published.items()
        if (layer := re.search(r"(?:blocks|layers)\.(\d+)\.", name)) is None or int(layer[1]) < layers
    }
    state = _drawn(shapes, seed=1)
    if family == "halton":
        state["head.weight"] = state["tok_emb.weight"]  # tied: one storage under two names
    return state


def tokenizer(family: str, published: Published, wider: int = 1) -> State:
    """A small tokenizer by the published names, so many times as wide; of Google's, those of TiTok and openMUSE."""
    entry = "titok-openmuse tokenizer" if family == "google" else _ENTRIES[family]
    shapes: Shapes = {}
    for name, shape in published(entry, "tokenizer").items():
        special = next((sizes[family] for pattern, sizes in _TOKENIZER_SIZES if re.fullmatch(pattern, name)), None)
        full = tuple(_WIDTHS.get(n, n) for n in shape)
        shapes[name] = tuple(
            n * wider if full_n in _WIDTHS and (special is None or n in _WIDTHS.values()) else n
            for n, full_n in zip(special or full, shape, strict=True)
        )
    return _drawn(shapes, seed=2)


_FULL_SIZE: dict[str, tuple[str, dict[int, int], int]] = {
    "google-256": ("maskgit-torch", {}, 24),
    "google-512": ("maskgit-torch", {257: 1025}, 24),
    "halton-256-tiny": ("halton (small 256)", {512: 384, 510: 384, 1536: 1024, 3072: 2304, 1024: 768}, 6),
    "halton-256-small": ("halton (small 256)", {}, 12),
    "halton-256-base": ("halton (base 384)", {576: 256}, 12),
    "halton-384-small": ("halton (small 256)", {256: 576}, 12),
    "halton-384-base": ("halton (base 384)", {}, 12),
    "valeo-256": ("valeo-v1", {}, 24),
    "valeo-512": ("valeo-v1", {257: 1025}, 24),
}
"""Model -> the published entry that it is a size of, what becomes of the entry's sizes, and its layers."""


def write_full_size(folder: Path, name: str, published: Published) -> tuple[Path, Path]:
    """The two nets of a published model in full, in its publisher's container; Google's for 512 px as flax files."""
    entry, sizes, layers = _FULL_SIZE[name]
    family = name.split("-", maxsplit=1)[0]
    state = _transformer(family, published(entry, "transformer"), sizes, layers)
    files = folder / "tokenizer", folder / "transformer"
    if family == "google":
        titok = _drawn(published("titok-openmuse tokenizer", "tokenizer"), seed=2)
        if name == "google-512":
            write_flax(files[1], google_flax_transformer(state, heads=16, layers=layers))
            write_flax(files[0], google_tokenizer_twins(titok)[0])
        else:
            write_state_dict(files[1], state)
            write_bare(files[0], titok)
    else:
        write_trainer(files[1], state, moments=list(state.values()))
        del state
        write = write_lightning if family == "valeo" else write_llamagen
        write(files[0], _drawn(published(entry, "tokenizer"), seed=2))
    return files


def _drawn(shapes: Shapes, seed: int) -> State:
    """Random numbers at which every layer matters: weights keep the size of what they see, norms are near one."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, shape in shapes.items():
        noise = torch.randn(shape, generator=generator)
        if len(shape) == 1:
            state[name] = 1.0 + 0.3 * noise if name.endswith("weight") else 0.3 * noise
        else:
            state[name] = noise / torch.Size(shape[1:]).numel() ** 0.5
    return state


# Google's other ways of writing ----------------------------------------------------------------------------------


def _google_blocks() -> dict[str, tuple[str, str]]:
    """TiTok's residual blocks -> (flax's, maskgit-torch's)."""
    blocks = {}
    for level in range(5):
        for block in range(2):
            n, up = 2 * level + block, 4 - level
            blocks[f"encoder.down.{level}.block.{block}"] = (
                f"encoder.ResBlock_{n}",
                f"encoder.res_blocks.{level}.{block}",
            )
            blocks[f"decoder.up.{up}.block.{block}"] = (
                f"decoder.ResBlock_{n + 2}",
                f"decoder.res_blocks.{level + 1}.{block}",
            )
    for block in range(2):
        blocks[f"encoder.mid.{block}"] = (f"encoder.ResBlock_{10 + block}", f"encoder.res_blocks.5.{block}")
        blocks[f"decoder.mid.{block}"] = (f"decoder.ResBlock_{block}", f"decoder.res_blocks.0.{block}")
    return blocks


_INSIDE = {
    "norm1": ("GroupNorm_0", "norm0"),
    "conv1": ("Conv_0", "conv0"),
    "norm2": ("GroupNorm_1", "norm1"),
    "conv2": ("Conv_1", "conv1"),
    "nin_shortcut": ("Conv_2", "conv_res"),
}
_OUTSIDE = {
    "encoder.conv_in": ("encoder.Conv_0", "encoder.conv_in"),
    "encoder.conv_out": ("encoder.Conv_1", "encoder.conv_out"),
    "encoder.norm_out": ("encoder.GroupNorm_0", "encoder.norm_out"),
    "decoder.conv_in": ("decoder.Conv_0", "decoder.conv_in"),
    "decoder.conv_out": ("decoder.Conv_5", "decoder.conv_out"),
    "decoder.norm_out": ("decoder.GroupNorm_0", "decoder.norm_out"),
    **{
        f"decoder.up.{level}.upsample_conv": (f"decoder.Conv_{5 - level}", f"decoder.res_blocks.{5 - level}.3")
        for level in (4, 3, 2, 1)
    },
}


def google_tokenizer_twins(titok: Mapping[str, Tensor]) -> tuple[State, State]:
    """The same tokenizer as flax and as maskgit-torch write it."""
    blocks = _google_blocks()
    flax = {"quantizer.codebook": titok["quantize.embedding.weight"]}
    torch_ = {"quantizer.codebook.weight": titok["quantize.embedding.weight"]}
    for name, value in titok.items():
        if name == "quantize.embedding.weight":
            continue
        place, end = name.rsplit(".", 1)
        if place in _OUTSIDE:
            theirs = _OUTSIDE[place]
        else:
            block, inner = place.rsplit(".", 1)
            theirs = tuple(f"{a}.{b}" for a, b in zip(blocks[block], _INSIDE[inner], strict=True))  # type: ignore[assignment]
        kernel = "bias" if end == "bias" else "kernel" if value.ndim == 4 else "scale"
        flax[f"{theirs[0]}.{kernel}"] = value.permute(2, 3, 1, 0) if value.ndim == 4 else value
        torch_[f"{theirs[1]}.{end}"] = value
    return flax, torch_


def google_flax_transformer(torch_: Mapping[str, Tensor], heads: int = 4, layers: int = 2) -> State:
    """The same transformer as flax writes it."""
    flax = {
        "Embed_0.word_embeddings.embedding": torch_["tok_emb.weight"],
        "Embed_0.position_embeddings.embedding": torch_["pos_emb"],
        "MlmLayer_0.mlm_bias.bias": torch_["bias"],
    }

    def norm(theirs: str, ours: str) -> None:
        flax[f"{theirs}.scale"], flax[f"{theirs}.bias"] = torch_[f"{ours}.weight"], torch_[f"{ours}.bias"]

    def dense(theirs: str, ours: str) -> None:
        flax[f"{theirs}.kernel"], flax[f"{theirs}.bias"] = torch_[f"{ours}.weight"].T, torch_[f"{ours}.bias"]

    norm("Embed_0.embeddings_ln", "emb_ln")
    dense("MlmLayer_0.mlm_dense", "Token_Prediction.0")
    norm("MlmLayer_0.mlm_ln", "Token_Prediction.2")
    for i in range(layers):
        layer, block = f"TransformerLayer_{i}", f"blocks.{i}"
        attention = f"{layer}.Attention_0.self_attention"
        weights = torch_[f"{block}.MultiHeadAttention.in_proj_weight"].chunk(3)
        biases = torch_[f"{block}.MultiHeadAttention.in_proj_bias"].chunk(3)
        for part, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
            flax[f"{attention}.{part}.kernel"] = weight.T.reshape(len(weight), heads, -1)
            flax[f"{attention}.{part}.bias"] = bias.reshape(heads, -1)
        out = torch_[f"{block}.MultiHeadAttention.out_proj.weight"]
        flax[f"{attention}.out.kernel"] = out.T.reshape(heads, -1, len(out))
        flax[f"{attention}.out.bias"] = torch_[f"{block}.MultiHeadAttention.out_proj.bias"]
        norm(f"{layer}.Attention_0.attention_output_ln", f"{block}.AttentionLN")
        dense(f"{layer}.Mlp_0.intermediate_output", f"{block}.MLP.0")
        dense(f"{layer}.Mlp_0.layer_output", f"{block}.MLP.2")
        norm(f"{layer}.Mlp_0.layer_output_ln", f"{block}.MlpLN")
    return flax


# Containers ------------------------------------------------------------------------------------------------------


def flax_bytes(flat: Mapping[str, Tensor]) -> bytes:
    """A flax file of dotted names, under `params`."""
    tree: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        node = tree
        for part in path:
            node = node.setdefault(part, {})
        array = value.contiguous().numpy()
        node[last] = msgpack.ExtType(1, msgpack.packb((array.shape, array.dtype.name, array.tobytes())))
    return bytes(msgpack.packb({"params": tree}))


def write_flax(path: Path, flat: Mapping[str, Tensor]) -> None:
    path.write_bytes(flax_bytes(flat))


def write_bare(path: Path, state: Mapping[str, Tensor]) -> None:
    torch.save(dict(state), path)


def write_old(path: Path, state: Mapping[str, Tensor]) -> None:
    """As torch before 1.6 wrote, which cannot be mapped."""
    torch.save(dict(state), path, _use_new_zipfile_serialization=False)


def write_state_dict(path: Path, state: Mapping[str, Tensor]) -> None:
    torch.save({"state_dict": dict(state)}, path)


def write_trainer(path: Path, state: Mapping[str, Tensor], moments: Sequence[Tensor] = (torch.ones(50, 50),)) -> None:
    """As valeo's and Halton's trainers do: both Adam moments beside, everything wrapped for several GPUs.

    `moments` says of which shapes.
    """
    adam = {i: {kind: torch.zeros_like(value) for kind in ("exp_avg", "exp_avg_sq")} for i, value in enumerate(moments)}
    torch.save(
        {
            "iter": 750_000,
            "global_epoch": 301,
            "model_state_dict": {f"module._orig_mod.{name}": value for name, value in state.items()},
            "optimizer_state_dict": {"state": adam, "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.96)}]},
        },
        path,
    )


def write_lightning(path: Path, state: Mapping[str, Tensor]) -> None:
    """As taming-transformers' last.ckpt: the discriminator among the weights, optimisers and counters beside."""
    loss = {"loss.discriminator.main.0.weight": torch.randn(4, 3, 4, 4), "loss.logvar": torch.zeros(())}
    counted = {"loss.discriminator.main.3.num_batches_tracked": torch.tensor(7)}
    torch.save(
        {
            "epoch": 3,
            "global_step": 99,
            "pytorch-lightning_version": "1.0.8",
            "state_dict": {**state, **loss, **counted},
            "optimizer_states": [{"state": {0: {"exp_avg": torch.randn(9)}}, "param_groups": []}],
            "lr_schedulers": [],
        },
        path,
    )


def write_llamagen(path: Path, state: Mapping[str, Tensor]) -> None:
    """As LlamaGen: the weights proper and, beside, averaged ones that are not asked for, and the optimiser."""
    ema = {name: value + 1.0 for name, value in state.items()}
    torch.save({"ema": ema, "model": dict(state), "optimizer": {"state": {}}, "steps": 7}, path)


def write_safetensors(path: Path, state: Mapping[str, Tensor]) -> None:
    save_file({name: value.clone().contiguous() for name, value in state.items()}, path)
