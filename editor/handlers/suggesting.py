"""Suggests classes that the open picture may show, for models that always need a class.

Knows nothing of how they are found. The browser asks when nothing has changed for a moment; no run waits for the
answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core import CheckpointError, CoreError, suggest_classes
from editor.handlers.desk import Desk
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.wire import intents, told

MOST = 5
"""Suggestions at a time: the right class is among five four times out of five (core/engine/suggestions.py)."""


class Suggesting:
    """The question which classes fit."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def suggest(self, intent: object) -> dict[str, Any]:
        """Suggest the class ids of the visible part of a picture, or say in a sentence why there are none.

        Args:
            intent: as described in `editor.wire`; its mask says nothing about the class.

        Returns:
            `ids`, best first, and `said`. Both are empty if the model needs no class, nothing recognises its classes,
            or no part of the picture is visible.
        """
        engine = self._desk.engine
        try:
            read = intents.read_intent(intent if isinstance(intent, Mapping) else {}, self._desk.documents, owner=None)
            if engine.spec.null_class or read.version is None:
                return _answer()
            pixels = np.asarray(read.version.picture.pixels())
            hidden = np.zeros(pixels.shape[:2], np.bool_) if read.mask is None else read.mask > 0
            if read.box is not None:
                hidden[read.box.slices] = True
            return _answer([each.class_id for each in suggest_classes(engine.recogniser, pixels, hidden, MOST)])
        except CheckpointError as error:
            return _answer(said=on_page.no_suggestions(translated(error.sentence)))
        except CoreError:  # the person asked nothing, so there is nothing to report
            return _answer()


def _answer(ids: list[int] | None = None, said: str = "") -> dict[str, Any]:
    return told.Suggested(ids=ids or [], said=said).plain
