"""Sharper pictures of decoded windows: by the model's sharpener, or by what stands in for it where it has none.

Knows nothing of requests or nets.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import from_model
from core.canvas.notch import without_lattice
from core.canvas.sharpen import LEAST_WINDOW, as_sharp_as, sharpened
from core.engine.painter import Painter
from core.geometry import Box


class Sharpening:
    """Sharper pictures of decoded ones.

    Args:
        painter: who has the sharpener.
        lattice: where there is no sharpener, take out the decoder's lattice, and do no more.
    """

    def __init__(self, painter: Painter, *, lattice: bool) -> None:
        self._painter, self._lattice = painter, lattice

    def at_window(
        self, decoded: NDArray[np.uint8], seen: NDArray[np.uint8], known: NDArray[np.bool_], strength: float
    ) -> NDArray[np.uint8]:
        """Return a decoded picture sharpened for its window, no sharper than what is known there.

        Args:
            decoded: (S, S, 3) uint8.
            seen: (s, s, 3) uint8, the window as it is.
            known: (s, s) bool, which of its pixels show the photo.
            strength: 0 to 1; 0 returns the picture as it is.

        Returns:
            A square uint8 picture of any size, to be fitted into the window.
        """
        if strength == 0.0 or seen.shape[0] <= LEAST_WINDOW * decoded.shape[0]:
            return decoded
        made = self._painter.sharper(decoded)
        if made is None:
            return without_lattice(decoded) if self._lattice else decoded
        full = sharpened(decoded, made, strength)
        window = Box(0, 0, seen.shape[1], seen.shape[0])
        share = as_sharp_as(seen, known, from_model(full, window))
        return full if share == 1.0 else sharpened(decoded, made, share * strength)
