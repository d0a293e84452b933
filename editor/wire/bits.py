"""Masks and cells in the compact forms of the wire: run lengths and hex.

Knows nothing of documents or messages; its counterparts in the browser are runlength.js and tokens.js.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import BadRequest
from core.values import MOST_SIDE
from editor.checks import is_list, is_whole
from editor.sentences import on_page

MaskPixels = NDArray[np.bool_] | NDArray[np.uint8]

_MOST_RUNS = 8_000_000  # a mask of single pixels on a 16 MP photo


def read_mask(value: object, width: int, height: int) -> MaskPixels | None:
    """Read a mask from the browser.

    Args:
        value: anything the browser sent for it.
        width, height: of its picture.

    Returns:
        (H, W) bool, True = repaint; uint8, share of the new picture, if some of it is soft; None if nothing is painted.

    Raises:
        BadRequest: if it is no mask, or one of another size.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise BadRequest(on_page.bad_intent("a mask that is no mask"))
    size = (value.get("width"), value.get("height"))
    if not all(is_whole(side, 1, MOST_SIDE) for side in size):
        raise BadRequest(on_page.bad_intent("a mask without a size"))
    if size != (width, height):
        raise BadRequest(on_page.mask_of_other_size(f"{size[0]}x{size[1]}", f"{width}x{height}"))
    runs, area = value.get("runs"), width * height
    if not is_list(runs) or not 1 <= len(runs) <= min(area + 1, _MOST_RUNS):
        raise BadRequest(on_page.bad_intent("a mask without run lengths"))
    if not all(type(run) is int and 0 <= run <= area for run in runs) or sum(runs) != area:
        raise BadRequest(on_page.bad_intent("run lengths that do not add up to the picture"))
    values = value.get("values")
    if values is None:
        shades = np.zeros(len(runs), np.uint8)
        shades[1::2] = 255
    else:
        if not is_list(values) or len(values) != len(runs) or not all(is_whole(shade, 0, 255) for shade in values):
            raise BadRequest(on_page.bad_intent("a soft mask without a value for each run"))
        shades = np.array(values, np.uint8)
    lengths = np.array(runs, np.int64)
    hard = not ((shades > 0) & (shades < 255) & (lengths > 0)).any()
    if not (shades[lengths > 0] > 0).any():
        return None
    if hard:
        return np.asarray(np.repeat(shades > 0, lengths).reshape(height, width))
    return np.asarray(np.repeat(shades, lengths).reshape(height, width))


def write_mask(mask: MaskPixels) -> dict[str, Any]:
    """Write a mask, (H, W) bool or uint8, in the form that `read_mask` reads."""
    flat = mask.reshape(-1)
    starts = np.concatenate(([0], np.flatnonzero(flat[1:] != flat[:-1]) + 1))
    runs = np.diff(np.concatenate((starts, [flat.size]))).tolist()
    wire: dict[str, Any] = {"width": mask.shape[1], "height": mask.shape[0]}
    if mask.dtype == np.bool_:
        return {**wire, "runs": [0, *runs] if flat[0] else runs}
    return {**wire, "runs": runs, "values": flat[starts].tolist()}


def cells_hex(cells: NDArray[np.bool_]) -> str:
    """Write (h, w) bool as hex, row-major, most significant bit first, zero bits at the end of the last byte."""
    return np.packbits(cells.reshape(-1)).tobytes().hex()


def confidence_hex(confidence: NDArray[np.float32]) -> str:
    """Write (h, w) log probabilities as hex, row-major, one byte per cell: 255 times the probability, rounded."""
    return np.rint(255.0 * np.exp(np.minimum(confidence, 0.0))).astype(np.uint8).tobytes().hex()
