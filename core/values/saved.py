"""Requests as JSON values, as recipes and project files keep them.

Knows nothing of files or text. A picture is kept as its size and sha256, masks and codes are packed.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import MOST_SIDE
from core.errors import BadRequest
from core.values.geometry import Box, Sides
from core.values.packing import packed, unpacked
from core.values.request import MOST_GRID, DecodeOptions, EditRequest, Start, Task

_BEFORE = {"detail": "none", "blend": "feather", "sharpen": 0.0, "guided_by": "picture", "finish": "none"}
"""What a request meant that was saved before it could say so."""
_DECODED_BEFORE = {"anneal": "next step", "token_cooling": 1.0, "warm_up": 0}
"""Likewise of how its tokens were decoded, whatever its model advises now."""


def save_request(request: EditRequest) -> dict[str, Any]:
    """Return a request as JSON values; the picture as its size and sha256, mask and codes compressed."""
    plain = {each.name: getattr(request, each.name) for each in fields(request)}
    image, mask, start, options = request.image, request.mask, request.start, request.options
    return {name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()} | {
        "task": request.task.value,
        "image": None if image is None else {"size": list(image.shape), "sha256": picture_digest(image)},
        "mask": None if mask is None else packed(mask),
        "start": None if start is None else {"tokens": packed(start.tokens), "step": start.step},
        "options": {each.name: getattr(options, each.name) for each in fields(options)},
    }


def load_request(plain: Mapping[str, Any], image: NDArray[np.uint8] | None) -> EditRequest:
    """Return the request that `save_request` described, over the same picture.

    Requests saved before there were pinned windows and starts lack both; those without detail, blend, sharpen and
    guided_by had none, and were guided by the picture; those without finish had none.

    Raises:
        BadRequest: where the picture is another one, or the values do not make a request.
    """
    try:
        return _loaded(dict(plain), image)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, zlib.error) as error:
        if isinstance(error, BadRequest):
            raise
        raise BadRequest(f"saved request cannot be read ({error}): use a file that this editor wrote.") from error


def _loaded(values: dict[str, Any], image: NDArray[np.uint8] | None) -> EditRequest:
    wanted = values.pop("image")
    if wanted is not None:
        height, width = (int(n) for n in wanted["size"][:2])
        if image is None or picture_digest(image) != wanted["sha256"]:
            raise BadRequest(f"this is not the picture of the saved request: give its source, {width}x{height} px.")
    mask, box = values.pop("mask"), values.pop("box")
    window, start = values.pop("window", None), values.pop("start", None)
    parts = {
        "task": Task(values["task"]),
        "extend": Sides(*values["extend"]),
        "box": None if box is None else Box(*box),
        "mask": None if mask is None else unpacked(mask, "mask", most=MOST_SIDE),
        "window": None if window is None else Box(*window),
        "start": None if start is None else Start(unpacked(start["tokens"], "start", most=MOST_GRID), start["step"]),
        "options": DecodeOptions(**{**_DECODED_BEFORE, **values.pop("options")}),
    }
    return EditRequest(**{**_BEFORE, **values, **parts}, image=image)


def picture_digest(pixels: NDArray[np.uint8]) -> str:
    """Return the sha256 of a picture's shape and pixels, so that a re-encoded but equal picture matches."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
