"""Writes arrays as picture files, whole or not at all, and measures what a lossy file loses.

Knows nothing of models or screens.
"""

from __future__ import annotations

import io
import secrets
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from core.errors import BadRequest
from core.pictures.opening import open_picture, reason_of
from core.pictures.pngtext import MAX_TEXT_CHUNK

FULL_CHROMA = 90
"""JPEG quality from which colours are stored at full size; below it at half, as nearly every program does."""
JPEG_QUALITY = 95
"""Default quality: on the sample photos 0.5 levels off in the mean and at most 20, for 30 % more bytes than 92."""
_TO_BGR = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}  # by channels; OpenCV writes blue first
_HEADER_BYTES = 33  # of a PNG: signature and IHDR, after which texts may stand (PNG specification, part 5)
_BAND_ROWS = 512  # rows compared at a time: 32 MB of a picture that is 16,384 px wide


def encode_png(pixels: NDArray[np.uint8], *, text: Mapping[str, str] | None = None) -> bytes:
    """Encode a PNG.

    Args:
        pixels: (H, W, 3) RGB or (H, W, 4) RGBA uint8, or (H, W) grey uint8.
        text: keywords (1 to 79 characters of ASCII) and their texts of any characters, stored before the pixels.

    Raises:
        BadRequest: if a text is longer than `MAX_TEXT_CHUNK` bytes.
    """
    chunks = PngImagePlugin.PngInfo()
    for keyword, value in (text or {}).items():
        if not (0 < len(keyword) < 80 and keyword.isascii()):
            raise ValueError(f"PNG keyword {keyword!r} is not 1 to 79 characters of ASCII")
        if len(value.encode()) > MAX_TEXT_CHUNK:
            raise BadRequest(
                "text {keyword} is {length} characters: a PNG may carry {most} bytes of it.",
                keyword=keyword,
                length=len(value),
                most=MAX_TEXT_CHUNK,
            )
        if value.isascii():
            chunks.add_text(keyword, value)
        else:
            chunks.add_itxt(keyword, value)
    # Run lengths alone take a third of the time of Pillow's level 3 for photos, and give files an eighth smaller.
    ways = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
    swapped = pixels if pixels.ndim == 2 else cv2.cvtColor(np.ascontiguousarray(pixels), _TO_BGR[pixels.shape[2]])
    done, data = cv2.imencode(".png", swapped, ways)
    if not done:
        raise RuntimeError(f"OpenCV cannot encode {pixels.dtype} {pixels.shape}")
    written = b"".join(_chunk(kind, body) for kind, body, *_ in chunks.chunks)
    return b"".join((data[:_HEADER_BYTES].tobytes(), written, data[_HEADER_BYTES:].tobytes()))


def encode_picture(
    pixels: NDArray[np.uint8], file_format: str, *, quality: int | None = None, exif: bytes | None = None
) -> bytes:
    """Encode a PNG, JPEG or WebP file.

    Args:
        pixels: (H, W, 3) RGB or (H, W, 4) RGBA uint8; a JPEG shows transparent pixels on white.
        file_format: "png", "jpeg" (or "jpg") or "webp"; capitals and a leading dot are ignored.
        quality: 1 to 100, for JPEG and WebP; None is `JPEG_QUALITY` and 100. A WebP of 100 is lossless, colours under
            transparency included; a JPEG of at least `FULL_CHROMA` keeps colours as fine as brightness (4:4:4).
        exif: an EXIF block for a JPEG (at most 65533 bytes) or WebP, beginning with "Exif" and two zeros.

    Raises:
        BadRequest: for another format or quality, or sides that the format cannot hold.
    """
    wanted = file_format.lower().removeprefix(".").replace("jpg", "jpeg")
    if wanted not in ("png", "jpeg", "webp"):
        raise BadRequest("format {file_format!r} is unknown: choose one of png, jpeg, webp.", file_format=file_format)
    if quality is None:
        quality = JPEG_QUALITY if wanted == "jpeg" else 100
    if isinstance(quality, bool) or not isinstance(quality, int) or not 1 <= quality <= 100:
        raise BadRequest("quality is {quality}: give a whole number from 1 to 100.", quality=quality)
    if wanted == "png":
        return encode_png(pixels)
    height, width = pixels.shape[:2]
    if wanted == "webp" and max(height, width) > 16383:
        raise BadRequest(
            "picture is {width}x{height} px: WebP holds 16383 px a side, save it as PNG.", width=width, height=height
        )
    image = Image.fromarray(pixels)
    file = io.BytesIO()
    if wanted == "webp" and quality == 100:
        # The lowest effort takes a quarter of the next one's time, for files a tenth larger.
        image.save(file, "WEBP", lossless=True, exact=True, quality=0, method=0, exif=exif or b"")
    elif wanted == "webp":
        image.save(file, "WEBP", quality=quality, exif=exif or b"")
    else:
        if image.mode == "RGBA":
            image = _on_white(image)
        subsampling = "4:4:4" if quality >= FULL_CHROMA else "4:2:0"
        image.save(file, "JPEG", quality=quality, subsampling=subsampling, exif=exif or b"")
    return file.getvalue()


def loss_of(data: bytes, pixels: NDArray[np.uint8]) -> int:
    """Measure the largest difference of a file from its picture, in levels of 255; 0 is lossless.

    Args:
        data: a file of the picture, written by `encode_picture`.
        pixels: (H, W, 3 or 4) uint8; transparent pixels count as white if the file has no alpha.
    """
    there = open_picture(data)
    if there.shape[2] < pixels.shape[2]:
        pixels = np.asarray(_on_white(Image.fromarray(pixels)))
    most = 0
    for top in range(0, len(pixels), _BAND_ROWS):
        was, now = (part[top : top + _BAND_ROWS].astype(np.int16) for part in (pixels, there))
        most = max(most, int(np.abs(was - now).max()))
    return most


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all; an existing one is replaced at the end.

    Raises:
        BadRequest: if it cannot be written there.
    """
    part = path.parent / f".{secrets.token_hex(8)}.part"
    try:
        try:
            with part.open("xb") as file:
                file.write(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise BadRequest(
            "{path} cannot be written ({reason}): choose another place.", path=path, reason=reason_of(error)
        ) from error


def _on_white(image: Image.Image) -> Image.Image:
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _chunk(kind: bytes, body: bytes) -> bytes:
    """Build a chunk of a PNG; PNG specification, part 5.3."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
