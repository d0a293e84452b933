"""Makes a file of any format, measured before it is downloaded.

Knows nothing of how the files are encoded; `editor.documents.export` and `editor.documents.project` do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gradio as gr
import numpy as np

from core import BadRequest
from core.pictures import loss_of
from core.values import Start
from editor.checks import read_state
from editor.documents import export
from editor.documents.document import Document
from editor.documents.project import write_project
from editor.documents.runs import Run
from editor.documents.store import Picture, Pixels
from editor.handlers.desk import Desk, address_of, answered, owner_of, payload_of, still_there
from editor.sentences import about_files, on_page
from editor.wire import intents, replies, requests, sent
from editor.wire.replies import Message
from editor.wire.sent import read

_SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif", "project": "zip"}
_TITLES = {"jpeg": "JPEG", "webp": "WebP"}


class _Written(NamedTuple):
    """A file, and a sentence about what did not fit into it."""

    path: Path
    notice: str | None = None


class Exporting:
    """The gesture that makes files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def export(self, event: gr.EventData, request: gr.Request) -> Message:
        """Make a file of the version shown, or of a variation.

        The event is {doc, version, format, quality, run?, variation?, state?}. A "gif" is the film of a run's steps; a
        "project" holds every version and the stage's own `state`.
        """

        def work() -> Message:
            payload = payload_of(event)
            asked = read(sent.Export, payload)
            if not isinstance(asked.format, str) or asked.format not in intents.FORMATS:
                raise BadRequest(about_files.format_unknown())
            if asked.run is None:
                document, run, variation = self._desk.document(payload, request), None, 0
                if asked.version is not None:
                    document.goto(asked.version)
            else:
                chosen = read(sent.OfVariation, payload)
                document = self._desk.document_of(payload, chosen.run, request)
                run, variation = document.runs.find(chosen.run), chosen.variation
            if asked.format == "gif":
                written = self._film(document, run, variation, owner_of(request))
            else:
                with self._desk.exports.taken(owner_of(request), there=still_there):
                    written = self._written(asked, document, run, variation)
            return replies.file(
                asked.format,
                url=address_of(written.path, request),
                name=written.path.name,
                size=written.path.stat().st_size,
                notice=written.notice,
            )

        return answered(work, lambda notice: notice)

    def _written(self, asked: sent.Export, document: Document, run: Run | None, variation: int) -> _Written:
        wanted = asked.format
        if wanted == "project":
            path = document.folder() / f"{document.name}.{_SUFFIXES[wanted]}"
            write_project(path, document, read_state(asked.state))
            return _Written(path)
        picture = _picture(document, run, variation)
        if wanted == "png":
            return _Written(picture.png)
        return self._lossy(wanted, document, picture, asked.quality)

    def _film(self, document: Document, run: Run | None, variation: int, owner: str) -> _Written:
        if run is None:
            raise BadRequest(about_files.export_needs_run())
        frames = list(self._frames(run, variation, owner))
        path = document.folder() / f"{_picture(document, run, variation).png.stem}.{_SUFFIXES['gif']}"
        path.write_bytes(export.film(frames))
        return _Written(path)

    def _lossy(self, wanted: str, document: Document, picture: Picture, quality: int | None) -> _Written:
        recipe = export.recipe_texts(picture.png.read_bytes())
        pixels = np.asarray(picture.pixels())
        encoded = export.encode_with_comment(pixels, wanted, quality, recipe)
        path = document.folder() / f"{picture.png.stem}.{_SUFFIXES[wanted]}"
        path.write_bytes(encoded.data)
        lost = []
        if wanted == "jpeg" and picture.alpha and (picture.pixels()[..., 3] < 255).any():
            lost.append(about_files.export_flattened(_TITLES[wanted]))
        if changed := loss_of(encoded.data, pixels):
            lost.append(about_files.export_changed(_TITLES[wanted], changed))
        if not encoded.commented:
            lost.append(about_files.export_without_recipe(_TITLES[wanted]))
        return _Written(path, " ".join(lost) or None)

    def _frames(self, run: Run, variation: int, owner: str) -> Iterator[Pixels]:
        """Draw the guess of each step in a turn of its own, composited into the photo, small."""
        request, trace, engine = run.request(variation), run.traced(), self._desk.engine
        requests.check_model(run, engine.spec)
        # Too small for texture to be seen.
        asked = replace(request, painting=replace(request.painting, sharpen=0.0, detail="none", finish="none"))
        for step, guess in enumerate(trace.guesses(variation)):
            with self._desk.turns.taken(owner, self._desk.step_s, again=step > 0, there=still_there):
                result = engine.edit(replace(asked, start=Start(guess)))
            yield export.shrunk(result.image(0), 2 * export.FILM_SIDE)
        if request.is_finished and run.pictures:
            yield export.shrunk(run.pictures[variation].pixels(), 2 * export.FILM_SIDE)


def _picture(document: Document, run: Run | None, variation: int) -> Picture:
    if run is not None:
        if not variation < len(run.pictures):
            raise BadRequest(on_page.run_gone())
        return run.pictures[variation]
    if document.head is None:
        raise BadRequest(on_page.nothing_open())
    return document.head
