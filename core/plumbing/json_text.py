"""JSON from outside: one object, or a reason in words.

Knows nothing of what the object means; whoever asks puts the reason into a sentence of their own.
"""

from __future__ import annotations

import json
from typing import Any

KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
"""What people call the types of JSON values; null is none of them."""


def json_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object that a text writes.

    Raises:
        ValueError: where it is no JSON, another kind of value, or nested deeper than can be read.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError(f"it is {kind_of(value)} and no object")
    return value


def kind_of(value: object) -> str:
    """Return what people call the kind of a JSON value."""
    return KINDS.get(type(value), "null")
