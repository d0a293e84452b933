"""The model menu: a button in the head that says which model works, and a list of all that could.

Knows nothing of how models are brought. Its value tells which model the page's controls are for; what can be chosen is
asked of the server while the page is seen, and drawn by models.js.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from core.models import ModelSpec
from editor import messages, model_messages, page
from editor.classes import class_entries
from editor.stage import named
from editor.wire.requests import model_id


def model_menu(spec: ModelSpec, **asked: Callable[..., Any]) -> gr.HTML:
    """Place the menu.

    Args:
        spec: the model that the page is built for.
        **asked: what the browser calls, by name: look, choose, cancel.
    """
    return gr.HTML(
        {"model": model_id(spec)},
        html_template=_shell(spec),
        js_on_load=page.on_load("page/models.js", call="modelMenu(element, trigger, props, server, watch)"),
        server_functions=[named(function, name) for name, function in asked.items()],
        apply_default_css=False,
        elem_id="mge-model",
        words={
            "menu": model_messages.MENU,
            "groups": model_messages.GROUPS,
            "shared": model_messages.SHARED,
            "fixed": model_messages.FIXED,
            "back": model_messages.BACK,
            "cancel": model_messages.CANCEL,
            "licence": model_messages.LICENCE,
        },
    )


def fitted(spec: ModelSpec, settings: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the menu's value that fits a page to another model.

    Args:
        spec: the model.
        settings: from `keeping.describe`.
    """
    return {
        "model": model_id(spec),
        "name": spec.name,
        "facts": model_messages.facts(spec.pixels, spec.grid),
        "settings": settings,
        "classes": class_entries(spec.classes),
        "search": messages.search_among(len(spec.classes)),
        "needs": messages.class_hint(spec.name, needed=not spec.null_class),
    }


def _shell(spec: ModelSpec) -> str:
    facts = model_messages.facts(spec.pixels, spec.grid)
    return (
        '<button type="button" class="pg-model" aria-haspopup="dialog" aria-expanded="false" '
        f'aria-controls="mge-models"><b>{escape(spec.name)}</b><small>{escape(facts)}</small>'
        '<svg viewBox="0 0 10 6" aria-hidden="true"><path d="m1 1 4 4 4-4"/></svg><i hidden></i></button>'
    )
