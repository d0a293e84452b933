"""Reads what the stage sends: the intent of a run, and the small payloads of the other events.

Knows nothing of the controls or the engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import BadRequest
from core.values import Box, Sides, Size
from editor.checks import is_list, is_whole
from editor.documents.document import Document
from editor.documents.runs import Run
from editor.documents.versions import Version
from editor.documents.visitors import Documents
from editor.sentences import on_page
from editor.wire.bits import MaskPixels, read_mask

MODES = ("fill", "replace", "extend", "generate", "sweep")
FORMATS = ("png", "jpeg", "webp", "gif", "project")

WAYS = ("branch", "weakest", "pins", "more", "baseline")
"""Ways to continue another run; `Origin` describes them."""

LONGEST_NAME = 255
"""Characters of a file's name, the limit of file systems."""

_LONGEST_ID = 64
"""Most characters of an id that the browser chose: it is kept with the run and sent back in every message."""
_LONGEST_MODEL = 256
"""Characters of a model's id: its name and a digest, and room."""
_MOST_PINS = 4096
"""Pins in one payload: every cell of a 64 x 64 grid; the largest published grid has 32."""
_MOST_CODES = 2**20
"""Upper bound of a code, 64 times the largest published codebook; the model's own is checked later."""


@dataclass(frozen=True, eq=False)
class Origin:
    """The kept run that a new one continues, and how.

    branch: from the tokens after `step`; weakest: from the final tokens, with the `share` of the hole that the model is
    least sure of unknown again; pins: the final tokens with some cells replaced, nothing is decoded; more: the same
    seed at other token temperatures; baseline: the same seed one token after the other.

    Attributes:
        run: the kept run.
        variation: index of its picture.
        step: for "branch"; 0 is the start.
        how: one of `WAYS`.
        share: for "weakest", above 0 to 1.
        pins: cell (row-major index) -> its new code.
    """

    run: Run
    variation: int
    step: int
    how: str
    share: float = 0.1
    pins: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Intent:
    """The person's marks on the canvas, checked.

    Attributes:
        document: the visitor's document; None if none is open, which only "generate" and "sweep" can do without.
        version: the one that the page shows; the last used if the page does not say.
        mode: one of `MODES`.
        mask: (H, W) of the picture's size, bool or soft; None if nothing is painted.
        box: marked region on the picture, or None.
        extend: pixels that the handles add at each side.
        window: pinned window on the original picture, or None.
        run: the browser's own id of this run.
        origin: the run to continue, or None.
        model: id of the model that the page's controls are for, see `requests.model_id`; None if it does not say.
    """

    document: Document | None
    version: Version | None
    mode: str
    mask: MaskPixels | None
    box: Box | None
    extend: Sides
    run: str
    window: Box | None = None
    origin: Origin | None = None
    model: str | None = None


def read_intent(data: object, documents: Documents, *, owner: str | None) -> Intent:
    """Read and check an intent.

    Args:
        data: anything the browser sent.
        documents: where the document id is looked up.
        owner: the visitor, who must own the document; None looks it up by its unguessable id alone.

    Raises:
        BadRequest: for anything that is not an intent, or a document that is not this visitor's.
        Gone: if the document is not kept any more.
    """
    if not isinstance(data, Mapping):
        raise BadRequest(on_page.bad_intent("no intent"))
    if not is_whole(data.get("v"), 2, 2):
        raise BadRequest(on_page.bad_intent("an intent of an unknown version"))
    mode = data.get("mode")
    if not isinstance(mode, str) or mode not in MODES:
        raise BadRequest(on_page.bad_intent("an unknown mode"))
    doc = data.get("doc")
    document: Document | None = None
    if doc is not None:
        document = documents.find(doc) if owner is None else documents.get(doc, owner)
    origin = _origin(data.get("from"), document)
    version = None if document is None else _version(data, document)
    mask = box = None
    if version is not None:
        size = version.picture.size
        mask = read_mask(data.get("mask"), size.width, size.height) if origin is None else None
        box = _box(data.get("box"), size)
    elif mode not in ("generate", "sweep"):
        raise BadRequest(on_page.nothing_open())
    return Intent(
        document=document,
        version=version,
        mode=mode,
        mask=mask,
        box=box,
        extend=_sides(data.get("extend")),
        run=read_run(data),
        window=_window(data.get("window")),
        origin=origin,
        model=_model(data.get("model")),
    )


def read_run(data: object) -> str:
    """Read the run's id in a payload.

    Raises:
        BadRequest: if there is none.
    """
    value = data.get("run", "") if isinstance(data, Mapping) else None
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not value.isprintable():
        raise BadRequest(on_page.bad_intent("a run without an id"))
    return value


def read_index(data: Mapping[str, Any], name: str) -> int:
    """Read a whole number of 0 or more in a payload: a variation, a version, a row.

    Raises:
        BadRequest: if there is none.
    """
    value = data.get(name)
    if not is_whole(value, 0, 2**31):
        raise BadRequest(on_page.bad_intent(f"no {name}"))
    return value


def read_ask(data: Mapping[str, Any]) -> str | None:
    """Read the id under which the page waits for an answer; None if there is none."""
    value = data.get("ask")
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() else None


def read_name(data: Mapping[str, Any]) -> str | None:
    """Read the name of the file that the page opens; None if there is none."""
    value = data.get("name")
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_NAME else None


def read_cell(value: object) -> tuple[int, int]:
    """Read the (row, column) of a cell.

    Raises:
        BadRequest: if it is none.
    """
    if not is_list(value) or len(value) != 2 or not all(is_whole(part, 0, 2**16) for part in value):
        raise BadRequest(on_page.bad_intent("a cell without row and column"))
    row, column = value
    return row, column


def read_pins(value: object, run: Run) -> dict[int, int]:
    """Read the cells (row-major index) and their new codes.

    Args:
        value: [[cell, code], ...], cells row-major, or None.
        run: the run of those cells; it must have kept its steps if there are any pins.

    Raises:
        BadRequest: if they are no pins, or outside the grid.
    """
    if value is None or value == []:
        return {}
    if not is_list(value) or len(value) > _MOST_PINS:
        raise BadRequest(on_page.bad_intent("pins that are no pins"))
    cells = run.traced().hole.size
    pins = {}
    for pin in value:
        if not is_list(pin) or len(pin) != 2 or not is_whole(pin[1], 0, _MOST_CODES):
            raise BadRequest(on_page.bad_intent("a pin without cell and code"))
        if not is_whole(pin[0], 0, cells - 1):
            raise BadRequest(on_page.cell_outside())
        pins[pin[0]] = pin[1]
    return pins


def _origin(value: object, document: Document | None) -> Origin | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or document is None:
        raise BadRequest(on_page.bad_intent("a run to go on from that is none"))
    how = value.get("how")
    if not isinstance(how, str) or how not in WAYS:
        raise BadRequest(on_page.bad_intent("an unknown way to go on from a run"))
    run = document.runs.find(read_run(value))
    variation = read_index(value, "variation")
    run.request(variation)
    share = value.get("share", 0.1)
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not (math.isfinite(share) and 0 < share <= 1):
        raise BadRequest(on_page.bad_intent("a share of the cells outside 0 to 1"))
    return Origin(
        run=run,
        variation=variation,
        step=read_index(value, "step") if how == "branch" else 0,
        how=how,
        share=float(share),
        pins=read_pins(value.get("pins"), run),
    )


def _version(data: Mapping[str, Any], document: Document) -> Version | None:
    """Find the version that the page says it shows; a document without any is waiting for its first picture."""
    return document.version if data.get("version") is None else document.find(read_index(data, "version"))


def _model(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or len(value) > _LONGEST_MODEL):
        raise BadRequest(on_page.bad_intent("a model that is none"))
    return value


def _box(value: object, size: Size) -> Box | None:
    if value is None:
        return None
    box = _edges(value, "a box")
    if box.left >= box.right or box.top >= box.bottom:
        return None  # a click without a drag
    box = box.clamped(size)
    return None if box.left >= box.right or box.top >= box.bottom else box


def _window(value: object) -> Box | None:
    return None if value is None else _edges(value, "a window")


def _edges(value: object, what: str) -> Box:
    if not is_list(value) or len(value) != 4 or not all(is_whole(edge, -(2**31), 2**31) for edge in value):
        raise BadRequest(on_page.bad_intent(f"{what} without four whole edges"))
    return Box(*value)


def _sides(value: object) -> Sides:
    if value is None:
        return Sides()
    if not is_list(value) or len(value) != 4 or not all(is_whole(pixels, 0, 16384) for pixels in value):
        raise BadRequest(on_page.bad_intent("a border outside four sides of 0 to 16384 px"))
    return Sides(*value)
