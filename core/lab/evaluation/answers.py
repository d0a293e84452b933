"""What is asked about and what was answered: photos, pictures with figures, and tables of figures.

Knows nothing of how pictures are made or figures measured.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import BadRequest
from core.lab.evaluation.metrics import Picture

PHOTO = "photo itself"
"""The method that answers with the truth."""


def spread(count: int, most: int) -> list[int]:
    """Return at most `most` of the indices below `count`, spread over all."""
    return [int(i) for i in np.linspace(0, count - 1, min(most, count)).round()]


@dataclass(frozen=True, eq=False)
class TestSet:
    """The photos to be judged on.

    Attributes:
        photos: (n, S, S, 3) uint8 RGB.
        labels: n indices into `classes`.
        classes: class names, in the order of the engine's and of the probe's classes.
    """

    photos: NDArray[np.uint8]
    labels: tuple[int, ...]
    classes: tuple[str, ...]

    __test__ = False  # for pytest, which collects classes by this name

    def first(self, limit: int | None) -> TestSet:
        """Return `limit` photos spread evenly over all; everything where it is None."""
        if limit is None or limit >= len(self.photos):
            return self
        chosen = spread(len(self.photos), limit)
        return replace(self, photos=self.photos[chosen], labels=tuple(self.labels[i] for i in chosen))

    def check(self) -> None:
        """Raise BadRequest where there are fewer than the two photos that a distribution needs."""
        if len(self.photos) < 2:
            raise BadRequest(f"{len(self.photos)} photos are too few to compare distributions: give at least 2.")


@dataclass(frozen=True, eq=False)
class Answer:
    """One method's answers to one question.

    Attributes:
        question, method: names.
        pictures: one for each photo; empty where they were not kept.
        figures: measured values by name; absent or nan where a measure does not apply.
        photo: the only one that it is about; "" for an answer about all.
    """

    question: str
    method: str
    pictures: Sequence[Picture]
    figures: Mapping[str, float]
    photo: str = ""


def slug(name: str) -> str:
    """Return a question's name as it stands in file names and on the command line: letters, digits and hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())


def chosen(names: Sequence[str], words: Sequence[str] | None) -> tuple[str, ...]:
    """Return the questions whose slugs begin with one of the words, in their order; all where that is None.

    Raises:
        BadRequest: where a word begins none.
    """
    slugs = {name: slug(name) for name in names}
    for word in words or ():
        if not any(text.startswith(slug(word)) for text in slugs.values()):
            known = ", ".join(slugs.values())
            raise BadRequest(f"question {word!r} is unknown: give the beginnings of any of {known}.")
    beginnings = ("",) if words is None else tuple(map(slug, words))
    return tuple(name for name, text in slugs.items() if text.startswith(beginnings))


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Return a table in Markdown, its first `words` columns to the left and the others, figures, to the right."""
    lines = [head, ["---" if i < words else "---:" for i in range(len(head))], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def csv_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV, fractions with six digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([f"{cell:.6g}" if isinstance(cell, float) else cell for cell in row] for row in rows)
    return text.getvalue()


def in_words(formats: Mapping[str, str], measure: str, value: float | None, usual: str) -> str:
    """Return a figure in its measure's format, else in the usual one; "-" for nan and infinity, "" for None."""
    if value is None:
        return ""
    return formats.get(measure, usual).format(value) if np.isfinite(value) else "-"
