"""Checks values from outside: from the browser or from a project file.

Knows nothing of messages, documents or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

from core import BadRequest
from editor.sentences import on_page

_DEEPEST_STATE = 64
"""Deepest nesting of the stage's state: far above its own, far below the 1000 calls that Python allows json."""


def is_whole(value: object, low: int, high: int) -> TypeGuard[int]:
    """Tell whether a value is a whole number (not a bool) in a range."""
    return type(value) is int and low <= value <= high


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Tell whether a value is a JSON list."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def read_state(value: object) -> dict[str, Any] | None:
    """Check the stage's own state, which is only kept and given back; None if there is none.

    Raises:
        BadRequest: if it is no JSON object, or nested too deeply.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise BadRequest(on_page.bad_intent("a state that is no object"))
    level: list[Any] = [value]
    for _ in range(_DEEPEST_STATE):
        if not level:
            return value
        inner: list[Any] = []
        for part in level:
            children = part.values() if isinstance(part, dict) else part
            inner.extend(child for child in children if isinstance(child, (dict, list)))
        level = inner
    raise BadRequest(on_page.bad_intent("a state nested too deeply"))
