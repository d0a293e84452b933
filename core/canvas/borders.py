"""The grown canvas of Extend: the picture in the middle, its edge pixels repeated outwards.

Knows nothing of what will be painted there; the repeated edge is a start that suits the encoder and the soft edge.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Sides


def grow_canvas(image: NDArray[np.uint8], sides: Sides) -> NDArray[np.uint8]:
    """Add new pixels at a picture's sides, copies of the nearest edge pixel.

    Args:
        image: (H, W, 3) RGB or (H, W, 4) RGBA uint8.
        sides: pixels to add, each at least 0.

    Returns:
        (top + H + bottom, left + W + right, 3 or 4) uint8, always a new array; the original pixels are bit-identical,
        the alpha of new pixels is 255.
    """
    left, top, right, bottom = sides
    grown = cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_REPLICATE)
    height, width, channels = image.shape
    if channels == 4:
        alpha = grown[..., 3]
        alpha[:] = 255
        alpha[top : top + height, left : left + width] = image[..., 3]
    return np.asarray(grown, np.uint8)
