"""From a filled form to an edit: the files are opened, and its words and numbers become a request.

Knows nothing of who filled it in, nor of how the edit is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from core.models import ModelSpec
from core.values import Box, EditRequest, Size, class_id
from editor.documents.store import Pixels
from editor.handlers.forms import controls
from editor.server.darkroom import read_mask, read_picture
from editor.wire import requests
from editor.wire.bits import MaskPixels

File = bytes | Path | None
"""What holds a picture: its bytes, its path, or nothing."""


class Opened(NamedTuple):
    """A picture and its mask, None for what was not given, and sentences about how they were read."""

    picture: Pixels | None = None
    mask: MaskPixels | None = None
    told: tuple[str, ...] = ()


class Asked(NamedTuple):
    """An edit, and sentences about how its files were read."""

    request: EditRequest
    told: tuple[str, ...]


def opened(image: File, mask: File) -> Opened:
    """Read the pixels and the mask in files."""
    if image is None:
        return Opened()
    picture = read_picture(image)
    told = [picture.told] if picture.told else []
    if mask is None:
        return Opened(picture.pixels, None, tuple(told))
    read = read_mask(mask, Size(picture.pixels.shape[1], picture.pixels.shape[0]))
    if not read.plain:
        told.append(read.told)
    return Opened(picture.pixels, read.mask, tuple(told))


def values_of(form: object, spec: ModelSpec) -> dict[str, Any]:
    """Convert what a program filled in to the controls; one variation, unless it says otherwise."""
    values = {"variations": 1, **controls(form)}
    asked = class_id(spec.classes, values.get("class"))
    return {**values, "class_id": -1 if asked is None else asked}


def asked_by(
    mode: str, values: Mapping[str, Any], spec: ModelSpec, image: File, mask: File, *, boxed: bool = False
) -> Asked:
    """Make the edit of a mode, the controls and files.

    Args:
        mode: "fill", "replace", "extend" or "generate".
        values: the controls by name.
        spec: the model.
        image: the picture.
        mask: of the same size.
        boxed: whether the values hold edges of a box; those that are missing are the picture's own.
    """
    brought = opened(image, mask)
    box = None
    if boxed and brought.picture is not None:
        edges = {side: values[side] for side in Box._fields if side in values}
        box = Box(0, 0, brought.picture.shape[1], brought.picture.shape[0])._replace(**edges)
    asked = requests.build_request(mode, values, spec, picture=brought.picture, mask=brought.mask, box=box)
    return Asked(_beyond_page(asked, values), brought.told)


def _beyond_page(asked: EditRequest, values: Mapping[str, Any]) -> EditRequest:
    """Set what programs may ask for and the page has no control for."""
    chosen = {name: values[name] for name in ("detail", "blend") if name in values}
    view = replace(asked.view, refine=values.get("refine", asked.view.refine))
    return replace(asked, view=view, painting=replace(asked.painting, **chosen))
