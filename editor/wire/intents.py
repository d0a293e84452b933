"""Reads what the stage sends: the intent of a run, and the small payloads of the other events.

Knows nothing of the controls or the engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core import BadRequest
from core.values import Box, Sides, Size
from editor.documents.document import Document
from editor.documents.runs import Run
from editor.documents.versions import Version
from editor.documents.visitors import Documents
from editor.sentences import about_files, on_page
from editor.wire import sent
from editor.wire.bits import MaskPixels, read_mask
from editor.wire.sent import LONGEST_ID, How, Mode, Pins, read

FORMATS = ("png", "jpeg", "webp", "pair", "gif", "ora", "psd", "project")

_LONGEST_NAME = 255
"""Characters of a file's name, the limit of file systems."""
_USUAL_SHARE = 0.1
"""Share of the hole that is drawn again if nobody says: its tenth that the model is least sure of."""


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
        how: one of the above.
        share: for "weakest", above 0 to 1.
        pins: cell (row-major index) -> its new code.
    """

    run: Run
    variation: int
    step: int
    how: How
    share: float = _USUAL_SHARE
    pins: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Intent:
    """The person's marks on the canvas, checked.

    Attributes:
        document: the visitor's document; None if none is open, which only "generate" and "sweep" can do without.
        version: the one that the page shows; the last used if the page does not say.
        mode: the mode of the page.
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
    mode: Mode
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
    asked = read(sent.Intent, data)
    document: Document | None = None
    if asked.doc is not None:
        document = documents.find(asked.doc) if owner is None else documents.get(asked.doc, owner)
    origin = _origin(asked.origin, document)
    version = None if document is None else _version(asked, document)
    mask = box = None
    if version is not None:
        size = version.picture.size
        mask = read_mask(asked.mask, size.width, size.height) if origin is None else None
        box = _box(asked.box, size)
    elif asked.mode not in ("generate", "sweep"):
        raise BadRequest(on_page.nothing_open())
    return Intent(
        document=document,
        version=version,
        mode=asked.mode,
        mask=mask,
        box=box,
        extend=Sides(*asked.extend or ()),
        run=asked.run,
        window=None if asked.window is None else Box(*asked.window),
        origin=origin,
        model=asked.model,
    )


def read_repeat(data: object, size: Size) -> tuple[Intent, bool]:
    """Read and check an intent that is meant for another picture than the one it was marked on.

    Args:
        data: anything the browser sent.
        size: of that other picture; a border fits any, a mask or box only one as large as its own.

    Returns:
        The intent without a document, and whether only the best variation is wanted.

    Raises:
        BadRequest: for anything else, and if the picture has another size.
    """
    asked = read(sent.Repeat, data)
    if asked.mode not in ("fill", "replace", "extend"):
        raise BadRequest(on_page.bad_intent("marks that fit no other picture"))
    if asked.mode != "extend" and asked.size != (size.width, size.height):
        raise BadRequest(about_files.photo_of_other_size(f"{size.width}x{size.height}", "{}x{}".format(*asked.size)))
    intent = Intent(
        document=None,
        version=None,
        mode=asked.mode,
        mask=None if asked.mode == "extend" else read_mask(asked.mask, size.width, size.height),
        box=_box(asked.box, size),
        extend=Sides(*asked.extend or ()),
        run=asked.run,
        window=None if asked.window is None else Box(*asked.window),
        model=asked.model,
    )
    return intent, asked.best


def read_ask(data: Mapping[str, Any]) -> str | None:
    """Read the id under which the page waits for an answer; None if there is none."""
    value = data.get("ask")
    return value if isinstance(value, str) and 0 < len(value) <= LONGEST_ID and value.isprintable() else None


def read_name(data: Mapping[str, Any]) -> str | None:
    """Read the name of the file that the page opens; None if there is none."""
    value = data.get("name")
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME else None


def read_pins(pins: Pins | None, run: Run) -> dict[int, int]:
    """Check the cells (row-major index) and their new codes.

    Args:
        pins: as they were sent.
        run: the run of those cells; it must have kept its steps if there are any pins.

    Raises:
        BadRequest: if one is outside the grid.
    """
    if not pins:
        return {}
    cells = run.traced().hole.size
    if any(cell >= cells for cell, _ in pins):
        raise BadRequest(on_page.cell_outside())
    return dict(pins)


def _origin(asked: sent.From | None, document: Document | None) -> Origin | None:
    if asked is None:
        return None
    if document is None:
        raise BadRequest(on_page.bad_intent("a run to go on from that is none"))
    if asked.how == "branch" and asked.step is None:
        raise BadRequest(on_page.bad_intent("no step"))
    run = document.runs.find(asked.run)
    run.request(asked.variation)
    return Origin(
        run=run,
        variation=asked.variation,
        step=asked.step or 0 if asked.how == "branch" else 0,
        how=asked.how,
        share=_USUAL_SHARE if asked.share is None else asked.share,
        pins=read_pins(asked.pins, run),
    )


def _version(asked: sent.Intent, document: Document) -> Version | None:
    """Find the version that the page says it shows; a document without any is waiting for its first picture."""
    return document.version if asked.version is None else document.find(asked.version)


def _box(edges: tuple[int, int, int, int] | None, size: Size) -> Box | None:
    """Clamp a marked region to the picture; None if nothing of it is left, as of a click without a drag."""
    if edges is None:
        return None
    box = Box(*edges)
    if box.left >= box.right or box.top >= box.bottom:
        return None
    box = box.clamped(size)
    return None if box.left >= box.right or box.top >= box.bottom else box
