"""The button that does the same with a folder: in the head, with a dialog of its own.

Knows nothing of how an edit is repeated. folder.js draws the dialog and repetition.js brings one photo after the other;
its value is the latest message about the one at work.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import gradio as gr

from editor import markup
from editor.handlers.desk import payload_of
from editor.handlers.running import Running
from editor.page import scripts
from editor.page.component import Carrier
from editor.page.controls import Controls
from editor.sentences.language import words
from editor.wire.replies import Message

_CARRIER = "carrier"


def folder_button() -> gr.HTML:
    """Place it; it tells `repeat`, a `sent.Repeat` with the upload in the carrier, and `stop`, a `sent.OfRun`."""
    return gr.HTML(
        html_template=markup.folder_button(),
        js_on_load=scripts.on_load("page/folder.js", call="folderButton(element, trigger, props, watch)"),
        apply_default_css=False,
        elem_id="mge-folder",
        words=words("folder"),
    )


def wire_folder(
    folder: Any, carrier: Carrier, placed: Controls, named: Mapping[Any, str], running: Running, **how: Any
) -> None:
    """Connect the same edit on other pictures, one by one, with the settings that the first one of them went with.

    Args:
        folder: from `folder_button`.
        carrier: brings the photo.
        placed: the controls that make the edit.
        named: all controls that go along, and their names.
        running: draws it.
        **how: the way of these events.
    """

    def repeated(data: dict[Any, Any], event: gr.EventData, request: gr.Request) -> Iterator[Message | None]:
        with closing(running.repeat(placed.values(data), data[carrier], event, request)) as told:
            for each in told:
                yield each.message

    def stopped(event: gr.EventData, request: gr.Request) -> Message:
        return running.stop(request, payload_of(event).get("run"))

    inputs = sorted((*named, carrier), key=lambda each: each._id)  # as Gradio hands over a set of inputs
    names = json.dumps([named.get(each, _CARRIER) for each in inputs])
    ordered = f"(...now) => window.mgeFolder?.inputs({names}, now) ?? now"
    folder.repeat(repeated, set(inputs), folder, js=ordered, **how)
    folder.stop(stopped, None, folder, **{**how, "queue": False})
