"""The first sight of a visitor: a sample photo with something already painted over, so that one key shows it go.

Knows nothing of documents or messages.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_SAMPLE = "dahlia.jpg"

_SIZE = (640, 427)
"""Width and height of that sample; the mask below fits no other picture."""
_BLOBS = ((372, 427, 122, 66), (598, 412, 46, 48))
"""Centre and radii, pixels: the flower and the bud at the lower edge."""
_SOFT = 0.12
"""Share of the radii over which a blob fades out: a soft edge, as the brush paints it."""


def first_mask(size: tuple[int, int]) -> NDArray[np.uint8] | None:
    """Paint soft blobs over the flower and the bud at the lower edge of the first sample.

    Args:
        size: width and height of the picture; for any other than the sample's, None is returned.

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
