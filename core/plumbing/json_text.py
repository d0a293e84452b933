"""Reads JSON from outside: one object, or a reason in words.

Knows nothing of the object's meaning; the caller puts the reason into a sentence of its own.
"""

from __future__ import annotations

import json
from typing import Any

KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a number", float: "a number"}
"""Names of the types of JSON values for people; all others are null."""


def json_object(text: str | bytes) -> dict[str, Any]:
    """Read a JSON object from a text.

    Raises:
        ValueError: if it is no JSON, another kind of value, or nested too deep to be read.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError(f"it is {kind_of(value)} and no object")
    return value


def kind_of(value: object) -> str:
    """Name the kind of a JSON value for people."""
    return KINDS.get(type(value), "null")
