"""Removes the finest lattice from a decoded picture with a narrow notch in its spectrum.

Knows nothing of nets. A decoder that ends in a pixel shuffle leaves a lattice with a period of 2 px over soft shapes,
at the very end of its spectrum, where the shapes have almost nothing. Removing it needs no learning. Constants:
docs/canvas.md, section 6.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_KEPT, _LOWERED = 58 / 64, 62 / 64
"""The ramp, as shares of the highest frequency: everything is kept up to the first, `_LEFT` of it from the second on. A
wider ramp, or a blur of 1 2 1, took detail as well: KID 0.076 instead of 0.073 on flowers."""
_LEFT = 0.5
"""What is left from there on: about as much as photos have. The lattice figure of generated pictures falls from 2.1 to
1.0 (photos: 0.9), and to 0.6 with 0.35 left, which is farther from photos (KID of 132: 0.056 against 0.054)."""
_AROUND = 16  # pixels mirrored around the picture, so that its opposite edges do not meet; two token cells


def without_lattice(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Remove almost everything that repeats every 2 px from a decoded picture, (S, S, 3) uint8 at its own size."""
    around = cv2.copyMakeBorder(picture, *(_AROUND,) * 4, cv2.BORDER_REFLECT_101)
    rows, columns = (np.abs(np.fft.fftfreq(length)) * 2.0 for length in around.shape[:2])
    share = _ramp(rows)[:, None, None] * _ramp(columns[: around.shape[1] // 2 + 1])[None, :, None]
    spectrum = np.fft.rfft2(around.astype(np.float64), axes=(0, 1)) * share
    kept = np.fft.irfft2(spectrum, s=around.shape[:2], axes=(0, 1))[_AROUND:-_AROUND, _AROUND:-_AROUND]
    return np.clip(np.rint(kept), 0, 255).astype(np.uint8)


def _ramp(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share that is kept of frequencies 0..1, where 1 is a period of 2 px."""
    return 1.0 - (1.0 - _LEFT) * np.clip((frequency - _KEPT) / (_LOWERED - _KEPT), 0.0, 1.0)
