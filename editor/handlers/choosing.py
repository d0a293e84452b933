"""Another model: listing, choosing and cancelling it, and fitting the page to the one at work.

Knows nothing of how a model is fetched. The choice is for everybody on this server; a page sees it when it next asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gradio as gr

from core import CoreError
from core.models import ModelSpec
from editor.handlers.desk import Desk, owner_of
from editor.sentences.language import translated
from editor.wire import menus, replies, requests
from editor.wire.replies import Message


class Fitted(NamedTuple):
    """A message for the stage, and the model to which the page is to be fitted."""

    message: Message
    spec: ModelSpec


class Choosing:
    """The gestures of the model menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def look(self, _asked: object = None) -> dict[str, Any]:
        """Return the state that the menu shows; what the browser sends along is ignored."""
        return self._state()

    def choose(self, data: object) -> dict[str, Any]:
        """Start to bring a model, {key, agreed}; if that is impossible, `refused` says why.

        `agreed` is the `consent` of the menu's line, if a download comes first.
        """
        asked = data if isinstance(data, Mapping) else {}
        return self._after(lambda: self._desk.models.choose(asked.get("key"), agreed=asked.get("agreed")))

    def cancel(self, _asked: object = None) -> dict[str, Any]:
        """Stop the model that is on its way; what the browser sends along is ignored."""
        return self._after(self._desk.models.cancel)

    def fit(self, request: gr.Request) -> Fitted:
        """Fit a page to the model at work."""
        spec = self._desk.engine.spec
        view = requests.read_view(self._desk.documents.controls(owner_of(request)))
        return Fitted(replies.fitted(view=view, spec=spec), spec)

    def _after(self, act: Callable[[], None]) -> dict[str, Any]:
        try:
            act()
        except CoreError as error:
            return self._state(refused=translated(error.sentence))
        return self._state()

    def _state(self, refused: str | None = None) -> dict[str, Any]:
        models = self._desk.models
        return menus.menu(models.state(), fixed=models.fixed, refused=refused)
