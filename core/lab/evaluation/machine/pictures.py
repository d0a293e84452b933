"""Pictures of any size with holes, to be edited while seconds and memory are counted; the same on every machine.

Knows nothing of what is counted.
"""

from __future__ import annotations

import numpy as np

from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Size


def picture(width: int, height: int, *, seed: int = 0) -> Picture:
    """Return a synthetic photo: colour ramps, a horizon and seeded noise; (height, width, 3) uint8."""
    random = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    ramps = np.stack([0.3 + 0.5 * y, 0.5 + 0.2 * np.sin(9.0 * x), 0.8 - 0.6 * y], axis=2)
    ramps[height // 2 :] *= 0.6
    return np.clip(ramps * 255.0 + random.normal(0.0, 6.0, ramps.shape), 0, 255).astype(np.uint8)


def tiled(tile: Picture, size: Size) -> Picture:
    """Return a picture of any size laid of copies of a tile; needs no more memory than the picture itself."""
    picture = np.empty((size.height, size.width, 3), np.uint8)
    height, width = tile.shape[:2]
    for top in range(0, size.height, height):
        for left in range(0, size.width, width):
            part = picture[top : top + height, left : left + width]
            part[:] = tile[: part.shape[0], : part.shape[1], :3]
    return picture


def hole(size: Size, side: int, place: int = 0) -> Mask:
    """Return a square hole near the picture's middle; each place is another."""
    mask = np.zeros((size.height, size.width), bool)
    left, top = (size.width - side) // 2 - 5 * place, (size.height - side) // 2 - 3 * place
    mask[top : top + side, left : left + side] = True
    return mask
