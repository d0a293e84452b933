"""The one adapter between the browser and the engine: intents come in, messages for the stage go out.

Knows nothing of widgets, files or how anything is drawn. All that arrives is foreign: every value is checked for type,
range and length before anything of its size is allocated, and whatever cannot be read ends in `BadRequest`.

Intent, from the browser:
    {v: 1, doc, mode, mask: {width, height, runs: [...]} | null, box: [l, t, r, b] | null, extend: [l, t, r, b], run}
    `runs` alternate 0, 1, 0, 1, ... starting with zeros, row-major; their sum is width * height.
Messages, to the browser: one small JSON dict each, told apart by a rising `rev`; the functions at the end build them.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import BadRequest, Box, DecodeOptions, EditRequest, ModelSpec, Preview, Sides, Size, Task
from editor import messages
from editor.documents import Document, Documents, Picture, Pixels

Message = dict[str, Any]

MODES = ("fill", "replace", "extend", "generate", "sweep")
_MOST_RUNS = 8_000_000  # a mask of single pixels on a 16 MP photo
_LONGEST_ID = 64
_revisions = itertools.count(int(time.time() * 1000))  # rises over a restart of the server, too


@dataclass(frozen=True, eq=False)
class Intent:
    """What the person did on the canvas, checked.

    Attributes:
        document: the visitor's document; None where none is open, which only "generate" and "sweep" can do without.
        mode: one of `MODES`.
        mask: (H, W) bool of the picture's size, True = repaint; None where nothing is painted.
        box: marked region on the picture, or None.
        extend: pixels that the handles add at each side.
        run: the browser's own id of this run.
    """

    document: Document | None
    mode: str
    mask: NDArray[np.bool_] | None
    box: Box | None
    extend: Sides
    run: str


@dataclass(frozen=True)
class View:
    """The controls that decide which cells are regenerated; the browser's overlay and the plan share them."""

    context: float = 2.0
    coverage: float = 0.0
    grow: int = 0


# in -------------------------------------------------------------------------------------------------------------------
def read_intent(data: object, documents: Documents, *, owner: str | None) -> Intent:
    """Return the checked intent.

    Args:
        data: whatever the browser sent.
        documents: where the document id is looked up.
        owner: the visitor, who must own the document; None looks it up by its unguessable id alone.

    Raises:
        BadRequest: for anything that is not an intent, or a document that is not this visitor's.
    """
    if not isinstance(data, Mapping):
        raise BadRequest(messages.bad_intent("no intent"))
    if data.get("v") != 1 or isinstance(data.get("v"), bool):
        raise BadRequest(messages.bad_intent("an intent of an unknown version"))
    mode = data.get("mode")
    if not isinstance(mode, str) or mode not in MODES:
        raise BadRequest(messages.bad_intent("an unknown mode"))
    doc = data.get("doc")
    document: Document | None = None
    if doc is not None:
        document = documents.find(doc) if owner is None else documents.get(doc, owner)
    head = None if document is None else document.head
    mask = box = None
    if head is not None:
        mask = _mask(data.get("mask"), head.size.width, head.size.height)
        box = _box(data.get("box"), head.size.width, head.size.height)
    elif mode not in ("generate", "sweep"):
        raise BadRequest(messages.nothing_open())
    return Intent(document, mode, mask, box, _sides(data.get("extend")), _identity(data.get("run", "")))


def read_request(intent: Intent, values: Mapping[str, Any], spec: ModelSpec) -> EditRequest:
    """Return the edit that an intent and the controls ask for.

    Args:
        intent: from `read_intent`.
        values: the controls by their names in `editor.controls.Controls`; a missing one takes the model's default.
        spec: the model.

    Raises:
        BadRequest: where something needed is missing or out of range.
    """
    head = None if intent.document is None else intent.document.head
    picture = None if head is None else np.asarray(head.pixels())
    return build_request(
        intent.mode, values, spec, picture=picture, mask=intent.mask, box=intent.box, extend=intent.extend
    )


def build_request(
    mode: str,
    values: Mapping[str, Any],
    spec: ModelSpec,
    *,
    picture: Pixels | None,
    mask: NDArray[np.bool_] | None = None,
    box: Box | None = None,
    extend: Sides = Sides(),
) -> EditRequest:
    """Return the edit that a mode, the controls and a marked region ask for; see `read_request`.

    Args:
        mode: one of `MODES`; "sweep" edits what is painted, else what is extended, else generates.
        values: the controls by name.
        spec: the model.
        picture: (H, W, 3 or 4) uint8, or None for "generate".
        mask: (H, W) bool, True = repaint.
        box: wins over the mask in "replace".
        extend: pixels at each side; where all are 0 the typed fields count.
    """
    class_id = _class_id(values.get("class_id"), spec)
    common: dict[str, Any] = {"class_id": class_id, "options": read_options(values, spec)}
    if mode == "sweep":
        mode = "fill" if mask is not None else "extend" if any(extend) else "generate"
    if mode == "generate":
        return EditRequest(task=Task.GENERATE, **common)
    if picture is None:
        raise BadRequest(messages.nothing_open())
    view = read_view(values)
    common |= {
        "image": picture,
        "coverage": view.coverage,
        "grow_tokens": view.grow,
        "context": view.context,
        "feather_px": _whole(values, "feather", 8, messages.FEATHER),
        "match_colour": bool(values.get("match_colour", True)),
        "opaque": bool(values.get("opaque", False)),
    }
    if mode == "extend":
        sides = extend if any(extend) else _typed_sides(values)
        if not any(sides):
            raise BadRequest(messages.nothing_to_extend())
        return EditRequest(task=Task.EXTRAPOLATE, extend=sides, **common)
    if mode == "replace":
        if class_id is None:
            raise BadRequest(messages.class_needed())
        if box is not None:
            return EditRequest(task=Task.MANIPULATE, box=box, **common)
        if mask is None:
            raise BadRequest(messages.box_needed())
        return EditRequest(task=Task.MANIPULATE, mask=mask, **common)
    if mask is None:
        raise BadRequest(messages.mask_empty())
    return EditRequest(task=Task.INPAINT, mask=mask, **common)


def read_options(values: Mapping[str, Any], spec: ModelSpec) -> DecodeOptions:
    """Return how the controls want tokens decoded; a missing control takes the model's default."""
    standard = spec.defaults
    return DecodeOptions(
        schedule=str(values.get("schedule", standard.schedule)),
        order=str(values.get("order", standard.order)),
        steps=_whole(values, "steps", standard.steps, messages.STEPS),
        start_step=0,
        choice_temperature=_number(
            values, "choice_temperature", standard.choice_temperature, messages.CHOICE_TEMPERATURE
        ),
        token_temperature=_number(values, "token_temperature", standard.token_temperature, messages.TOKEN_TEMPERATURE),
        guidance_scale=_number(values, "guidance", standard.guidance_scale, messages.GUIDANCE),
        guidance_ramp=standard.guidance_ramp,
        seed=_whole(values, "seed", 0, messages.SEED),
        variations=_whole(values, "variations", 4, messages.VARIATIONS),
    )


def read_view(values: Mapping[str, Any]) -> View:
    """Return the controls that decide which cells are regenerated."""
    standard = View()
    return View(
        context=_number(values, "context", standard.context, messages.CONTEXT),
        coverage=min(_number(values, "coverage", standard.coverage, messages.COVERAGE), 0.999),
        grow=_whole(values, "grow", standard.grow, messages.GROW),
    )


def _mask(value: object, width: int, height: int) -> NDArray[np.bool_] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise BadRequest(messages.bad_intent("a mask that is no mask"))
    size = (value.get("width"), value.get("height"))
    if not all(_is_whole(side, 1, 16384) for side in size):
        raise BadRequest(messages.bad_intent("a mask without a size"))
    if size != (width, height):
        raise BadRequest(messages.mask_of_other_size(f"{size[0]}x{size[1]}", f"{width}x{height}"))
    runs = value.get("runs")
    area = width * height
    if (
        not isinstance(runs, Sequence)
        or isinstance(runs, (str, bytes))
        or not 1 <= len(runs) <= min(area + 1, _MOST_RUNS)
    ):
        raise BadRequest(messages.bad_intent("a mask without run lengths"))
    if not all(type(run) is int and 0 <= run <= area for run in runs) or sum(runs) != area:
        raise BadRequest(messages.bad_intent("run lengths that do not add up to the picture"))
    lengths = np.array(runs, np.int64)
    values = np.zeros(len(runs), np.bool_)
    values[1::2] = True
    mask = np.repeat(values, lengths).reshape(height, width)
    return mask if mask.any() else None


def _box(value: object, width: int, height: int) -> Box | None:
    if value is None:
        return None
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != 4:
        raise BadRequest(messages.bad_intent("a box that is no box"))
    if not all(_is_whole(edge, -(2**31), 2**31) for edge in value):
        raise BadRequest(messages.bad_intent("a box without whole pixels"))
    box = Box(*value)
    if box.left >= box.right or box.top >= box.bottom:
        return None  # a click without a drag
    box = box.clamped(Size(width, height))
    return None if box.left >= box.right or box.top >= box.bottom else box


def _sides(value: object) -> Sides:
    if value is None:
        return Sides()
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != 4:
        raise BadRequest(messages.bad_intent("a border without four sides"))
    if not all(_is_whole(pixels, 0, 16384) for pixels in value):
        raise BadRequest(messages.bad_intent("a border outside 0 to 16384 px"))
    return Sides(*value)


def _typed_sides(values: Mapping[str, Any]) -> Sides:
    names = ("extend_left", "extend_top", "extend_right", "extend_bottom")
    return Sides(*(_whole(values, name, 0, label) for name, label in zip(names, messages.SIDES, strict=True)))


def _identity(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_ID or not value.isprintable():
        raise BadRequest(messages.bad_intent("a run without an id"))
    return value


def _class_id(value: object, spec: ModelSpec) -> int | None:
    if value is None or value == -1:
        return None
    if not _is_whole(value, 0, len(spec.classes) - 1):
        raise BadRequest(f"class {value!r} is unknown: choose one of the list, or none.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def _is_whole(value: object, low: int, high: int) -> bool:
    return type(value) is int and low <= value <= high


def _number(values: Mapping[str, Any], name: str, standard: float, label: str) -> float:
    value = values.get(name, standard)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise BadRequest(messages.number_missing(label))
    return float(value)


def _whole(values: Mapping[str, Any], name: str, standard: int, label: str) -> int:
    value = _number(values, name, standard, label)
    if value != int(value):
        raise BadRequest(messages.number_missing(label))
    return int(value)


# out ------------------------------------------------------------------------------------------------------------------
def opened(document: Document, *, url: str, spec: ModelSpec, view: View, keep_mask: bool = False) -> Message:
    """A picture was opened: show it, drop strokes of the one before unless `keep_mask`."""
    head = _head(document)
    model = {"pixels": spec.pixels, "grid": spec.grid, **_view(view)}
    return _message(
        "open",
        doc=document.id,
        name=document.name,
        width=head.size.width,
        height=head.size.height,
        url=url,
        model=model,
        alpha=head.alpha,
        keep_mask=keep_mask,
    )


def settings(mode: str, *, view: View, spec: ModelSpec) -> Message:
    """Controls changed that the overlay depends on."""
    return _message("settings", mode=mode, **_view(view), pixels=spec.pixels, grid=spec.grid)


def step(
    run: str,
    preview: Preview,
    *,
    urls: Sequence[str],
    canvas: tuple[int, int],
    offset: tuple[int, int],
    seconds_left: float,
) -> Message:
    """One decoding step; `unknown` is the first variation's bits, row-major, most significant bit first, as hex."""
    return _message(
        "step",
        run=run,
        variation_count=len(urls),
        step=preview.step,
        steps=preview.steps,
        pass_index=preview.pass_index,
        passes=preview.passes,
        window=list(preview.window),
        canvas=list(canvas),
        offset=list(offset),
        urls=list(urls),
        unknown=bits_hex(preview.unknown[0]),
        seconds_left=round(seconds_left, 2),
    )


def result(
    run: str,
    variations: Sequence[Mapping[str, Any]],
    *,
    canvas: tuple[int, int],
    offset: tuple[int, int],
    seconds: float,
) -> Message:
    """All variations are done: each has url, seed, score and changed_outside."""
    return _message(
        "result",
        run=run,
        variations=[dict(variation) for variation in variations],
        canvas=list(canvas),
        offset=list(offset),
        seconds=round(seconds, 2),
    )


def accepted(document: Document, *, url: str, offset: tuple[int, int], keep_mask: bool) -> Message:
    """The document's head changed: by accepting, undoing or redoing."""
    head = _head(document)
    return _message(
        "accepted",
        doc=document.id,
        url=url,
        width=head.size.width,
        height=head.size.height,
        offset=list(offset),
        keep_mask=keep_mask,
        can_undo=document.can_undo,
        can_redo=document.can_redo,
        alpha=head.alpha,
    )


def stopped(run: str, message: str) -> Message:
    """A run ended before its result."""
    return _message("stopped", run=run, message=message)


def notice(level: str, message: str) -> Message:
    """A sentence for the person; level "info" or "error"."""
    return _message("notice", level=level, message=message)


def planned(passes: Sequence[tuple[Box, NDArray[np.bool_]]], *, seconds: float) -> Message:
    """Return the answer to the overlay's question which cells will be regenerated.

    Args:
        passes: window and (h, w) unknown cells of each pass.
        seconds: expected duration of the run.
    """
    return {
        "windows": [list(window) for window, _ in passes],
        "cells": [bits_hex(unknown) for _, unknown in passes],
        "unknown_tokens": sum(int(unknown.sum()) for _, unknown in passes),
        "passes": len(passes),
        "seconds": round(seconds, 2),
    }


def bits_hex(cells: NDArray[np.bool_]) -> str:
    """Return (h, w) bool as hex, row-major, most significant bit first, zero bits at the end of the last byte."""
    return np.packbits(cells.reshape(-1)).tobytes().hex()


def changed_outside(result_pixels: Pixels, source: Pixels, allowed: NDArray[np.bool_], offset: tuple[int, int]) -> int:
    """Count the pixels that differ from the source although the request did not allow it.

    Args:
        result_pixels: (H', W', C) uint8.
        source: (H, W, C) uint8, which lies at `offset` (x, y) on the result.
        allowed: (H, W) bool on the source, True = may change.
        offset: see above.

    Returns:
        The count, by a real comparison of every channel; 0 is the promise.
    """
    x, y = offset
    height, width = source.shape[:2]
    now = result_pixels[y : y + height, x : x + width]
    if now.shape != source.shape:
        return int((~allowed).sum())
    return int(((now != source).any(axis=2) & ~allowed).sum())


def _head(document: Document) -> Picture:
    head = document.head
    if head is None:
        raise BadRequest(messages.nothing_open())
    return head


def _view(view: View) -> dict[str, float | int]:
    return {"context": view.context, "coverage": view.coverage, "grow": view.grow}


def _message(kind: str, **content: Any) -> Message:
    return {"rev": next(_revisions), "kind": kind, **content}
