"""Another model: what there is, choosing one, giving it up, and fitting the page to the one that works.

Knows nothing of how a model is fetched. The choice is for everybody on this server; a page hears of it when it looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gradio as gr

from core import CoreError
from core.models import ModelSpec
from editor.handlers.desk import Desk, owner_of
from editor.wire import menus, replies, requests
from editor.wire.replies import Message


class Fitted(NamedTuple):
    """A message for the stage, and the model that the page is to be fitted to."""

    message: Message
    spec: ModelSpec


class Choosing:
    """The gestures of the model menu."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def look(self, _asked: object = None) -> dict[str, Any]:
        """Return all that the menu shows; whatever the browser sends along says nothing."""
        models = self._desk.models
        return menus.menu(models.look(), fixed=models.fixed)

    def choose(self, data: object) -> dict[str, Any]:
        """Begin to bring a model, {key, agreed}; where that cannot be, `refused` says why.

        `agreed` is the `consent` of the menu's line, where a download comes first.
        """
        asked = data if isinstance(data, Mapping) else {}
        return self._after(lambda: self._desk.models.choose(asked.get("key"), agreed=asked.get("agreed")))

    def cancel(self, _asked: object = None) -> dict[str, Any]:
        """Give up the model that is on its way; whatever the browser sends along says nothing."""
        return self._after(self._desk.models.cancel)

    def fit(self, request: gr.Request) -> Fitted:
        """Fit a page to the model that works."""
        spec = self._desk.engine.spec
        view = requests.read_view(self._desk.documents.controls(owner_of(request)))
        return Fitted(replies.fitted(view=view, spec=spec), spec)

    def _after(self, act: Callable[[], None]) -> dict[str, Any]:
        try:
            act()
        except CoreError as error:
            return {**self.look(), "refused": str(error)}
        return self.look()
