"""Draws one edit under every pair of settings, a cell in each turn; a cell gives its settings or its picture.

Knows nothing of how the grid is viewed, nor of how turns go round.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from core import BadRequest, Cell
from editor import axes, markup
from editor.documents import export
from editor.documents.document import Document
from editor.documents.runs import Run, SweptCells, changed_outside
from editor.handlers.desk import Desk, address_of, answered, payload_of
from editor.handlers.drawing import Job, Live, Told
from editor.handlers.waiting import waited
from editor.sentences import on_page
from editor.wire import replies, requests, sent
from editor.wire.replies import Message
from editor.wire.sent import read

_CELL_SIDE = 112
"""Pixels of a cell's thumbnail: three fit side by side into the inspector."""


class Adopted(NamedTuple):
    """A message for the stage, and values for the controls by name."""

    message: Message
    values: Mapping[str, Any]


class Sweeping:
    """The gestures of a sweep."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def cells(self, job: Job, live: Live, texts: Sequence[str]) -> Iterator[Told]:
        """Draw the grid cell by cell beside the stage, and write its sheet and CSV.

        Args:
            job: the sweep; its document keeps the cells.
            live: its progress; it has its turn at first, and gives it back after each cell.
            texts: row axis, its values, column axis, its values, as typed.
        """
        asked, engine = job.asked, job.engine
        grid = axes.read_axes(texts, engine.spec, most_cells=self._desk.settings.sweep_cells)
        started = time.perf_counter()
        passes = engine.plan(asked)
        focus = passes[0].window.slices if len(passes) == 1 else (slice(None), slice(None))  # the part that changes
        painted = asked.hole(engine.spec.new_side(asked.strength))
        kept = SweptCells(job.run, job.source, engine.spec, painted, grid.labels, machine=engine.machine)
        done: list[Cell] = []
        drawn: dict[tuple[int, int], markup.Thumbnail] = {}

        def told(*files: gr.DownloadButton) -> Told:
            live.step, live.steps = len(done), grid.cells
            said = on_page.sweep_progress(len(done), grid.cells, time.perf_counter() - started)
            shown = markup.sweep_grid(grid.titles, grid.labels[0], grid.labels[1], drawn, said, job.run)
            return Told(replies.alive(job.run), shown, *files)

        yield told(*(gr.DownloadButton(interactive=False) for _ in range(2)))
        cells = self._desk.cells(engine, asked, grid.values)
        while len(done) < grid.cells:
            if done:
                turn = self._desk.turns.wait(live.owner, done[-1].seconds, again=True)
                yield from (Told(message) for message in waited(self._desk.turns, live, turn))
            cell = next(cells)
            if live.turn is not None:
                self._desk.turns.leave(live.turn)
            kept.add(cell)
            job.document.remember(kept)
            done.append(replace(cell, image=cell.image[focus].copy()))  # many whole pictures would fill the memory
            caption = f"{cell.seconds:.2f} s · {cell.forwards}"
            drawn[cell.row, cell.column] = markup.Thumbnail(export.thumbnail_url(done[-1].image, _CELL_SIDE), caption)
            yield told()
        folder, name = job.document.folder(), job.document.name
        files = export.sweep_files(folder, name, done, grid.values, engine.spec.classes)
        buttons = (gr.DownloadButton(value=str(path), interactive=True) for path in files)
        yield Told(replies.alive(job.run), None, *buttons)

    def adopt(self, event: gr.EventData, request: gr.Request) -> Adopted:
        """Take the settings of a cell into the controls, or its picture onto the stage, {run, row, column, what}."""

        def work() -> Adopted:
            payload = payload_of(event)
            place, what = read(sent.OfSweep, payload), payload.get("what")
            document = self._desk.document_of(payload, place.run, request)
            swept = document.runs.cells(place.run)
            row, column = place.row, place.column
            asked = swept.cell(row, column).request
            here = self._desk.engine.spec
            if what == "settings" and swept.spec != here:
                raise BadRequest(on_page.run_of_other_model(swept.spec.name, here.name))
            if what == "settings":
                said = on_page.adopted(swept.labels[0][row], swept.labels[1][column])
                return Adopted(replies.notice("info", said), requests.control_values(asked))
            if what != "picture":
                raise BadRequest(on_page.bad_intent("no choice between settings and picture"))
            return Adopted(self._result(document, swept, (row, column), request), {})

        return answered(work, lambda notice: Adopted(notice, {}))

    def _result(self, document: Document, swept: SweptCells, place: tuple[int, int], request: gr.Request) -> Message:
        """Make a run of a cell's picture and the message about it."""
        spec, cell = swept.spec, swept.cell(*place)
        asked, image = cell.request, swept.picture(cell)
        offset = asked.sides.left, asked.sides.top
        picture = export.store_variation(document.store, image, document.name, spec, asked, swept.machine)
        run = Run(f"{swept.id}-{place[0]}-{place[1]}", (asked,), offset, swept.source, spec, (picture,))
        document.remember(run)
        outside = 0
        if asked.image is not None:
            (x, y), (height, width) = offset, asked.image.shape[:2]
            allowed = swept.painted[y : y + height, x : x + width]
            outside = changed_outside(image, asked.image, allowed, offset)
        told = replies.Variation(
            url=address_of(picture.png, request),
            seed=asked.decoding.seed,
            score=cell.score,
            seam=cell.seam,
            shift=cell.colour_shift,
            changed_outside=outside,
        )
        return replies.Result(
            run.id,
            [told],
            canvas=asked.canvas(spec.new_side(asked.strength)),
            offset=offset,
            seconds=cell.seconds,
            branchable=False,
            caption=replies.caption(asked, spec),
        ).message()
