"""The texts in a PNG, read without decoding its pixels.

Knows nothing of their meaning.
"""

from __future__ import annotations

import logging
import struct
import zlib
from collections.abc import Iterator

MAX_TEXT_CHUNK = 16 * 2**20
"""Most bytes of one PNG text; the mask of the largest picture, packed and in base 64, fits even if it is noise."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_log = logging.getLogger(__name__)


def read_png_text(data: bytes) -> dict[str, str]:
    """Read the texts of a PNG by keyword, without decoding its pixels.

    Texts that are damaged, or longer than `MAX_TEXT_CHUNK` bytes in all, are left out; other files have none.

    Args:
        data: a PNG file.
    """
    texts: dict[str, str] = {}
    room = MAX_TEXT_CHUNK
    for kind, body in _png_chunks(data):
        try:
            keyword, value = _text(kind, body, room)
        except (ValueError, zlib.error) as error:
            _log.info("PNG text left out: %s", error)
            continue
        room -= len(value)
        texts[keyword.decode("latin-1")] = value.decode("utf-8" if kind == b"iTXt" else "latin-1", "replace")
    return texts


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield type and body of the text chunks of a PNG."""
    at = len(SIGNATURE) if data.startswith(SIGNATURE) else len(data)
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if at + 12 + length > len(data):
            return
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _text(kind: bytes, body: bytes, room: int) -> tuple[bytes, bytes]:
    """Read keyword and text of a chunk; PNG specification, part 11.3.3."""
    keyword, _, rest = body.partition(b"\0")
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = rest[:1] == b"\1"
        rest = rest[2:].split(b"\0", 2)[2] if rest[2:].count(b"\0") >= 2 else b""
    elif packed:
        rest = rest[1:]
    if packed:
        rest = zlib.decompressobj().decompress(rest, room + 1)
    if len(rest) > room:
        raise ValueError(f"text of {keyword!r} is longer than {room} bytes")
    return keyword, rest
