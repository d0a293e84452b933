"""Detects whether a generated border is a copy, or the mirror image, of something else in the picture.

Knows nothing of how it was painted. Patches are searched by normalised cross-correlation (OpenCV's matchTemplate) on a
small grey copy, without slow changes of brightness and without straight lines along its sides: two skies are not copies
of each other, nor are two stretches of a horizon. Constants: docs/canvas.md, section 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box, Size

THRESHOLD, TYPICAL = 0.97, 0.66
"""A border repeats something if one patch correlates by more than the first, or half of all by the second.

Measured on the right half (the right fifth) of 15 opaque sample photos against the rest. Real photos: the highest
correlation is at most 0.93, median 0.60 (0.96 and 0.50); the median patch's at most 0.60, median 0.38 (0.61 and 0.39),
except beach_rigging, whose parallel ropes repeat: 0.70 (0.90). An exact copy or mirror image: 1.00. A mirror image that
went through the tokenizer of scenes-128: median 0.72 (0.68) of the median patch.
"""
SIDE = 192
"""Pixels of the copy's shorter side, four patches; the thresholds above were measured with it."""

_SQUARE = (Size(48, 48),)  # pixels of a patch on that copy, a quarter of its side
_STRIPS = (Size(36, 64), Size(64, 36))  # where no square fits: a border of a fifth of the shorter side has 38 px
_SLOW = 8.0  # sigma in pixels of slow changes, which reach beyond a patch
_LINE = 49  # length in pixels of a straight line: longer than a patch is wide
_LEAST_CONTRAST = 2.0  # standard deviation in levels of 255 below which a patch shows rounding and noise alone


@dataclass(frozen=True)
class Repetition:
    """The highest correlations of a generated patch with other places in the picture.

    Attributes:
        copied: with the known part; 0 if no patch shows anything.
        mirrored: with the known part's mirror image, left to right or upside down.
        repeated: with another place of the generated part, at least a patch away.
        typical: the median over patches of the highest of these.
    """

    copied: float
    mirrored: float
    repeated: float
    typical: float

    @property
    def highest(self) -> float:
        """The highest of the three correlations."""
        return max(self.copied, self.mirrored, self.repeated)

    @property
    def found(self) -> bool:
        """Whether the border repeats something."""
        return self.highest > THRESHOLD or self.typical > TYPICAL


def repetition(picture: NDArray[np.uint8], mask: NDArray[np.bool_], most: int | None = None) -> Repetition:
    """Measure how much of the masked part is found elsewhere in the picture.

    Args:
        picture: (H, W, 3 or 4) uint8.
        mask: (H, W) bool, True = generated; the known part is the largest rectangle around what is False.
        most: patches to search for, spread evenly; None for all.
    """
    scale = min(1.0, SIDE / min(picture.shape[:2]))
    width, height = (max(1, round(n * scale)) for n in picture.shape[1::-1])
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    detail = _detail(small)
    made = cv2.resize(mask.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    known = Box.around(~made)
    places = _patches(made, _SQUARE) or _patches(made, _STRIPS)
    if most is not None and len(places) > most:
        places = [places[i * len(places) // most] for i in range(most)]
    best = {"copied": [0.0], "mirrored": [0.0], "repeated": [0.0]}
    highest = []
    for place in places:
        patch = detail[place.slices]
        if float(patch.std()) < _LEAST_CONTRAST:
            continue
        found = {"repeated": _elsewhere(detail, made, place)}
        if known is not None:
            found["copied"] = _likest(detail[known.slices], patch)
            found["mirrored"] = max(_likest(detail[known.slices], flip) for flip in (patch[:, ::-1], patch[::-1]))
        for way, value in found.items():
            best[way].append(value)
        highest.append(max(found.values()))
    typical = float(np.median(highest)) if highest else 0.0
    return Repetition(max(best["copied"]), max(best["mirrored"]), max(best["repeated"]), typical)


def _detail(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """Remove slow changes and structure that is constant along rows or columns."""
    fast = grey - cv2.GaussianBlur(grey, (0, 0), _SLOW)
    across, down = cv2.blur(fast, (_LINE, 1)), cv2.blur(fast, (1, _LINE))
    return np.asarray(fast - across - down, np.float32)


def _patches(made: NDArray[np.bool_], shapes: Sequence[Size]) -> list[Box]:
    """List wholly generated patches on a grid of half a patch."""
    sums = cv2.integral(made.astype(np.uint8))
    height, width = made.shape
    boxes = [
        Box(left, top, left + shape.width, top + shape.height)
        for shape in shapes
        for top in _starts(height, shape.height)
        for left in _starts(width, shape.width)
    ]

    def area(box: Box) -> int:
        left, top, right, bottom = box
        return int(sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left])

    return [box for box in boxes if area(box) == box.size.width * box.size.height]


def _starts(length: int, patch: int) -> list[int]:
    """List where patches begin along a side: every half patch, and flush with the end."""
    last = length - patch
    return sorted({*range(0, last + 1, patch // 2), last}) if last >= 0 else []


def _correlations(field: NDArray[np.float32], patch: NDArray[np.float32]) -> NDArray[np.float32]:
    if min(field.shape[0] - patch.shape[0], field.shape[1] - patch.shape[1]) < 0:
        return np.zeros((1, 1), np.float32)
    found = cv2.matchTemplate(np.ascontiguousarray(field), np.ascontiguousarray(patch), cv2.TM_CCOEFF_NORMED)
    # In flat parts of the field the quotient is 0 / 0.
    return np.asarray(np.where(np.isfinite(found) & (np.abs(found) <= 1.01), found, 0.0), np.float32)


def _likest(field: NDArray[np.float32], patch: NDArray[np.float32]) -> float:
    return float(_correlations(field, patch).max())


def _elsewhere(detail: NDArray[np.float32], made: NDArray[np.bool_], place: Box) -> float:
    """Find the highest correlation of a patch with a generated place that does not overlap it."""
    found = _correlations(detail, detail[place.slices])
    width, height = place.size
    shape = np.ones((height, width), np.uint8)
    inner = cv2.erode(made.astype(np.uint8), shape, anchor=(0, 0), borderValue=0) > 0
    allowed = inner[: found.shape[0], : found.shape[1]].copy()
    allowed[max(0, place.top - height + 1) : place.bottom, max(0, place.left - width + 1) : place.right] = False
    return float(found[allowed].max()) if allowed.any() else 0.0
