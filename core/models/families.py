"""Which classes make up each model family, and how a `ModelSpec` becomes its two nets.

Knows nothing of weights or files: `build` makes modules with fresh parameters, on whatever device is current
(`with torch.device("meta")` costs no memory); core/models/checkpoints.py fills them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from core.models.compact import CompactTokenizer, CompactTokenizerConfig, CompactTransformer, CompactTransformerConfig
from core.models.config import ModelSpec
from core.models.google import GoogleTransformer, GoogleTransformerConfig
from core.models.halton import HaltonTransformer, HaltonTransformerConfig
from core.models.interfaces import MaskTransformer, VQTokenizer
from core.models.valeo import ValeoTransformer, ValeoTransformerConfig
from core.models.vqgan import (
    GoogleTokenizer,
    GoogleTokenizerConfig,
    LlamaGenTokenizer,
    LlamaGenTokenizerConfig,
    TamingTokenizer,
    TamingTokenizerConfig,
)


@dataclass(frozen=True)
class Family:
    """One architecture.

    Attributes:
        name: the key of `FAMILIES`.
        tokenizer_config, transformer_config: frozen dataclasses of plain numbers.
        build_tokenizer, build_transformer: config -> module.
        null_class: whether the transformer accepts NO_CLASS.
    """

    name: str
    tokenizer_config: type[Any]
    build_tokenizer: Callable[[Any], VQTokenizer]
    transformer_config: type[Any]
    build_transformer: Callable[[Any], MaskTransformer]
    null_class: bool = True


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family("compact", CompactTokenizerConfig, CompactTokenizer, CompactTransformerConfig, CompactTransformer),
        Family(
            "google",
            GoogleTokenizerConfig,
            GoogleTokenizer,
            GoogleTransformerConfig,
            GoogleTransformer,
            null_class=False,
        ),
        Family("valeo", TamingTokenizerConfig, TamingTokenizer, ValeoTransformerConfig, ValeoTransformer),
        Family("halton", LlamaGenTokenizerConfig, LlamaGenTokenizer, HaltonTransformerConfig, HaltonTransformer),
    )
}
"""By the name that `ModelSpec.family` gives."""


def build(spec: ModelSpec) -> tuple[VQTokenizer, MaskTransformer]:
    """Return the two untrained nets that a spec describes, in train mode, on the current default device.

    Raises:
        ValueError: where the family is unknown, a config has a field that the family does not know or numbers that
            cannot make a net, or the two nets and the spec disagree about codes, grid, pixels or classes.
    """
    if spec.family not in FAMILIES:
        raise ValueError(f"model {spec.name}: family {spec.family!r} is unknown, choose one of {', '.join(FAMILIES)}")
    family = FAMILIES[spec.family]
    tokenizer_config = _config(family.tokenizer_config, spec.tokenizer, f"model {spec.name}: tokenizer")
    transformer_config = _config(family.transformer_config, spec.transformer, f"model {spec.name}: transformer")
    # Compare plain numbers before any parameter is allocated.
    sizes = (tokenizer_config.codebook_size, transformer_config.codebook_size, spec.codebook_size)
    if len(set(sizes)) > 1:
        raise ValueError(
            f"model {spec.name}: the tokenizer has {sizes[0]} codes, the transformer {sizes[1]}, the spec {sizes[2]}"
        )
    if transformer_config.grid != spec.grid:
        raise ValueError(
            f"model {spec.name}: the transformer's grid is {transformer_config.grid}, the spec's {spec.grid}"
        )
    if spec.pixels != spec.grid * tokenizer_config.downsample:
        raise ValueError(
            f"model {spec.name}: {spec.pixels} px are not {spec.grid} tokens of {tokenizer_config.downsample} px each"
        )
    if spec.classes and len(spec.classes) != transformer_config.classes:
        raise ValueError(f"model {spec.name}: {len(spec.classes)} class names for {transformer_config.classes} classes")
    if spec.null_class and not family.null_class:
        raise ValueError(f"model {spec.name}: null_class is true, but family {family.name} has no null class")
    return family.build_tokenizer(tokenizer_config), family.build_transformer(transformer_config)


def count_parameters(spec: ModelSpec) -> int:
    """Return how many numbers both nets of a spec hold, shared ones counted once; costs no memory.

    Raises:
        ValueError: as `build`.
    """
    with torch.device("meta"):
        nets = build(spec)
    return sum(parameter.numel() for net in nets for parameter in net.parameters())


def _config(kind: type[Any], values: Mapping[str, Any], where: str) -> Any:
    """Return the config dataclass of JSON values, whose lists stand for tuples."""
    unknown = sorted(set(values) - {f.name for f in fields(kind)})
    if unknown:
        raise ValueError(f"{where} config has unknown fields {', '.join(unknown)}")
    try:
        return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in values.items()})
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where} config cannot be used: {error}") from error
