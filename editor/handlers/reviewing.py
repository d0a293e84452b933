"""Choosing among results and versions: accept a variation, go to a version, frame one anew, look into what was drawn.

Knows nothing of how any of it was drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import gradio as gr

from core import BadRequest, CoreError
from core.values import Box, Framing, Turn
from editor.documents import export
from editor.documents.document import Document, Shown
from editor.documents.framed import frame
from editor.handlers.desk import Desk, addresses, answered, owner_of, payload_of, still_there
from editor.sentences import on_page
from editor.wire import answers, intents, replies, requests, sent
from editor.wire.replies import Message
from editor.wire.sent import read


class Head(NamedTuple):
    """A message for the stage, and the file of the download button."""

    message: Message
    download: str | None = None


class Reviewing:
    """The gestures on results and versions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def accept(self, event: gr.EventData, request: gr.Request) -> Head:
        """Make the chosen variation, {doc, run, variation}, the picture shown."""

        def work() -> Head:
            payload = payload_of(event)
            chosen = read(sent.OfVariation, payload)
            document = self._desk.document_of(payload, chosen.run, request)
            return self._shown(document, document.accept(chosen.run, chosen.variation), request, keep_mask=False)

        return answered(work, Head)

    def goto(self, event: gr.EventData, request: gr.Request) -> Head:
        """Show a version of the document, {version} or {doc, version}."""

        def work() -> Head:
            payload = payload_of(event)
            document = self._desk.document(payload, request)
            shown = document.goto(read(sent.OfVersion, payload).version)
            return self._shown(document, shown, request, keep_mask=True)

        return answered(work, Head)

    def frame(self, event: gr.EventData, request: gr.Request) -> Head:
        """Turn, straighten or crop a version, {doc, version, turn, degrees, box}: that makes another one."""

        def work() -> Head:
            payload = payload_of(event)
            asked = read(sent.Frame, payload)
            box = None if asked.box is None else Box(*asked.box)
            framing = Framing(Turn.numbered(asked.turn), asked.degrees, box)
            document = self._desk.document(payload, request)
            with self._desk.storing(None):
                shown = frame(document, asked.version, framing)
            return self._shown(document, shown, request, keep_mask=False)

        return answered(work, Head)

    def inspect(self, event: gr.EventData, request: gr.Request) -> Message:
        """Find the codes that fit a cell of a result, {run, variation, cell, pins}; runs the net once."""

        def work() -> Message:
            payload = payload_of(event)
            asked = read(sent.OfCell, payload)
            cell, index = asked.cell, asked.variation
            run = self._desk.document_of(payload, asked.run, request).runs.find(asked.run)
            hole = run.traced().hole
            if cell[0] >= hole.shape[0] or cell[1] >= hole.shape[1] or not hole[cell]:
                raise BadRequest(on_page.cell_outside())
            engine = self._desk.engine
            pinned = requests.pinned_request(run, index, intents.read_pins(asked.pins, run), engine.spec)
            with self._desk.turns.taken(owner_of(request), self._desk.step_s, there=still_there):
                found = engine.alternatives(pinned, cell)
            patches = [(each, export.exact_url(each.patch)) for each in found]
            return replies.alternatives(run.id, index, cell, patches)

        return answered(work, lambda notice: notice)

    def sources(self, asked: object) -> Message:
        """Return the sources of a variation's pixels, {doc, run, variation}, or of a version's, {doc, version}.

        The caller knows the document's unguessable id; what is no longer kept is not an error here, but unknown.
        """
        try:
            payload = asked if isinstance(asked, Mapping) else {}
            document = self._desk.documents.find(payload.get("doc"))
            if payload.get("run") is None:
                return answers.sources(document.painted(read(sent.OfVersion, payload).version))
            chosen = read(sent.OfVariation, payload)
            return answers.sources(document.painted_by(chosen.run, chosen.variation))
        except CoreError:
            return answers.sources((None,))

    def _shown(self, document: Document, shown: Shown, request: gr.Request, *, keep_mask: bool) -> Head:
        message = replies.head(document, shown, addresses(request), keep_mask=keep_mask)
        return Head(message, str(shown.version.picture.png))
