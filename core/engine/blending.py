"""Lays new pixels on the photo and measures how much their edge shows; blends in those that are the model's own.

Knows nothing of nets or tokens, or of how the photo's own pixels are found, which core/engine/ending.py has done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import paste
from core.canvas.edges import Feather, poisson
from core.canvas.seam import Edge, shows, visibility
from core.engine.layers import Layers
from core.values.geometry import Box
from core.values.request import EditRequest


@dataclass(frozen=True, eq=False)
class Ended:
    """The finished pictures of some samples.

    Attributes:
        patches: (B, h, w, C) uint8, the finished area.
        seams, colour_shifts: one per picture.
        follows, places, sources: for pictures that end with the photo's own pixels; see `EditResult`.
    """

    patches: NDArray[np.uint8]
    seams: tuple[float, ...]
    colour_shifts: tuple[float, ...]
    follows: tuple[float, ...] | None = None
    places: tuple[float, ...] | None = None
    sources: NDArray[np.int32] | None = None

    def rows(self, rows: slice) -> Ended:
        """Select rows, of pictures that end with the model's own pixels."""
        return Ended(self.patches[rows], self.seams[rows], self.colour_shifts[rows])

    def with_rows(self, rows: Sequence[int], others: Ended) -> Ended:
        """Replace some rows by others."""
        patches, seams, shifts = self.patches.copy(), list(self.seams), list(self.colour_shifts)
        for index, row in enumerate(rows):
            patches[row], seams[row] = others.patches[index], others.seams[index]
            shifts[row] = others.colour_shifts[index]
        return replace(self, patches=patches, seams=tuple(seams), colour_shifts=tuple(shifts))


class Laid:
    """Puts new pixels on the photo, as strongly as the mask says, and measures how much its edge shows."""

    def __init__(self, layers: Layers, request: EditRequest) -> None:
        self._under, self._edge = layers.under, Edge.of(layers.hole)
        self._share, self._opaque = layers.share(request.mask), layers.made_opaque(request)

    def __call__(self, made: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, float]:
        """Return the finished area for (h, w, 3) uint8 new pixels, its seam and its colour shift."""
        patch = self._under.copy()
        paste(patch, made, Box(0, 0, patch.shape[1], patch.shape[0]), self._share, opaque=self._opaque)
        return patch, self._edge.seam_score(patch), self._edge.ring_shift(patch)


def blended(layers: Layers, request: EditRequest) -> Ended:
    """Blend each sample's layer into the photo as requested; "auto" takes the one that shows less."""
    laid, feather = Laid(layers, request), Feather.of(layers.hole, request.painting.feather_px)
    made = [_blended(layer, layers, request.painting.blend, laid, feather) for layer in layers.pixels]
    patches, seams, shifts = zip(*made, strict=True)
    return Ended(np.stack(patches), seams, shifts)


def _blended(
    layer: NDArray[np.uint8], layers: Layers, blend: str, laid: Laid, feather: Feather
) -> tuple[NDArray[np.uint8], float, float]:
    soft = laid(feather.over(layer, layers.under))
    if blend == "feather" or (blend == "auto" and not shows(*soft[1:])):
        return soft
    cloned = poisson(layers.under, layer, layers.hole)
    if cloned is None:
        return soft
    closed = laid(cloned)
    return closed if blend == "poisson" or visibility(*closed[1:]) < visibility(*soft[1:]) else soft
