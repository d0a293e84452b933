"""The gate between picture files and arrays: the only room that opens or writes pictures.

Knows nothing of requests. The names below are all that other programs need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.plumbing.lazy import imported_lazily

if TYPE_CHECKING:
    from core.errors import read_sentence
    from core.pictures.encoding import encode_picture, encode_png, loss_of
    from core.pictures.frames import receive_message, send_message
    from core.pictures.maskfiles import MaskFile, read_mask
    from core.pictures.opening import PictureFile, open_picture, picture_size, read_picture
    from core.pictures.pngtext import read_png_text
else:
    __getattr__ = imported_lazily(
        __name__,
        {
            "core.errors": ("read_sentence",),
            "core.pictures.encoding": ("encode_picture", "encode_png", "loss_of"),
            "core.pictures.frames": ("receive_message", "send_message"),
            "core.pictures.maskfiles": ("MaskFile", "read_mask"),
            "core.pictures.opening": ("PictureFile", "open_picture", "picture_size", "read_picture"),
            "core.pictures.pngtext": ("read_png_text",),
        },
    )

__all__ = [
    "MaskFile",
    "PictureFile",
    "encode_picture",
    "encode_png",
    "loss_of",
    "open_picture",
    "picture_size",
    "read_mask",
    "read_picture",
    "read_png_text",
    "read_sentence",
    "receive_message",
    "send_message",
]
