"""What a request may say of its finish, and what whoever watches is shown of it.

Knows nothing of how anything is finished; core/canvas/finish does that, and core/engine/ending.py asks it to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box

FINISH_NAMES = ("auto", "none")
"""Whether Fill and Extend end with pixels of the photo itself, where there are enough, or with the model's own."""

FINISH_WAY = 4
"""Number of the way in which pictures are finished now: one more whenever the same request gives other pixels. The
first looked for a border's content at any height of the photo, the second let smooth sources win over grain,
and the third's distances hung on where in memory a mask lay."""

FOLLOW = 0.25
"""How much the model's idea counts where nobody says: of several layouts, those near it come first."""


def followed(*wishes: float | None) -> float:
    """Return the first wish that is none but None, `FOLLOW` where nobody has one."""
    return next((wish for wish in wishes if wish is not None), FOLLOW)


UNFINISHED = "Too little of the photo lies around to finish this from it: the model's own pixels stay."
"""What is told where a finish was asked for and could not be had."""


@dataclass(frozen=True, eq=False)
class Finishing:
    """A sign of life while a picture is finished, for whoever watches.

    Attributes:
        share: of the finish that is done, 0 to 1.
        area: where the pictures lie on the canvas (the grown canvas, for EXTRAPOLATE).
        images: (B, h, w, 3) uint8 RGB, the area as it is by now; None where nothing new is to be seen.
    """

    share: float
    area: Box
    images: NDArray[np.uint8] | None
