"""Masks from elsewhere than strokes: a picture file, or the transparent part of the picture.

Knows nothing of how the stage paints; it answers with a mask and a sentence, or with a sentence alone.
"""

from __future__ import annotations

from pathlib import Path

import gradio as gr
import numpy as np

from core import BadRequest
from editor.handlers.desk import Desk, answered, payload_of
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.server.darkroom import read_mask
from editor.wire import replies
from editor.wire.replies import Message

_OPAQUE = 250
"""Lowest alpha that still looks opaque: a difference of 5 levels of 255 is not seen. Less counts as transparent."""


class Masking:
    """The gestures that bring a mask."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def load(self, path: str | None, event: gr.EventData, request: gr.Request) -> Message:
        """Read an uploaded file as the mask of a document, {doc}; without a file, take its transparent pixels."""

        def work() -> Message:
            document = self._desk.document(payload_of(event), request)
            head = document.head
            if head is None:
                raise BadRequest(on_page.nothing_open())
            if path is not None:
                read = read_mask(Path(path), head.size)
                return replies.mask(document, read.mask, translated(read.told))
            clear = np.asarray(head.pixels())[..., 3] < _OPAQUE if head.alpha else np.zeros((1, 1), np.bool_)
            if not clear.any():
                raise BadRequest(on_page.nothing_transparent())
            return replies.mask(document, clear, on_page.transparent_taken(float(clear.mean())))

        return answered(work, lambda notice: notice)
