"""A picture as layers, for files that other painting programs open.

Knows nothing of documents, runs or formats. The layers that are shown, laid over one another, are the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.values import UNMOVED, Box, Placing, Size
from editor.documents.store import Pixels

_OPAQUE = 255  # alpha of a pixel that hides what is below it


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer.

    Attributes:
        name: for people.
        pixels: (h, w, 3 or 4) uint8.
        place: of its left upper corner on the picture, (x, y).
        shown: whether it is part of the picture.
        alone: whether what lies below must not show through it.
    """

    name: str
    pixels: Pixels
    place: tuple[int, int] = (0, 0)
    shown: bool = True
    alone: bool = False


def laid(pixels: Pixels, size: Size, place: Placing = UNMOVED) -> Pixels:
    """Lay a picture on a transparent canvas of a size, as much of it as there is room for; returns (H, W, 4)."""
    canvas = np.zeros((size.height, size.width, 4), np.uint8)
    box = place.box(Box(0, 0, pixels.shape[1], pixels.shape[0]))
    seen = box.common(Box(0, 0, *size))
    if seen is None:
        return canvas
    part = canvas[seen.slices]
    part[..., 3] = _OPAQUE
    part[..., : pixels.shape[2]] = place.turn.of(pixels)[seen.shifted(-box.left, -box.top).slices]
    return canvas


def patch(name: str, before: Pixels, after: Pixels, *, shown: bool = True) -> Layer:
    """Make the layer that turns one picture into another.

    It holds the pixels that differ. Where one of them is transparent, no layer over the first picture could show it:
    then it holds all of the second picture, alone.

    Args:
        name: of the layer.
        before: (H, W, 4) uint8.
        after: (H, W, 3 or 4) uint8.
        shown: see `Layer`.
    """
    whole = laid(after, Size(after.shape[1], after.shape[0]))
    changed = (before != whole).any(2)
    if (whole[changed, 3] < _OPAQUE).any():
        return Layer(name, whole, shown=shown, alone=True)
    box = Box.around(changed)
    if box is None:
        return Layer(name, np.zeros((1, 1, 4), np.uint8), shown=shown)
    pixels = np.where(changed[box.slices][..., None], whole[box.slices], np.uint8(0))
    return Layer(name, pixels, (box.left, box.top), shown)


def without_hidden(layers: Sequence[Layer]) -> list[Layer]:
    """Hide what lies below a layer that is shown alone."""
    last = max((index for index, layer in enumerate(layers) if layer.shown and layer.alone), default=0)
    return [replace(layer, shown=layer.shown and index >= last) for index, layer in enumerate(layers)]
