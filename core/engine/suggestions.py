"""Suggests which of a model's classes a picture may show: a small classifier judges what is visible of it.

Knows nothing of edits or of the editor.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.fill import neutral_fill
from core.checks import whole
from core.engine.recognising import square
from core.errors import BadRequest
from core.models.recogniser import Recogniser

MOST = 1000
"""Suggestions at most: ImageNet's number of classes."""
_SHORT_SIDE = 256  # pixels; the classifier was trained on the middle 87.5 % of pictures of this size
_CROP_SHARES = (1.0, 0.6)  # of the short side: the whole, and what stands in a part of it
_MOST_PLACES = 3  # crops of one size along a side, so that there are never more than 12 crops
_LEAST_SHARE = 0.75
"""Crops less visible than this share of the most visible one say more of the fill than of the picture.

Measured on 50 photos of as many ImageNet classes with the centre half of each side hidden: the right class comes first
for 54 % and among five for 82 % (five crops); at 0.5 for 48 and 82 % (nine), by the whole picture alone 46 and 82 %.
"""


@dataclass(frozen=True)
class Suggestion:
    """One class that a picture may show.

    Attributes:
        class_id: index into the model's classes.
        probability: the classifier's, in [0, 1], among all classes that it tells apart.
    """

    class_id: int
    probability: float


def suggest_classes(
    recogniser: Recogniser | None, image: NDArray[np.uint8], mask: NDArray[np.bool_] | None = None, count: int = 5
) -> tuple[Suggestion, ...]:
    """Find the likeliest classes of the visible part of a picture, best first.

    Several square crops are classified and averaged by their visible share; hidden pixels are filled from around them.

    Args:
        recogniser: a model's, `Engine.recogniser`.
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A); transparent pixels are hidden.
        mask: (H, W) bool, True = to be repainted, and so hidden; None hides nothing.
        count: at most this many suggestions, 1 to 1000.

    Raises:
        BadRequest: if nothing is visible, nothing recognises the model's classes, the mask has another size than the
            picture, or the count is out of range.
        CheckpointError: if the classifier's file is missing or damaged.
    """
    whole("the number of suggestions", count, 1, MOST)
    if recogniser is None:
        raise BadRequest("nothing recognises this model's classes in a picture: choose a class by name.")
    pixels, hidden = _reduced(image, mask)
    filled = neutral_fill(pixels, hidden)
    boxes = _crops(hidden)
    crops = [square(filled[top : top + side, left : left + side]) for top, left, side, _ in boxes]
    weight = np.array([visible for *_, visible in boxes])
    shares = np.exp(recogniser.log_shares(np.stack(crops)).astype(np.float64))  # (B, C)
    mean = weight @ shares / weight.sum()
    ranked = sorted(((float(mean[i]), -i) for i in recogniser.rows), reverse=True)
    return tuple(Suggestion(-ours, probability) for probability, ours in ranked[:count])


def _reduced(image: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Shrink a picture to a short side of at most `_SHORT_SIDE`: pixels (h, w, 3), and which of them are hidden (h, w).

    A pixel that hides anything is hidden: averaging must not let the hole's content out.
    """
    height, width = image.shape[:2]
    hidden = np.zeros((height, width), np.bool_) if mask is None else mask
    if hidden.shape != (height, width):
        raise BadRequest(
            "the mask is {mask_width}x{mask_height} but the picture {width}x{height}: give one of its size.",
            mask_width=hidden.shape[1],
            mask_height=hidden.shape[0],
            width=width,
            height=height,
        )
    if image.shape[2] == 4:
        hidden = hidden | (image[..., 3] == 0)
    if hidden.all():
        raise BadRequest("nothing of the picture is visible: choose a class by name.")
    scale = min(1.0, _SHORT_SIDE / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(cv2.resize(image[..., :3], size, interpolation=cv2.INTER_AREA), np.uint8)
    covered = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return pixels, np.asarray(covered > 0, np.bool_)


def _crops(hidden: NDArray[np.bool_]) -> list[tuple[int, int, int, float]]:
    """List the squares to classify as (top, left, side, visible share), the most visible ones first."""
    visible = (~hidden).astype(np.float64)
    found = [
        (top, left, side, max(float(visible[top : top + side, left : left + side].mean()), 1e-6))
        for side in sorted({max(1, round(share * min(hidden.shape))) for share in _CROP_SHARES}, reverse=True)
        for top in _places(hidden.shape[0], side)
        for left in _places(hidden.shape[1], side)
    ]
    found.sort(key=lambda crop: -crop[3])  # of equals, the larger ones come first
    return [crop for crop in found if crop[3] >= _LEAST_SHARE * found[0][3]]


def _places(length: int, side: int) -> Iterator[int]:
    """Yield where squares begin along a length: overlapping by half or more, or else `_MOST_PLACES` spread over it."""
    count = min(math.ceil((length - side) / (side / 2)) + 1, _MOST_PLACES)
    for i in range(count):
        yield round(i * (length - side) / max(count - 1, 1))
