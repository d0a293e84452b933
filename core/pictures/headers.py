"""Which format a picture file has, and its width and height, read from its first bytes before any decoder runs.

Knows nothing of pixels. Formats that are not opened here are called by the names that people have for them.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from core.errors import BadRequest, Sentence
from core.pictures.isoboxes import brands, primary_size
from core.pictures.pngtext import SIGNATURE
from core.values.geometry import Size

OPENED = Sentence("a PNG, JPEG, WebP, AVIF, HEIC, TIFF or GIF file")
"""What to give instead of a file that is none."""

_FOREIGN = (  # first bytes, at an offset, and what people call it
    (0, b"BM", Sentence("a BMP")),
    (0, b"II+\0", Sentence("a BigTIFF")),
    (0, b"MM\0+", Sentence("a BigTIFF")),
    (0, b"8BPS", Sentence("a Photoshop file")),
    (0, b"%PDF", Sentence("a PDF")),
    (0, b"PK\x03\x04", Sentence("a zip archive")),
    (0, b"\0\0\1\0", Sentence("an icon")),
    (0, b"\xff\x0a", Sentence("a JPEG XL")),
    (0, b"\0\0\0\x0cJXL ", Sentence("a JPEG XL")),
    (0, b"\0\0\0\x0cjP  ", Sentence("a JPEG 2000")),
    (4, b"ftyp", Sentence("a video")),
    (0, b"<svg", Sentence("an SVG")),
    (0, b"<", Sentence("a web page or SVG")),
)
_AVIF, _HEIC = {b"avif", b"avis"}, {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
"""Brands of still pictures and sequences; ISO/IEC 23000-22, annex B, and the AVIF specification, chapter 8."""
_WIDTH_TAG, _HEIGHT_TAG = 256, 257  # TIFF 6.0, section 3
_MOST_TAGS = 1024  # of a TIFF's first directory; real ones have a few dozen


class Header(NamedTuple):
    """What the first bytes of a file say: its format by Pillow's name, and its size, None if that is damaged."""

    kind: str
    size: Size | None


def header_of(data: bytes) -> Header:
    """Read the format and size of a picture file.

    Raises:
        BadRequest: if it is of no format that is opened here.
    """
    if data.startswith(SIGNATURE):
        whole = data[12:16] == b"IHDR" and len(data) >= 24
        return Header("PNG", Size(*struct.unpack(">II", data[16:24])) if whole else None)
    if data.startswith(b"\xff\xd8\xff"):
        return Header("JPEG", _jpeg_size(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Header("WEBP", _webp_size(data))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return Header("GIF", Size(*struct.unpack("<HH", data[6:10])) if len(data) >= 10 else None)
    if data.startswith((b"II*\0", b"MM\0*")):
        return Header("TIFF", _tiff_size(data))
    named = brands(data)
    if named & _AVIF:
        return Header("AVIF", primary_size(data, cropped=False))
    if named & _HEIC:
        return Header("HEIF", primary_size(data, cropped=True))
    for offset, start, name in _FOREIGN:
        if data[:64].lstrip().startswith(start) if start.startswith(b"<") else data.startswith(start, offset):
            raise BadRequest("file is {name}: give {formats}.", name=name, formats=OPENED)
    raise BadRequest("file is not a picture that can be read here: give {formats}.", formats=OPENED)


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


def _tiff_size(data: bytes) -> Size | None:
    """Find the size in the first directory; TIFF 6.0, section 2."""
    order = "<" if data.startswith(b"II") else ">"
    sides: dict[int, int] = {}
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_TAGS), 12):
            tag, kind, values = struct.unpack_from(f"{order}HHI", data, entry)
            form = {3: "H", 4: "I"}.get(kind)  # SHORT, LONG
            if tag in (_WIDTH_TAG, _HEIGHT_TAG) and form is not None and values == 1:
                (sides[tag],) = struct.unpack_from(f"{order}{form}", data, entry + 8)
    except struct.error:
        return None
    return Size(sides[_WIDTH_TAG], sides[_HEIGHT_TAG]) if len(sides) == 2 else None
