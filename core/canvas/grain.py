"""Gives what is painted into a noisy photo as much noise as the photo has around it, and a new picture a little.

Knows nothing of nets or of what is painted. Noise is what a photo's flattest parts have beyond a blur. It is measured
in the window alone, and added as brightness: film and sensors have most of it there. Constants: docs/canvas.md, section
    6.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_FINE = 1.0
"""Sigma in pixels of the blur that separates noise from the rest: a sensor's noise is one or two pixels wide."""
_BLOCK = 16
"""Side in pixels of the blocks that are compared: 256 pixels give a standard deviation within about 5 %."""
_FLATTEST = 5.0
"""Percentile of blocks, smoothest first, that show noise and no texture. Of fifteen sample photos, all but one of
leaves and water alone have 0 to 0.8 levels there: too little to be seen."""
_FEWEST = 12
"""Fewest blocks for a measurement: with a dozen, the percentile above is about the smoothest block itself."""
_LEAST, _MOST = 0.8, 4.0
"""Levels of 255: less is not seen (above), and more than that in every block is texture."""
_SOFT = 0.6
"""Sigma in pixels of the added noise: neighbouring pixels of a sensor share some of theirs (demosaicing)."""

_TRACE, _TRACE_SOFT = 0.85, 1.5
"""Levels of 255, and sigma in pixels, of the noise of a picture without surroundings. KID of 132 pictures of 512 px
beside 204 photos: none 0.066, 0.3 levels 0.054, 0.5 0.042, 0.85 to 1.2 0.039, 2 0.045, 3 0.054; of 0.85 levels with
sigma 0.6 0.043, 2 0.040, 3 0.049."""


def grained(
    painted: NDArray[np.uint8], around: NDArray[np.uint8], known: NDArray[np.bool_], seed: int
) -> NDArray[np.uint8]:
    """Add the noise that a picture lacks beside its surroundings.

    Args:
        painted: (s, s, 3) uint8.
        around: (s, s, 3) uint8, the window into which it is painted.
        known: (s, s) bool, the window's pixels that show the photo.
        seed: of the noise.
    """
    wanted = min(_noise(around, known), _MOST)
    lacking = float(np.sqrt(max(0.0, wanted**2 - _noise(painted, ~known) ** 2)))
    if lacking < _LEAST:
        return painted
    noise = _drawn(known.shape, _SOFT, seed)
    return _with(painted, noise * (lacking / _fine(noise).std()))


def dithered(painted: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Add the trace of noise that every photo has to a picture without surroundings, (s, s, 3) uint8.

    It is hardly seen. Without it skies and shadows are flatter than any photo's, and show bands once they are graded.
    """
    noise = _drawn(painted.shape[:2], _TRACE_SOFT, seed)
    return _with(painted, noise * (_TRACE / noise.std()))


def _drawn(shape: tuple[int, ...], sigma: float, seed: int) -> NDArray[np.float32]:
    white = np.random.Generator(np.random.PCG64(seed)).standard_normal(shape, np.float32)
    return np.asarray(cv2.GaussianBlur(white, (0, 0), sigma), np.float32)


def _with(painted: NDArray[np.uint8], noise: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.clip(np.rint(painted + noise[..., None]), 0, 255), np.uint8)


def _noise(picture: NDArray[np.uint8], part: NDArray[np.bool_]) -> float:
    """Standard deviation in levels of the fine part in the flattest blocks; 0 if there are too few blocks."""
    luma = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = cv2.erode(part.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1.0)
    whole = _blocks(inside.astype(np.float32)).min(1) > 0
    if np.count_nonzero(whole) < _FEWEST:
        return 0.0
    return float(np.percentile(_blocks(_fine(luma))[whole].std(1), _FLATTEST))


def _fine(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(values - cv2.GaussianBlur(values, (0, 0), _FINE), np.float32)


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reshape (h, w) to (n, pixels of a block); the remainder at the right and bottom is left out."""
    rows, columns = (length // _BLOCK for length in values.shape)
    cut = values[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, -1)
