"""What was asked and answered: figures of each photo and method, and of all photos together.

Knows nothing of how pictures are made, figures measured or reports written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.lab.evaluation.sheets import Line
from core.lab.evaluation.tables import BY_NAME

PHOTO = "photo itself"
"""The method that answers with the truth."""

Figures = Mapping[str, float]
"""Measured values by the name of their measure; absent or nan where one does not apply."""


@dataclass(frozen=True, eq=False)
class Answer:
    """One method's answer about one photo: both by name, and its figures."""

    photo: str
    method: str
    figures: Figures


@dataclass(frozen=True, eq=False)
class Part:
    """The answers to one question.

    Attributes:
        question: its name.
        answers: by photo, then by method; the truth, if there is one, is the first method.
        pooled: figures of all photos together, by method.
        lines: of small pictures, one per photo, by the name of the contact sheet they stand on.
        about: the question in a sentence.
        group: name of the photos; "" if there is only one group.
        over: how the figures of several photos become one, if the measure does not say.
    """

    question: str
    answers: Sequence[Answer]
    pooled: Mapping[str, Figures]
    lines: Mapping[str, Sequence[Line]]
    about: str = ""
    group: str = ""
    over: Callable[[Sequence[float]], np.floating] = np.median

    @property
    def name(self) -> str:
        """Names of the photos and the question."""
        return f"{self.group}: {self.question}" if self.group else self.question

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that answered, in their order."""
        return tuple(dict.fromkeys([*(answer.method for answer in self.answers), *self.pooled]))

    def values(self, method: str, measure: str) -> list[float]:
        """Return a method's finite figures of one measure, one per photo."""
        found = [a.figures[measure] for a in self.answers if a.method == method and measure in a.figures]
        return [value for value in found if np.isfinite(value)]

    def figure(self, method: str, measure: str) -> float | None:
        """Summarise a method's figures over all photos; None if there are none."""
        values = self.values(method, measure)
        if measure in self.pooled.get(method, {}) or not values:
            return self.pooled.get(method, {}).get(measure)
        return float((BY_NAME[measure].over or self.over)(values))

    def figures(self) -> dict[str, dict[str, float]]:
        """Summarise all figures over all photos, by method and measure."""
        found = {method: {name: self.figure(method, name) for name in BY_NAME} for method in self.methods}
        return {method: {n: v for n, v in own.items() if v is not None} for method, own in found.items()}


def spread(count: int, most: int | None) -> list[int]:
    """Choose at most `most` of the indices below `count`, spread evenly; all of them if it is None."""
    return [int(i) for i in np.linspace(0, count - 1, count if most is None else min(most, count)).round()]


def slug(name: str) -> str:
    """Spell a question's name for file names and the command line: letters, digits and hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in name).split())
