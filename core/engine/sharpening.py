"""Makes decoded pictures as sharp and as grainy as their windows, with the model's sharpener or a substitute.

Knows nothing of requests or nets.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import from_model
from core.canvas.grain import dithered, grained
from core.canvas.notch import without_lattice
from core.canvas.sharpen import LEAST_WINDOW, as_sharp_as, sharpened
from core.engine.painter import Painter
from core.values.geometry import Box


class Sharpening:
    """Sharpens decoded pictures.

    Args:
        painter: has the sharpener.
        lattice: without a sharpener, remove the decoder's lattice, and do nothing else.
    """

    def __init__(self, painter: Painter, *, lattice: bool) -> None:
        self._painter, self._lattice = painter, lattice

    def at_window(
        self,
        decoded: Sequence[NDArray[np.uint8]],
        seen: Sequence[NDArray[np.uint8]],
        known: NDArray[np.bool_],
        strength: float,
        seeds: Sequence[int],
    ) -> list[NDArray[np.uint8]]:
        """Sharpen decoded pictures for their window, no sharper than what is known there, and add grain.

        Args:
            decoded: B of (S, S, 3) uint8.
            seen: B of (s, s, 3) uint8, the window before.
            known: (s, s) bool, its pixels that show the photo.
            strength: 0 to 1; 0 returns the pictures unchanged.
            seeds: B, of the grain: the window's own, or a trace where nothing is known.

        Returns:
            The pictures unchanged, or B of (s, s, 3) uint8.
        """
        if strength == 0.0 or len(known) <= LEAST_WINDOW * len(decoded[0]):
            return list(decoded)
        made = self._painter.sharper(decoded)
        sharp: Sequence[NDArray[np.float32] | None] = [None] * len(decoded) if made is None else made
        shown = [
            self._fitted(soft, clear, before, known, strength)
            for soft, clear, before in zip(decoded, sharp, seen, strict=True)
        ]
        if not known.any():
            return [dithered(picture, seed) for picture, seed in zip(shown, seeds, strict=True)]
        return [grained(picture, before, known, seed) for picture, before, seed in zip(shown, seen, seeds, strict=True)]

    def _fitted(
        self,
        decoded: NDArray[np.uint8],
        made: NDArray[np.float32] | None,
        seen: NDArray[np.uint8],
        known: NDArray[np.bool_],
        strength: float,
    ) -> NDArray[np.uint8]:
        """Return (s, s, 3) uint8 of a picture and the sharpener's; see `at_window`."""
        window = Box(0, 0, seen.shape[1], seen.shape[0])
        if made is None:
            return from_model(without_lattice(decoded) if self._lattice else decoded, window)
        fitted = from_model(sharpened(decoded, made, strength), window)
        share = as_sharp_as(seen, known, fitted)
        return fitted if share == 1.0 else from_model(sharpened(decoded, made, share * strength), window)
