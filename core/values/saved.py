"""Requests as JSON values, for recipes and project files.

Knows nothing of files or text. A picture is saved as its size and sha256; masks and codes are packed. The first
version, which has no number, had all settings side by side; it is read, and no longer written.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import MOST_SIDE
from core.errors import BadRequest
from core.values.geometry import Box, Sides
from core.values.groups import MOST_GRID, DecodeOptions, Painting, Start, View
from core.values.packing import packed, unpacked
from core.values.region import Mask, Region, Task
from core.values.request import EditRequest

_VERSION = 2  # raised for every change that earlier editors cannot read

_BEFORE = {"detail": "none", "blend": "feather", "sharpen": 0.0, "guided_by": "picture", "finish": "none"}
"""Meaning of a first-version request saved before it could say these."""
_DECODED_BEFORE = {"anneal": "next step", "token_cooling": 1.0, "warm_up": 0, "caching": "none"}
"""Likewise for how its tokens were decoded, whatever its model advises now."""


def save_request(request: EditRequest) -> dict[str, Any]:
    """Save a request as JSON values: the picture as its size and sha256, mask and codes compressed."""
    image, start = request.image, request.start
    return {
        "version": _VERSION,
        "image": None if image is None else {"size": list(image.shape), "sha256": picture_digest(image)},
        "region": _plain_region(request.region),
        "class_id": request.class_id,
        "view": _plain(request.view),
        "painting": _plain(request.painting),
        "decoding": _plain(request.decoding),
        "start": None if start is None else {"tokens": packed(start.tokens), "step": start.step},
    }


def _plain(part: View | Painting | DecodeOptions) -> dict[str, Any]:
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _plain_region(region: Region | None) -> dict[str, Any] | None:
    match region:
        case None:
            return None
        case Mask(pixels, new):
            return {"mask": packed(pixels), "new": new}
        case Box():
            return {"box": list(region)}
        case Sides():
            return {"sides": list(region)}


def load_request(plain: Mapping[str, Any], image: NDArray[np.uint8] | None, *, anew: bool = False) -> EditRequest:
    """Load a request saved by `save_request`, of this version or an earlier one.

    Args:
        plain: the JSON values.
        image: the same picture; None for a request of a new one.
        anew: over any picture of its size, without the window and the codes that belong to its own.

    Raises:
        BadRequest: if the picture is another one, or the values do not make a request.
    """
    try:
        return _loaded(plain, image, anew)
    except (AttributeError, LookupError, TypeError, ValueError, OverflowError, zlib.error) as error:
        if isinstance(error, BadRequest):
            raise
        raise BadRequest(
            "saved request cannot be read ({error}): use a file that this editor wrote.", error=error
        ) from error


def _loaded(plain: Mapping[str, Any], image: NDArray[np.uint8] | None, anew: bool) -> EditRequest:
    values = dict(plain) if "version" in plain else _grouped(plain)
    version = values.pop("version")
    if version != _VERSION:
        raise BadRequest(
            "saved request has version {version}, this editor reads 1 and 2: use a newer editor.", version=version
        )
    wanted, region, start = values.pop("image"), values.pop("region"), values.pop("start")
    view, painting, decoding = values.pop("view"), values.pop("painting"), values.pop("decoding")
    if anew:
        view, start = {**view, "window": None}, None
    elif wanted is not None:
        height, width = (int(n) for n in wanted["size"][:2])
        if image is None or picture_digest(image) != wanted["sha256"]:
            raise BadRequest(
                "this is not the picture of the saved request: give its source, {width}x{height} px.",
                width=width,
                height=height,
            )
    return EditRequest(
        image=None if wanted is None else image,
        region=_region(region),
        view=View(**view),
        painting=Painting(**painting),
        decoding=DecodeOptions(**decoding),
        start=None if start is None else Start(unpacked(start["tokens"], "start", most=MOST_GRID), start["step"]),
        **values,
    )


def _region(plain: Mapping[str, Any] | None) -> Region | None:
    match plain:
        case None:
            return None
        case {"mask": mask}:
            return Mask(unpacked(mask, "mask", most=MOST_SIDE), plain.get("new", False))
        case {"box": box}:
            return Box(*box)
        case {"sides": sides}:
            return Sides(*sides)
    raise BadRequest("saved request has region {plain!r:.60}: use a file that this editor wrote.", plain=plain)


def _grouped(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the first version, with all settings side by side, to the second's form."""
    values = {"window": None, "start": None, **_BEFORE, **plain}
    task, mask, box, sides = (values.pop(name) for name in ("task", "mask", "box", "extend"))
    regions = {
        Task.INPAINT: {"mask": mask},
        Task.MANIPULATE: {"mask": mask, "new": True} if box is None else {"box": box},
        Task.EXTRAPOLATE: {"sides": sides},
        Task.GENERATE: None,
    }

    def group(names: Iterable[str]) -> dict[str, Any]:
        return {name: values.pop(name) for name in names if name in values}

    return {
        "version": 2,
        "region": regions[Task(task)],
        "view": group(each.name for each in fields(View)),
        "painting": group(each.name for each in fields(Painting)),
        "decoding": {**_DECODED_BEFORE, **values.pop("options"), **group(("guided_by", "only"))},
        **values,
    }


def picture_digest(pixels: NDArray[np.uint8]) -> str:
    """Compute the sha256 of a picture's shape and pixels, so that a re-encoded but equal picture matches."""
    return hashlib.sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes()).hexdigest()
