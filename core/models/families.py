"""The classes of each model family, and how a `ModelSpec` becomes its two nets.

Knows nothing of weights or files: `build` makes modules with fresh parameters on the current device (`unfilled` makes
those that cost no memory); core/models/checkpoints.py fills them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from core.models.compact import CompactTokenizer, CompactTokenizerConfig, CompactTransformer, CompactTransformerConfig
from core.models.config import ModelSpec, whole_of
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
from core.plumbing.json_text import kind_of

T = TypeVar("T")


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


NO_NET = (ArithmeticError, LookupError, MemoryError, RuntimeError)
"""Exceptions of torch and the nets when built with impossible numbers."""

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
    """Build the two untrained nets of a spec, in train mode, on the current default device.

    Raises:
        ValueError: if the family is unknown, a config has a field that the family does not know or impossible numbers,
            or the two nets and the spec disagree about codes, grid, pixels or classes.
    """
    if spec.family not in FAMILIES:
        raise ValueError(f"model {spec.name}: family {spec.family!r} is unknown, choose one of {', '.join(FAMILIES)}")
    family = FAMILIES[spec.family]
    tokenizer_config = net_config(family.tokenizer_config, spec.tokenizer, f"model {spec.name}: tokenizer")
    transformer_config = net_config(family.transformer_config, spec.transformer, f"model {spec.name}: transformer")
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
    try:
        return family.build_tokenizer(tokenizer_config), family.build_transformer(transformer_config)
    except NO_NET as error:
        raise ValueError(f"model {spec.name}: its numbers make no net ({error})") from error


_OF_ONE_SHAPE: frozenset[Any] = frozenset((nn.init.normal_, F.normalize, Tensor.mul))
"""What fresh parameters go through: with one tensor, its result has the shape of that."""


class _Undrawn(TorchFunctionMode):
    """Leaves out what would compute numbers.

    Without them PyTorch finds the shape of a result by its compiler, whose import takes longer than all of a load.
    """

    def __torch_function__(
        self, called: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = kwargs or {}
        if called in _OF_ONE_SHAPE and not any(isinstance(each, Tensor) for each in args[1:]):
            return args[0] if args else named["tensor"]
        return torch.empty(*args) if called is torch.randn else called(*args, **named)


@contextmanager
def unfilled() -> Iterator[None]:
    """Make the nets that are built meanwhile without numbers: on the meta device, at no cost."""
    with torch.device("meta"), _Undrawn():
        yield


def count_parameters(spec: ModelSpec) -> int:
    """Count the numbers in both nets of a spec, shared ones once; costs no memory.

    Raises:
        ValueError: as `build`.
    """
    with unfilled():
        nets = build(spec)
    return sum(parameter.numel() for net in nets for parameter in net.parameters())


def net_config(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    """Make a config dataclass from JSON values, with lists in place of tuples.

    Args:
        kind: a frozen dataclass of whole numbers, tuples of them, and switches.
        values: its fields by name; missing ones take the dataclass's defaults.
        where: begins the error's sentence.

    Raises:
        ValueError: if a field is unknown or of another type, or the config is impossible.
    """
    known = {each.name: each.type for each in fields(kind)}  # type: ignore[arg-type]  # T is a dataclass
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ValueError(f"{where} config has unknown fields {', '.join(unknown)}")
    try:
        return kind(**{name: _field(f"{where} {name}", value, str(known[name])) for name, value in values.items()})
    except (TypeError, ValueError, *NO_NET) as error:
        raise ValueError(f"{where} config cannot be used: {error}") from error


def _field(where: str, value: Any, kind: str) -> Any:
    """Check a config field against its dataclass's annotation."""
    if kind == "int":
        return whole_of(where, value, 1)
    if kind == "tuple[int, ...]":
        if not isinstance(value, (list, tuple)):
            raise ValueError(f"{where} is {kind_of(value)}, not a list of whole numbers")
        return tuple(whole_of(where, each, 0) for each in value)
    if kind == "bool" and not isinstance(value, bool):
        raise ValueError(f"{where} is {kind_of(value)}, not true or false")
    return value
