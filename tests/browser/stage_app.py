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

from core import CoreError
from core.canvas.plan import plan as plan_passes
from core.pictures import open_picture, read_mask
from core.values import Size
from core.values.geometry import Box, Sides
from core.values.groups import View
from core.values.region import Mask
from core.values.request import EditRequest
from editor.documents.project import is_project, read_project
from editor.page.component import Carrier, Stage
from editor.page.folder import folder_button
from editor.wire.bits import write_mask

PIXELS, GRID = 128, 16
MODEL = {"pixels": PIXELS, "grid": GRID, "context": 2.0, "coverage": 0.0}

_folder = Path(tempfile.mkdtemp(prefix="stage-app-"))
_revision = itertools.count(1)


def message(kind: str, **values: Any) -> dict[str, Any]:
    """Return a message to the browser with a revision of its own."""
    return {"rev": next(_revision), "kind": kind, **values}


def answer(told: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Return a message marked as the answer to what the page asked, where it waits for one."""
    return {**told, "ask": asked["ask"]} if asked.get("ask") else told


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
    values = np.asarray(wire["values"]) > 0 if "values" in wire else np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(wire["height"], wire["width"])


def request_of(intent: dict[str, Any], size: tuple[int, int], settings: dict[str, Any] | None = None) -> EditRequest:
    """Return the request that an intent means, on a blank picture of that (width, height)."""
    model = {**MODEL, **(settings or {})}
    region: Mask | Box | Sides
    if intent["mode"] == "extend":
        region = Sides(*intent["extend"])
    elif intent["box"]:
        region = Box(*intent["box"])
    else:
        region = Mask(mask_of(intent["mask"]), new=intent["mode"] == "replace")
    view = View(context=model["context"], coverage=model["coverage"])
    return EditRequest(np.zeros((size[1], size[0], 3), np.uint8), region, view=view)


def hex_of(cells: NDArray[np.bool_]) -> str:
    """Return cells as a hex bitset, row by row, the first cell in the highest bit."""
    return np.packbits(cells.ravel()).tobytes().hex()


class Server:
    """What the page's Python side remembers: documents as trees of pictures, and runs. One visitor only."""

    def __init__(self, *, step_seconds: float, steps: int) -> None:
        self.step_seconds = step_seconds
        self.steps = steps
        self.trees: dict[str, dict[int, tuple[int | None, NDArray[np.uint8], list[int]]]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.doc = ""
        self.head = 0
        self.settings: dict[str, Any] = {}
        self.ranking = (0, 1, 2, 3)
        self.stopped: set[str] = set()

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The picture that is open."""
        return self.trees[self.doc][self.head][1]

    def plan(self, intent: dict[str, Any]) -> dict[str, Any]:
        """Answer the server function of that name."""
        height, width = self.pixels.shape[:2]
        passes = plan_passes(request_of(intent, (width, height), self.settings), PIXELS, GRID)
        return {
            "windows": [list(each.window) for each in passes],
            "cells": [hex_of(each.unknown) for each in passes],
            "unknown_tokens": int(sum(each.unknown.sum() for each in passes)),
            "passes": len(passes),
            "seconds": 1.5,
        }

    def select(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Answer the server function of that name: a box means itself, a scribble what lies below it, a point a square
        of twice the tolerance around it, the sky the upper third; no rim is there, and nothing at the left edge."""
        height, width = self.pixels.shape[:2]
        if asked.get("box"):
            left, top, right, bottom = asked["box"]
        elif asked.get("scribble"):
            points = np.array(asked["scribble"]).astype(int)
            (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        elif asked.get("thing"):
            left, top, right, bottom = (0, 0, width, height // 3) if asked["thing"] == "sky" else (0, 0, 0, 0)
        else:
            (x, y), by = asked["point"], asked["tolerance"]
            left, top, right, bottom = x - by, y - by, x + by, y + by
        if right < 20:
            return {"said": "Nothing stands out here."}
        found = np.zeros((height, width), np.bool_)
        found[Box(left, top, right, bottom).clamped(Size(width, height)).slices] = True
        return {"mask": write_mask(found)}

    def open(self, pixels: NDArray[np.uint8], name: str, **more: Any) -> dict[str, Any]:
        """Make a picture a new document."""
        self.doc = f"doc{next(_revision)}"
        self.settings = {}  # a page begins with those of the model
        self.ranking = (0, 1, 2, 3)
        self.trees[self.doc] = {0: (None, pixels, [0, 0])}
        self.head = 0
        return self.opened(name, **more)

    def opened(self, name: str, **more: Any) -> dict[str, Any]:
        """Return the message that opens the present document."""
        height, width = self.pixels.shape[:2]
        tree = [
            {
                "version": version,
                "parent": parent,
                "url": url_of(pixels),
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "offset": offset,
            }
            for version, (parent, pixels, offset) in self.trees[self.doc].items()
        ]
        return message(
            "open",
            doc=self.doc,
            version=self.head,
            name=name,
            format="png",
            width=width,
            height=height,
            url=url_of(self.pixels),
            model=MODEL,
            alpha=self.pixels.shape[2] == 4,
            keep_mask=False,
            tree=tree,
            **more,
        )

    def command(self, text: str) -> Any:
        """Do what a test asks for."""
        wanted = json.loads(text)
        if "open" in wanted:
            return answer(self.open(photo(*wanted["open"]), "waves"), wanted)
        if "ranking" in wanted:
            self.ranking = tuple(wanted["ranking"])
            return message("notice", level="info", message="Ranked.")
        if "forget" in wanted:
            self.trees.clear()
            return message("notice", level="info", message="Forgotten.")
        if wanted["message"]["kind"] == "settings":
            self.settings = {**self.settings, **wanted["message"]}
        return answer(message(**wanted["message"]), wanted)

    def brought(self, path: str, event: gr.EventData) -> tuple[Any, str]:
        """Open a picture or a project, by the product's own gates."""
        heard = json.dumps({"event": "bring", "data": event._data})
        try:
            project, name = is_project(Path(path)), Path(event._data["name"]).stem
            opened = self.project(Path(path)) if project else self.open(open_picture(Path(path)), name)
        except CoreError as error:
            opened = message("notice", level="error", message=str(error))
        return answer(opened, event._data), heard

    def masked(self, path: str, event: gr.EventData) -> tuple[Any, str]:
        """Read a mask, by the product's own gate."""
        heard = json.dumps({"event": "mask", "data": event._data})
        try:
            height, width = self.pixels.shape[:2]
            read = read_mask(Path(path), Size(width, height))
            told = message("mask", doc=self.doc, mask=write_mask(read.mask), notice=read.told)
        except CoreError as error:
            told = message("notice", level="error", message=str(error))
        return answer(told, event._data), heard

    def project(self, path: Path) -> dict[str, Any]:
        """Open a project; its versions keep their ids, and places without one stay empty."""
        project = read_project(path, most_bytes=2**28)
        pictures = {each.id: open_picture(project.png(each)) for each in project.versions}
        self.open(pictures[project.head], project.name)
        tree = {each.id: (each.parent, pictures[each.id], list(each.placing[:2])) for each in project.versions}
        self.trees[self.doc], self.head = tree, project.head
        return self.opened(project.name, state=project.state)

    def run(self, event: gr.EventData) -> Iterator[tuple[Any, str]]:
        """Stream steps and a result, of a canvas or of an earlier run."""
        intent = event._data
        heard = json.dumps({"event": "run", "data": intent})
        start = intent["from"]
        if start:
            yield from self.run_again(intent, heard)
            return
        pixels = self.pixels
        height, width = pixels.shape[:2]
        request = request_of(intent, (width, height), self.settings)
        left, top, right, bottom = intent["extend"]
        kept = {
            "before": np.pad(pixels, ((top, bottom), (left, right), (0, 0))),
            "region": request.hole(PIXELS),
            "size": request.canvas(PIXELS),
            "offset": [left, top],
            "passes": plan_passes(request, PIXELS, GRID),
        }
        after = [photo(*kept["size"], seed=40 + 25 * v) for v in range(4)]
        yield from self.stream(intent, kept, after, heard)

    def run_again(self, intent: dict[str, Any], heard: str) -> Iterator[tuple[Any, str]]:
        """Take the geometry of an earlier run; a branch goes on with its next step."""
        start = intent["from"]
        kept = self.runs[start["run"]]
        count = 1 if start["how"] in ("pins", "baseline") else 2
        after = [photo(*kept["size"], seed=200 + 25 * v + len(self.runs)) for v in range(count)]
        first = start["step"] if start["how"] == "branch" else 0
        quiet = start["how"] in ("more", "pins")
        yield from self.stream(intent, kept, after, heard, first=first, streamed=not quiet, source=start)

    def stream(
        self,
        intent: dict[str, Any],
        kept: dict[str, Any],
        after: list[NDArray[np.uint8]],
        heard: str,
        *,
        first: int = 0,
        streamed: bool = True,
        source: dict[str, Any] | None = None,
    ) -> Iterator[tuple[Any, str]]:
        """Yield the steps after `first` and the result."""
        size, offset, passes, steps = kept["size"], kept["offset"], kept["passes"], self.steps
        pictures = [np.where(kept["region"][..., None], v, kept["before"]) for v in after]
        self.runs[intent["run"]] = {**kept, "pictures": pictures, "seeds": [7 + i for i in range(len(after))]}
        for index, each in enumerate(passes if streamed else ()):
            order = np.random.default_rng(3).permutation(each.unknown.size).reshape(each.unknown.shape)
            for step in range(1, steps + 1):
                if step <= first:
                    continue
                time.sleep(self.step_seconds)
                if intent["run"] in self.stopped:
                    return
                unknown = each.unknown & (order >= each.unknown.size * step / steps)
                sure = np.where(each.unknown, 255 * (1 - order / (2 * order.size)), 255).astype(np.uint8)
                crops = [Image.fromarray(v[each.window.slices]).resize((PIXELS, PIXELS)) for v in after]
                yield (
                    message(
                        "step",
                        run=intent["run"],
                        variation_count=len(after),
                        step=index * steps + step,
                        steps=steps * len(passes),
                        pass_index=index,
                        passes=len(passes),
                        window=list(each.window),
                        canvas=list(size),
                        offset=offset,
                        urls=[url_of(np.asarray(c), "webp") for c in crops],
                        unknown=[hex_of(unknown)] * len(after),
                        grid=unknown.shape[1],
                        confidence=[sure.tobytes().hex()] * len(after),
                        seconds_left=(steps - step) * self.step_seconds,
                    ),
                    heard,
                )
        yield self.result(intent["run"], source=source, branchable=len(passes) == 1), heard

    def result(
        self, run: str, *, source: dict[str, Any] | None = None, branchable: bool = True, draft: bool = False
    ) -> dict[str, Any]:
        """Return the message with a run's pictures; scores fall, seams rise with the variation."""
        kept = self.runs[run]
        pictures = kept["pictures"][:1] if draft else kept["pictures"]
        variations = [
            {
                "url": url_of(picture),
                "seed": kept["seeds"][i],
                "score": -1.25 - i / 8,
                "seam": 1.6 - i / 5,
                "shift": 2.0,
                "fit": -2.0 - i / 4,
                "class_fit": None,
                "changed_outside": 0,
            }
            for i, picture in enumerate(pictures)
        ]
        return message(
            "result",
            run=run,
            canvas=list(kept["size"]),
            offset=kept["offset"],
            seconds=self.step_seconds * self.steps,
            branchable=branchable,
            draft=draft,
            ranking=list(self.ranking[: len(pictures)]) if not source and not draft else None,
            settings={"class_name": None, "schedule": "cosine", "steps": self.steps},
            variations=variations,
            **({"from": source} if source else {}),
        )

    def repeated(self, path: str, event: gr.EventData) -> Iterator[tuple[Any, str]]:
        """Turn another photo of the marks' size upside down; wait for Stop where its left upper pixel is black."""
        asked = event._data
        heard = json.dumps({"event": "repeat", "data": asked})
        pixels = open_picture(Path(path))
        yield message("waiting", run=asked["run"], before=3, seconds=1.0), heard
        while not pixels[0, 0].any():
            time.sleep(0.02)
            if asked["run"] in self.stopped:
                return
        if list(pixels.shape[1::-1]) != asked["size"]:
            yield message("notice", level="error", message="Of another size.", run=asked["run"]), heard
            return
        made = message("repeated", run=asked["run"], urls=[url_of(pixels[::-1])], best=0, seconds=1.5, told="")
        yield made, heard

    def stop(self, event: gr.EventData) -> tuple[Any, str]:
        """Say that the run has stopped and that a draft can be had."""
        self.stopped.add(event._data["run"])
        heard = json.dumps({"event": "stop", "data": event._data})
        return message("stopped", run=event._data["run"], message="Stopped.", draft=True), heard

    def draft(self, event: gr.EventData) -> tuple[Any, str]:
        """Return the best frame of a stopped run."""
        heard = json.dumps({"event": "draft", "data": event._data})
        return answer(self.gone(event._data) or self.result(event._data["run"], draft=True), event._data), heard

    def gone(self, asked: dict[str, Any]) -> dict[str, Any] | None:
        """Return what is said where a document, its run or its version is not there, as the product says it."""
        what = None
        if asked.get("doc") not in self.trees:
            what = "document"
        elif "run" in asked and asked["run"] not in self.runs:
            what = "run"
        elif asked.get("version") is not None and asked["version"] not in self.trees[asked["doc"]]:
            what = "version"
        return what and message("notice", level="error", message=f"The {what} is gone.", gone=what)

    def head_message(self) -> dict[str, Any]:
        """Return the version that is the picture now."""
        parent, pixels, offset = self.trees[self.doc][self.head]
        return message(
            "head",
            doc=self.doc,
            version=self.head,
            parent=parent,
            url=url_of(pixels),
            width=pixels.shape[1],
            height=pixels.shape[0],
            offset=offset,
            keep_mask=True,
            alpha=False,
            dropped=[],
        )

    def accept(self, event: gr.EventData) -> tuple[Any, str]:
        """Make a variation a child of the present version; what was painted for it is done."""
        asked = event._data
        heard = json.dumps({"event": "accept", "data": asked})
        missing = self.gone(asked)
        if missing is not None:
            return answer(missing, asked), heard
        run, tree = self.runs[asked["run"]], self.trees[self.doc]
        made = max(tree) + 1
        tree[made] = (self.head, run["pictures"][asked["variation"]], run["offset"])
        self.head = made
        return answer({**self.head_message(), "keep_mask": False}, asked), heard

    def goto(self, event: gr.EventData) -> tuple[Any, str]:
        """Make another version the present one."""
        asked = event._data
        heard = json.dumps({"event": "goto", "data": asked})
        missing = self.gone(asked)
        if missing is not None:
            return answer(missing, asked), heard
        self.head = asked["version"]
        return answer(self.head_message(), asked), heard

    def reopen(self, event: gr.EventData) -> tuple[Any, str]:
        """Give a document of an earlier page back, or say that it is gone."""
        asked = event._data
        heard = json.dumps({"event": "reopen", "data": asked})
        missing = self.gone(asked)
        if missing is not None:
            return answer(missing, asked), heard
        self.doc = asked["doc"]
        self.head = self.head if self.head in self.trees[self.doc] else max(self.trees[self.doc])
        return answer(self.opened("waves"), asked), heard

    def inspect(self, event: gr.EventData) -> tuple[Any, str]:
        """Return five codes for a cell."""
        asked = event._data
        patches = [np.full((8, 8, 3), 40 * (i + 1), np.uint8) for i in range(5)]
        codes = [{"code": 100 + i, "probability": 0.6 / 2**i, "url": url_of(patch)} for i, patch in enumerate(patches)]
        return (
            message("alternatives", run=asked["run"], variation=asked["variation"], cell=asked["cell"], list=codes),
            json.dumps({"event": "inspect", "data": asked}),
        )

    def export(self, event: gr.EventData) -> tuple[Any, str]:
        """Write the picture in the wanted format."""
        asked = event._data
        missing = self.gone(asked)
        if missing is not None:
            return answer(missing, asked), json.dumps({"event": "export", "data": asked})
        suffix = {"jpeg": "jpg", "pair": "png", "project": "zip"}.get(asked["format"], asked["format"])
        path = _folder / f"export-{next(_revision)}" / f"waves.{suffix}"
        path.parent.mkdir()
        if asked["format"] in ("jpeg", "webp"):
            Image.fromarray(self.pixels).save(path, quality=asked["quality"])
        elif asked["format"] in ("ora", "project"):
            path.write_text(json.dumps(asked.get("state")))
        else:
            Image.fromarray(self.pixels).save(path)
        made = message(
            "file", format=asked["format"], url=f"/gradio_api/file={path}", name=path.name, bytes=path.stat().st_size
        )
        return answer(made, asked), json.dumps({"event": "export", "data": asked})


def build(*, step_seconds: float = 0.03, steps: int = 6) -> gr.Blocks:
    """Return the page. `#command` takes JSON like {"open": [w, h]}; `#heard` shows the last event as JSON."""
    server = Server(step_seconds=step_seconds, steps=steps)
    gr.set_static_paths([_folder])
    with gr.Blocks() as app:
        stage = Stage(plan=server.plan, select=server.select)
        heard = gr.Textbox(elem_id="heard", show_label=False)
        order = gr.Textbox(elem_id="command", show_label=False)
        carrier = Carrier()
        folder = folder_button()
        quiet: dict[str, Any] = {"show_progress": "hidden", "trigger_mode": "multiple"}
        order.submit(server.command, order, stage, **quiet)
        stage.bring(server.brought, carrier, [stage, heard], js="() => window.mgeStage?.carried()", **quiet)
        stage.mask(server.masked, carrier, [stage, heard], js="() => window.mgeStage?.carried()", **quiet)
        stage.run(server.run, None, [stage, heard], **quiet)
        stage.stop(server.stop, None, [stage, heard], queue=False, **quiet)
        inputs = "(carried) => window.mgeFolder.inputs(['carrier'], [carried])"
        folder.repeat(server.repeated, carrier, [folder, heard], js=inputs, **quiet)
        folder.stop(server.stop, None, [folder, heard], queue=False, **quiet)
        for event in ("draft", "accept", "goto", "reopen", "inspect", "export"):
            getattr(stage, event)(getattr(server, event), None, [stage, heard], **quiet)
    return app
