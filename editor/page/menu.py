"""The model menu: a button in the head that names the model at work, and a list of all others.

Knows nothing of how models are fetched. Its value tells which model the page's controls are for; modelmenu.js asks
the server for the list while the page is visible, and draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from core.models import ModelSpec
from editor.page import scripts
from editor.page.classes import class_entries
from editor.page.component import named
from editor.sentences import about_models, on_page
from editor.sentences.language import say, table
from editor.wire.requests import model_id


def model_menu(spec: ModelSpec, space: str, **asked: Callable[..., Any]) -> gr.HTML:
    """Place the menu.

    Args:
        spec: the model that the page is built for.
        space: the Hugging Face Space that the server is, which a visitor may copy; empty elsewhere.
        **asked: server functions by name: look, choose, cancel.
    """
    return gr.HTML(
        {"model": model_id(spec)},
        html_template=_shell(spec),
        js_on_load=scripts.on_load("page/modelmenu.js", call="modelMenu(element, trigger, props, server, watch)"),
        server_functions=[named(function, name) for name, function in asked.items()],
        apply_default_css=False,
        elem_id="mge-model",
        words={
            "menu": say("models.menu"),
            "groups": table("models.groups"),
            "shared": say("models.shared"),
            "fixed": say("models.keeps_to_one"),
            "duplicate": say("models.duplicate"),
            "duplicator": f"https://huggingface.co/spaces/{space}?duplicate=true" if space else "",
            "back": say("models.back"),
            "cancel": say("models.cancel"),
            "licence": say("models.licence"),
        },
    )


def fitted(spec: ModelSpec, settings: list[dict[str, Any]]) -> dict[str, Any]:
    """Make the menu's value that fits a page to another model.

    Args:
        spec: the model.
        settings: from `keeping.describe`.
    """
    return {
        "model": model_id(spec),
        "name": spec.name,
        "facts": about_models.facts(spec.pixels, spec.grid),
        "settings": settings,
        "classes": class_entries(spec.classes),
        "search": on_page.search_among(len(spec.classes)),
        "needs": on_page.class_hint(spec.name, needed=not spec.null_class),
    }


def _shell(spec: ModelSpec) -> str:
    facts = about_models.facts(spec.pixels, spec.grid)
    return (
        '<button type="button" class="pg-model" aria-haspopup="dialog" aria-expanded="false" '
        f'aria-controls="mge-models"><b>{escape(spec.name)}</b><small>{escape(facts)}</small>'
        '<svg viewBox="0 0 10 6" aria-hidden="true"><path d="m1 1 4 4 4-4"/></svg><i hidden></i></button>'
    )
