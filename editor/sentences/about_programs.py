"""Every sentence that a program hears over plain HTTP, apart from those about its picture and its settings.

Knows nothing of HTTP; what the door itself refuses is in about_server.py.
"""

from __future__ import annotations

from collections.abc import Sequence

TITLE = "MaskGIT editor"
SUMMARY = "One call, one edit: a form comes in, a PNG goes out, with the recipe inside that makes it again."
PNG = "The picture; of several variations the best. Its recipe is in the PNG's texts."
EVENTS = (
    "With stream=1, server-sent events whose data is JSON. begin: what will be drawn; step: a step with a preview of "
    "each variation as a data URL; finishing: the share of the finish that is done; result: seeds and ranking; "
    "picture: a variation's PNG in base64, one event each; error: the sentence that ended the run."
)
REFUSAL = "One sentence: what is wrong, the value seen, what to do."
STREAM = "1 tells every step and gives every variation; 0 gives the best variation as a PNG."
SEED_HEADER, VARIATION_HEADER = "Seed that draws this picture.", "Number of this picture among the variations, from 1."
VARIATIONS_HEADER, MODEL_HEADER = "Number of pictures that were drawn.", "Name of the model that drew it."


def unknown_field(name: str, known: Sequence[str]) -> str:
    """Say that a form has a field that means nothing here."""
    return f"There is no field {name[:40]!r} here: give {', '.join(known[:-1])} or {known[-1]}."


def field_missing(name: str) -> str:
    """Say that a form lacks a field."""
    return f"The field {name} is missing: send it, as /api/v1/openapi.json describes."


def field_twice(name: str) -> str:
    """Say that a form has a field twice."""
    return f"The field {name[:40]!r} comes twice: send it once."


def no_file(name: str) -> str:
    """Say that a field has to be a file."""
    return f"The field {name} is no file: send one, with curl as -F {name}=@FILE."


def no_text(name: str) -> str:
    """Say that a field is a file and has to be text."""
    return f"The field {name} is a file: send it as text, with curl as -F {name}=VALUE."


def no_number(name: str, why: str) -> str:
    """Say that a field is no number; `why` has the value."""
    return f"The field {name} cannot be read: {why}."


def form_unreadable() -> str:
    """Say that a body is no form."""
    return "This form cannot be read: send multipart/form-data, as curl -F does."


def stream_unknown(value: str) -> str:
    """Say that `stream` is neither 0 nor 1."""
    return f"stream is {value[:40]!r}: give 1 to see every step, or 0."


def nothing_here(path: str) -> str:
    """Say that there is no such call."""
    return f"There is no call {path[:80]}: /api/v1/openapi.json lists those that there are."


def post_only(path: str) -> str:
    """Say that a call takes a form."""
    return f"{path[:80]} takes a form: POST it, as curl -F does."


def too_many_calls(most: int) -> str:
    """Say that others wait already."""
    return f"{most} calls of programs are under way, as many as this server takes: try again in a few seconds."
