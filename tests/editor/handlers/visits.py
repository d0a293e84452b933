"""Requests and events as Gradio hands them over, and the gestures that most tests need."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote

import gradio as gr

from editor.handlers import Handlers
from editor.handlers.drawing import Told
from tests.editor.wire.sent import intent

VALUES: dict[str, Any] = {"steps": 5, "variations": 2, "seed": 3, "class_id": -1, "feather": 0}
AXES = ("schedule", "cosine, linear", "steps", "2, 4, 6")


def visitor(name: str = "ann", path: str = "/gradio_api/queue/join", root_path: str = "") -> Any:
    """Return a request as Gradio hands it over."""
    inner = SimpleNamespace(app=SimpleNamespace(root_path=root_path), url=SimpleNamespace(path=path))
    return SimpleNamespace(session_hash=name, request=inner)


def event(data: Any) -> gr.EventData:
    """Return an event of the stage."""
    return gr.EventData(None, data)


def told(
    handlers: Handlers, opened: dict[str, Any] | None, values: dict[str, Any] = VALUES, **changes: Any
) -> list[Told]:
    """Run an edit of the opened photo, its intent changed, to its end."""
    data = {**intent(None), "doc": opened and opened["doc"], **changes}
    return list(handlers.running.run(values, AXES, event(data), visitor()))


def run(
    handlers: Handlers, opened: dict[str, Any] | None, values: dict[str, Any] = VALUES, **changes: Any
) -> list[dict[str, Any]]:
    """Return what the stage heard of such a run."""
    return [each.message for each in told(handlers, opened, values, **changes) if each.message is not None]


def origin(how: str, **changes: Any) -> dict[str, Any]:
    """Return a `from` on the first run's first variation."""
    return {"run": "r1", "variation": 0, "step": 0, "how": how, **changes}


def path_of(url: str) -> Path:
    """Return the file that a message's url points to."""
    return Path(unquote(url.partition("/gradio_api/file=")[2]))
