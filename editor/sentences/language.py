"""The words of each language, from editor/words, and the language that is spoken now.

Knows nothing of who speaks it: whoever answers a visitor does so within `speaking`. Everybody else hears English: logs,
the terminal, programs. A sentence of `core` is English until `translated` says it again from its pattern.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Any

from core import CoreError
from core.values import Sentence

ENGLISH = "en"
"""What is spoken where nobody chose."""

_FOLDER = Path(__file__).resolve().parent.parent / "words"
_IN_BROWSER = ("language", "stage")
"""Sections that the stage's script reads."""

_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)


@cache
def languages() -> dict[str, str]:
    """List the languages by their codes, English first, each called as its speakers call it."""
    others = sorted(path.stem for path in _FOLDER.glob("*.json") if path.stem != ENGLISH)
    return {code: _words(code)["language"]["name"] for code in (ENGLISH, *others)}


def spoken() -> str:
    """Return the code of the language that is spoken now."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Context in which a language is spoken, one of `languages`."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def say(name: str, /, **values: object) -> str:
    """Say a sentence or label, with values in it.

    Args:
        name: "section.name" in the word files; where they have one form for 1 and one for many, `count` decides.
        **values: by the names in its braces.
    """
    found = _found(name)
    pattern = found if isinstance(found, str) else found["one" if values["count"] == 1 else "many"]
    return _Form(_spoken.get()).vformat(pattern, (), values) if values else str(pattern)


def table(name: str) -> dict[str, str]:
    """Return a group of labels by their keys, in the order of the word files."""
    return dict(_found(name))


def words(section: str) -> dict[str, Any]:
    """Return a whole section, for a script that fills in the values by itself."""
    return dict(_words(_spoken.get())[section])


def translated(sentence: str) -> str:
    """Say a sentence of core in the language that is spoken; one that the word files do not know stays English."""
    patterns: Mapping[str, str] = _words(_spoken.get()).get("core", {})
    known = patterns.get(sentence.pattern if isinstance(sentence, Sentence) else sentence)
    if known is None:
        return str(sentence)
    if not isinstance(sentence, Sentence):
        return known
    values = {name: _value(name, value) for name, value in sentence.values.items()}
    try:
        return _Form(_spoken.get()).vformat(known, (), values)
    except (LookupError, ValueError, TypeError):  # values from another process, which is not trusted
        return str(sentence)


def called(section: str, text: str) -> str:
    """Return what an English text is called in the language that is spoken."""
    found: str = _words(_spoken.get()).get(section, {}).get(text, text)
    return found


def listed_with_and(names: Sequence[str]) -> str:
    """Join names: "a", "a and b", "a and b and c"."""
    return say("language.and").join(names)


def browser_words() -> dict[str, Any]:
    """Return the words of the stage's script, as JSON values."""
    return {section: words(section) for section in _IN_BROWSER}


class _Form(string.Formatter):
    """Formats values as `str.format` does, numbers as a language writes them."""

    def __init__(self, language: str) -> None:
        self._signs = _words(language)["language"]

    def format_field(self, value: Any, format_spec: str) -> str:
        """Format one value."""
        text = str(format(value, format_spec))
        if not isinstance(value, float):
            return text
        return text.replace(".", self._signs["decimal"]).replace("%", self._signs["percent"])


def _value(name: str, value: object) -> object:
    """Translate what stands within a sentence: a part, another error, the name of a setting."""
    if isinstance(value, CoreError):
        return translated(value.sentence)
    if isinstance(value, Sentence):
        return translated(value)
    if name == "name" and isinstance(value, str):
        return called("names", value)
    return value


def _found(name: str) -> Any:
    section, _, key = name.partition(".")
    return _words(_spoken.get())[section][key]


@cache
def _words(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
