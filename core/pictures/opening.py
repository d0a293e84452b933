"""Opens every picture file, for page and command line alike, as sRGB arrays.

Knows nothing of requests or nets, nor of what a mask file means (core/pictures/maskfiles.py). Its result is always an
(H, W, 3 or 4) uint8 sRGB array; the file's claims are checked from its first bytes before any decoder runs.
"""

from __future__ import annotations

import io
import logging
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

from core.checks import MOST_PIXELS, MOST_SIDE
from core.errors import BadRequest
from core.pictures.pngtext import MAX_TEXT_CHUNK, SIGNATURE
from core.pictures.profiles import to_srgb
from core.values.geometry import Size

MOST_TEXT_BYTES = 2 * MAX_TEXT_CHUNK
"""Room in a file beside its pixels: the two texts of a recipe, or the tables of a broken encoder."""
MOST_BYTES = 4 * MOST_PIXELS * 101 // 100 + MOST_TEXT_BYTES
"""Size of the largest file that is written here, which must open again: uncompressed noise with alpha, plus 1 %."""
LEAST_SIDE = 16
"""Pixels of the shorter side: a token cell of the published models."""

_log = logging.getLogger(__name__)

_FOREIGN = (  # first bytes, at an offset, and what people call it
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (0, b"II*\0", "a TIFF"),
    (0, b"MM\0*", "a TIFF"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a zip archive"),
    (0, b"\0\0\x01\0", "an icon"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
    (4, b"ftyp", "a video"),
    (0, b"<svg", "an SVG"),
    (0, b"<", "a web page or SVG"),
)
_DECODER_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow and its plugins raise on damaged files; UnidentifiedImageError is an OSError."""

_TRANSPOSES = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Orientation -> the transposition that turns a picture upright; EXIF 2.32, tag 0x0112."""


class PictureFile(NamedTuple):
    """The content of a picture file.

    Attributes:
        pixels: (H, W, 3) RGB uint8, or (H, W, 4) RGBA if the file has any transparency, H and W 16 to 16384.
        told: a sentence about what the conversion to 8-bit sRGB changed, or None if nothing.
    """

    pixels: NDArray[np.uint8]
    told: str | None


def open_picture(source: bytes | Path) -> NDArray[np.uint8]:
    """Read the pixels of a picture file; see `read_picture`."""
    return read_picture(source).pixels


def read_picture(source: bytes | Path) -> PictureFile:
    """Read a PNG, JPEG or WebP file, the first frame if there are several.

    EXIF orientation is applied; colours are converted to sRGB by the embedded profile (a broken one is ignored; one
    that moves no colour changes nothing); 16 bits per channel are scaled to 8; CMYK, grey and palettes become RGB.

    Args:
        source: the file's bytes or its path; at most about four bytes per pixel and 32 MB more.

    Raises:
        BadRequest: if it cannot be read, is another format, is damaged, or is too large or too small; size and format
            are judged from the header, before anything is decoded.
    """
    with decoded(source) as (image, depth):
        colour, alpha = colour_and_alpha(image, depth)
        colour, told = to_srgb(colour, image.info)
        if alpha is not None:
            colour.putalpha(alpha)
        if depth == 16:
            told = f"its 16 bits a channel were scaled to 8{', and ' + told if told else '.'}"
        return PictureFile(np.array(upright(colour, image), np.uint8), told and f"picture: {told}")


def picture_size(data: bytes) -> Size:
    """Read the width and height from a picture file's header, without decoding anything.

    Raises:
        BadRequest: if it cannot be read, or `read_picture` would refuse its size.
    """
    size = _header_size(data)
    if size is None:
        raise BadRequest("picture is damaged: its header cannot be read, save it again as PNG, JPEG or WebP.")
    width, height = size
    if min(size) < LEAST_SIDE or max(size) > MOST_SIDE:
        raise BadRequest(f"picture is {width}x{height} px: each side must be {LEAST_SIDE} to {MOST_SIDE} px.")
    if width * height > MOST_PIXELS:
        raise BadRequest(
            f"picture is {width}x{height} px, {width * height / 1e6:.0f} MP: "
            f"give one of at most {MOST_PIXELS / 1e6:g} MP."
        )
    return size


@contextmanager
def decoded(source: bytes | Path) -> Iterator[tuple[Image.Image, int]]:
    """Decode the first frame of a picture file; yields the image as stored, and its bits per channel.

    Raises:
        BadRequest: see `read_picture`; also for decoder errors that the body raises.
    """
    data = _bytes(source)
    size = picture_size(data)
    width, height = size
    if len(data) > 4 * width * height * 101 // 100 + MOST_TEXT_BYTES:
        raise BadRequest(f"picture file has {len(data) >> 20} MB, more than {width}x{height} px need: save it again.")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as image:
            if image.size != size:
                raise ValueError("two headers that disagree")  # refused below, like any other damage
            image.load()
            yield image, data[24] if data.startswith(SIGNATURE) else 8
    except BadRequest:
        raise
    except _DECODER_ERRORS as error:
        _log.info("picture refused: %s", error)
        raise BadRequest("picture is damaged or cut short: save or download it again.") from error


def _bytes(source: bytes | Path) -> bytes:
    if isinstance(source, Path):
        try:
            if source.exists() and not source.is_file():
                raise BadRequest(f"{source} is not a file: give a PNG, JPEG or WebP file.")
            with source.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, BadRequest):
                raise
            raise BadRequest(f"{source} cannot be read ({reason_of(error)}): give a PNG, JPEG or WebP file.") from error
    else:
        data = bytes(source)
    if not data:
        raise BadRequest("picture file is empty: give a PNG, JPEG or WebP file.")
    if len(data) > MOST_BYTES:
        raise BadRequest(f"picture file is larger than {MOST_BYTES // 2**20} MB: save it smaller, as JPEG or WebP.")
    return data


def reason_of(error: Exception) -> str:
    """Return the system's description of an error, in small letters."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _header_size(data: bytes) -> Size | None:
    """Read width and height from the first bytes; None if they are damaged. Other formats are refused here."""
    if data.startswith(SIGNATURE):
        return Size(*struct.unpack(">II", data[16:24])) if data[12:16] == b"IHDR" and len(data) >= 24 else None
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg_size(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp_size(data)
    for offset, start, name in _FOREIGN:
        if data[:64].lstrip().startswith(start) if start.startswith(b"<") else data.startswith(start, offset):
            raise BadRequest(f"file is {name}: give a PNG, JPEG or WebP file.")
    raise BadRequest("file is not a picture that can be read here: give a PNG, JPEG or WebP file.")


def _jpeg_size(data: bytes) -> Size | None:
    """Find the size in the first frame header; ITU-T T.81, annex B."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # without a length
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return Size(width, height)
        elif marker in (0xD9, 0xDA):  # end, or pixels before any size
            return None
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None


def _webp_size(data: bytes) -> Size | None:
    """Find the canvas size; WebP container specification and RFC 6386, part 9.1."""
    if len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return Size(1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little"))
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return Size(width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return Size((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    return None


def upright(picture: Image.Image, stored: Image.Image) -> Image.Image:
    """Turn a picture upright, by the EXIF orientation of the stored image."""
    try:
        orientation = stored.getexif().get(ExifTags.Base.Orientation, 1)
    except _DECODER_ERRORS as error:
        _log.warning("EXIF ignored: %s", error)
        orientation = 1
    turn = _TRANSPOSES.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def colour_and_alpha(image: Image.Image, depth: int) -> tuple[Image.Image, Image.Image | None]:
    """Split an image into its colours, in mode L, RGB or CMYK, and its alpha in mode L or None."""
    if image.mode in ("RGBA", "LA", "PA"):
        alpha = image.getchannel("A")
        return image.convert("L" if image.mode == "LA" else "RGB"), alpha
    key = image.info.get("transparency")
    if image.mode == "P":
        if key is None:
            return image.convert("RGB"), None
        both = image.convert("RGBA")
        return both.convert("RGB"), both.getchannel("A")
    if image.mode in ("I;16", "I"):
        deep = np.asarray(image).astype(np.uint32)
        levels = np.minimum((deep + 128) // 257, 255).astype(np.uint8)  # 65535 -> 255, to the nearest level
        return Image.fromarray(levels), None if key is None else _opaque_but(deep == key)
    if image.mode == "CMYK":
        return image, None
    image = image.convert("L" if image.mode in ("1", "L") else "RGB")
    if key is None:
        return image, None
    # Pillow leaves the key in the file's own depth (except at 1 bit), while the pixels are 8 bits deep by now.
    scaled = [int(k) >> 8 if depth == 16 else min(int(k) * 255 // (2**depth - 1), 255) for k in np.atleast_1d(key)]
    clear = (np.atleast_3d(np.asarray(image)) == scaled).all(2)
    return image, _opaque_but(clear)


def _opaque_but(clear: NDArray[np.bool_]) -> Image.Image:
    return Image.fromarray(np.where(clear, 0, 255).astype(np.uint8))
