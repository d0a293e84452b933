"""The size of an AVIF's or HEIC's picture, found in its boxes (ISO/IEC 14496-12 and 23008-12).

Knows nothing of codecs. Boxes are read where they lie, never deeper than a picture needs, and each once.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from core.values.geometry import Size

_MOST_BOXES = 4096  # in one box; a picture of 64 MP in tiles of 512 px has a few hundred properties


class _Box(NamedTuple):
    """A box: its kind, and where its content begins and ends."""

    kind: bytes
    start: int
    end: int


def brands(data: bytes) -> set[bytes]:
    """Return the brands that a file says it has, the major one included; none if it has no boxes."""
    if data[4:8] != b"ftyp":
        return set()
    end = min(int.from_bytes(data[:4], "big"), len(data), 256)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}


def primary_size(data: bytes, *, cropped: bool) -> Size | None:
    """Find the size of the primary picture before it is turned; None if its boxes are damaged.

    Args:
        data: the file.
        cropped: whether its clean aperture counts, to which decoders of HEIC crop and those of AVIF do not.
    """
    size = None
    try:
        meta = next(box for box in _boxes(data, 0, len(data)) if box.kind == b"meta")
        within = {box.kind: box for box in _boxes(data, meta.start + 4, meta.end)}
        properties = {box.kind: box for box in _boxes(data, within[b"iprp"].start, within[b"iprp"].end)}
        known = list(_boxes(data, properties[b"ipco"].start, properties[b"ipco"].end))
        for index in _properties_of(data, properties[b"ipma"], _primary(data, within[b"pitm"])):
            box = known[index - 1] if 0 < index <= len(known) else None
            if box is not None and box.kind == b"ispe":
                size = Size(*struct.unpack_from(">II", data, box.start + 4))
            elif box is not None and box.kind == b"clap" and cropped:
                across, by, down, of = struct.unpack_from(">4I", data, box.start)
                size = Size(round(across / by), round(down / of))
    except (StopIteration, KeyError, IndexError, ZeroDivisionError, struct.error):
        return None
    return size


def _boxes(data: bytes, at: int, end: int) -> Iterator[_Box]:
    for _ in range(_MOST_BOXES):
        if at + 8 > end:
            return
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            (size,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        last = end if size == 0 else at + size
        if (size != 0 and size < head) or last > end:
            return
        yield _Box(kind, at + head, last)
        at = last


def _primary(data: bytes, box: _Box) -> int:
    """Read the number of the primary item."""
    form = ">H" if data[box.start] == 0 else ">I"
    return int(struct.unpack_from(form, data, box.start + 4)[0])


def _properties_of(data: bytes, box: _Box, item: int) -> list[int]:
    """Read the numbers of an item's properties, from 1."""
    version, flags = data[box.start], data[box.start + 3]
    (count,) = struct.unpack_from(">I", data, box.start + 4)
    at = box.start + 8
    for _ in range(min(count, _MOST_BOXES)):
        (number,) = struct.unpack_from(">I" if version else ">H", data, at)
        at += 4 if version else 2
        held, at = data[at], at + 1
        wide = 2 if flags & 1 else 1
        listed = [int.from_bytes(data[at + wide * k : at + wide * (k + 1)], "big") for k in range(held)]
        at += wide * held
        if number == item:
            return [each & (0x7FFF if wide == 2 else 0x7F) for each in listed]  # the first bit: whether it is essential
    return []
