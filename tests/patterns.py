"""Finds in the source every sentence that is said again in another language: patterns of errors and of `Sentence`s.

Knows nothing of languages.
"""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from core.errors import CoreError

ROOT = Path(__file__).resolve().parent.parent

OUTSIDE = {
    "core/lab": "a terminal shows what is trained and measured there",
    "core/cli": "a terminal shows it",
    "core/models/convert.py": "the process that converts models says it, in English",
}
"""Places whose sentences the page does not say again, with the reason."""

_BESIDES = {"Sentence", "Withheld"}
"""What makes a sentence and is no class of core/errors.py that ends a call: parts of one, and an error of downloads."""


class Pattern(NamedTuple):
    """A pattern and its place; `text` is None where it is no literal, `values` None where they cannot be read."""

    place: str
    text: str | None
    values: frozenset[str] | None


def patterns() -> Iterator[Pattern]:
    """Yield each pattern outside of `OUTSIDE`."""
    kinds = _BESIDES | {kind.__name__ for kind in (CoreError, *CoreError.__subclasses__())}
    for path in (path for package in ("core", "editor") for path in sorted((ROOT / package).rglob("*.py"))):
        place = path.relative_to(ROOT).as_posix()
        if any(place.startswith(outside) for outside in OUTSIDE):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in kinds:
                yield _pattern(f"{place}:{node.lineno}", node)


def _pattern(place: str, call: ast.Call) -> Pattern:
    first = call.args[0]
    text = first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
    names = [each.arg for each in call.keywords]
    return Pattern(place, text, None if None in names else frozenset(name for name in names if name))


def placeholders(text: str) -> frozenset[str]:
    """Return the names of a pattern's values."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
