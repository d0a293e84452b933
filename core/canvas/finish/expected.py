"""Estimates how long a finish will take, so that a person can be told beforehand.

Knows nothing of the machine: the caller learns its pace.
"""

from __future__ import annotations

import math

import numpy as np

from core.canvas.finish.finish import Wish, parts_of
from core.canvas.finish.layouts import SMALL, kinds_of
from core.canvas.finish.onion import Peel
from core.canvas.finish.pyramid import Mask
from core.canvas.holes import Part

_LAYOUT_S, _PATCH_S, _PIXEL_S = 0.3, 4.5e-5, 2e-5
"""Processor seconds per layout, per patch laid out, and per pixel of the hole worked out. Measured with one thread on a
server of 2026, holes of 250 and 600 px. Their ratio matters; the pace of a machine is learned separately."""


def expected_seconds(hole: Mask, wish: Wish) -> float:
    """Estimate the processor seconds of a finish on an ordinary machine.

    Args:
        hole: (H, W) bool, some of it True.
        wish: what is asked.
    """
    return sum(_expected(part, wish) for part in parts_of(hole))


def _expected(part: Part, wish: Wish) -> float:
    width, area = 2 * part.depth() * (1 + wish.border), float(np.count_nonzero(part.mask))
    shrink = 2 ** max(0, math.ceil(math.log2(width / SMALL)))
    patches = area / shrink**2 * (1 + 2 * Peel().patch * shrink / width)  # those over the rim, too
    layouts = len(kinds_of(wish.border, width)) * (wish.follow < 1) + len(wish.seeds) * (wish.follow > 0)
    return float(layouts * (_LAYOUT_S + _PATCH_S * patches) + len(wish.wanted) * _PIXEL_S * area)
