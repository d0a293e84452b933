"""Cuts something out on a small copy of a picture, and lays it along the edges of the picture itself.

Knows nothing of what is looked for. It is cut by colours learnt inside and outside of it (GrabCut, Rother et al. 2004);
the outline follows a plane of the copy and of the picture by the fast guided filter (He and Sun 2015).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box

_SIDE = 256
"""Pixels of the longer side of the copy. Twenty objects (docs/canvas.md, section 8) come out no better at 512
(intersection over union 0.865 beside 0.871), which takes two and a half times as long."""
_SMOOTHING = 1.0  # pixels of the copy: grain and fur say nothing about where an object ends
_ROUNDS = 2  # of learning and cutting: twenty objects come out as with three and five
_SEED = 1  # GrabCut begins with k-means, which draws from its thread's generator
_REACH = 3  # pixels of the copy in which the outline looks for an edge
_GRAIN = 0.25  # pixels of the copy: what is finer on the photo is no edge
_EVENNESS = 65.0  # variance of the guide, in squared levels, below which there is no edge to follow

Pixels = NDArray[np.uint8]
Selected = NDArray[np.bool_]


def copied(image: Pixels, near: Box) -> tuple[Pixels, float]:
    """Make a small, smoothed RGB copy of a part of a picture.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        near: the part, on the picture.

    Returns:
        (h, w, 3) uint8, and its scale, at most 1.
    """
    part = np.ascontiguousarray(image[near.slices][..., :3])
    scale = min(1.0, _SIDE / max(near.size))
    if scale < 1:
        wanted = (max(1, round(near.size.width * scale)), max(1, round(near.size.height * scale)))
        part = np.asarray(cv2.resize(part, wanted, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), _SMOOTHING), np.uint8), scale


def cut(copy: Pixels, known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Decide what of a copy is inside, by colours.

    Args:
        copy: (h, w, 3) uint8, from `copied`.
        known: (h, w) uint8, one of OpenCV's GC_BGD, GC_FGD, GC_PR_BGD and GC_PR_FGD for each pixel, some of them
            background and some foreground; decided in place.

    Returns:
        (h, w) uint8, 1 inside; the same on every thread.
    """
    cv2.setRNGSeed(_SEED)
    outside, inside = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(copy, known, (0, 0, 0, 0), outside, inside, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    return np.asarray(known & 1, np.uint8)


def followed(image: Pixels, near: Box, copy: Pixels, found: NDArray[np.uint8], within: Box) -> Selected:
    """Bring what was found on a copy to the picture's own size, its outline along the edges there.

    The guide is the colour axis on which inside and outside differ most near the outline.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        near: the part of it that was copied.
        copy: (h, w, 3) uint8, from `copied`.
        found: (h, w) uint8, 1 inside.
        within: the part of the picture that may be selected, inside of `near`.

    Returns:
        (H, W) bool.
    """
    selected = np.zeros(image.shape[:2], np.bool_)
    if not found.any():
        return selected
    axis = _apart(copy, found)
    slope, offset = _guided(_projected(copy, axis).astype(np.float32), found.astype(np.float32))
    area, size = within.shifted(-near.left, -near.top), near.size
    fine = _projected(np.ascontiguousarray(image[near.slices][..., :3]), axis)
    grain = 2 * round(_GRAIN * size.width / copy.shape[1]) + 1
    fine = np.asarray(cv2.blur(fine, (grain, grain)), np.uint8)
    share = cv2.multiply(fine, cv2.resize(slope, size), dtype=cv2.CV_32F)
    selected[within.slices] = (cv2.add(share, cv2.resize(offset, size)) > 0.5)[area.slices]
    return selected


def _apart(copy: Pixels, found: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return shares of red, green and blue by which both sides of an outline differ most; their sizes add up to 1."""
    near = np.ones((4 * _REACH + 1,) * 2, np.uint8)
    inside = (found > 0) & (cv2.erode(found, near) == 0)
    outside = (found == 0) & (cv2.dilate(found, near) > 0)
    if not inside.any() or not outside.any():
        return np.full(3, 1 / 3, np.float32)
    difference = copy[inside].mean(0) - copy[outside].mean(0)
    total = np.abs(difference).sum()
    return np.asarray(difference / total if total > 1 else np.full(3, 1 / 3), np.float32)


def _projected(pixels: Pixels, axis: NDArray[np.float32]) -> Pixels:
    """Return a (h, w) plane of levels along an axis of colours."""
    darkest = 255 * axis[axis < 0].sum()
    return np.asarray(cv2.transform(pixels, np.append(axis, -darkest)[None]), np.uint8)


def _guided(guide: NDArray[np.float32], found: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return slope and offset of the line that tells inside from outside by the guide, around each pixel."""

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.blur(plane, (2 * _REACH + 1,) * 2), np.float32)

    middle, share = mean(guide), mean(found)
    slope = (mean(guide * found) - middle * share) / (mean(guide * guide) - middle * middle + _EVENNESS)
    return mean(np.asarray(slope, np.float32)), mean(np.asarray(share - slope * middle, np.float32))
