"""Grain: what is painted into a noisy photo gets as much noise as the photo has around it.

Knows nothing of nets or of what is painted. A photo's noise is what its flattest parts still have beyond a blur. It is
looked for in the window alone, and added as brightness, as film and sensors have most of it.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_FINE = 1.0
"""Sigma in pixels of the blur beyond which something is fine."""
_BLOCK = 16
"""Side in pixels of the blocks whose fineness is compared."""
_FLATTEST = 5.0
"""Percentile of the blocks, from the smoothest, that shows noise and no texture. Of fifteen samples, all but a picture
that is nothing but leaves and water have between 0 and 0.8 levels there: too little to be seen."""
_FEWEST = 12
"""Blocks below which there is no telling."""
_LEAST, _MOST = 0.8, 4.0
"""Levels of 255: less is not seen; more than that in every block is texture."""
_SOFT = 0.6
"""Sigma in pixels of the noise: neighbours on a sensor share some of it."""


def grained(
    painted: NDArray[np.uint8], around: NDArray[np.uint8], known: NDArray[np.bool_], seed: int
) -> NDArray[np.uint8]:
    """Return a picture with the noise that it lacks beside what is around it.

    Args:
        painted: (s, s, 3) uint8.
        around: (s, s, 3) uint8, the window that it is painted into.
        known: (s, s) bool, the window's pixels that show the photo.
        seed: of the noise.
    """
    wanted = min(_noise(around, known), _MOST)
    lacking = float(np.sqrt(max(0.0, wanted**2 - _noise(painted, ~known) ** 2)))
    if lacking < _LEAST:
        return painted
    random = np.random.Generator(np.random.PCG64(seed))
    white = random.standard_normal(known.shape, np.float32)
    noise = np.asarray(cv2.GaussianBlur(white, (0, 0), _SOFT), np.float32)
    noise *= lacking / _fine(noise).std()
    return np.asarray(np.clip(np.rint(painted + noise[..., None]), 0, 255), np.uint8)


def _noise(picture: NDArray[np.uint8], part: NDArray[np.bool_]) -> float:
    """Return the deviation, in levels, of what is fine in the flattest blocks of a part; 0 where it has too few."""
    luma = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside = cv2.erode(part.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1.0)
    whole = _blocks(inside.astype(np.float32)).min(1) > 0
    if np.count_nonzero(whole) < _FEWEST:
        return 0.0
    return float(np.percentile(_blocks(_fine(luma))[whole].std(1), _FLATTEST))


def _fine(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(values - cv2.GaussianBlur(values, (0, 0), _FINE), np.float32)


def _blocks(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (h, w) as (n, pixels of a block); what is over at the right and below is left out."""
    rows, columns = (length // _BLOCK for length in values.shape)
    cut = values[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return cut.transpose(0, 2, 1, 3).reshape(rows * columns, -1)
