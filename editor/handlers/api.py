"""The ways in without the canvas: the form on the page, and the functions that programs call.

Knows nothing of documents' histories; each call is one edit and answers with a file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.utils import get_upload_folder

from core import BadRequest, Engine, sweep
from core.models import ModelSpec
from core.values import Box, EditRequest, Size, class_id
from editor import axes
from editor.documents import export
from editor.documents.store import Pixels
from editor.handlers.desk import Desk, told_to_programs
from editor.handlers.forms import Extend, Fill, Generate, Replace, Sweep, controls, flat
from editor.sentences import on_page
from editor.server.darkroom import read_mask, read_picture
from editor.server.heap import give_back
from editor.server.results import Results
from editor.wire import requests
from editor.wire.bits import MaskPixels

logger = logging.getLogger(__name__)


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

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions that programs call by name, each with the fields of its form as arguments."""
        modes = {"fill": Fill, "replace": Replace, "extend": Extend, "generate": Generate}
        found = {mode: flat(mode, form, partial(self._answer, mode)) for mode, form in modes.items()}
        return {**found, "sweep": flat("sweep", Sweep, self._sweep)}

    def _sweep(self, form: Sweep) -> list[gr.FileData]:
        with told_to_programs():
            engine, store = self._desk.engine, self._desk.documents.store
            texts = (form.rows, form.row_values, form.columns, form.column_values)
            grid = axes.read_axes(texts, engine.spec, most_cells=self._desk.settings.sweep_cells)
            picture, brushed = _opened(_uploaded(form.image), _uploaded(form.mask), logger.info)
            values = _values(form, engine.spec)
            asked = requests.build_request("fill", values, engine.spec, picture=picture, mask=brushed)
            cells = list(sweep(engine, asked, grid.values))
            folder = store.new_folder()
            try:
                files = export.sweep_files(folder, "maskgit", cells, grid.values, engine.spec.classes)
            finally:
                self._results.keep(_client(), store.size(folder), partial(store.remove_folder, folder))
            return [gr.FileData(path=str(path)) for path in files]

    def _answer(self, mode: str, form: object) -> gr.FileData:
        with told_to_programs():
            engine = self._desk.engine
            values = _values(form, engine.spec)
            image, mask = (_uploaded(values.get(name)) for name in ("image", "mask"))
            edges = {side: values[side] for side in Box._fields if side in values} if mode == "replace" else None
            return gr.FileData(path=self._drawn(engine, mode, values, image, mask, edges))

    def _drawn(
        self,
        engine: Engine,
        mode: str,
        values: Mapping[str, Any],
        image: Any,
        mask: Any,
        edges: Mapping[str, int] | None = None,
        *,
        tell: Callable[[str], object] = logger.info,
    ) -> str:
        """Run one variation and return the path of its PNG."""
        picture, brushed = _opened(image, mask, tell)
        box = None
        if edges is not None and picture is not None:
            box = Box(0, 0, picture.shape[1], picture.shape[0])._replace(**edges)
        asked = requests.build_request(mode, values, engine.spec, picture=picture, mask=brushed, box=box)
        asked = _beyond_page(asked, values)
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


def _values(form: object, spec: ModelSpec) -> dict[str, Any]:
    """Convert what a program filled in to the controls."""
    values = controls(form)
    asked = class_id(spec.classes, values.get("class"))
    return {**values, "class_id": -1 if asked is None else asked, "variations": 1}


def _beyond_page(asked: EditRequest, values: Mapping[str, Any]) -> EditRequest:
    """Set what programs may ask for and the page has no control for."""
    chosen = {name: values[name] for name in ("detail", "blend") if name in values}
    view = replace(asked.view, refine=values.get("refine", asked.view.refine))
    return replace(asked, view=view, painting=replace(asked.painting, **chosen))


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


def _uploaded(file: Any) -> str | None:
    if file is None:
        return None
    path = Path(str(file.get("path")) if isinstance(file, Mapping) else file.path).resolve()
    # Gradio checks the paths of its own widgets, not those of plain API arguments.
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise BadRequest(on_page.not_uploaded())
    return str(path)
