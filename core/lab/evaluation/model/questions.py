"""The fixed, seeded questions of the evaluation: what is hidden from the editor, and where it is looked at afterwards.

Knows nothing of editors or photos. Shapes and shares are those that the evaluation data's README proposes, with
free-form strokes added.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box, Sides

CELLS = 16  # rows of the random-cell masks, whatever the model's own grid is

Mask = NDArray[np.bool_]
Hide = Callable[[int, np.random.Generator], Mask]
"""(side of the photo in pixels, random numbers) -> (side, side) bool, True = hidden."""


@dataclass(frozen=True)
class Question:
    """One way of hiding part of a square photo.

    Attributes:
        name: as in the report.
        hide: draws the mask.
        extend: left, top, right, bottom shares of the side that are cut off; all 0 for a hole.
        share: of the photos that it is asked about, 0 < share <= 1; below 1 where an answer takes many windows.
    """

    name: str
    hide: Hide
    extend: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    share: float = 1.0

    def mask(self, side: int, index: int) -> Mask:
        """Return what is hidden of photo number `index`: (side, side) bool; the same on every machine."""
        return self.hide(side, np.random.Generator(np.random.PCG64(index)))

    def sides(self, side: int) -> Sides:
        """Return the cut-off sides in pixels of a photo of that side."""
        return Sides(*(round(share * side) for share in self.extend))


def _centre(share: float) -> Hide:
    def hide(side: int, random: np.random.Generator) -> Mask:
        low = round(side * (1.0 - share) / 2.0)
        hidden = np.zeros((side, side), bool)
        hidden[low : side - low, low : side - low] = True
        return hidden

    return hide


def _cells(share: float) -> Hide:
    def hide(side: int, random: np.random.Generator) -> Mask:
        cells = random.random((CELLS, CELLS)) < share
        rows = np.arange(side) * CELLS // side
        return np.asarray(cells[np.ix_(rows, rows)])

    return hide


def _strokes(side: int, random: np.random.Generator) -> Mask:
    """Draw three to six strokes of several segments, each 4 to 10 % of the side wide."""
    canvas = np.zeros((side, side), np.uint8)
    for _ in range(int(random.integers(3, 7))):
        width = max(1, int(random.uniform(0.04, 0.10) * side))
        point = random.uniform(0.1, 0.9, 2) * side
        angle = random.uniform(0.0, 2.0 * np.pi)
        for _ in range(int(random.integers(3, 8))):
            angle += random.normal(0.0, 0.7)
            reach = random.uniform(0.08, 0.22) * side
            there = np.clip(point + reach * np.array([np.cos(angle), np.sin(angle)]), 0, side - 1)
            start, end = ((int(x), int(y)) for x, y in (point, there))
            cv2.line(canvas, start, end, (255,), width, cv2.LINE_8)
            point = there
    return canvas > 0


def _extension(name: str, left: float, top: float, right: float, bottom: float, *, share: float = 1.0) -> Question:
    def hide(side: int, random: np.random.Generator) -> Mask:
        hidden = np.ones((side, side), bool)
        known = Box(round(left * side), round(top * side), side - round(right * side), side - round(bottom * side))
        hidden[known.slices] = False
        return hidden

    return Question(name, hide, (left, top, right, bottom), share)


QUESTIONS = (
    Question("centre 50 %", _centre(0.5)),
    # Three and eight windows of 128 px a photo, and four crops to judge: fewer photos take as long and tell as much.
    _extension("right 25 %", 0.0, 0.0, 0.25, 0.0, share=0.5),
    _extension("right 50 %", 0.0, 0.0, 0.5, 0.0),
    _extension("all sides 25 %", 0.25, 0.25, 0.25, 0.25, share=0.25),
    Question("free-form strokes", _strokes),
    Question("random cells 50 %", _cells(0.5)),
    Question("random cells 75 %", _cells(0.75)),
)

CLASS_BOX = Question("class edit, centre 62 %", _centre(0.62))
"""The box that is repainted as another class."""


def hole_crops(mask: Mask, *, most: int = 4) -> tuple[Box, ...]:
    """Return the squares to judge: wholly hidden ones where any fit, else the square around all that is hidden.

    On whole pictures a flat grey hole scores well, because the rest is the real photo; inside the hole it does not.

    Args:
        mask: (side, side) bool, at least one True.
        most: largest number of squares, spread over those that fit.

    Returns:
        Squares of a half or a quarter of the side that do not overlap, or one larger square.
    """
    side = mask.shape[0]
    for square in (side // 2, side // 4):
        places = range(0, side - square + 1, square // 2)
        inside: list[Box] = []
        for box in (Box(x, y, x + square, y + square) for y in places for x in places):
            if mask[box.slices].all() and not any(_overlap(box, kept) for kept in inside):
                inside.append(box)
        if inside:
            chosen = np.linspace(0, len(inside) - 1, min(most, len(inside))).round().astype(int)
            return tuple(inside[i] for i in chosen)
    hole = Box.around(mask)
    assert hole is not None, "a question hides something"
    reach = max(hole.size)
    left, top = min(hole.left, side - reach), min(hole.top, side - reach)
    return (Box(left, top, left + reach, top + reach),)


def _overlap(a: Box, b: Box) -> bool:
    return a.left < b.right and b.left < a.right and a.top < b.bottom and b.top < a.bottom
