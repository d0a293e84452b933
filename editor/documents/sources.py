"""Where the pixels of an edit were copied from, compressed: the page's inspector fetches all of them once.

Knows nothing of documents or messages; its counterpart in the browser is origins.js. A source is stored as a difference
of positions, which is equal for many neighbouring pixels and independent of the picture's position.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.values import Box, EditResult, Placing, Turn

KEPT, MODEL = -(2**31), 1 - 2**31
"""Stored for a pixel that was not painted, and for one that the model painted."""
_SPEED = 1  # zlib level: a few milliseconds for a hole of 600 px, at nearly the size of the best


@dataclass(frozen=True, eq=False)
class Sources:
    """Where one edit took its pixels from.

    Attributes:
        box: the part of the picture that is described.
        packed: zlib of (2, h, w) int32, little-endian: for each pixel of the box the rows down and columns to the right
            to its source, or `KEPT` or `MODEL` in both.
    """

    box: Box
    packed: bytes

    @classmethod
    def of(cls, result: EditResult, variation: int) -> Sources:
        """Pack the sources of a variation of an edit."""
        hole = result.canvas_mask[result.area.slices]
        ways = np.full((2, *hole.shape), KEPT, np.int32)
        ways[:, hole] = MODEL
        if result.sources is not None:
            found = result.sources[variation]
            rows, columns = np.nonzero(hole & (found[..., 0] >= 0))
            ways[0, rows, columns] = found[rows, columns, 0] - (rows + result.area.top)
            ways[1, rows, columns] = found[rows, columns, 1] - (columns + result.area.left)
        return cls(result.area, zlib.compress(ways.astype("<i4").tobytes(), _SPEED))

    @property
    def weight(self) -> int:
        """Bytes in memory."""
        return len(self.packed)


NOTHING = Sources(Box(0, 0, 0, 0), zlib.compress(b""))
"""Of a version whose pixels are all its parent's."""

Painted = tuple[Sources | None, ...]
"""What was painted on the way to a picture, the newest first; None for an edit whose sources are not kept."""


def moved(painted: Iterable[Sources | None], placing: Placing) -> Painted:
    """Move what was painted on a picture to another on which it lies."""
    return tuple(None if each is None else _moved(each, placing) for each in painted)


def _moved(sources: Sources, placing: Placing) -> Sources:
    box = placing.box(sources.box)
    return Sources(box, sources.packed if placing.turn == Turn() else _turned(sources, placing.turn))


def _turned(sources: Sources, turn: Turn) -> bytes:
    """Pack sources anew, for a picture that is turned: the ways turn with the pixels."""
    width, height = sources.box.size
    ways = np.frombuffer(zlib.decompress(sources.packed), "<i4").reshape(2, height, width)
    right, down = turn.way(1, 0), turn.way(0, 1)
    turned = np.stack([ways[0] * down[1] + ways[1] * right[1], ways[0] * down[0] + ways[1] * right[0]])
    told = np.where((ways[0] == KEPT) | (ways[0] == MODEL), ways, turned)
    whole = np.stack([turn.of(plane) for plane in told])
    return zlib.compress(whole.astype("<i4").tobytes(), _SPEED)
