"""Makes a file of any format, measured before it is downloaded.

Knows nothing of how the files are encoded; `editor.documents.export` and `editor.documents.project` do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gradio as gr
import numpy as np

from core import BadRequest
from core.pictures import loss_of
from core.values import MOST_SIDE, Placing, Start
from editor.checks import read_state
from editor.documents import export
from editor.documents.document import Document
from editor.documents.layers import Layer, laid, patch
from editor.documents.openraster import write_openraster
from editor.documents.photoshop import CAN_WRITE, write_photoshop
from editor.documents.project import write_project
from editor.documents.runs import Run
from editor.documents.store import Picture, Pixels
from editor.documents.versions import Placed
from editor.handlers.desk import Desk, address_of, answered, owner_of, payload_of, still_there
from editor.sentences import about_files, on_page
from editor.sentences.language import say
from editor.server.darkroom import encode_png
from editor.wire import intents, replies, requests, sent
from editor.wire.replies import Message
from editor.wire.sent import read

_SUFFIXES = {"png": "png", "jpeg": "jpg", "webp": "webp", "gif": "gif", "ora": "ora", "psd": "psd", "project": "zip"}
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

        The event is {doc, version, format, quality, longest?, run?, variation?, state?}. A "gif" is the film of a run's
        steps; a "pair" shows before and after side by side; an "ora" or "psd" has a layer for each edit or
        variation; a "project" holds every version and the stage's own `state`.
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
        if wanted in ("ora", "psd"):
            return self._layered(wanted, document, picture, run, variation)
        if wanted == "pair":
            return self._paired(document, picture, run, asked.longest or MOST_SIDE)
        if asked.longest is not None and asked.longest < max(picture.size):
            return self._resized(asked, document, picture, asked.longest)
        if wanted == "png":
            return _Written(picture.png)
        recipe = export.recipe_texts(picture.png.read_bytes())
        return self._lossy(asked, document, picture, np.asarray(picture.pixels()), recipe)

    def _film(self, document: Document, run: Run | None, variation: int, owner: str) -> _Written:
        if run is None:
            raise BadRequest(about_files.export_needs_run())
        frames = list(self._frames(run, variation, owner))
        path = document.folder() / f"{_picture(document, run, variation).png.stem}.{_SUFFIXES['gif']}"
        path.write_bytes(export.film(frames))
        return _Written(path)

    def _layered(self, wanted: str, document: Document, picture: Picture, run: Run | None, variation: int) -> _Written:
        """Write what it was made of, and what was painted, a layer each."""
        if wanted == "psd" and not CAN_WRITE:
            raise BadRequest(about_files.no_photoshop())
        layers = _steps(document) if run is None else _variations(run, variation)
        path = document.folder() / f"{picture.png.stem}.{_SUFFIXES[wanted]}"
        pixels = np.asarray(picture.pixels())
        if wanted == "psd":
            write_photoshop(path, layers, pixels)
        else:
            write_openraster(path, picture.size, layers, picture.png, pixels)
        return _Written(path)

    def _paired(self, document: Document, picture: Picture, run: Run | None, longest: int) -> _Written:
        """Write the picture as it was opened beside what became of it."""
        first = _first(document, run)
        after = np.asarray(picture.pixels())
        before = None if first is None else laid(first.version.picture.pixels(), picture.size, first.place)
        if first is None or before is None or np.array_equal(before, laid(after, picture.size)):
            straightened = first is not None and first.version.parent is not None
            raise BadRequest(about_files.export_needs_change(straightened=straightened))
        both = export.side_by_side(before, after, longest)
        path = document.folder() / f"{picture.png.stem}-before-after.png"
        path.write_bytes(encode_png(both))
        whole = both.shape[1] >= 2 * picture.size.width
        return _Written(path, None if whole else about_files.export_scaled(both.shape[1], both.shape[0]))

    def _resized(self, asked: sent.Export, document: Document, picture: Picture, longest: int) -> _Written:
        """Write a smaller copy, without the recipe, whose mask has the size of the whole picture."""
        pixels = export.resized(np.asarray(picture.pixels()), longest)
        said = about_files.export_resized(pixels.shape[1], pixels.shape[0])
        if asked.format == "png":
            path = document.folder() / f"{picture.png.stem}-{pixels.shape[1]}x{pixels.shape[0]}.png"
            path.write_bytes(encode_png(pixels))
            return _Written(path, said)
        written = self._lossy(asked, document, picture, pixels, {})
        return written._replace(notice=" ".join(filter(None, (said, written.notice))))

    def _lossy(
        self, asked: sent.Export, document: Document, picture: Picture, pixels: Pixels, recipe: Mapping[str, str]
    ) -> _Written:
        wanted = str(asked.format)
        encoded = export.encode_with_comment(pixels, wanted, asked.quality, recipe)
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


def _first(document: Document, run: Run | None) -> Placed | None:
    """Find the picture as it was opened or straightened, and its place on what is exported; None if that is new."""
    version = document.version
    source = run.source if run is not None else None if version is None else version.id
    if source is None:
        return None
    first = document.path(source)[0]
    return first if run is None else first._replace(place=first.place.then(Placing(*run.offset)))


def _steps(document: Document) -> list[Layer]:
    """Make a layer of the picture as it was opened, and of what each version on the way to the shown one painted."""
    version = document.version
    if version is None:
        raise BadRequest(on_page.nothing_open())
    first, *later = document.path(version.id)
    size = version.picture.size
    before = laid(first.version.picture.pixels(), size, first.place)
    layers = [Layer(say("page.source_layer"), before)]
    for step, place in later:
        after = laid(step.picture.pixels(), size, place)
        if not np.array_equal(before, after):  # as framing anew leaves them
            layers.append(patch(on_page.step_layer(len(layers)), before, after))
        before = after
    return layers


def _variations(run: Run, shown: int) -> list[Layer]:
    """Make a layer of the picture that a run was made from, and of each variation, of which one is shown."""
    source, size = run.request(shown).image, run.pictures[shown].size
    before = np.zeros((size.height, size.width, 4), np.uint8)
    layers = []
    if source is not None:
        before = laid(source, size, Placing(*run.offset))
        layers.append(Layer(say("page.source_layer"), before))
    for index, picture in enumerate(run.pictures):
        name = on_page.variation_layer(index, run.request(index).decoding.drawn_seed)
        layers.append(patch(name, before, picture.pixels(), shown=index == shown))
    return layers


def _picture(document: Document, run: Run | None, variation: int) -> Picture:
    if run is not None:
        if not variation < len(run.pictures):
            raise BadRequest(on_page.run_gone())
        return run.pictures[variation]
    if document.head is None:
        raise BadRequest(on_page.nothing_open())
    return document.head
