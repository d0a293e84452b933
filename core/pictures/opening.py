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

from core.checks import LEAST_SIDE, MOST_PIXELS, MOST_SIDE
from core.errors import BadRequest, Sentence
from core.pictures.headers import OPENED, header_of
from core.pictures.pngtext import MAX_TEXT_CHUNK
from core.pictures.profiles import to_srgb
from core.values.geometry import Size

MOST_TEXT_BYTES = 2 * MAX_TEXT_CHUNK
"""Room in a file beside its pixels: the two texts of a recipe, or the tables of a broken encoder."""
MOST_BYTES = 4 * MOST_PIXELS * 101 // 100 + MOST_TEXT_BYTES
"""Size of the largest file that is written here, which must open again: uncompressed noise with alpha, plus 1 %."""
DEEP_GREY = ("I;16", "I;16B", "I;16L", "I")
"""Pillow's modes for grey of 16 bits."""

_log = logging.getLogger(__name__)

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

_BITS_TAG = 258  # BitsPerSample; TIFF 6.0, section 3
_TURNED = ("HEIF", "TIFF")
"""Formats that Pillow turns upright by itself, so that width and height may have changed places."""

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
    """Read a PNG, JPEG, WebP, AVIF, HEIC, TIFF or GIF file, the first frame if there are several.

    Orientation is applied; colours are converted to sRGB by the embedded profile (a broken one is ignored; one that
    moves no colour changes nothing); more than 8 bits per channel are scaled to 8; CMYK, grey and palettes become RGB.
    HEIC needs the package pillow-heif.

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
        if depth > 8:
            told = _scaled(depth, told)
        told = told and Sentence("picture: {told}", told=told)
        return PictureFile(np.array(upright(colour, image), np.uint8), told)


def _scaled(depth: int, told: str | None) -> Sentence:
    """Say that a picture had more than 8 bits, and what was said of it before."""
    if told is None:
        return Sentence("its {depth} bits a channel were scaled to 8.", depth=depth)
    return Sentence("its {depth} bits a channel were scaled to 8, and {told}", depth=depth, told=told)


def picture_size(data: bytes) -> Size:
    """Read the width and height from a picture file's header, without decoding anything.

    Raises:
        BadRequest: if it cannot be read, or `read_picture` would refuse its size.
    """
    return _checked(header_of(data).size)


def _checked(size: Size | None) -> Size:
    if size is None:
        raise BadRequest("picture is damaged: its header cannot be read, save it again as PNG, JPEG or WebP.")
    width, height = size
    if min(size) < LEAST_SIDE or max(size) > MOST_SIDE:
        raise BadRequest(
            "picture is {width}x{height} px: each side must be {least} to {most_side} px.",
            width=width,
            height=height,
            least=LEAST_SIDE,
            most_side=MOST_SIDE,
        )
    if width * height > MOST_PIXELS:
        raise BadRequest(
            "picture is {width}x{height} px, {megapixels:.0f} MP: give one of at most {most:g} MP.",
            width=width,
            height=height,
            megapixels=width * height / 1e6,
            most=MOST_PIXELS / 1e6,
        )
    return size


def _plugged(kind: str) -> str:
    """Make sure of the plug-in that opens a format, and return the format.

    Raises:
        BadRequest: if it is HEIC, and nothing here can open it.
    """
    if kind == "HEIF":
        try:
            from pillow_heif import register_heif_opener
        except ImportError:
            raise BadRequest(
                "file is a HEIC, and the package pillow-heif, which opens it, is not installed here: save the picture "
                "as JPEG, or say pip install -r requirements-heic.txt."
            ) from None
        register_heif_opener(thumbnails=False)
    return kind


def _depth(image: Image.Image, data: bytes) -> int:
    """Return the bits per channel of a file; refuses the levels of TIFFs that are no picture's."""
    if image.format == "PNG":
        return data[24]
    if image.format != "TIFF":
        return int(image.info.get("bit_depth", 8))  # as the plug-in for HEIC tells
    depth = max(image.tag_v2.get(_BITS_TAG, (1,)))  # type: ignore[attr-defined]
    if image.mode in ("F", "LAB") or (image.mode == "I" and depth > 16):
        raise BadRequest(
            "picture has {depth} bits a channel in mode {mode}: save it in RGB at 8 or 16 bits.",
            depth=depth,
            mode=image.mode,
        )
    return int(depth)


@contextmanager
def decoded(source: bytes | Path) -> Iterator[tuple[Image.Image, int]]:
    """Decode the first frame of a picture file; yields the image as stored, and its bits per channel.

    Raises:
        BadRequest: see `read_picture`; also for decoder errors that the body raises.
    """
    data = _bytes(source)
    kind, stored = header_of(data)
    size = _checked(stored)
    width, height = size
    if len(data) > 4 * width * height * 101 // 100 + MOST_TEXT_BYTES:
        raise BadRequest(
            "picture file has {megabytes} MB, more than {width}x{height} px need: save it again.",
            megabytes=len(data) >> 20,
            width=width,
            height=height,
        )
    try:
        with Image.open(io.BytesIO(data), formats=(_plugged(kind),)) as image:
            if image.size not in ((size, size[::-1]) if kind in _TURNED else (size,)):
                raise ValueError("two headers that disagree")  # refused below, like any other damage
            depth = _depth(image, data)
            image.load()
            yield image, depth
    except BadRequest:
        raise
    except _DECODER_ERRORS as error:
        _log.info("picture refused: %s", error)
        raise BadRequest("picture is damaged or cut short: save or download it again.") from error


def _bytes(source: bytes | Path) -> bytes:
    if isinstance(source, Path):
        try:
            if source.exists() and not source.is_file():
                raise BadRequest("{source} is not a file: give {formats}.", source=source, formats=OPENED)
            with source.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as error:
            if isinstance(error, BadRequest):
                raise
            raise BadRequest(
                "{source} cannot be read ({reason}): give {formats}.",
                source=source,
                reason=reason_of(error),
                formats=OPENED,
            ) from error
    else:
        data = bytes(source)
    if not data:
        raise BadRequest("picture file is empty: give {formats}.", formats=OPENED)
    if len(data) > MOST_BYTES:
        raise BadRequest(
            "picture file is larger than {most} MB: save it smaller, as JPEG or WebP.", most=MOST_BYTES // 2**20
        )
    return data


def reason_of(error: Exception) -> str:
    """Return the system's description of an error, in small letters."""
    return (getattr(error, "strerror", None) or str(error)).lower()


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
    if image.mode in ("RGBa", "La"):  # a TIFF's, multiplied by its alpha
        image = image.convert("RGBA" if image.mode == "RGBa" else "LA")
    if image.mode in ("RGBA", "LA", "PA"):
        alpha = image.getchannel("A")
        return image.convert("L" if image.mode == "LA" else "RGB"), alpha
    key = image.info.get("transparency")
    if image.mode == "P":
        if key is None:
            return image.convert("RGB"), None
        both = image.convert("RGBA")
        return both.convert("RGB"), both.getchannel("A")
    if image.mode in DEEP_GREY:
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
