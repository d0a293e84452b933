"""Draws the edit that the page shows on another picture, such as one photo of a folder.

Knows nothing of the folder: the browser brings one photo after the other, so that other visitors have their turns
between two of them, and what was made is the browser's at once. No document keeps any of it.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from core import BadRequest, Engine
from core.values import EditRequest, EditResult, Size
from editor.documents import export
from editor.documents.store import Picture, Pixels
from editor.handlers.desk import Desk, address_of, payload_of
from editor.handlers.drawing import Live, Told
from editor.handlers.waiting import waited
from editor.sentences import on_page
from editor.server.darkroom import read_picture
from editor.wire import intents, replies, requests


class Repeating:
    """The gesture that repeats an edit."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def drawn(
        self, live: Live, values: Mapping[str, Any], path: str | None, event: gr.EventData, request: gr.Request
    ) -> Generator[Told, None, None]:
        """Draw it in its turn; its photo is opened in a turn among the programs, which bound what is in memory.

        Args:
            live: its progress.
            values: the controls by name.
            path: of the photo, None if it did not come.
            event: what is to be repeated.
            request: who asks.
        """
        if not path:
            raise BadRequest(on_page.upload_missing())
        opening = self._desk.programs.wait(live.owner)
        try:
            yield from map(Told, waited(self._desk.programs, live, opening))
            read, engine = read_picture(Path(path)), self._desk.engine
            asked, best = _asked(payload_of(event), values, read.pixels, engine)
            turn = self._desk.turns.wait(live.owner, self._desk.expected(asked, engine.expected_steps(asked)))
            yield from map(Told, waited(self._desk.turns, live, turn))
            result: EditResult | None = None
            with closing(engine.stream(asked, preview_budget_s=0.0)) as stream:  # type: ignore[type-var]
                for item in stream:
                    if isinstance(item, EditResult):
                        result = item
                    else:
                        yield Told(replies.alive(live.run))
            if result is None:
                return
            wanted = result.ranking[:1] if best else tuple(range(len(result.patches)))
            with self._desk.storing(turn):
                pictures = self._stored(live.owner, engine, asked, result, wanted)
            said = " ".join(dict.fromkeys(filter(None, (read.told, *result.told))))
            urls = [address_of(picture.png, request) for picture in pictures]
            seconds, place = result.seconds["total"], wanted.index(result.ranking[0])
            yield Told(replies.repeated(live.run, urls, best=place, seconds=seconds, said=said))
        finally:
            self._desk.programs.leave(opening)

    def _stored(
        self, owner: str, engine: Engine, asked: EditRequest, result: EditResult, wanted: tuple[int, ...]
    ) -> list[Picture]:
        """Write those variations, each with its recipe; they are there until others of this visitor take their room."""
        store = self._desk.documents.store
        pictures: list[Picture] = []

        def release() -> None:
            for picture in pictures:
                store.release(picture)

        try:
            for index in wanted:
                drawn, image = asked.single(index), result.image(index)
                pictures.append(export.store_variation(store, image, "photo", engine.spec, drawn, engine.machine))
        finally:
            self._desk.results.keep(owner, sum(map(store.size, pictures)), release)
        return pictures


def _asked(
    payload: Mapping[str, Any], values: Mapping[str, Any], photo: Pixels, engine: Engine
) -> tuple[EditRequest, bool]:
    """Make the edit of another picture; tells also whether only its best variation is wanted."""
    intent, best = intents.read_repeat(payload, Size(photo.shape[1], photo.shape[0]))
    requests.check_page(intent.model, engine.spec)
    asked = requests.build_request(
        intent.mode,
        values,
        engine.spec,
        picture=photo,
        mask=intent.mask,
        box=intent.box,
        extend=intent.extend,
        window=intent.window,
    )
    return asked, best
