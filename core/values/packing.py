"""Masks and token grids as JSON values: compressed, in base64, with their size beside them.

Knows nothing of their meaning. A saved value may come from anybody: it is unpacked no further than its declared size.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import MOST_PIXELS
from core.errors import BadRequest


def packed(values: NDArray[Any]) -> dict[str, Any]:
    """Pack a grid as JSON values.

    Args:
        values: (H, W) bool, uint8 or int64; the last within the range of int32.

    Returns:
        "size": [H, W], and the data under "bits" (bool, eight per byte), "levels" (uint8) or "codes" (int32).
    """
    if values.dtype == np.bool_:
        kind, plain = "bits", np.packbits(values)
    elif values.dtype == np.uint8:
        kind, plain = "levels", values
    else:
        kind, plain = "codes", values.astype("<i4")
    data = zlib.compress(plain.tobytes(), 9)
    return {"size": list(values.shape), kind: base64.b64encode(data).decode("ascii")}


def unpacked(saved: Mapping[str, Any], what: str, *, most: int) -> NDArray[Any]:
    """Unpack a grid saved by `packed`.

    Args:
        saved: JSON values.
        what: its name in messages: "mask".
        most: largest number of cells per side.

    Returns:
        (H, W) bool, uint8 or int64, a new array.

    Raises:
        BadRequest: if the size is out of range or not that of the data.
        LookupError, TypeError, ValueError, OverflowError, zlib.error: where these are no saved values at all.
    """
    height, width = (int(n) for n in saved["size"])
    if not (0 < height <= most and 0 < width <= most and height * width <= MOST_PIXELS):
        raise BadRequest(
            "saved {what} is {width}x{height}: its sides must be 1 to {most}.",
            what=what,
            width=width,
            height=height,
            most=most,
        )
    count = height * width
    if "bits" in saved:
        return (
            np.unpackbits(_bytes(saved["bits"], (count + 7) // 8, what), count=count)
            .view(np.bool_)
            .reshape(height, width)
        )
    if "levels" in saved:
        return _bytes(saved["levels"], count, what).reshape(height, width).copy()
    return _bytes(saved["codes"], 4 * count, what).view("<i4").astype(np.int64).reshape(height, width)


def _bytes(text: str, expected: int, what: str) -> NDArray[np.uint8]:
    data = zlib.decompressobj().decompress(base64.b64decode(text), expected + 1)
    if len(data) != expected:
        raise BadRequest(
            "saved {what} holds {bytes} bytes where {expected} are needed: the file is damaged.",
            what=what,
            bytes=len(data),
            expected=expected,
        )
    return np.frombuffer(data, np.uint8)
