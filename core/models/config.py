"""What a model is, in plain numbers: its nets' shapes, its files, its classes, and the settings that suit it.

Knows nothing of tensors. A model folder holds config.json (a `ModelSpec`), tokenizer.safetensors and
transformer.safetensors; core/models/checkpoints.py reads and writes such folders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Defaults:
    """Decoding settings that suit a model; the editor and the command line start from them."""

    schedule: str = "cosine"
    order: str = "confidence"
    steps: int = 8
    start_step: int = 0
    choice_temperature: float = 4.5
    token_temperature: float = 1.0
    guidance_scale: float = 1.0
    guidance_ramp: str = "constant"


@dataclass(frozen=True)
class ModelSpec:
    """One model.

    Attributes:
        name: folder name and menu entry, e.g. "scenes-128".
        title: one line for people.
        family: key of `core.models.families.FAMILIES`, e.g. "compact", "google", "valeo", "halton".
        pixels: side S of the square picture that the model sees.
        grid: token rows (= columns) of that picture; S = grid * downsample.
        codebook_size: K.
        tokenizer, transformer: keyword arguments of the family's two config dataclasses.
        classes: class names, index = class id.
        null_class: whether the model may be asked without a class; guidance needs it.
        licence: of the weights, one line.
        defaults: decoding settings that suit it.
        sha256: of each weight file by name; checked on load where given.
    """

    name: str
    title: str
    family: str
    pixels: int
    grid: int
    codebook_size: int
    tokenizer: Mapping[str, Any]
    transformer: Mapping[str, Any]
    classes: tuple[str, ...]
    null_class: bool
    licence: str
    defaults: Defaults = field(default_factory=Defaults)
    sha256: Mapping[str, str] = field(default_factory=dict)
