"""Everything that can go wrong for a person, as one tree; every message says what is wrong, the value seen, what to do.

    CoreError
    ├── BadRequest        the request, picture, mask or an option cannot be used (also a ValueError)
    ├── UnknownModel      no model of that name
    ├── CheckpointError   weight files are missing, broken, or not of this model
    ├── OutOfMemory       the device has too little memory for this edit
    ├── Unavailable       the machines that paint are all at work, or out of reach
    └── NoRoom            the disk is full, or too many files are open

Programming errors are not in this tree: they stay loud. All is said in English here; a `Sentence` remembers what it was
made of, so that whoever shows it can say the same in another language.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any


class Sentence(str):
    """An English sentence, or a part of one, that remembers its pattern and what was put into it.

    Attributes:
        pattern: the sentence with `{name}` for each value, as `str.format` reads it.
        values: by these names; some may be a `Sentence` or a `CoreError`.
    """

    __slots__ = ("pattern", "values")
    pattern: str
    values: Mapping[str, Any]

    def __new__(cls, pattern: str, /, **values: Any) -> Sentence:
        """Say a pattern with its values."""
        return _said(pattern.format(**values) if values else pattern, pattern, values)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes."""
        return _said, (str(self), self.pattern, dict(self.values))


def _said(text: str, pattern: str, values: Mapping[str, Any]) -> Sentence:
    made = str.__new__(Sentence, text)
    made.pattern, made.values = pattern, values
    return made


def write_sentence(sentence: str) -> dict[str, Any]:
    """Convert a sentence to JSON values: its text, pattern and values; those that are no numbers become text."""
    if not isinstance(sentence, Sentence):
        return {"text": sentence, "pattern": sentence, "values": {}}
    values = {name: _value(value) for name, value in sentence.values.items()}
    return {"text": str(sentence), "pattern": sentence.pattern, "values": values}


def _value(value: object) -> object:
    said = value.sentence if isinstance(value, CoreError) else value
    if isinstance(said, Sentence):
        return write_sentence(said)
    return said if type(said) in (int, float) else str(said)


def read_sentence(plain: object) -> Sentence:
    """Read what `write_sentence` made; its sender is not trusted: the text is taken, the pattern never carried out.

    Raises:
        ValueError: if it is no sentence.
    """
    match plain:
        case {"text": str(text), "pattern": str(pattern), "values": dict(values)}:
            read = {str(name): read_sentence(each) if isinstance(each, dict) else each for name, each in values.items()}
            return _said(text, pattern, read)
    raise ValueError("a sentence without its parts")


class CoreError(Exception):
    """Base of all errors that a user can cause and understand; `str(error)` is one sentence for them."""

    def __init__(self, pattern: str, /, **values: Any) -> None:
        """Say what is wrong: a whole sentence, or the pattern of a `Sentence` and its values."""
        super().__init__(Sentence(pattern, **values) if values else pattern)

    @property
    def sentence(self) -> str:
        """The sentence, a `Sentence` if values are in it."""
        said: str = self.args[0]
        return said


class BadRequest(CoreError, ValueError):
    """The picture, the mask or an option cannot be used."""


class UnknownModel(CoreError, LookupError):
    """No model of that name is bundled, known or on disk."""


class CheckpointError(CoreError):
    """Weight files are missing, truncated, of another model, or not safe to open."""


class OutOfMemory(CoreError):
    """The device cannot hold what this edit needs."""


class Unavailable(CoreError):
    """The machines that paint are all at work, or out of reach."""


class NoRoom(CoreError):
    """The machine's disk is full, or it has as many files open as it allows."""


def of_the_machine(error: BaseException) -> CoreError | None:
    """Convert the machine's errors (a full disk, too many open files) to one for people; None for every other error."""
    if isinstance(error, MemoryError):
        return OutOfMemory("this machine has too little free memory for that: close other programs, or ask for less.")
    if not isinstance(error, OSError):
        return None
    place = error.filename
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        if place:
            return NoRoom("the disk is full for {place}: make room on it, then try again.", place=place)
        return NoRoom("the disk is full: make room on it, then try again.")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        if place:
            return NoRoom(
                "too many files are open on this machine for {place}: close other programs, or restart this one.",
                place=place,
            )
        return NoRoom("too many files are open on this machine: close other programs, or restart this one.")
    return None
