"""The ways in without the canvas: the form on the page, and the functions that programs call.

Knows nothing of documents' histories; each call is one edit and answers with a file.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.context import LocalContext
from gradio.utils import get_upload_folder

from core import BadRequest, Cell, Engine
from editor import axes
from editor.documents import export
from editor.handlers.desk import Desk, still_there, told_to_programs
from editor.handlers.filled import Asked, asked_by, values_of
from editor.handlers.forms import Extend, Fill, Generate, Replace, Sweep, flat
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.server.heap import give_back
from editor.wire import requests

logger = logging.getLogger(__name__)


class Api:
    """The functions for programs, and the form; one address is one visitor, whose calls are carried out in turn."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def form(self, values: Mapping[str, Any], image: Any, mask: Any, *, model: str | None = None) -> str | None:
        """Run the form: the first variation of the same edit as on the canvas, as a file.

        Args:
            values: the controls by name.
            image: path of the uploaded picture, or None.
            mask: path of the uploaded mask, or None.
            model: the model that the controls are for, as `requests.model_id` tells it.
        """
        with self._turn():
            engine, mode = self._desk.engine, str(values.get("mode", "fill"))
            requests.check_page(model, engine.spec)
            files = (Path(str(each)) if each else None for each in (image, mask))
            asked = asked_by(mode, {**values, "variations": 1}, engine.spec, *files)
            return self._drawn(engine, asked, gr.Info)

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Return the functions that programs call by name, each with the fields of its form as arguments."""
        modes = {"fill": Fill, "replace": Replace, "extend": Extend, "generate": Generate}
        found = {mode: flat(mode, form, partial(self._answer, mode)) for mode, form in modes.items()}
        return {**found, "sweep": flat("sweep", Sweep, self._sweep)}

    def _sweep(self, form: Sweep) -> list[gr.FileData]:
        with self._turn():
            engine, store = self._desk.engine, self._desk.documents.store
            texts = (form.rows, form.row_values, form.columns, form.column_values)
            grid = axes.read_axes(texts, engine.spec, most_cells=self._desk.settings.sweep_cells)
            values = values_of(form, engine.spec)
            asked = asked_by("fill", values, engine.spec, _uploaded(form.image), _uploaded(form.mask))
            _tell(asked, logger.info)
            cells = list(self._cells(self._desk.cells(engine, asked.request, grid.values), grid.cells))
            folder = store.new_folder()
            try:
                files = export.sweep_files(folder, "maskgit", cells, grid.values, engine.spec.classes)
            finally:
                self._desk.results.keep(_client(), store.size(folder), partial(store.remove_folder, folder))
            return [gr.FileData(path=str(path)) for path in files]

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Context of one call, in its turn among the programs; errors become Gradio's."""
        with told_to_programs(), self._desk.programs.taken(_client(), there=still_there):
            yield

    def _cells(self, drawn: Iterator[Cell], count: int) -> Iterator[Cell]:
        """Draw each cell of a sweep in a turn of its own."""
        for number in range(count):
            with self._desk.turns.taken(_client(), self._desk.step_s, again=number > 0, there=still_there):
                cell = next(drawn)
            yield cell

    def _answer(self, mode: str, form: object) -> gr.FileData:
        with self._turn():
            engine = self._desk.engine
            values = values_of(form, engine.spec)
            image, mask = (_uploaded(values.get(name)) for name in ("image", "mask"))
            asked = asked_by(mode, values, engine.spec, image, mask, boxed=mode == "replace")
            return gr.FileData(path=self._drawn(engine, asked, logger.info))

    def _drawn(self, engine: Engine, asked: Asked, tell: Callable[[str], object]) -> str:
        """Run one variation and return the path of its PNG."""
        _tell(asked, tell)
        seconds = self._desk.expected(asked.request, engine.expected_steps(asked.request))
        with self._desk.turns.taken(_client(), seconds, there=still_there):
            result = engine.edit(asked.request)
        store = self._desk.documents.store
        made = export.store_variation(store, result.image(0), "result", engine.spec, asked.request, engine.machine)
        self._desk.results.keep(_client(), store.size(made), partial(store.release, made))
        give_back()
        return str(made.png)


def _client() -> str:
    """Return the address that the request comes from, behind a proxy too; one address is one client."""
    request = LocalContext.request.get(None)
    if request is None:
        return ""
    return str(request.headers.get("x-forwarded-for") or getattr(request.client, "host", ""))


def _tell(asked: Asked, tell: Callable[[str], object]) -> None:
    for sentence in asked.told:
        tell(translated(sentence))


def _uploaded(file: Any) -> Path | None:
    if file is None:
        return None
    path = Path(str(file.get("path")) if isinstance(file, Mapping) else file.path).resolve()
    # Gradio checks the paths of its own widgets, not those of plain API arguments.
    if not path.is_relative_to(Path(get_upload_folder()).resolve()):
        raise BadRequest(on_page.not_uploaded())
    return path
