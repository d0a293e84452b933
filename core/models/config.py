"""A model in plain numbers: its nets' shapes, its files, its classes, and its advised settings.

Knows nothing of tensors or files. A model folder holds config.json (a `ModelSpec`), tokenizer.safetensors,
transformer.safetensors and, with a sharpener, sharpener.safetensors; core/models/checkpoints.py reads and writes such
folders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from core.decoding.settings import STANDARD, Decoding
from core.errors import BadRequest
from core.plumbing.json_text import kind_of

MOST_SIZE = 1 << 20
"""Largest number in a net's description, 64 times the largest published (a codebook of 16384 codes): it bounds what a
strange config.json can make torch allocate."""


RECOGNISER_FILE = "recogniser.safetensors"
"""The only file of a model folder that no pixel depends on: what recognises the model's classes."""


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
        null_class: whether the model works without a class; guidance needs that.
        licence: of the weights, one line.
        defaults: the decoding settings it advises.
        from_nothing: those of them that differ where a picture is made from nothing, by name.
        sha256: of each weight file by name; checked on load if given.
        sharpener: keyword arguments of `SharpenerConfig`; empty without a sharpener.
        follow: how much a finish should follow this model by default, 0 to 1; None for the general default.
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
    defaults: Decoding = STANDARD
    from_nothing: Mapping[str, Any] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    sharpener: Mapping[str, Any] = field(default_factory=dict)
    follow: float | None = None

    def advice(self, *, from_nothing: bool) -> Decoding:
        """Return the advised decoding settings, all of them, for a picture from nothing or for an edit of one."""
        return Decoding(**self.from_nothing).over(self.defaults) if from_nothing else self.defaults

    @property
    def weights(self) -> dict[str, str]:
        """The sha256 of each file that pixels depend on, by name."""
        return {name: digest for name, digest in self.sha256.items() if name != RECOGNISER_FILE}

    @property
    def leaves_lattice(self) -> bool:
        """Whether the decoder ends in a pixel shuffle, whose lattice may show; published decoders end otherwise."""
        return self.family == "compact"

    def new_side(self, sharpen: float) -> int:
        """Side in pixels of a picture from nothing: larger than the model's own if it is sharpened."""
        return self.pixels * (int(self.sharpener.get("scale", 4)) if self.sharpener and sharpen > 0.0 else 1)


def spec_of(values: Mapping[str, Any]) -> ModelSpec:
    """Read a model's description from JSON values, each of its exact type: "8" and 8.0 are not 8.

    Raises:
        ValueError: naming the first entry that is missing, unknown, or of another kind.
    """
    unknown = sorted(set(values) - {each.name for each in fields(ModelSpec)})
    if unknown:
        raise ValueError(f"unknown entries {', '.join(unknown)}")
    plain = {"defaults": {}, "from_nothing": {}, "sha256": {}, "sharpener": {}, "follow": None, **values}
    for name in ("name", "title", "family", "licence"):
        _require(name, plain, str)
    for name in ("pixels", "grid", "codebook_size"):
        whole_of(name, _require(name, plain, int), 1)
    for name in ("tokenizer", "transformer", "defaults", "from_nothing", "sha256", "sharpener"):
        _require(name, plain, dict)
    _require("null_class", plain, bool)
    if plain["follow"] is not None and not 0.0 <= _require("follow", plain, float) <= 1.0:
        raise ValueError(f"follow is {plain['follow']}, not a number from 0 to 1")
    classes = _require("classes", plain, list)
    for name, texts in (("classes", classes), ("sha256", plain["sha256"].values())):
        wrong = [each for each in texts if not isinstance(each, str)]
        if wrong:
            raise ValueError(f"{name} holds {kind_of(wrong[0])} where a text belongs")
    defaults = _advised("defaults", plain, STANDARD)
    _advised("from_nothing", plain, defaults)
    return ModelSpec(**{**plain, "classes": tuple(classes), "defaults": defaults})


def whole_of(name: str, value: object, low: int) -> int:
    """Check a whole number from `low` to `MOST_SIZE`.

    Raises:
        ValueError: if it is none; names it.
    """
    if type(value) is not int or not low <= value <= MOST_SIZE:
        seen = value if type(value) in (int, float) else kind_of(value)
        raise ValueError(f"{name} is {seen}, not a whole number from {low} to {MOST_SIZE}")
    return value


def _advised(entry: str, plain: Mapping[str, Any], others: Decoding) -> Decoding:
    """Read the decoding settings of an entry, with others for those that it leaves out."""
    values, standard = plain[entry], STANDARD.plain
    unknown = sorted(set(values) - standard.keys())
    if unknown:
        raise ValueError(f"unknown {entry} {', '.join(unknown)}")
    for name in values:
        _require(name, values, type(standard[name]))
    try:
        return Decoding(**values).over(others)
    except BadRequest as error:
        raise ValueError(f"{entry}: {error}") from error


def _require(name: str, values: Mapping[str, Any], kind: type) -> Any:
    if name not in values:
        raise ValueError(f"entry {name} is missing")
    value = values[name]
    if type(value) is not kind and not (kind is float and type(value) is int):
        raise ValueError(f"{name} is {kind_of(value)}, not {kind_of(kind())}")
    return value
