"""Writes an OpenRaster file: a picture as layers that other painting programs open (openraster.org, version 0.0.3).

Knows nothing of documents or runs. A layer's own transparency is its mask. The layers that are shown, laid over one
another, are the picture; beside them lies that picture itself, for programs that only look.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.sax.saxutils import quoteattr

import numpy as np

from core.values import UNMOVED, Box, Placing, Size
from editor.documents import export
from editor.documents.store import Pixels
from editor.server import darkroom

_KIND = b"image/openraster"
_THUMBNAIL_SIDE = 256  # the specification's
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


def write_openraster(path: Path, size: Size, layers: Sequence[Layer], picture: Path, pixels: Pixels) -> None:
    """Write the file.

    Args:
        path: to write.
        size: of the picture.
        layers: the lowest first.
        picture: PNG of what they show together, taken over as it is.
        pixels: the same, for the thumbnail.
    """
    listed = _without_hidden(layers)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", _KIND)
        archive.writestr("stack.xml", _stack(size, listed), zipfile.ZIP_DEFLATED)
        for index, layer in enumerate(listed):
            archive.writestr(_file(index), darkroom.encode_png(layer.pixels))
        archive.write(picture, "mergedimage.png")
        small = export.shrunk(pixels, _THUMBNAIL_SIDE)
        archive.writestr("Thumbnails/thumbnail.png", darkroom.encode_png(small))


def _without_hidden(layers: Sequence[Layer]) -> list[Layer]:
    """Hide what lies below a layer that is shown alone."""
    last = max((index for index, layer in enumerate(layers) if layer.shown and layer.alone), default=0)
    return [replace(layer, shown=layer.shown and index >= last) for index, layer in enumerate(layers)]


def _stack(size: Size, layers: Sequence[Layer]) -> str:
    """Write the description, the topmost layer first."""
    lines = [
        f'<layer name={quoteattr(layer.name)} src="{_file(index)}" x="{layer.place[0]}" y="{layer.place[1]}" '
        f'opacity="1.0" visibility="{"visible" if layer.shown else "hidden"}" composite-op="svg:src-over"/>'
        for index, layer in reversed(list(enumerate(layers)))
    ]
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<image version="0.0.3" w="{size.width}" h="{size.height}">'
    return "\n".join((head, "<stack>", *lines, "</stack>", "</image>", ""))


def _file(index: int) -> str:
    return f"data/layer{index}.png"
