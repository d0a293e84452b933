"""Finds what a photo shows without a gesture: its sky, the plain rim of a scan.

Knows nothing of tools, documents or nets. What is not surely there is not found: a mask of something else is worse than
none. How sure that is was measured (docs/canvas.md, section 9).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.masks import parts_that_hold
from core.canvas.outlines import Pixels, Selected, copied, cut, followed
from core.values.geometry import Box, Size

_FLAT = 26.0  # levels of a Sobel step, within which the small copy of a sky stays: clouds, no branches
_BLUER = 8  # levels of blue above red from which a pixel may be sky
_CLOUD = 170  # mean level of a white or grey cloud at least
_CLOUD_TINT = 24  # levels by which its blue and red may lie apart
_WARM = 15  # levels of red above blue, beyond which a pixel is ground
_GREEN = 8  # likewise of green above blue
_LEAST_SKY = 0.02  # of the picture
_SURELY_BLUE = 20.0
"""Levels of blue above red in half of a sky at least. Ceilings, walls and blurred grounds reach it seldom: with 8
levels, and no look at the upper edge, something was found on 20 of 330 photos without a sky."""
_ALONG_TOP = 0.7  # of the upper edge: a sky that is seen between things is left to a box

_ALIKE = 24  # levels: paper, its grain and JPEG
_OPEN = 0.5  # of a side has to end within that depth
_DEEPEST = 0.25  # of a side: what is wider is no rim
_THINNEST = 0.006  # of the shorter side
_STRAIGHT = 0.012  # of the shorter side: how far the inner line of a rim may be off
_SHARE = 0.9  # of a side that has to be plain, and straight within


def find_sky(image: Pixels) -> Selected:
    """Find the sky: what is blue at the upper edge, with the clouds that it goes over into.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).

    Returns:
        (H, W) bool; nothing where no blue sky lies along most of the upper edge, as in the dusk or under grey clouds.
    """
    whole = Box(0, 0, image.shape[1], image.shape[0])
    copy, _ = copied(image, whole)
    seed = _sky_seed(copy)
    found = _sky_cut(copy, seed) if seed.any() else seed.astype(np.uint8)
    return followed(image, whole, copy, found, whole)


def _sky_seed(copy: Pixels) -> Selected:
    """Return the even part that begins at the upper edge in the colours of a sky; nothing if it may be none."""
    red, green, blue = np.moveaxis(copy.astype(np.int16), -1, 0)
    light = (red + green + blue) / 3
    is_blue = (blue - red > _BLUER) & (blue >= green - 6) & (blue > 65)
    is_cloud = (light > _CLOUD) & (abs(blue - red) <= _CLOUD_TINT) & (blue >= red - 6)
    steps = [cv2.Sobel(copy, cv2.CV_32F, *by) for by in ((1, 0), (0, 1))]
    even = np.hypot(*steps).max(-1) < _FLAT
    top = np.zeros(copy.shape[:2], np.bool_)
    top[0] = True
    seed = parts_that_hold(even & (is_blue | is_cloud), top, connectivity=4)
    large = seed[0].mean() >= _ALONG_TOP and (seed & is_blue).mean() >= _LEAST_SKY
    sure = large and np.median((blue - red)[seed]) >= _SURELY_BLUE
    return seed if sure else np.zeros_like(seed)


def _sky_cut(copy: Pixels, seed: Selected) -> NDArray[np.uint8]:
    """Return 1 where the copy shows sky, by the colours inside and outside of its seed."""
    height = len(copy)
    red, green, blue = np.moveaxis(copy.astype(np.int16), -1, 0)
    known = np.full(seed.shape, cv2.GC_PR_BGD, np.uint8)
    known[(red - blue > _WARM) | (green - blue > _GREEN)] = cv2.GC_BGD
    lowest = int(np.flatnonzero(seed.any(1))[-1])
    known[min(lowest + height // 16, height - 1) :] = cv2.GC_BGD
    known[seed] = cv2.GC_PR_FGD
    padded = np.pad(seed.astype(np.uint8), ((2, 0), (2, 2)), mode="edge")  # the picture's edge is none of the sky
    known[cv2.erode(padded, np.ones((5, 5), np.uint8))[2:, 2:-2] > 0] = cv2.GC_FGD
    if not np.isin(known, (cv2.GC_BGD, cv2.GC_PR_BGD)).any():
        return seed.astype(np.uint8)  # a picture of nothing else
    return parts_that_hold(cut(copy, known) > 0, seed).astype(np.uint8)


def find_rim(image: Pixels) -> Selected:
    """Find the plain rim of a scanned photo: straight along at least two opposite sides, in one colour.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).

    Returns:
        (H, W) bool; nothing where there is no such rim.
    """
    colours = image[..., :3]
    size = Size(image.shape[1], image.shape[0])
    found = np.zeros(image.shape[:2], np.bool_)
    views = [(colours, found), (colours[::-1], found[::-1])]
    views += [(a.swapaxes(0, 1), b.swapaxes(0, 1)) for a, b in ((colours, found), (colours[:, ::-1], found[:, ::-1]))]
    sides = [_side(view, min(size)) for view, _ in views]
    pairs = [(a, b) for a, b in (sides[:2], sides[2:]) if a and b and _near(a[0], b[0])]
    if not pairs:
        return found
    paper = pairs[0][0][0]
    for side, (_, mask) in zip(sides, views, strict=True):
        if side is not None and _near(side[0], paper):
            mask[np.arange(len(mask))[:, None] < side[1][None]] = True
    return found


def _near(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    return bool(np.abs(one - other).max() <= _ALIKE)


def _side(colours: Pixels, shorter: int) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the colour of a rim along the upper side, and how deep it is in each column; None where there is none."""
    strip = colours[: max(2, int(_DEEPEST * len(colours)))]
    paper = np.median(strip[:2].reshape(-1, 3), 0)
    unlike = np.abs(strip.astype(np.int16) - paper.astype(np.int16)).max(-1) > _ALIKE
    if unlike[:2].mean() > 1 - _SHARE:
        return None
    unlike[:2] = False
    at = np.flatnonzero(unlike.any(0))  # beside them lie the rim's other sides
    if len(at) < _OPEN * unlike.shape[1]:
        return None
    depth = unlike[:, at].argmax(0).astype(np.float64)
    third = max(1, len(at) // 3)
    (from_, left), (to, right) = ((np.mean(at[k]), np.median(depth[k])) for k in (slice(third), slice(-third, None)))
    line = left + (right - left) * (np.arange(unlike.shape[1]) - from_) / max(to - from_, 1.0)
    straight = np.abs(depth - line[at]) <= max(1.5, _STRAIGHT * shorter)
    if straight.mean() < _SHARE or np.median(depth) < _THINNEST * shorter:
        return None
    return paper, np.ceil(line) + 1  # with the pixels that are half of the photo
