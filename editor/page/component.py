"""The canvas component: our own JavaScript in a `gr.HTML`, and the values that it exchanges with the server.

Knows nothing of engines, documents or requests. The JavaScript lies in editor/static/stage; its messages are described
in wire.js.
"""

from __future__ import annotations

from abc import ABCMeta
from collections.abc import Callable
from functools import cache, wraps
from html import escape
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta, updateable
from gradio.data_classes import FileData

from core.values import LEAST_SIDE, MOST_DEGREES, MOST_PIXELS, MOST_SIDE
from editor.documents.photoshop import CAN_WRITE
from editor.page.scripts import ARGUMENTS, FOLDER, on_load
from editor.sentences.language import browser_words, say
from editor.wire import sent

STYLES = ("stage.css", "runs.css")
"""The canvas and its tools first, then the style of runs."""

EVENTS = tuple(sent.EVENTS)
"""What the stage tells Python, each with a JSON object; the names stand in quotes in wire.js, where Gradio looks."""


def script() -> str:
    """Join all modules to the text for `js_on_load`: its words are there first, then one call starts the stage."""
    return on_load("stage/main.js", first="globalThis.mgeWords=props.words", call=f"main({', '.join(ARGUMENTS)})")


@cache
def style() -> str:
    """Join the stage's style sheets to one text; Gradio nests it under the component's id."""
    return "".join((FOLDER / "stage" / name).read_text(encoding="utf-8") for name in STYLES)


def _start() -> str:
    """Write what the stage's script begins with.

    It reads there how large a canvas may be, how it may be framed, and which formats this server cannot write.
    """
    facts: dict[str, object] = {
        "least-side": LEAST_SIDE,
        "most-side": MOST_SIDE,
        "most-pixels": MOST_PIXELS,
        "most-degrees": MOST_DEGREES,
        "without": "" if CAN_WRITE else "psd",
    }
    told = " ".join(f'data-{name}="{value}"' for name, value in facts.items())
    return f'<div class="mge" {told}><p class="mge-boot">{escape(say("page.needs_scripts"))}</p></div>'


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Wrap a function under the name by which the browser calls it on `server`."""

    @wraps(function)  # Gradio marks the function, which a bound method does not allow, and reads its annotations
    def answer(*given: Any) -> Any:
        return function(*given)

    answer.__name__ = name
    return answer


class _NoStub(ComponentMeta):
    """Creates the class like Gradio, but writes no component.pyi beside this file, which it would shadow."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> _NoStub:
        attrs["__init__"] = updateable(attrs["__init__"])
        return ABCMeta.__new__(mcs, name, bases, attrs)


class Carrier(gr.HTML, metaclass=_NoStub):
    """An upload of the stage on its way to a handler; Gradio checks that it is one of its own."""

    data_model = FileData

    def __init__(self) -> None:
        """Place it, invisible."""
        super().__init__(visible=False)

    def preprocess(self, payload: FileData | None) -> str | None:  # type: ignore[override]
        """Return the path of the uploaded file, None if nothing was carried."""
        return None if payload is None else payload.path


class Stage(gr.HTML, metaclass=_NoStub):
    """The canvas on which a picture is shown, painted, and repainted before one's eyes.

    Its value is the latest message to the browser, a small JSON object with `rev` and `kind`; the browser handles each
    `rev` once and keeps everything else itself, so that no value ever undoes what a visitor painted. Its events are
    `EVENTS`: `stage.run(handler, ...)` gets the intent from `gr.EventData`.
    """

    def __init__(
        self,
        *,
        plan: Callable[..., Any] | None = None,
        sources: Callable[..., Any] | None = None,
        select: Callable[..., Any] | None = None,
        elem_id: str = "mge-stage",
        **of_html: Any,
    ) -> None:
        """Place the stage. Server functions are called by their parameter's name on the wire.

        Args:
            plan: called with an intent (and a `gr.Request`, if it declares one) when several windows may be needed;
                returns windows, cells, passes and seconds as a JSON object.
            sources: called with what is shown when the inspector first points at it; returns the origin of its pixels
                in the form of `answers.sources`.
            select: called with a gesture (`sent.Select`); returns the mask that it means (`told.Selected`).
            elem_id: id of the component on the page.
            **of_html: further keywords of `gr.HTML`. No string in the JavaScript may equal one: Gradio would take it
                for an event, put it into the page's description, and copy all that it leads to for each visit.
        """
        asked = {"plan": plan, "sources": sources, "select": select}
        super().__init__(
            of_html.pop("value", None),
            html_template=_start(),
            css_template=style(),
            js_on_load=script(),
            words=browser_words(),
            apply_default_css=False,
            server_functions=[named(function, name) for name, function in asked.items() if function is not None],
            elem_id=elem_id,
            **of_html,
        )

    def preprocess(self, payload: Any) -> Any:
        """Return the last message as the browser sends it back; nothing relies on it."""
        return payload

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:  # type: ignore[override]
        """Pass a message to the browser unchanged.

        Args:
            value: JSON object with `rev` and `kind`, or None.
        """
        return value

    def api_info(self) -> dict[str, Any]:
        """Describe the value to API clients."""
        return {"type": "object"}
