"""The ways in without the canvas: the form on the page, and the functions that programs call.

Knows nothing of documents' histories; each call is one edit and answers with a file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.utils import get_upload_folder

from core import BadRequest, Engine, sweep
from core.models import ModelSpec
from core.values import Box, Size, class_id
from editor import axes
from editor.documents import export
from editor.documents.store import Pixels
from editor.handlers.desk import Desk, told_to_programs
from editor.sentences import on_page
from editor.server.darkroom import read_mask, read_picture
from editor.server.heap import give_back
from editor.server.results import Results
from editor.wire import requests
from editor.wire.bits import MaskPixels

logger = logging.getLogger(__name__)

_LEFT_OUT = -1
"""Stands for a number that a program does not give: MCP's schema drops defaults that are 0."""


class Api:
    """The functions for programs, and the form."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._results = Results(desk.settings.disk_mb * 1_000_000 // 4)  # the rest is for people

    def form(self, values: Mapping[str, Any], image: Any, mask: Any, *, model: str | None = None) -> str | None:
        """Run the form: the first variation of the same edit as on the canvas, as a file.

        Args:
            values: the controls by name.
            image: path of the uploaded picture, or None.
            mask: path of the uploaded mask, or None.
            model: the model that the controls are for, as `requests.model_id` tells it.
        """
        with told_to_programs():
            engine, mode = self._desk.engine, str(values.get("mode", "fill"))
            requests.check_page(model, engine.spec)
            return self._drawn(engine, mode, {**values, "variations": 1}, image, mask, tell=gr.Info)

    def fill(
        self,
        image: gr.FileData,
        mask: gr.FileData,
        class_name: str = "none",
        steps: int = -1,
        seed: int = -1,
        detail: str = "auto",
        border: str = "auto",
        sharper: int = -1,
        finish: str = "auto",
        follow: float = -1,
    ) -> gr.FileData:
        """Repaint the white region of a mask and return the picture as PNG.

        Args:
            image: the picture, PNG, JPEG or WebP.
            mask: a picture of the same size, bright (or opaque, on a transparent layer) = repaint.
            class_name: what to paint, or "none".
            steps: T, 1 to 256; -1 is the model's own.
            seed: 0 or more; -1 is 0.
            detail: fine detail taken from the surroundings: auto, patches, grain or none.
            border: how it is blended in: auto, feather or poisson.
            sharper: closer looks for large regions, 1 to 3, each of up to four times the windows before it; -1 is none.
            finish: auto ends with pixels of the photo itself, none with the model's own; then detail and border count.
            follow: how much the model's idea counts in the finish, 0 to 1; -1 is as much as on the page.
        """
        values = {"class": class_name, "steps": steps, "seed": seed, **_painting(detail, border, sharper)}
        values |= _ending(finish, follow)
        return self._answer("fill", values, image, mask)

    def replace(
        self,
        image: gr.FileData,
        class_name: str,
        left: int = -1,
        top: int = -1,
        right: int = -1,
        bottom: int = -1,
        steps: int = -1,
        seed: int = -1,
        detail: str = "auto",
        border: str = "auto",
        sharper: int = -1,
        sharpen: float = -1,
    ) -> gr.FileData:
        """Turn the box of a picture into something of a class and return the picture as PNG.

        Args:
            image: the picture, PNG, JPEG or WebP.
            class_name: what the box becomes.
            left: the box's edge in pixels; -1 is the picture's own, as for the others.
            top: the same.
            right: the same, not included in the box.
            bottom: the same.
            steps: T, 1 to 256; -1 is the model's own.
            seed: 0 or more; -1 is 0.
            detail: fine detail taken from the surroundings: auto, patches, grain or none.
            border: how it is blended in: auto, feather or poisson.
            sharper: closer looks for large regions, 1 to 3, each of up to four times the windows before it; -1 is none.
            sharpen: 0 to 1, how much of a sharper picture is blended in; 0 is none, -1 the usual.
        """
        plain = {"class": class_name, "steps": steps, "seed": seed, "sharpen": _sharpness(sharpen)}
        values = plain | _painting(detail, border, sharper)
        return self._answer("replace", values, image, edges=(left, top, right, bottom))

    def extend(
        self,
        image: gr.FileData,
        left: int = -1,
        top: int = -1,
        right: int = -1,
        bottom: int = -1,
        steps: int = -1,
        seed: int = -1,
        detail: str = "auto",
        border: str = "auto",
        sharper: int = -1,
        finish: str = "auto",
        follow: float = -1,
    ) -> gr.FileData:
        """Continue a picture beyond its border and return it as PNG.

        Args:
            image: the picture, PNG, JPEG or WebP.
            left: pixels to add at the left; -1 is none, as for the others.
            top: pixels to add above.
            right: pixels to add at the right.
            bottom: pixels to add below.
            steps: T, 1 to 256; -1 is the model's own.
            seed: 0 or more; -1 is 0.
            detail: fine detail taken from the surroundings: auto, patches, grain or none.
            border: how it is blended in: auto, feather or poisson.
            sharper: closer looks for large regions, 1 to 3, each of up to four times the windows before it; -1 is none.
            finish: auto ends with pixels of the photo itself, none with the model's own; then detail and border count.
            follow: how much the model's idea counts in the finish, 0 to 1; -1 is as much as on the page.
        """
        sides = {"extend_left": left, "extend_top": top, "extend_right": right, "extend_bottom": bottom}
        values = {name: _or(pixels, 0) for name, pixels in sides.items()} | _painting(detail, border, sharper)
        values |= _ending(finish, follow)
        return self._answer("extend", {**values, "steps": steps, "seed": seed}, image)

    def generate(self, class_name: str = "none", steps: int = -1, seed: int = -1, sharpen: float = -1) -> gr.FileData:
        """Draw a whole picture of a class and return it as PNG.

        Args:
            class_name: what to draw, or "none".
            steps: T, 1 to 256; -1 is the model's own.
            seed: 0 or more; -1 is 0.
            sharpen: 0 to 1, how much of a sharper picture is blended in; 0 is none, -1 the usual.
        """
        return self._answer(
            "generate", {"class": class_name, "steps": steps, "seed": seed, "sharpen": _sharpness(sharpen)}
        )

    def sweep(
        self,
        image: gr.FileData,
        mask: gr.FileData,
        rows: str = "schedule",
        row_values: str = "cosine, linear",
        columns: str = "steps",
        column_values: str = "4, 8",
        class_name: str = "none",
        seed: int = -1,
    ) -> list[gr.FileData]:
        """Fill one mask under every pair of two settings; return a labelled sheet as PNG and a table as CSV.

        Args:
            image: the picture, PNG, JPEG or WebP.
            mask: a picture of the same size, bright (or opaque, on a transparent layer) = repaint.
            rows: schedule, steps, choice_temperature, token_temperature, guidance_scale, seed or class_id.
            row_values: separated by commas.
            columns: another of these.
            column_values: separated by commas.
            class_name: what to paint, or "none".
            seed: 0 or more; -1 is 0.
        """
        with told_to_programs():
            engine, store = self._desk.engine, self._desk.documents.store
            texts = (rows, row_values, columns, column_values)
            grid = axes.read_axes(texts, engine.spec, most_cells=self._desk.settings.sweep_cells)
            picture, brushed = _opened(_uploaded(image), _uploaded(mask), logger.info)
            values = _values({"class": class_name, "seed": seed}, engine.spec)
            asked = requests.build_request("fill", values, engine.spec, picture=picture, mask=brushed)
            cells = list(sweep(engine, asked, grid.values))
            folder = store.new_folder()
            try:
                files = export.sweep_files(folder, "maskgit", cells, grid.values, engine.spec.classes)
            finally:
                self._results.keep(_client(), store.size(folder), partial(store.remove_folder, folder))
            return [gr.FileData(path=str(path)) for path in files]

    def _answer(
        self,
        mode: str,
        values: Mapping[str, Any],
        image: Any = None,
        mask: Any = None,
        edges: tuple[int, int, int, int] | None = None,
    ) -> gr.FileData:
        with told_to_programs():
            engine = self._desk.engine
            path = self._drawn(engine, mode, _values(values, engine.spec), _uploaded(image), _uploaded(mask), edges)
            return gr.FileData(path=path)

    def _drawn(
        self,
        engine: Engine,
        mode: str,
        values: Mapping[str, Any],
        image: Any,
        mask: Any,
        edges: tuple[int, int, int, int] | None = None,
        *,
        tell: Callable[[str], object] = logger.info,
    ) -> str:
        """Run one variation and return the path of its PNG."""
        picture, brushed = _opened(image, mask, tell)
        box = None if edges is None or picture is None else _box(edges, Size(picture.shape[1], picture.shape[0]))
        asked = requests.build_request(mode, values, engine.spec, picture=picture, mask=brushed, box=box)
        result = engine.edit(asked)
        store = self._desk.documents.store
        made = export.store_variation(store, result.image(0), "result", engine.spec, asked, engine.machine)
        self._results.keep(_client(), store.size(made), partial(store.release, made))
        give_back()
        return str(made.png)


def _client() -> str:
    """Return the address that the request comes from, behind a proxy too; one address is one client."""
    request = LocalContext.request.get(None)
    if request is None:
        return ""
    return str(request.headers.get("x-forwarded-for") or getattr(request.client, "host", ""))


def _values(values: Mapping[str, Any], spec: ModelSpec) -> dict[str, Any]:
    """Convert a program's settings to those of the controls."""
    asked = class_id(spec.classes, values.get("class"))
    plain = {name: value for name, value in values.items() if name != "class"}
    if plain.get("steps") == _LEFT_OUT:
        del plain["steps"]
    return plain | {"class_id": -1 if asked is None else asked, "variations": 1, "seed": _or(values["seed"], 0)}


def _or(value: int, standard: int) -> int:
    """Return the given value, or the default if it was left out; other negative numbers are refused later."""
    return standard if value == _LEFT_OUT else value


def _sharpness(asked: float) -> float:
    return requests.SHARPEN if asked == _LEFT_OUT else asked


def _painting(detail: str, border: str, sharper: int) -> dict[str, Any]:
    return {"detail": detail, "blend": border, "refine": _or(sharper, 0)}


def _ending(finish: str, follow: float) -> dict[str, Any]:
    return {"finish": finish} | ({} if follow == _LEFT_OUT else {"follow": follow})


def _opened(image: Any, mask: Any, tell: Callable[[str], object]) -> tuple[Pixels | None, MaskPixels | None]:
    """Read the pixels and the mask in uploaded files, None if there is no file; tells how they were read."""
    if not image:
        return None, None
    picture = read_picture(Path(str(image)))
    if picture.told:
        tell(picture.told)
    if not mask:
        return picture.pixels, None
    read = read_mask(Path(str(mask)), Size(picture.pixels.shape[1], picture.pixels.shape[0]))
    if not read.plain:
        tell(read.told)
    return picture.pixels, read.mask


def _box(edges: tuple[int, int, int, int], size: Size) -> Box:
    whole = (0, 0, *size)
    return Box(*(own if edge == -1 else edge for edge, own in zip(edges, whole, strict=True)))


def _uploaded(file: Any) -> str | None:
    if file is None:
        return None
    path = Path(str(file.get("path")) if isinstance(file, Mapping) else file.path).resolve()
    # Gradio checks the paths of its own widgets, not those of plain API arguments.
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise BadRequest(on_page.not_uploaded())
    return str(path)
