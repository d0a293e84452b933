"""The region that a request changes: brushed pixels, a box, or a new border. A wholly new picture has none.

Knows nothing of how anything is painted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from core.checks import switch
from core.errors import BadRequest
from core.values.geometry import Box, Sides


class Task(str, Enum):
    """What is unknown: a brushed hole, a new border, a region to become a class, or everything."""

    INPAINT = "inpaint"
    EXTRAPOLATE = "extrapolate"
    MANIPULATE = "manipulate"
    GENERATE = "generate"


@dataclass(frozen=True, eq=False)
class Mask:
    """Brushed pixels.

    Attributes:
        pixels: (H, W) bool, True = repaint, or uint8, share of the new picture, 255 = all of it; cells count where it
            is above 0.
        new: False continues the surroundings (Fill); True makes something of the class, whatever is around (Replace).

    Raises:
        BadRequest: on construction, where this is no mask, or an empty one.
    """

    pixels: NDArray[np.bool_] | NDArray[np.uint8]
    new: bool = False

    def __post_init__(self) -> None:
        """Check pixels and switch."""
        pixels = self.pixels
        if not isinstance(pixels, np.ndarray) or pixels.dtype not in (np.bool_, np.uint8) or pixels.ndim != 2:
            kind = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
            raise BadRequest("mask is {kind}: give (H, W) bool or uint8.", kind=kind)
        if not pixels.any():
            raise BadRequest("mask is empty: paint what should be repainted.")
        object.__setattr__(self, "new", switch("new", self.new))


Region = Mask | Box | Sides
"""A mask; a box that becomes something of a class (Replace); or pixels to add at each side (Extend)."""
