"""Finds the numbers of a net from the shapes of its state dict: what a published file does not say in words.

Knows nothing of files; names are ours (those of `state_dict()`). Heads and norm groups do not show in shapes and come
from the published nets: heads by width, 32 groups (docs/architectures.md, sections 1 to 5).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from core.errors import CheckpointError
from core.models.google import GoogleTransformerConfig
from core.models.halton import SIZES, HaltonTransformerConfig
from core.models.keymaps import Shapes, count_after
from core.models.valeo import ValeoTransformerConfig
from core.models.vqgan import GoogleTokenizerConfig, LlamaGenTokenizerConfig, TamingTokenizerConfig

_PUBLISHED_CLASSES = 1000  # ImageNet's


def tokenizer_config(family: str, shapes: Shapes, what: str) -> Any:
    """Find the config dataclass of a family's tokenizer.

    Args:
        family: "google", "valeo" or "halton".
        shapes: of its state dict.
        what: the file, for the error's sentence.

    Raises:
        CheckpointError: if the shapes make no such net.
    """
    return _refusing(what, _TOKENIZERS[family], shapes)


def transformer_config(family: str, shapes: Shapes, what: str, *, codes: int | None = None) -> Any:
    """Find the config dataclass of a family's transformer.

    Args:
        family, shapes, what: as for `tokenizer_config`.
        codes: K of the tokenizer beside it. Codes and classes share one table in Google's and valeo's nets; without
            this, the classes are assumed to be ImageNet's 1000, as in every larger table.

    Raises:
        CheckpointError: if the shapes make no such net, or one of an unpublished width.
    """
    return _refusing(what, lambda known: _TRANSFORMERS[family](known, codes), shapes)


def _refusing(what: str, read: Callable[[Shapes], Any], shapes: Shapes) -> Any:
    try:
        return read(shapes)
    except KeyError as error:
        raise CheckpointError(
            "{what} lacks {error}: it is incomplete or belongs to another model.", what=what, error=error
        ) from error
    except (ValueError, IndexError, ZeroDivisionError) as error:
        raise CheckpointError(
            "{what} makes no net ({error}): it belongs to another model.", what=what, error=error
        ) from error


def _google_tokenizer(shapes: Shapes) -> GoogleTokenizerConfig:
    return GoogleTokenizerConfig(**_levels(shapes, "down", "block"))


def _taming(shapes: Shapes) -> TamingTokenizerConfig:
    latent = shapes["encoder.conv_out.weight"][0]
    return TamingTokenizerConfig(**_levels(shapes, "down", "block"), latent_channels=latent)


def _llamagen(shapes: Shapes) -> LlamaGenTokenizerConfig:
    latent = shapes["encoder.conv_out.weight"][0]
    return LlamaGenTokenizerConfig(**_levels(shapes, "conv_blocks", "res"), latent_channels=latent)


def _levels(shapes: Shapes, level: str, block: str) -> dict[str, Any]:
    """Find the numbers that the three convolutional tokenizers have in common."""
    base = shapes["encoder.conv_in.weight"][0]
    count = count_after(shapes, f"encoder.{level}.")
    widths = [shapes[f"encoder.{level}.{i}.{block}.0.conv2.weight"][0] for i in range(count)]
    if any(width % base for width in widths):
        raise ValueError(f"level widths {widths} are no multiples of {base}")
    codes, code_dim = shapes["quantize.embedding.weight"]
    return {
        "base_channels": base,
        "multipliers": tuple(width // base for width in widths),
        "blocks": count_after(shapes, f"encoder.{level}.0.{block}."),
        "code_dim": code_dim,
        "codebook_size": codes,
    }


def _google(shapes: Shapes, codes: int | None) -> GoogleTransformerConfig:
    rows, width = shapes["tokens.weight"]
    codes, classes = _shared_table(rows, 1, codes)
    return GoogleTransformerConfig(
        width=width,
        layers=count_after(shapes, "layers."),
        heads=_heads(width, {768: 16}),
        hidden=shapes["layers.0.up.weight"][0],
        grid=_side(shapes["positions"][0] - 1),
        codebook_size=codes,
        classes=classes,
    )


def _valeo(shapes: Shapes, codes: int | None) -> ValeoTransformerConfig:
    rows, width = shapes["tok_emb.weight"]
    codes, classes = _shared_table(rows, 2, codes)
    return ValeoTransformerConfig(
        width=width,
        layers=count_after(shapes, "transformer.layers."),
        heads=_heads(width, {768: 16}),
        hidden=shapes["transformer.layers.0.1.fn.net.0.weight"][0],
        grid=_side(shapes["pos_emb"][1] - 1),
        codebook_size=codes,
        classes=classes,
    )


def _halton(shapes: Shapes, _codes: int | None) -> HaltonTransformerConfig:
    rows, width = shapes["tok_emb.weight"]
    return HaltonTransformerConfig(
        width=width,
        layers=count_after(shapes, "transformer.layers."),
        heads=_heads(width, {size.width: size.heads for size in SIZES.values()}),
        grid=_side(shapes["pos_emb.weight"][0]),
        codebook_size=rows - 1,
        classes=shapes["cls_emb.weight"][0] - 1,
    )


_TOKENIZERS: dict[str, Callable[[Shapes], Any]] = {"google": _google_tokenizer, "valeo": _taming, "halton": _llamagen}
_TRANSFORMERS: dict[str, Callable[[Shapes, int | None], Any]] = {"google": _google, "valeo": _valeo, "halton": _halton}


def _shared_table(rows: int, special: int, codes: int | None) -> tuple[int, int]:
    """Split a table of codes, classes and special rows into numbers of codes and classes."""
    if rows > _PUBLISHED_CLASSES + special or codes is None:
        codes = rows - special - _PUBLISHED_CLASSES
    classes = rows - special - codes
    if min(codes, classes) < 1:
        raise ValueError(f"a table of {rows} rows has no room for {codes} codes and classes")
    return codes, classes


def _heads(width: int, published: dict[int, int]) -> int:
    """Return the heads of a published width, which the shapes do not show."""
    if width not in published:
        known = ", ".join(map(str, published))
        raise ValueError(f"width {width} has an unknown number of heads, known are {known}: give its config.json")
    return published[width]


def _side(cells: int) -> int:
    """Return the side of a square token grid."""
    side = math.isqrt(max(0, cells))
    if side < 1 or side * side != cells:
        raise ValueError(f"{cells} positions are no square grid")
    return side
