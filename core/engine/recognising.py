"""Looks at what was painted as a class: how surely does each variation show it?

Knows nothing of how it was painted.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.models.efficientnet import SIDE
from core.models.recogniser import Recogniser
from core.values.geometry import Box
from core.values.result import EditResult


def judged(result: EditResult, recogniser: Recogniser | None) -> EditResult:
    """Add `EditResult.shows`, where something new was made as a class, several times, and the class is recognised."""
    wanted = result.request.class_id
    if recogniser is None or wanted not in recogniser.rows or not result.request.is_new or len(result.patches) < 2:
        return result
    shares = recogniser.log_shares(np.stack([square(part) for part in _repainted(result)]))
    return replace(result, shows=tuple(shares[:, wanted].tolist()))


def square(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Squeeze an (h, w, 3) picture to the square that the classifier sees."""
    shrinks = min(picture.shape[:2]) > SIDE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (SIDE, SIDE), interpolation=method), np.uint8)


def _repainted(result: EditResult) -> list[NDArray[np.uint8]]:
    """Cut the box around all that was repainted out of each variation, (h, w, 3)."""
    box = Box.around(result.canvas_mask)
    assert box is not None, "an edit repaints something"
    rows, columns = box.shifted(-result.area.left, -result.area.top).slices
    return [patch[rows, columns, :3] for patch in result.patches]
