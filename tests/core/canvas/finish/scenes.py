"""Small photos whose holes have one right filling."""

import numpy as np

from core.canvas.finish.pyramid import Level


def stripes(height, width, period=8):
    """Slanted stripes of three colours: whoever copies them in step is right to the pixel."""
    y, x = np.mgrid[:height, :width]
    wave = np.sin((x + y) * 2 * np.pi / period)
    return np.rint(128 + 100 * wave[..., None] * np.array([1, 0.5, -0.5])).astype(np.uint8)


def noise(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def disc(height, width, radius, middle=None):
    y, x = np.mgrid[:height, :width]
    down, across = middle or (height // 2, width // 2)
    return (y - down) ** 2 + (x - across) ** 2 < radius**2


def level_of(picture, hole, known=None):
    known = ~hole if known is None else known
    return Level(np.where(known[..., None], picture, 0).astype(np.float32), hole, known)
