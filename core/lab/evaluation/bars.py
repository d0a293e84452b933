"""Bars: figures that are required, and whether a value reaches them.

Knows nothing of questions or of how figures are measured. The bars come from this project's plans: model/questions.py
has those for the bundled model on photos of its training domain, photos/questions.py those for the editor on whole
photos.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One required figure.

    Attributes:
        measure: as in the report.
        least, most: bounds of the figure.
        question: as in the report; "" for all questions together.
        method: end of the method's name.
        on_gpu: in words, the bar for a model trained on a GPU; "" if it is the same.
    """

    measure: str
    least: float = -math.inf
    most: float = math.inf
    question: str = ""
    method: str = ""
    on_gpu: str = ""

    def met(self, value: float) -> bool:
        """Return whether a value reaches the bar; nan does not."""
        return self.least <= value <= self.most

    @property
    def wanted(self) -> str:
        """The bar in words."""
        if self.least == self.most:
            return f"{self.most:g}"
        if math.isinf(self.most):
            return f"at least {self.least:g}"
        return f"at most {self.most:g}" if math.isinf(self.least) else f"{self.least:g} to {self.most:g}"

    def verdict(self, value: float) -> str:
        """Say whether a value reaches the bar."""
        return "yes" if self.met(value) else "no"
