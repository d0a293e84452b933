"""The canvas component: our own JavaScript in a `gr.HTML`, and the values that go to it and come from it.

Knows nothing of engines, documents or requests. The JavaScript lies in editor/static/stage as plain ES modules; Gradio
takes one script text, so they are joined here when the component is made. What crosses the wire is told in wire.js.
"""

from __future__ import annotations

import re
from abc import ABCMeta
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.component_meta import ComponentMeta, updateable
from gradio.data_classes import FileData

FOLDER = Path(__file__).parent / "static" / "stage"

MODULES = (
    "words.js",
    "elements.js",
    "crc.js",
    "zip.js",
    "view.js",
    "runlength.js",
    "shapes.js",
    "grown.js",
    "mask.js",
    "picture.js",
    "maskfile.js",
    "history.js",
    "tokens.js",
    "wire.js",
    "carrier.js",
    "tools.js",
    "painting.js",
    "tint.js",
    "guides.js",
    "render.js",
    "compare.js",
    "options.js",
    "trace.js",
    "film.js",
    "review.js",
    "heat.js",
    "strip.js",
    "choice.js",
    "versions.js",
    "timeline.js",
    "cells.js",
    "sources.js",
    "recent.js",
    "tree.js",
    "vault.js",
    "copies.js",
    "note.js",
    "autosave.js",
    "sessions.js",
    "exporter.js",
    "pointer.js",
    "keyboard.js",
    "help.js",
    "panel.js",
    "planning.js",
    "runs.js",
    "address.js",
    "files.js",
    "travels.js",
    "receiver.js",
    "stage.js",
    "hook.js",
    "main.js",
)
"""In the order in which they are joined: a module comes after those that it needs while it is being read."""

STYLES = ("stage.css", "runs.css")
"""The canvas and its tools first; what belongs to runs after it."""

EVENTS = ("run", "sweep", "stop", "draft", "accept", "goto", "bring", "mask", "reopen", "inspect", "export")
"""What the stage tells Python, each with a JSON object; the names stand in quotes in wire.js, where Gradio looks."""

ARGUMENTS = ("element", "trigger", "props", "server", "watch")
"""What Gradio hands to `js_on_load`, in the order in which main.js takes it."""

_IMPORT = re.compile(r"^import\s+\{([^}]*)\}\s+from\s+\"\./([\w.]+)\";\n", re.MULTILINE)
_NAME = re.compile(r"^(?:export\s+)?(?:async\s+)?(?:function|class|const|let)\s+(\w+)", re.MULTILINE)
_COMMENT = re.compile(r"^\s*//[^\n]*\n|/\*\*(?:(?!\*/).)*\*/[ ]*|^[ ]+|^\n", re.MULTILINE | re.DOTALL)
"""What is read by people only: comments and indentation. No string in the modules may hold such text."""


def bundle(modules: dict[str, str]) -> str:
    """Return one script that holds some ES modules, given as file name -> text in the order of reading.

    Only what these modules use is understood: named imports between them and `export` before a declaration. They share
    one scope afterwards, so no two may declare the same name at their top level. Comments and
    indentation are left out, and nothing else: to know a string from the text around it takes a parser.

    Raises:
        ValueError: where an import names a module or an export that is not there, or two modules declare one name.
    """
    owners = dict.fromkeys(ARGUMENTS, "Gradio")
    for file, text in modules.items():
        for name in _NAME.findall(text):
            if name in owners:
                raise ValueError(f"{file} declares {name}, and so does {owners[name]}: rename one of them.")
            owners[name] = file
    parts = []
    for file, text in modules.items():
        for names, source in _IMPORT.findall(text):
            for name in filter(None, (name.strip() for name in names.split(","))):
                exported = re.search(
                    rf"^export\s+(?:async\s+)?(?:function|class|const)\s+{name}\b", modules.get(source, ""), re.M
                )
                if not exported:
                    raise ValueError(f"{file} imports {name} from {source}, which does not export it.")
        plain = re.sub(r"^export\s+", "", _IMPORT.sub("", text), flags=re.MULTILINE)
        if re.search(r"^(?:import|export)\b", plain, re.MULTILINE):
            raise ValueError(f"{file} has an import or export of a kind that the bundler does not know.")
        parts.append(_COMMENT.sub("", plain).strip() + "\n")
    return "".join(parts)


@cache
def script() -> str:
    """Return the text for `js_on_load`: all modules in one function, and the call that starts the stage."""
    joined = bundle({name: (FOLDER / name).read_text(encoding="utf-8") for name in MODULES})
    return f'(() => {{\n"use strict";\n{joined}main({", ".join(ARGUMENTS)});\n}})();\n'


@cache
def style() -> str:
    """Return the stage's style sheets as one text; Gradio nests it under the component's id."""
    return "".join((FOLDER / name).read_text(encoding="utf-8") for name in STYLES)


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a function under the name by which the browser calls it on `server`."""

    @wraps(function)  # Gradio marks the function, which a bound method does not bear, and reads its annotations
    def answer(*given: Any) -> Any:
        return function(*given)

    answer.__name__ = name
    return answer


class _NoStub(ComponentMeta):
    """Makes the class as Gradio does, but writes no stage.pyi into the source folder, which would shadow this file."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> _NoStub:
        attrs["__init__"] = updateable(attrs["__init__"])
        return ABCMeta.__new__(mcs, name, bases, attrs)


class Carrier(gr.HTML, metaclass=_NoStub):
    """What the stage has uploaded, on its way to a handler; Gradio checks that it is an upload of its own."""

    data_model = FileData

    def __init__(self) -> None:
        """Place it, unseen."""
        super().__init__(visible=False)

    def preprocess(self, payload: FileData | None) -> str | None:  # type: ignore[override]
        """Return the path of the uploaded file, None where nothing was carried."""
        return None if payload is None else payload.path


class Stage(gr.HTML, metaclass=_NoStub):
    """The canvas on which a picture is shown, painted on, and seen to be repainted.

    Its value is the latest message to the browser, a small JSON object with `rev` and `kind`; the browser handles each
    `rev` once and keeps everything else itself, so no value ever takes back what a visitor painted. Its events are
    `EVENTS`: `stage.run(handler, ...)` gets the intent from `gr.EventData`.
    """

    def __init__(
        self,
        *,
        plan: Callable[..., Any] | None = None,
        sources: Callable[..., Any] | None = None,
        elem_id: str = "mge-stage",
        **of_html: Any,
    ) -> None:
        """Place the stage. What it may call of the server has its parameter's name on the wire.

        Args:
            plan: called with an intent (and a `gr.Request`, where it declares one) when several windows may be needed,
                or closer looks follow; returns windows, cells, passes and seconds as a JSON object.
            sources: called with what is shown when the inspector first points at it; returns where its pixels came
                from as `replies.sources` tells it.
            elem_id: id of the component on the page.
            **of_html: further keywords of `gr.HTML`. No string in the JavaScript may be called so: Gradio would take it
                for an event, put that into the page's description, and copy all that it leads to for each visit.
        """
        asked = {"plan": plan, "sources": sources}
        super().__init__(
            of_html.pop("value", None),
            html_template='<div class="mge"><p class="mge-boot">The canvas needs JavaScript.</p></div>',
            css_template=style(),
            js_on_load=script(),
            apply_default_css=False,
            server_functions=[named(function, name) for name, function in asked.items() if function is not None],
            elem_id=elem_id,
            **of_html,
        )

    def preprocess(self, payload: Any) -> Any:
        """Return the last message as the browser sends it back; nobody should rely on it."""
        return payload

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:  # type: ignore[override]
        """Return a message to the browser as it is.

        Args:
            value: JSON object with `rev` and `kind`, or None.
        """
        return value

    def api_info(self) -> dict[str, Any]:
        """Describe the value to API clients."""
        return {"type": "object"}
