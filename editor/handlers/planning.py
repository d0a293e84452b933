"""Answers the overlay: settings that decide which cells are regenerated, and the engine's plan.

Knows nothing of runs; the browser computes the same overlay itself and asks here for confirmation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

from core import CoreError
from editor.handlers.desk import Desk, owner_of
from editor.sentences.language import translated
from editor.wire import answers, intents, replies, requests
from editor.wire.replies import Message


class Planning:
    """The gestures that change the overlay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def settings_changed(self, values: Mapping[str, Any], request: gr.Request) -> Message:
        """Tell the stage which settings its overlay depends on, and remember them for the plan.

        Args:
            values: the controls by name.
            request: who asks.
        """
        try:
            view = requests.read_view(values)
        except CoreError as error:
            return replies.notice("error", translated(error.sentence))
        self._desk.documents.note_controls(owner_of(request), values)
        return replies.settings(view=view, spec=self._desk.engine.spec)

    def plan(self, intent: dict[str, Any]) -> Message:
        """Plan for the overlay: the windows and cells that a run would regenerate, and its seconds.

        Args:
            intent: as described in `editor.wire`.
        """
        engine = self._desk.engine
        try:
            read = intents.read_intent(intent, self._desk.documents, owner=None)
            known = {} if read.document is None else self._desk.documents.controls(read.document.owner)
            # The cells do not depend on a class, but Replace insists on one, and so do some models.
            asks = read.mode == "replace" or not engine.spec.null_class
            values = {**known, "class_id": 0 if asks and engine.spec.classes else -1}
            request = requests.read_request(read, values, engine.spec)
            passes = engine.plan(request)
            seconds = self._desk.expected(request, engine.expected_steps(request, passes))
            return answers.planned([(one.window, one.unknown) for one in passes], seconds=seconds)
        except CoreError as error:
            return {
                **answers.planned((), seconds=0.0),
                "message": translated(error.sentence),
            }  # the run itself will report it
