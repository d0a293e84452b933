"""Reads a picture file as a mask: one rule for every door, and a sentence about how it was read.

Knows nothing of requests or nets. Masks come in black and white, as 0 and 1, as palettes, in 16 bits, as paint on a
transparent layer, hard or soft. One question decides which signal counts: are the visible pixels of two kinds, dark and
bright? If so, brightness is the mask; if they are all of one kind, opacity is; anything else is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import BadRequest, Sentence
from core.pictures.opening import DEEP_GREY, colour_and_alpha, decoded, upright
from core.values.geometry import Size

LEVEL = 17
"""Soft masks have 16 levels, 0, 17, ... 255, as the canvas paints them: the same cells and pixels by every door."""

_LEAST_RANGE = 32
"""Levels between dark and bright, more than noise spans; with fewer, only exactly two levels are a mask."""
_NEAR = 1 / 16  # of the range: levels this near an end belong to it, for the noise of a JPEG
_MOST_BETWEEN = 0.5
"""Largest share of pixels between dark and bright: of 7,500 photos and grey copies of photos 99.5 % have more."""
_LOSSLESS = ("PNG", "GIF", "TIFF")
_ADVICE = Sentence("give one of black and white, white where it is to be repainted")


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A mask, and how it was read.

    Attributes:
        mask: (H, W) bool, True = repaint, or uint8 if its edges are soft, 255 = all of the new picture; not all 0.
        told: a sentence that says which signal was used and what share of the picture it repaints.
        plain: whether it was black and white, so that nothing had to be decided.
    """

    mask: NDArray[np.bool_] | NDArray[np.uint8]
    told: str
    plain: bool


class _Signals(NamedTuple):
    """A file's stored values: (H, W) uint8 brightness, (H, W, 3) colours, (H, W) alpha or None; what to call them.

    `noise` is the share of the range, at either end, that is no signal: 0 if the file is lossless.
    """

    bright: NDArray[np.uint8]
    colours: NDArray[np.uint8]
    alpha: NDArray[np.uint8] | None
    kind: Sentence
    noise: float


class _Split(NamedTuple):
    """(H, W) levels as a mask, the darkest and brightest level, and the share of pixels between them."""

    mask: NDArray[np.bool_] | NDArray[np.uint8]
    low: int
    high: int
    between: float


def read_mask(source: bytes | Path, size: Size | None) -> MaskFile:
    """Read the mask that a picture file draws: bright pixels are repainted, or opaque ones if opacity is the signal.

    Colours count by their brightest channel, so red and blue paint on black count as white. Opacity counts if all
    visible pixels have one brightness; alpha that hardly varies is ignored. Levels are stretched from the darkest to
    the brightest, so 0 and 1 become 0 and 255. Colour profiles are ignored: a mask's levels are not colours.

    Args:
        source: the file's bytes or its path; of a format that `read_picture` opens.
        size: of the picture it belongs to, or None for any.

    Raises:
        BadRequest: as `read_picture`; also for a size other than the picture's, an empty mask, or a file that is no
            mask, a photo for instance.
    """
    signals = _signals(source)
    height, width = signals.bright.shape
    if size is not None and (width, height) != tuple(size):
        raise BadRequest(
            "mask is {width}x{height} px but the picture is {picture_width}x{picture_height} px: give a "
            "mask of the same size.",
            width=width,
            height=height,
            picture_width=size[0],
            picture_height=size[1],
        )
    alpha = signals.alpha
    layered = alpha is not None and int(alpha.max()) - int(alpha.min()) >= _LEAST_RANGE
    seen = alpha >= 128 if alpha is not None and layered else np.ones((height, width), np.bool_)
    found = _split(signals.bright, seen, signals.noise)
    if layered and alpha is not None and (found is None or found.between > _MOST_BETWEEN or not seen.any()):
        if found is not None:
            raise BadRequest(
                "mask is a photo with transparent parts ({between:.0%} of its pixels lie between its levels "
                "{low} and {high}), which says neither what goes nor what stays: {advice}.",
                between=found.between,
                low=found.low,
                high=found.high,
                advice=_ADVICE,
            )
        return _by_opacity(alpha, signals.noise)
    return _by_brightness(signals, seen, found)


def _signals(source: bytes | Path) -> _Signals:
    """Read a file's stored values, upright."""
    with decoded(source) as (image, depth):
        plain, alpha = colour_and_alpha(image, depth)
        colours = np.asarray(upright(plain.convert("RGB"), image))
        kind = Sentence("16-bit levels") if depth == 16 else Sentence("levels")
        bright = colours.max(2)
        if image.mode in DEEP_GREY:
            deep = np.asarray(upright(image, image)).astype(np.int64)
            most = int(deep.max())
            if most <= 255 and most > 0:
                bright = deep.astype(np.uint8)
        elif image.mode == "P" and int(bright.max()) == int(bright.min()):
            numbers = np.asarray(upright(Image.fromarray(np.asarray(image)), image))
            bright, kind = numbers, Sentence("palette levels")
        elif image.mode == "P":
            kind = Sentence("palette's levels")
        noise = 0.0 if image.format in _LOSSLESS else _NEAR
        return _Signals(bright, colours, None if alpha is None else np.asarray(upright(alpha, image)), kind, noise)


def _split(levels: NDArray[np.uint8], seen: NDArray[np.bool_], noise: float) -> _Split | None:
    """Convert levels to a mask, stretched between their ends; None if they are all of one kind.

    Args:
        levels: (H, W) uint8.
        seen: (H, W) bool, the pixels that count; the others are not repainted.
        noise: share of the range, at either end, that counts as that end.
    """
    counts = np.bincount(levels[seen], minlength=256)
    present = np.flatnonzero(counts)
    if len(present) < 2 or (present[-1] - present[0] < _LEAST_RANGE and len(present) > 2):
        return None
    low, high = int(present[0]), int(present[-1])
    scale = (np.arange(256) - low) / (high - low)
    between = float(counts[(scale > _NEAR) & (scale < 1 - _NEAR)].sum() / counts.sum())
    table = (LEVEL * np.rint(np.clip((scale - noise) / (1 - 2 * noise), 0, 1) * (255 / LEVEL))).astype(np.uint8)
    mask = np.where(seen, table[levels], np.uint8(0))
    soft = ((table > 0) & (table < 255) & (counts > 0)).any()
    return _Split(mask if soft else mask > 0, low, high, between)


def _by_opacity(alpha: NDArray[np.uint8], noise: float) -> MaskFile:
    found = _split(alpha, np.ones(alpha.shape, np.bool_), noise)
    assert found is not None  # it varies
    most = Sentence("; if it is a cut-out whose hole is to be filled, that is the opposite")
    told = Sentence(
        "mask was read by its transparency: what is opaque is repainted, {share:.2g} % of the "
        "picture{besides}{softly}.",
        share=_share(found.mask),
        besides=most if (found.mask > 0).mean() > 0.5 else "",
        softly=_softness(found),
    )
    return MaskFile(found.mask, told, plain=False)


def _by_brightness(signals: _Signals, seen: NDArray[np.bool_], found: _Split | None) -> MaskFile:
    low, high = int(signals.bright.min()), int(signals.bright.max())
    if found is None:
        if high < 128:
            raise BadRequest(
                "mask is empty: its {kind} go from {low} to {high}, {advice}.",
                kind=signals.kind,
                low=low,
                high=high,
                advice=_ADVICE,
            )
        if int(np.ptp(signals.colours.reshape(-1, 3), axis=0).max()) >= 2 * _LEAST_RANGE:
            raise BadRequest(
                "mask cannot be read: its colours are all as bright as each other ({high}), {advice}.",
                high=high,
                advice=_ADVICE,
            )
        told = Sentence("mask is white all over: all of the picture is repainted, {share:.2g} %.", share=_share(seen))
        return MaskFile(seen, told, plain=True)
    if found.between > _MOST_BETWEEN:
        raise BadRequest(
            "mask looks like a photo: {between:.0%} of its pixels lie between its darkest level, {low}, "
            "and its brightest, {high}: {advice}.",
            between=found.between,
            low=found.low,
            high=found.high,
            advice=_ADVICE,
        )
    plain = found.low < LEVEL and found.high >= 255 - LEVEL
    taken = Sentence("white")
    if not plain:
        levels = {"kind": signals.kind, "low": found.low, "high": found.high}
        taken = Sentence("what is near {high} of its {kind} {low} to {high}", **levels)
    told = Sentence(
        "mask was read by its brightness: {taken} is repainted, {share:.2g} % of the picture{softly}.",
        taken=taken,
        share=_share(found.mask),
        softly=_softness(found),
    )
    return MaskFile(found.mask, told, plain and not found.between)


def _share(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> float:
    return 100 * float((mask > 0).mean())


def _softness(found: _Split) -> str:
    return Sentence(", {share:.2g} % softly", share=100 * found.between) if found.between else ""
