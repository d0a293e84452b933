"""Selects what a gesture on a photo means: the object in a box or under a scribble, or the like colours around a point.

Knows nothing of tools, documents or nets. An object is found on a small copy of its surroundings, by colours learnt
inside and outside of the box (GrabCut, Rother et al. 2004), and its outline is then laid along the edges of the photo
itself (core/canvas/outlines.py). The same gesture gives the same mask, on every thread.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finding import find_rim, find_sky
from core.canvas.outlines import Pixels, Selected, copied, cut, followed
from core.errors import BadRequest
from core.values.geometry import Box, Size

_MARGIN = 0.1
"""Of the box's longer side: so much around it shows what does not belong to the object. With 0.5 farther things, which
may look like it, mislead (0.82 beside 0.87)."""
_CORNERS = 1.0
"""Squared distance from the middle, where each side of the box is at 1, beyond which a pixel rather belongs to what is
around: the ellipse in the box. Twenty loose boxes give 0.846 with it and 0.818 without it."""
_MIDDLE = 0.5  # likewise: the middle of a box
_SURE_SHARE = 0.3  # of the middle: what is least like the surroundings is the object for sure, which cannot vanish then
_SMALLEST = 4  # pixels: a box with a shorter side is its own object
_LEAST_PART = 0.1  # of the largest part: what is smaller is a speck of a like colour

THINGS = {"sky": find_sky, "rim": find_rim}
"""What can be found without a gesture, by its name."""


def select(
    image: Pixels,
    *,
    box: Box | None = None,
    scribble: Sequence[tuple[float, float]] | None = None,
    width: float = 1.0,
    point: tuple[int, int] | None = None,
    tolerance: int = 0,
    thing: str | None = None,
) -> Selected:
    """Select by a gesture (a box around an object, a scribble over one, a point among like colours), or by a name.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A).
        box: see `select_object`.
        scribble: see `select_scribbled`.
        width: of the scribble.
        point: see `select_alike`.
        tolerance: of its colours.
        thing: one of `THINGS`; see core/canvas/finding.py.

    Returns:
        (H, W) bool.

    Raises:
        BadRequest: if none of the four is given, a gesture lies beside the picture, or nobody knows the thing.
    """
    if box is not None:
        return select_object(image, box)
    if scribble is not None:
        return select_scribbled(image, scribble, width)
    if point is not None:
        return select_alike(image, point, tolerance)
    if thing is not None:
        if thing not in THINGS:
            raise BadRequest(
                "nobody knows how to find {thing!r}: say one of {choices}.", thing=thing, choices=", ".join(THINGS)
            )
        return THINGS[thing](image)
    raise BadRequest("nothing to select by: give a box, a scribble, a point or the name of a thing.")


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
    copy, scale = copied(image, near)
    known = np.full(copy.shape[:2], cv2.GC_BGD, np.uint8)
    inner = _scaled(box.shifted(-near.left, -near.top), scale, known)
    known[inner.slices] = cv2.GC_PR_FGD
    _surround(known)
    out = _from_middle(inner, known)
    known[(out > _CORNERS) & (known == cv2.GC_PR_FGD)] = cv2.GC_PR_BGD
    _hold(copy, known, out < _MIDDLE)
    return followed(image, near, copy, _object(copy, known), box)


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
    copy, scale = copied(image, near)
    known = np.full(copy.shape[:2], cv2.GC_PR_BGD, np.uint8)
    known[_scaled(drawn.shifted(-near.left, -near.top), scale, known).slices] = cv2.GC_PR_FGD
    _surround(known)
    _drawn(known, (line - [near.left, near.top]) * scale, width * scale, cv2.GC_FGD)
    selected = followed(image, near, copy, _object(copy, known), near)
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
        raise BadRequest(
            "the point ({x}, {y}) lies outside of the {width}x{height} picture: click inside it.",
            x=x,
            y=y,
            width=width,
            height=height,
        )
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


def _object(copy: Pixels, known: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 1 where the copy shows the object, without specks."""
    count, parts, figures, _ = cv2.connectedComponentsWithStats(cut(copy, known), connectivity=8)
    areas = figures[1:, cv2.CC_STAT_AREA]
    large = np.flatnonzero(areas >= _LEAST_PART * areas.max()) + 1 if count > 1 else ()
    return np.isin(parts, large).astype(np.uint8)
