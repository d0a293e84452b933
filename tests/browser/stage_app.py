"""A page with nothing but the stage and what Python heard from it; plays the server's part of the wire for tests."""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.canvas.plan import plan as plan_passes
from core.geometry import Box, Sides
from core.request import EditRequest, Task
from editor.stage import Stage

PIXELS, GRID = 128, 16
MODEL = {"pixels": PIXELS, "grid": GRID, "context": 2.0, "coverage": 0.0, "grow": 0}

_folder = Path(tempfile.mkdtemp(prefix="stage-app-"))
_revision = itertools.count(1)


def message(kind: str, **values: Any) -> dict[str, Any]:
    """Return a message to the browser with a revision of its own."""
    return {"rev": next(_revision), "kind": kind, **values}


def url_of(pixels: NDArray[np.uint8], suffix: str = "png") -> str:
    """Return the address of a picture in the served folder."""
    path = _folder / f"{next(_revision)}.{suffix}"
    Image.fromarray(pixels).save(path, compress_level=1)
    return f"/gradio_api/file={path}"


def photo(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Return a smooth (height, width, 3) uint8 picture."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [np.sin(x / (37 + 9 * c + seed) + c) * np.cos(y / (29 + 7 * c) - seed) for c in range(3)]
    return np.asarray(np.stack(waves, -1) * 70 + 128, np.uint8)


def mask_of(wire: dict[str, Any]) -> NDArray[np.bool_]:
    """Return the (H, W) mask of a wire mask."""
    runs = np.asarray(wire["runs"], np.int64)
    assert runs.sum() == wire["width"] * wire["height"]
    assert (runs[1:] > 0).all()
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(wire["height"], wire["width"])


def request_of(intent: dict[str, Any], size: tuple[int, int], settings: dict[str, Any] | None = None) -> EditRequest:
    """Return the request that an intent means, on a blank picture of that (width, height)."""
    model = {**MODEL, **(settings or {})}
    task = {"replace": Task.MANIPULATE, "extend": Task.EXTRAPOLATE}.get(intent["mode"], Task.INPAINT)
    return EditRequest(
        task=task,
        image=np.zeros((size[1], size[0], 3), np.uint8),
        mask=mask_of(intent["mask"]) if intent["mask"] else None,
        box=Box(*intent["box"]) if intent["box"] else None,
        extend=Sides(*intent["extend"]),
        context=model["context"],
        coverage=model["coverage"],
        grow_tokens=model["grow"],
    )


def hex_of(cells: NDArray[np.bool_]) -> str:
    """Return cells as a hex bitset, row by row, the first cell in the highest bit."""
    return np.packbits(cells.ravel()).tobytes().hex()


def build(*, step_seconds: float = 0.03, steps: int = 6) -> gr.Blocks:
    """Return the page. `#command` takes JSON like {"open": [w, h]}; `#heard` shows the last event as JSON."""
    documents: dict[str, NDArray[np.uint8]] = {}
    current = {"doc": ""}
    stack: list[NDArray[np.uint8]] = []
    ahead: list[NDArray[np.uint8]] = []

    def plan(intent: dict[str, Any]) -> dict[str, Any]:
        height, width = documents[intent["doc"]].shape[:2]
        passes = plan_passes(request_of(intent, (width, height)), PIXELS, GRID)
        return {
            "windows": [list(each.window) for each in passes],
            "cells": [hex_of(each.unknown) for each in passes],
            "unknown_tokens": int(sum(each.unknown.sum() for each in passes)),
            "passes": len(passes),
            "seconds": 1.5,
        }

    def open_picture(pixels: NDArray[np.uint8], name: str) -> dict[str, Any]:
        doc = f"doc{len(documents)}"
        documents[doc] = pixels
        current["doc"] = doc
        stack.clear()
        ahead.clear()
        height, width = pixels.shape[:2]
        return message(
            "open",
            doc=doc,
            name=name,
            width=width,
            height=height,
            url=url_of(pixels),
            model=MODEL,
            alpha=pixels.shape[2] == 4,
            keep_mask=False,
        )

    def command(text: str) -> Any:
        wanted = json.loads(text)
        if "open" in wanted:
            return open_picture(photo(*wanted["open"]), "waves.png")
        if "file" in wanted:
            return open_picture(np.asarray(Image.open(wanted["file"]).convert("RGB")), Path(wanted["file"]).name)
        return message(**wanted["message"])

    def uploaded(path: str) -> dict[str, Any]:
        return open_picture(np.asarray(Image.open(path).convert("RGB")), "upload")

    def run(event: gr.EventData) -> Iterator[tuple[Any, str]]:
        intent = event._data
        heard = json.dumps({"event": "run", "data": intent})
        pixels = documents[current["doc"]]
        height, width = pixels.shape[:2]
        request = request_of(intent, (width, height))
        left, top, right, bottom = intent["extend"]
        size = (width + left + right, height + top + bottom)
        before = np.pad(pixels, ((top, bottom), (left, right), (0, 0)))
        region = np.ones(before.shape[:2], np.bool_)
        region[top : top + height, left : left + width] = False
        if request.mask is not None:
            region = request.mask
        elif request.box is not None:
            region = np.zeros(before.shape[:2], np.bool_)
            region[request.box.slices] = True
        after = [photo(*size, seed=40 + 25 * v) for v in range(4)]
        passes = plan_passes(request, PIXELS, GRID)
        random = np.random.default_rng(0)
        for index, each in enumerate(passes):
            unknown = each.unknown.copy()
            for step in range(1, steps + 1):
                time.sleep(step_seconds)
                unknown &= random.random(unknown.shape) < 1 - step / steps
                crops = [Image.fromarray(v[each.window.slices]).resize((PIXELS, PIXELS)) for v in after]
                yield (
                    message(
                        "step",
                        run=intent["run"],
                        variation_count=4,
                        step=index * steps + step,
                        steps=steps * len(passes),
                        pass_index=index,
                        passes=len(passes),
                        window=list(each.window),
                        canvas=list(size),
                        offset=[left, top],
                        urls=[url_of(np.asarray(c), "webp") for c in crops],
                        unknown=hex_of(unknown),
                        seconds_left=(steps - step) * step_seconds,
                    ),
                    heard,
                )
        pictures = [np.where(region[..., None], v, before) for v in after]
        stack_of_run[:] = pictures
        yield (
            message(
                "result",
                run=intent["run"],
                canvas=list(size),
                offset=[left, top],
                seconds=step_seconds * steps,
                variations=[
                    {"url": url_of(p), "seed": 7 + i, "score": -1.25 - i / 8, "changed_outside": 0}
                    for i, p in enumerate(pictures)
                ],
            ),
            heard,
        )

    stack_of_run: list[NDArray[np.uint8]] = []

    def placed(pixels: NDArray[np.uint8], offset: list[int]) -> dict[str, Any]:
        documents[current["doc"]] = pixels
        height, width = pixels.shape[:2]
        return message(
            "accepted",
            doc=current["doc"],
            url=url_of(pixels),
            width=width,
            height=height,
            offset=offset,
            keep_mask=True,
            can_undo=True,
        )

    def accept(event: gr.EventData) -> tuple[Any, str]:
        old = documents[current["doc"]]
        stack.append(old)
        ahead.clear()
        new = stack_of_run[event._data["variation"]]
        offset = [(new.shape[1] - old.shape[1]) // 2, (new.shape[0] - old.shape[0]) // 2]
        return placed(new, offset), json.dumps({"event": "accept", "data": event._data})

    def undo(event: gr.EventData) -> tuple[Any, str]:
        ahead.append(documents[current["doc"]])
        return placed(stack.pop(), [0, 0]), json.dumps({"event": "undo_accept", "data": event._data})

    def redo(event: gr.EventData) -> tuple[Any, str]:
        stack.append(documents[current["doc"]])
        return placed(ahead.pop(), [0, 0]), json.dumps({"event": "redo_accept", "data": event._data})

    def told(name: str) -> Any:
        def note(event: gr.EventData) -> str:
            return json.dumps({"event": name, "data": event._data})

        return note

    gr.set_static_paths([_folder])
    with gr.Blocks() as app:
        stage = Stage(plan=plan)
        heard = gr.Textbox(elem_id="heard", show_label=False)
        order = gr.Textbox(elem_id="command", show_label=False)
        upload = gr.File(elem_id="mge-upload", file_types=["image"])
        quiet: dict[str, Any] = {"show_progress": "hidden"}
        order.submit(command, order, stage, **quiet)
        upload.upload(uploaded, upload, stage, **quiet)
        running = stage.run(run, None, [stage, heard], **quiet)
        stage.stop(told("stop"), None, heard, cancels=[running], **quiet)
        stage.accept(accept, None, [stage, heard], **quiet)
        stage.discard(told("discard"), None, heard, **quiet)
        stage.undo_accept(undo, None, [stage, heard], **quiet)
        stage.redo_accept(redo, None, [stage, heard], **quiet)
    return app
