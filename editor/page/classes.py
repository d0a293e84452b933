"""The class menu: a field that finds a class by any of its names, with favourites and recent ones below it.

Knows nothing of requests; its value is a class id as a number, -1 for none. Names come from the model, synonyms from
core, whatever the length of the class list; searching and remembering happen in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from core.models import ModelSpec
from core.values import class_names
from editor import markup
from editor.page import scripts
from editor.page.component import named
from editor.sentences import on_page
from editor.sentences.language import say


def class_entries(classes: Sequence[str]) -> list[dict[str, Any]]:
    """Make the browser's list of classes: id, shown name, own names and synonyms of each.

    Args:
        classes: class names of a model, index = class id; "tench, Tinca tinca" is shown as "tench" and found by both.
    """
    entries = []
    for index, name in enumerate(classes):
        called = class_names(name)
        own = [part.strip() for part in name.split(",") if part.strip()]
        entries.append({"id": index, "name": own[0], "names": own, "also": list(called[len(own) :])})
    return entries


def class_menu(spec: ModelSpec, *, suggest: Callable[..., Any] | None = None) -> gr.HTML:
    """Place the menu; its value is the class id, -1 for no class. modelmenu.js fits it to another model's classes.

    Args:
        spec: the model.
        suggest: called with an intent, if the model needs a class; returns `ids` and `said` as a JSON object.
    """
    needs = on_page.class_hint(spec.name, needed=not spec.null_class)
    return gr.HTML(
        -1,
        html_template=markup.class_field(len(spec.classes), needs),
        js_on_load=scripts.on_load("page/classmenu.js", call="classMenu(element, trigger, props, server, watch)"),
        server_functions=[] if suggest is None else [named(suggest, "suggest")],
        apply_default_css=False,
        elem_id="mge-class",
        classes=class_entries(spec.classes),
        needs=needs,
        none=say("page.no_class"),
        nothing=say("page.no_class_found"),
        star=say("page.star"),
        unstar=say("page.unstar"),
        starred=say("page.starred"),
    )
