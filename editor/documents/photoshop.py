"""Writes a Photoshop file by psd-tools, an optional package: a picture as layers.

Knows nothing of documents or runs. Of an opaque picture, what a layer leaves free is its pixel mask, on which
Photoshop can paint; else it is the layer's own transparency.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from editor.documents.layers import Layer, without_hidden
from editor.documents.store import Pixels

CAN_WRITE = importlib.util.find_spec("psd_tools") is not None
"""Whether psd-tools is installed."""


def write_photoshop(path: Path, layers: Sequence[Layer], pixels: Pixels) -> None:
    """Write the file.

    Args:
        path: to write.
        layers: the lowest first.
        pixels: (H, W, 3 or 4) uint8, what they show together, for programs that only look.

    Raises:
        ImportError: without psd-tools.
    """
    from psd_tools import PSDImage

    made = PSDImage.frompil(Image.fromarray(pixels))
    for layer in without_hidden(layers):
        left, top = layer.place
        written = made.create_pixel_layer(Image.fromarray(layer.pixels), layer.name, top, left)
        written.visible = layer.shown
    made.save(path)
