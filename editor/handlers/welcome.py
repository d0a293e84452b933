"""What a visitor sees first: a sample photo with something already painted over, so that one key shows what happens.

Knows nothing of documents or messages.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_SAMPLE = "dahlia.jpg"

_SIZE = (640, 427)
_BLOBS = ((372, 427, 122, 66), (598, 412, 46, 48))
"""Centre and radii, pixels: the flower and the bud at the lower edge."""
_SOFT = 0.12
"""Share of the radii over which the blob fades out."""


def first_mask(size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Return soft blobs over the flower and the bud at the lower edge of the first sample.

    Args:
        size: width and height of the sample; None is returned for another picture than ours.

    Returns:
        (H, W) uint8, 255 = repaint.
    """
    if tuple(size) != _SIZE:
        return None
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    distances = [np.hypot((x - left) / across, (y - top) / down) for left, top, across, down in _BLOBS]
    share = np.clip((1.0 - np.min(distances, 0)) / _SOFT, 0.0, 1.0)
    shades: NDArray[np.uint8] = np.rint(255.0 * share).astype(np.uint8)
    return shades
