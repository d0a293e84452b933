"""Shapes of holes: masks drawn by seeded geometry.

Knows nothing of photos or questions. Each is (H, W) bool, True = hidden.
"""

from __future__ import annotations

import cv2
import numpy as np

from core.lab.evaluation.metrics import Mask
from core.values.geometry import Size

CELLS = 16  # rows of the random cells, whatever the model's own grid is
_LEAST_STROKE = 3  # pixels: what a brush of a finger's width leaves in a small picture


def centre(size: Size, random: np.random.Generator, *, share: float) -> Mask:
    """Hide the middle of a picture, `share` of each side."""
    left, top = (round(side * (1.0 - share) / 2.0) for side in size)
    hidden = np.zeros((size.height, size.width), bool)
    hidden[top : size.height - top, left : size.width - left] = True
    return hidden


def cells(size: Size, random: np.random.Generator, *, share: float) -> Mask:
    """Hide about `share` of 16x16 cells."""
    drawn = random.random((CELLS, CELLS)) < share
    rows, columns = (np.arange(side) * CELLS // side for side in (size.height, size.width))
    return np.asarray(drawn[np.ix_(rows, columns)])


def scribbles(size: Size, random: np.random.Generator) -> Mask:
    """Draw three to six strokes of several segments, each 4 to 10 % of the shorter side wide."""
    side = min(size)
    canvas = np.zeros((size.height, size.width), np.uint8)
    for _ in range(int(random.integers(3, 7))):
        width = max(1, int(random.uniform(0.04, 0.10) * side))
        point = random.uniform(0.1, 0.9, 2) * np.array(size)
        angle = random.uniform(0.0, 2.0 * np.pi)
        for _ in range(int(random.integers(3, 8))):
            angle += random.normal(0.0, 0.7)
            there = point + random.uniform(0.08, 0.22) * side * np.array([np.cos(angle), np.sin(angle)])
            there = np.clip(there, 0, np.array(size) - 1)
            _line(canvas, point, there, width)
            point = there
    return canvas > 0


def strokes(size: Size, random: np.random.Generator, *, count: int, reach: float, width: float, apart: bool) -> Mask:
    """Draw bent brush strokes.

    Args:
        size: of the picture.
        random: decides on places and bends.
        count: of strokes.
        reach: length of each as a share of the picture's shorter side.
        width: likewise.
        apart: begin them in opposite corners of the picture, in turn; else anywhere.
    """
    shorter = min(size)
    thick = max(_LEAST_STROKE, round(width * shorter))
    canvas = np.zeros((size.height, size.width), np.uint8)
    corner = int(random.integers(4))
    for i in range(count):
        if apart:
            right, low = divmod(corner ^ (3 * (i % 2)), 2)
            share = np.array([0.82 if right else 0.18, 0.82 if low else 0.18]) + random.uniform(-0.04, 0.04, 2)
        else:
            share = random.uniform(0.15, 0.85, 2)
        point = share * np.array(size)
        # Towards the middle, so that no stroke leaves the picture at once.
        angle = float(np.arctan2(*(np.array(size) / 2.0 - point)[::-1])) + random.normal(0.0, 0.5)
        for _ in range(4):
            angle += random.normal(0.0, 0.5)
            there = point + reach * shorter / 4.0 * np.array([np.cos(angle), np.sin(angle)])
            there = np.clip(there, thick, np.array(size) - 1 - thick)
            _line(canvas, point, there, thick)
            point = there
    return canvas > 0


def _line(canvas: np.ndarray, start: np.ndarray, end: np.ndarray, width: int) -> None:
    (x, y), (right, low) = (tuple(int(n) for n in point) for point in (start, end))
    cv2.line(canvas, (x, y), (right, low), (1,), width, cv2.LINE_8)


def blob(size: Size, random: np.random.Generator, *, share: float) -> Mask:
    """Draw a rounded, irregular region wholly inside a picture.

    Args:
        size: of the picture.
        random: decides on place and shape.
        share: mean diameter of the region as a share of the picture's shorter side.
    """
    radius = share * min(size) / 2.0
    angles = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    waves = sum(random.uniform(-0.12, 0.12) * np.cos(k * angles + random.uniform(0.0, 2.0 * np.pi)) for k in (2, 3, 5))
    reach = 1.4 * radius  # beyond any wave
    middle = [random.uniform(reach, max(reach, side - reach)) for side in size]
    spokes = radius * (1 + waves) * np.stack([np.cos(angles), np.sin(angles)])
    canvas = np.zeros((size.height, size.width), np.uint8)
    cv2.fillPoly(canvas, [np.rint(np.array(middle) + spokes.T).astype(np.int32)], (1,))
    return canvas > 0
