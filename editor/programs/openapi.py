"""The description of all calls in OpenAPI's form, made of the forms that they read.

Knows nothing of how they are answered.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any

import gradio as gr

from editor.handlers.calls import CALLS
from editor.handlers.forms import LEFT_OUT, Argument, arguments
from editor.sentences import about_programs as words
from editor.server.doorway import PROGRAMS

_VERSION = "1"  # of these calls, as in their addresses
_TYPES: dict[type, dict[str, str]] = {
    gr.FileData: {"type": "string", "format": "binary"},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
}
_HEADERS = {
    "MaskGIT-Seed": ("integer", words.SEED_HEADER),
    "MaskGIT-Variation": ("integer", words.VARIATION_HEADER),
    "MaskGIT-Variations": ("integer", words.VARIATIONS_HEADER),
    "MaskGIT-Model": ("string", words.MODEL_HEADER),
}


@cache
def description() -> dict[str, Any]:
    """Describe all calls, as JSON values."""
    return {
        "openapi": "3.1.0",
        "info": {"title": words.TITLE, "version": _VERSION, "description": words.SUMMARY},
        "paths": {PROGRAMS + name: {"post": _call(name, kind.form)} for name, kind in CALLS.items()},
    }


def _call(name: str, form: type) -> dict[str, Any]:
    known = arguments(form)
    body = {
        "type": "object",
        "properties": {name: _argument(each) for name, each in known.items()},
        "required": [name for name, each in known.items() if each.default is None],
        "additionalProperties": False,
    }
    stream = {"type": "integer", "enum": [0, 1], "default": 0}
    return {
        "operationId": name,
        "summary": inspect.getdoc(form),
        "parameters": [{"name": "stream", "in": "query", "description": words.STREAM, "schema": stream}],
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}},
        "responses": {"200": _picture(), "default": _refusal()},
    }


def _argument(argument: Argument) -> dict[str, Any]:
    said = _TYPES[argument.kind] | {"description": argument.text}
    return said if argument.default in (None, LEFT_OUT) else said | {"default": argument.default}


def _picture() -> dict[str, Any]:
    return {
        "description": f"{words.PNG} {words.EVENTS}",
        "headers": {name: {"description": said, "schema": {"type": kind}} for name, (kind, said) in _HEADERS.items()},
        "content": {"image/png": {}, "text/event-stream": {"schema": {"type": "string"}}},
    }


def _refusal() -> dict[str, Any]:
    detail = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    return {"description": words.REFUSAL, "content": {"application/json": {"schema": detail}}}
