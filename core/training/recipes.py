"""Everything that decides what a training run learns, as plain numbers.

Knows nothing of data or loops. A preset is a name for one recipe of each stage.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig

R = TypeVar("R")


@dataclass(frozen=True)
class TokenizerRecipe:
    """Stage one. Weights of the loss terms multiply means over pixels or positions."""

    net: CompactTokenizerConfig = CompactTokenizerConfig()
    size: int = 128
    stored: int = 150  # side at which photos are kept; the scenes exist at 150 px
    smallest_crop: float = 0.85
    balance: float = 0.5
    batch: int = 16
    learning_rate: float = 6e-4
    warmup_steps: int = 200
    tail: float = 0.4  # share of the run in which the rate falls to zero along a cosine
    ema: float = 0.998
    clip: float = 1.0
    seed: int = 0
    l1: float = 1.0
    perceptual: float = 0.2
    perceptual_block: int = 10  # last tap of the metric net
    commitment: float = 0.1
    code_decay: float = 0.99
    continuous_steps: int = 250  # leading steps without quantisation: codes started on an untaught encoder collapse
    restart_every: int = 40
    adversarial: float = 0.3  # norm of the adversarial gradient at the pixels as a share of the other terms'
    feature_matching: float = 0.1
    adversarial_from: float = 0.65  # share of the run after which the discriminator plays
    discriminator_rate: float = 2e-4
    r1: float = 0.02
    r1_every: int = 8
    decoder_only: bool = False  # keeps the codes of the tokenizer it starts from, so that their transformers still fit


@dataclass(frozen=True)
class MvtmRecipe:
    """Stage two: masked visual token modelling (Chang et al. 2022, section 3.1)."""

    net: CompactTransformerConfig = CompactTransformerConfig()
    stored: int = 150
    smallest_crop: float = 0.85
    versions: int = 4  # augmented versions of every photo that are tokenised once
    balance: float = 0.5
    batch: int = 32
    learning_rate: float = 2e-3
    warmup_steps: int = 200
    tail: float = 0.5
    ema: float = 0.998
    clip: float = 1.0
    weight_decay: float = 0.03
    seed: int = 0
    schedule: str = "cosine"
    region_share: float = 0.5  # share of samples whose unknown tokens lie in a rectangle, as an edit's do
    class_dropout: float = 0.1
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Preset:
    """One recipe a stage."""

    tokenizer: TokenizerRecipe = field(default_factory=TokenizerRecipe)
    mvtm: MvtmRecipe = field(default_factory=MvtmRecipe)


_SCENES = Preset()
_LARGE_CODES = CompactTokenizerConfig(channels=(64, 128, 256), blocks=(2, 2, 3), codebook_size=2048)

PRESETS: dict[str, Preset] = {
    "scenes-128": _SCENES,
    "scenes-128-gpu": Preset(
        replace(_SCENES.tokenizer, net=_LARGE_CODES, batch=128, learning_rate=4e-4, warmup_steps=500, ema=0.999),
        replace(
            _SCENES.mvtm,
            net=CompactTransformerConfig(width=512, layers=12, heads=8, hidden=1024, codebook_size=2048),
            versions=16,
            batch=256,
            learning_rate=1e-3,
            warmup_steps=1000,
            ema=0.9995,
        ),
    ),
}


def with_settings(recipe: R, settings: list[str]) -> R:
    """Return the recipe with `key=value` settings applied; `net.width=128` reaches into the net's config.

    Raises:
        ValueError: for an unknown key or a value that is not a Python literal.
    """
    for setting in settings:
        key, equals, text = setting.partition("=")
        try:
            if not equals:
                raise KeyError(key)
            word = text.isidentifier() and text not in ("True", "False")
            recipe = _replaced(recipe, key.split("."), text if word else ast.literal_eval(text))
        except (KeyError, ValueError, SyntaxError):
            known = ", ".join(f.name for f in fields(recipe))  # type: ignore[arg-type]
            raise ValueError(f"--set {setting!r}: expected key=value with a key of {known}") from None
    return recipe


def _replaced(value: Any, path: list[str], new: Any) -> Any:
    """Return `value` with the field at `path` replaced; KeyError where there is none or the type differs."""
    if not is_dataclass(value) or path[0] not in {f.name for f in fields(value)}:
        raise KeyError(path[0])
    old = getattr(value, path[0])
    if len(path) > 1:
        new = _replaced(old, path[1:], new)
    elif isinstance(old, float) and type(new) is int:
        new = float(new)
    if type(new) is not type(old):
        raise KeyError(path[0])
    return replace(value, **{path[0]: new})  # type: ignore[type-var]
