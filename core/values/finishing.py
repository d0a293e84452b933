"""A request's settings of the finish, and the progress that a finish reports.

Knows nothing of how anything is finished; core/canvas/finish does that, called by core/engine/ending.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import Sentence
from core.values.geometry import Box

FINISH_NAMES = ("auto", "none")
"""Whether Fill and Extend end with pixels of the photo itself, if there are enough, or with the model's own."""

FINISH_WAY = 4
"""Number of the present way of finishing, raised whenever the same request gives other pixels. Way 1 searched a
border's content at any height of the photo, way 2 let smooth sources win over grain, and way 3's distances depended on
where in memory a mask lay."""

FOLLOW = 0.25
"""How much the model's picture counts by default: of several layouts, those near it come first. At 0.25 half of the
borders shown were the model's, and their mean lay 0.014 farther from the photo (assets/experiments/photos/report.md),
so borders follow it above that only."""


def followed(*wishes: float | None) -> float:
    """Return the first wish that is not None, `FOLLOW` without any."""
    return next((wish for wish in wishes if wish is not None), FOLLOW)


UNFINISHED = Sentence("Too little of the photo lies around to finish this from it: the model's own pixels stay.")
"""Sentence for a requested finish that was impossible."""


@dataclass(frozen=True, eq=False)
class Finishing:
    """A progress report while a picture is finished.

    Attributes:
        share: of the finish that is done, 0 to 1.
        area: position of the pictures on the canvas (the grown canvas, for EXTRAPOLATE).
        images: (B, h, w, 3) uint8 RGB, the present area; None if nothing has changed visibly.
    """

    share: float
    area: Box
    images: NDArray[np.uint8] | None
