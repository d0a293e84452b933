"""Selects what a gesture on a photo means: the object in a box or under a scribble, or the like colours around a point.

Knows nothing of tools, documents or nets. An object is found on a small copy of its surroundings, by colours learnt
inside and outside of the box (GrabCut, Rother et al. 2004), and its outline is then laid along the edges of the photo
itself (the fast guided filter, He and Sun 2015). The same gesture gives the same mask, on every thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import BadRequest
from core.values.geometry import Box, Size

_SIDE = 256
"""Pixels of the longer side of the copy. Twenty objects (docs/canvas.md, section 8) come out no better at 512
(intersection over union 0.865 beside 0.871), which takes two and a half times as long."""
_MARGIN = 0.1
"""Of the box's longer side: so much around it shows what does not belong to the object. With 0.5 farther things, which
may look like it, mislead (0.82 beside 0.87)."""
_CORNERS = 1.0
"""Squared distance from the middle, where each side of the box is at 1, beyond which a pixel rather belongs to what is
around: the ellipse in the box. Twenty loose boxes give 0.846 with it and 0.818 without it."""
_SMOOTHING = 1.0  # pixels of the copy: grain and fur say nothing about where an object ends
_ROUNDS = 2  # of learning and cutting: twenty objects come out as with three and five
_MIDDLE = 0.5  # likewise: the middle of a box
_SURE_SHARE = 0.3  # of the middle: what is least like the surroundings is the object for sure, which cannot vanish then
_SEED = 1  # GrabCut begins with k-means, which draws from its thread's generator
_SMALLEST = 4  # pixels: a box with a shorter side is its own object
_LEAST_PART = 0.1  # of the largest part: what is smaller is a speck of a like colour
_REACH = 3  # pixels of the copy in which the outline looks for an edge
_GRAIN = 0.25  # pixels of the copy: what is finer on the photo is no edge
_EVENNESS = 65.0  # variance of the guide, in squared levels, below which there is no edge to follow

Pixels = NDArray[np.uint8]
Selected = NDArray[np.bool_]


def select(
    image: Pixels,
    *,
    box: Box | None = None,
    scribble: Sequence[tuple[float, float]] | None = None,
    width: float = 1.0,
    point: tuple[int, int] | None = None,
    tolerance: int = 0,
) -> Selected:
    """Select by one of three gestures: a box around an object, a scribble over one, a point among like colours.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        box: see `select_object`.
        scribble: see `select_scribbled`.
        width: of the scribble.
        point: see `select_alike`.
        tolerance: of its colours.

    Returns:
        (H, W) bool.

    Raises:
        BadRequest: if none of the three is given, or it lies beside the picture.
    """
    if box is not None:
        return select_object(image, box)
    if scribble is not None:
        return select_scribbled(image, scribble, width)
    if point is not None:
        return select_alike(image, point, tolerance)
    raise BadRequest("nothing to select by: give a box, a scribble or a point.")


def select_object(image: Pixels, box: Box) -> Selected:
    """Select the object that fills most of a box.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        box: around the object, pixels; the part on the picture counts.

    Returns:
        (H, W) bool, True inside the object; nothing outside of the box.

    Raises:
        BadRequest: if no part of the box lies on the picture.
    """
    size = Size(image.shape[1], image.shape[0])
    box = _on_picture(box, size)
    selected = np.zeros(image.shape[:2], np.bool_)
    if min(box.size) < _SMALLEST:
        selected[box.slices] = True
        return selected
    near = box.grown(round(_MARGIN * max(box.size)) + 1).clamped(size)
    copy, scale = _copied(image, near)
    known = np.full(copy.shape[:2], cv2.GC_BGD, np.uint8)
    inner = _scaled(box.shifted(-near.left, -near.top), scale, known)
    known[inner.slices] = cv2.GC_PR_FGD
    _surround(known)
    out = _from_middle(inner, known)
    known[(out > _CORNERS) & (known == cv2.GC_PR_FGD)] = cv2.GC_PR_BGD
    _hold(copy, known, out < _MIDDLE)
    return _followed(image, near, copy, _cut(copy, known), box)


def select_scribbled(image: Pixels, points: Sequence[tuple[float, float]], width: float) -> Selected:
    """Select the object over which a line was drawn.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        points: of the line, (x, y) in pixels; at least one.
        width: of the line in pixels, above 0.

    Returns:
        (H, W) bool, True on the line and inside the object, which reaches at most as far from the line as that is long.

    Raises:
        BadRequest: if there is no point on the picture.
    """
    size = Size(image.shape[1], image.shape[0])
    line = np.asarray(points, np.float64).reshape(-1, 2)
    if not line.size:
        raise BadRequest("a scribble without points: draw a line over the object.")
    low, high = np.floor(line.min(0) - width / 2), np.ceil(line.max(0) + width / 2)
    drawn = _on_picture(Box(int(low[0]), int(low[1]), int(high[0]), int(high[1])), size)
    near = drawn.grown(max(drawn.size)).clamped(size)
    copy, scale = _copied(image, near)
    known = np.full(copy.shape[:2], cv2.GC_PR_BGD, np.uint8)
    known[_scaled(drawn.shifted(-near.left, -near.top), scale, known).slices] = cv2.GC_PR_FGD
    _surround(known)
    _drawn(known, (line - [near.left, near.top]) * scale, width * scale, cv2.GC_FGD)
    selected = _followed(image, near, copy, _cut(copy, known), near)
    _drawn(selected.view(np.uint8), line, width, 1)
    return selected


def select_alike(image: Pixels, point: tuple[int, int], tolerance: int) -> Selected:
    """Select the connected pixels around a point that have about its colour.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        point: (x, y) in whole pixels.
        tolerance: by how much each of red, green and blue may differ, 0 to 255.

    Returns:
        (H, W) bool.

    Raises:
        BadRequest: if the point lies outside of the picture.
    """
    height, width = image.shape[:2]
    x, y = point
    if not (0 <= x < width and 0 <= y < height):
        raise BadRequest(f"the point ({x}, {y}) lies outside of the {width}x{height} picture: click inside it.")
    colours = np.ascontiguousarray(image[..., :3])
    found = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_FIXED_RANGE | cv2.FLOODFILL_MASK_ONLY
    cv2.floodFill(colours, found, (x, y), 0, (tolerance,) * 3, (tolerance,) * 3, flags)
    return found[1:-1, 1:-1].astype(np.bool_)


# ----------------------------------------------------------------------------------------------------------------------
def _on_picture(box: Box, size: Size) -> Box:
    """Return the part of a box that lies on the picture."""
    part = box.clamped(size)
    if part.left >= part.right or part.top >= part.bottom:
        raise BadRequest("this lies beside the picture: draw over the picture.")
    return part


def _copied(image: Pixels, near: Box) -> tuple[Pixels, float]:
    """Return a small, smoothed RGB copy of a part of the picture, and its scale, at most 1."""
    part = np.ascontiguousarray(image[near.slices][..., :3])
    scale = min(1.0, _SIDE / max(near.size))
    if scale < 1:
        wanted = (max(1, round(near.size.width * scale)), max(1, round(near.size.height * scale)))
        part = np.asarray(cv2.resize(part, wanted, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.GaussianBlur(part, (0, 0), _SMOOTHING), np.uint8), scale


def _scaled(box: Box, scale: float, within: NDArray[np.uint8]) -> Box:
    """Return where a box lies on the copy; at least one pixel of it."""
    height, width = within.shape
    left, top = min(int(box.left * scale), width - 1), min(int(box.top * scale), height - 1)
    right, bottom = int(np.ceil(box.right * scale)), int(np.ceil(box.bottom * scale))
    return Box(left, top, min(max(right, left + 1), width), min(max(bottom, top + 1), height))


def _drawn(plane: NDArray[np.uint8], line: NDArray[np.float64], width: float, value: int) -> None:
    """Draw a line on a plane."""
    ends = np.floor(line if len(line) > 1 else np.repeat(line, 2, 0)).astype(np.int32)
    cv2.polylines(plane, [ends], False, value, max(1, round(width)))


def _surround(known: NDArray[np.uint8]) -> None:
    """Where nothing around is seen, because a box fills the picture, the picture's rim is what lies around."""
    if not (known == cv2.GC_BGD).any():
        known[[0, -1]] = known[:, [0, -1]] = cv2.GC_BGD


def _from_middle(inner: Box, within: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return the squared distance of each pixel from the middle of a box, whose sides are at 1."""
    y, x = np.mgrid[: within.shape[0], : within.shape[1]] + 0.5
    across = (2 * x - inner.left - inner.right) / inner.size.width
    down = (2 * y - inner.top - inner.bottom) / inner.size.height
    return np.asarray(across**2 + down**2)


def _hold(copy: Pixels, known: NDArray[np.uint8], middle: Selected) -> None:
    """Mark what in the middle of the box is least like its surroundings as sure."""
    shares = []
    for wanted in (known == cv2.GC_BGD, known != cv2.GC_BGD):
        counts = cv2.calcHist([copy], [0, 1, 2], wanted.astype(np.uint8), [16] * 3, [0, 256] * 3)
        shares.append(counts.reshape(-1)[_bins(copy)] / wanted.sum())
    unlike = cv2.blur((shares[0] / np.maximum(shares[1], 1e-6)).astype(np.float32), (5, 5))
    middle = middle & (known != cv2.GC_BGD)
    if middle.any():
        known[middle & (unlike <= np.quantile(unlike[middle], _SURE_SHARE))] = cv2.GC_FGD


def _bins(copy: Pixels) -> NDArray[np.int64]:
    """Return the place of each pixel's colour in a histogram of 16 x 16 x 16."""
    red, green, blue = np.moveaxis(copy.astype(np.int64) >> 4, -1, 0)
    return np.asarray((red * 16 + green) * 16 + blue)


def _cut(copy: Pixels, known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 1 where the copy shows the object, without specks."""
    cv2.setRNGSeed(_SEED)
    around, object_ = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(copy, known, (0, 0, 0, 0), around, object_, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    count, parts, figures, _ = cv2.connectedComponentsWithStats(known & 1, connectivity=8)
    areas = figures[1:, cv2.CC_STAT_AREA]
    large = np.flatnonzero(areas >= _LEAST_PART * areas.max()) + 1 if count > 1 else ()
    return np.isin(parts, large).astype(np.uint8)


def _followed(image: Pixels, near: Box, copy: Pixels, found: NDArray[np.uint8], within: Box) -> Selected:
    """Return what was found on the copy at the picture's own size, its outline along the edges there.

    The guide is the colour axis on which inside and outside differ most near the outline.
    """
    selected = np.zeros(image.shape[:2], np.bool_)
    if not found.any():
        return selected
    axis = _apart(copy, found)
    slope, offset = _guided(_projected(copy, axis).astype(np.float32), found.astype(np.float32))
    area = Box(within.left - near.left, within.top - near.top, within.right - near.left, within.bottom - near.top)
    size = near.size
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
