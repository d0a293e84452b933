"""All settings that decide what a training run learns, as plain numbers.

Knows nothing of data or loops. A preset is a name for one recipe of each stage.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar

from core.decoding.settings import Decoding
from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig
from core.models.sharpener import SharpenerConfig

R = TypeVar("R")


@dataclass(frozen=True)
class TokenizerRecipe:
    """Stage one. The weights multiply loss terms that are means over pixels or positions."""

    net: CompactTokenizerConfig = CompactTokenizerConfig(decoder_blocks=(3, 4, 4), smooth=True)
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
    mse: float = 0.0  # of the mean squared error of pixels in 0..1
    perceptual: float = 1.0
    perceptual_block: int = 15  # last tap of the metric net
    perceptual_side: int = 224  # smaller pictures are enlarged to it: there the net was trained, and is asked later
    lattice: float = 4.0  # of the pattern with a period of 2 px that a pixel shuffle leaves
    commitment: float = 0.1
    code_decay: float = 0.99
    continuous_steps: int = 250  # leading steps without quantisation: codes started on an untrained encoder collapse
    restart_every: int = 40
    adversarial: float = 0.2  # the discriminator's gradient as a share of the other terms', at the last weights
    feature_matching: float = 0.1
    adversarial_from: float = 0.65  # share of the run after which the discriminator takes part
    adversarial_ramp: float = 0.1  # share of the run over which its weight then rises: it has to learn first
    discriminator_rate: float = 2e-4
    r1: float = 2.0
    r1_every: int = 8
    decoder_only: bool = False  # keeps the codes of the tokenizer it starts from, so that their transformers still fit


@dataclass(frozen=True)
class MvtmRecipe:
    """Stage two: masked visual token modelling (Chang et al. 2022, section 3.1)."""

    net: CompactTransformerConfig = CompactTransformerConfig(sees_pixels=True)
    smallest_crop: float = 0.5  # like an edit's window, from a quarter of a photo to all of it
    versions: int = 4  # crops of every photo, each with a hole of its own, that are tokenised once
    balance: float = 0.5
    most_repeats: int = 2  # of a photo within an epoch: small classes are often one series
    batch: int = 32
    learning_rate: float = 2e-3
    warmup_steps: int = 200
    tail: float = 0.5
    ema: float = 0.998
    clip: float = 1.0
    weight_decay: float = 0.03
    seed: int = 0
    schedule: str = "cosine"
    region_share: float = 0.7  # share of samples whose unknown tokens lie in a hole, as in an edit
    stranger_share: float = 0.0  # share of those that lie in another class's photo, as when a picture changes class
    class_dropout: float = 0.1
    label_smoothing: float = 0.0
    soft_targets: float = 0.0  # share of the target that goes to codes like the true one; smoothing is of the rest
    soft_temperature: float = 0.0125  # of their dot products: of scenes-128's 1024 codes 7 share it (perplexity)
    feature_weight: float = 0.0  # of guessing what the frozen classifier sees at hidden cells of the whole crop
    decoding: Decoding = Decoding.standard(
        guidance_scale=5.0, choice_temperature=6.0, token_temperature=0.85
    )  # what the exported model advises

    def __post_init__(self) -> None:
        """Raise ValueError if the target would be no distribution."""
        if not (0.0 <= self.soft_targets <= 1.0 and self.soft_temperature > 0.0):
            raise ValueError(
                f"soft_targets {self.soft_targets} has to be a share from 0 to 1,"
                f" soft_temperature {self.soft_temperature} above 0"
            )


@dataclass(frozen=True)
class SharpenerRecipe:
    """The net after both stages, taught by Real-ESRGAN. A crop's rim is left out: the net sees too little around it."""

    net: SharpenerConfig = SharpenerConfig()
    pairs: int = 1200
    crop: int = 40  # pixels of the decoded picture; the net sees 18 px each way
    rim: int = 8  # pixels of the sharp picture
    batch: int = 8
    learning_rate: float = 4e-4
    warmup_steps: int = 50
    tail: float = 0.4
    ema: float = 0.998
    clip: float = 1.0
    seed: int = 0
    perceptual: float = 0.25
    perceptual_block: int = 10  # last tap of the metric net


@dataclass(frozen=True)
class Preset:
    """One recipe per stage."""

    tokenizer: TokenizerRecipe = field(default_factory=TokenizerRecipe)
    mvtm: MvtmRecipe = field(default_factory=MvtmRecipe)
    sharpener: SharpenerRecipe = field(default_factory=SharpenerRecipe)


_SCENES = Preset()
_LARGE_CODES = CompactTokenizerConfig(channels=(64, 128, 256), blocks=(2, 2, 3), codebook_size=2048, smooth=True)

# A course project's model (Tiny MaskGIT; its sizes are unknown): ten classes at 64 px in 8x8 tokens, a VQ-VAE with
# attention trained on squared error and commitment alone, the label as one more row of the code vocabulary.
_TINY = Preset(
    TokenizerRecipe(
        net=CompactTokenizerConfig(channels=(32, 64, 96), blocks=(0, 1, 2), codebook_size=512, attention=True),
        size=64,
        stored=64,
        batch=32,
        learning_rate=1e-3,
        warmup_steps=100,
        ema=0.995,
        l1=0.0,
        mse=4.0,  # as if pixels were in -1..1
        perceptual=0.0,
        lattice=0.0,
        continuous_steps=100,
        adversarial=0.0,
        adversarial_from=1.0,
    ),
    MvtmRecipe(
        net=CompactTransformerConfig(width=128, layers=4, heads=4, hidden=256, class_token=True),
        smallest_crop=0.85,
        warmup_steps=100,
        ema=0.995,
        schedule="arccos",
        region_share=0.0,
        class_dropout=0.0,
        decoding=Decoding.standard(schedule="arccos", steps=9),
    ),
)

PRESETS: dict[str, Preset] = {
    "scenes-128": _SCENES,
    "tiny-64": _TINY,
    # The faults that its report names, mended: a perceptual term (in a new decoder of the same codes, so that both
    # presets' transformers can be compared on them: --start it from tiny-64), a separate class table, a null class.
    "tiny-64-mended": Preset(
        replace(_TINY.tokenizer, perceptual=0.2, perceptual_block=10, decoder_only=True),
        replace(
            _TINY.mvtm,
            net=replace(_TINY.mvtm.net, class_token=False),
            class_dropout=0.1,
            decoding=replace(_TINY.mvtm.decoding, guidance_scale=2.0),
        ),
    ),
    "scenes-128-gpu": Preset(
        replace(_SCENES.tokenizer, net=_LARGE_CODES, batch=128, learning_rate=4e-4, warmup_steps=500, ema=0.999),
        replace(
            _SCENES.mvtm,
            net=CompactTransformerConfig(
                width=512, layers=12, heads=8, hidden=1024, codebook_size=2048, sees_pixels=True
            ),
            versions=16,
            batch=256,
            learning_rate=1e-3,
            warmup_steps=1000,
            ema=0.9995,
        ),
    ),
}


def with_settings(recipe: R, settings: list[str]) -> R:
    """Apply `key=value` settings to a recipe; `net.width=128` reaches into the net's config.

    Raises:
        ValueError: for an unknown key or a value that is not a Python literal.
    """
    changes: dict[str, Any] = {}
    for setting in settings:
        key, _, text = setting.partition("=")
        *parents, name = key.split(".")
        there = changes
        try:
            for parent in parents:
                there = there.setdefault(parent, {})
            there[name] = text if text.isidentifier() and text not in ("True", "False") else ast.literal_eval(text)
        except (ValueError, SyntaxError, AttributeError):
            raise ValueError(f"--set {setting!r}: expected key=value with a number, a word or a tuple") from None
    # All at once: a net's channels and blocks, for example, can only change their length together.
    try:
        changed: R = _replaced(recipe, changes)
        return changed
    except KeyError as error:
        known = ", ".join(f.name for f in fields(recipe))  # type: ignore[arg-type]
        raise ValueError(f"--set {error.args[0]}: expected key=value of its type with a key of {known}") from None


def _replaced(value: Any, changes: dict[str, Any]) -> Any:
    """Replace fields of a dataclass, nested ones by nested dicts.

    Raises:
        KeyError: names a field that does not exist or whose type differs.
        ValueError: from the dataclass itself.
    """
    new: dict[str, Any] = {}
    for name, change in changes.items():
        old = getattr(value, name, None)
        if is_dataclass(old) and isinstance(change, dict):
            change = _replaced(old, change)  # noqa: PLW2901
        elif isinstance(old, float) and type(change) is int:
            change = float(change)  # noqa: PLW2901
        if name not in {f.name for f in fields(value)} or type(change) is not type(old):
            raise KeyError(name)
        new[name] = change
    return replace(value, **new)
