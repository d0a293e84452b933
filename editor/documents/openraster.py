"""Writes an OpenRaster file: a picture as layers that other painting programs open (openraster.org, version 0.0.3).

Knows nothing of documents or runs. A layer's own transparency is its mask. Beside the layers lies the picture itself,
for programs that only look.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from core.values import Size
from editor.documents import export
from editor.documents.layers import Layer, without_hidden
from editor.documents.store import Pixels
from editor.server import darkroom

_KIND = b"image/openraster"
_THUMBNAIL_SIDE = 256  # the specification's


def write_openraster(path: Path, size: Size, layers: Sequence[Layer], picture: Path, pixels: Pixels) -> None:
    """Write the file.

    Args:
        path: to write.
        size: of the picture.
        layers: the lowest first.
        picture: PNG of what they show together, taken over as it is.
        pixels: the same, for the thumbnail.
    """
    listed = without_hidden(layers)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("mimetype", _KIND)
        archive.writestr("stack.xml", _stack(size, listed), zipfile.ZIP_DEFLATED)
        for index, layer in enumerate(listed):
            archive.writestr(_file(index), darkroom.encode_png(layer.pixels))
        archive.write(picture, "mergedimage.png")
        small = export.shrunk(pixels, _THUMBNAIL_SIDE)
        archive.writestr("Thumbnails/thumbnail.png", darkroom.encode_png(small))


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
