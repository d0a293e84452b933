"""Curves over the number of decoding steps with their sweet spots, and strips of pictures filling in.

Knows nothing of how figures are measured or where they are written. Drawn with OpenCV, whose letters are ASCII only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.lab.evaluation.metrics import Mask, Picture

WIDTH, HEIGHT = 780, 440
"""Pixels of one panel of curves."""

_LEFT, _TOP, _RIGHT, _BOTTOM = 64, 40, 250, 52  # margins in pixels; the legend stands in the right one
_HEADROOM = 0.06  # share of the range that stays free above and below
_INK, _FAINT, _PAPER = (40, 40, 40), (225, 225, 225), 255
_COLOURS = (
    *((0, 114, 178), (0, 0, 0), (0, 158, 115), (204, 121, 167)),
    *((230, 159, 0), (86, 180, 233), (213, 94, 0), (130, 130, 130)),
)  # Okabe & Ito's colours, which colour-blind people tell apart; grey in place of their yellow, which is faint on white
_VEIL = 0.82  # share of grey over cells that are still unknown
_VEIL_GREY = 205
_CAPTION = 18  # height of a line of text in pixels


@dataclass(frozen=True)
class Curve:
    """One line of a figure.

    Attributes:
        name: as in the legend.
        points: (T, value), T rising and at least 1; values that are not finite are left out.
    """

    name: str
    points: tuple[tuple[int, float], ...]

    @property
    def finite(self) -> tuple[tuple[int, float], ...]:
        """The points that can be drawn."""
        return tuple((steps, value) for steps, value in self.points if np.isfinite(value))

    def best(self, *, lowest: bool) -> tuple[int, float] | None:
        """Return the sweet spot: the point of the lowest (or highest) value, the smaller T of equals; None of none."""
        sign = 1.0 if lowest else -1.0
        return min(self.finite, key=lambda point: (sign * point[1], point[0]), default=None)


@dataclass(frozen=True)
class Axes:
    """Where values stand on a panel: T on a logarithmic scale, values on a linear one.

    Attributes:
        steps: every T that is drawn, rising.
        low, high: the values at the lower and upper end.
    """

    steps: tuple[int, ...]
    low: float
    high: float

    @classmethod
    def around(cls, curves: Sequence[Curve], level: float | None = None) -> Axes:
        """Return axes that hold all points and, where given, a level."""
        values = [value for curve in curves for _, value in curve.finite]
        values += [level] if level is not None else []
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        room = _HEADROOM * max(high - low, 1e-9)
        return cls(tuple(sorted({t for c in curves for t, _ in c.finite})), low - room, high + room)

    def at(self, steps: float, value: float) -> tuple[int, int]:
        """Return the (x, y) pixel of a point."""
        first, last = np.log2(self.steps[0]), np.log2(self.steps[-1])
        across = (np.log2(steps) - first) / (last - first) if last > first else 0.5
        up = (value - self.low) / (self.high - self.low)
        return round(_LEFT + across * (WIDTH - _LEFT - _RIGHT)), round(
            HEIGHT - _BOTTOM - up * (HEIGHT - _BOTTOM - _TOP)
        )

    def ticks(self) -> tuple[float, ...]:
        """Return about five round values between the ends."""
        wanted = (self.high - self.low) / 5.0
        decade = 10.0 ** np.floor(np.log10(wanted))
        pace = next(decade * factor for factor in (1.0, 2.0, 5.0, 10.0) if decade * factor >= wanted * 0.999)
        return tuple(float(n * pace) for n in range(int(np.ceil(self.low / pace)), int(self.high // pace) + 1))


def draw_curves(
    curves: Sequence[Curve], *, title: str, measure: str, lowest: bool, level: tuple[str, float] | None = None
) -> Picture:
    """Return one panel: a curve a method over T, each sweet spot ringed and named in the legend.

    Args:
        curves: at most eight; those without a finite point are left out.
        title: above the panel.
        measure: beside the values.
        lowest: whether low values are good.
        level: name and value of a dashed line across, e.g. what real photos reach.

    Returns:
        (HEIGHT, WIDTH, 3) uint8 RGB.
    """
    canvas = np.full((HEIGHT, WIDTH, 3), _PAPER, np.uint8)
    _write(canvas, title, (_LEFT, 24), 0.52)
    # A method keeps its colour, whichever others are there.
    drawn = [(curve, _COLOURS[i % len(_COLOURS)]) for i, curve in enumerate(curves) if curve.finite]
    if not drawn:
        return canvas
    axes = Axes.around([curve for curve, _ in drawn], level[1] if level else None)
    right, bottom = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    ticks = axes.ticks()
    digits = max(0, -int(np.floor(np.log10(ticks[1] - ticks[0]) + 1e-9))) if len(ticks) > 1 else 3
    for value in ticks:
        y = axes.at(axes.steps[0], value)[1]
        cv2.line(canvas, (_LEFT, y), (right, y), _FAINT, 1)
        text = f"{value:.{digits}f}"
        _write(canvas, text, (_LEFT - 10 - 7 * len(text), y + 4), 0.38)
    for steps in axes.steps:
        x = axes.at(steps, axes.low)[0]
        cv2.line(canvas, (x, bottom), (x, bottom + 5), _INK, 1)
        _write(canvas, str(steps), (x - 4 * len(str(steps)), bottom + 19), 0.38)
    cv2.rectangle(canvas, (_LEFT, _TOP), (right, bottom), _INK, 1)
    good = "lower" if lowest else "higher"
    _write(canvas, f"decoding steps T ({measure}: {good} is better)", (_LEFT, HEIGHT - 12), 0.4)
    if level is not None:
        y = axes.at(axes.steps[0], level[1])[1]
        for x in range(_LEFT, right, 12):
            cv2.line(canvas, (x, y), (min(x + 6, right), y), _INK, 1)
        _write(canvas, level[0], (right + 12, _TOP + 22 * len(drawn) + 20), 0.38)
        _dashes(canvas, (right + 12, _TOP + 22 * len(drawn) + 28))
    for i, (curve, colour) in enumerate(drawn):
        places = [axes.at(*point) for point in curve.finite]
        cv2.polylines(canvas, [np.array(places, np.int32)], False, colour, 2, cv2.LINE_AA)
        for place in places:
            cv2.circle(canvas, place, 3, colour, -1, cv2.LINE_AA)
        line = _TOP + 10 + 22 * i
        best = curve.best(lowest=lowest)
        assert best is not None, "a curve that is drawn has a finite point"
        cv2.line(canvas, (right + 12, line - 4), (right + 36, line - 4), colour, 2, cv2.LINE_AA)
        _write(canvas, f"{curve.name}, best T = {best[0]}", (right + 42, line), 0.38)
    for curve, colour in drawn:  # above all lines, so that none hides a sweet spot
        best = curve.best(lowest=lowest)
        assert best is not None, "a curve that is drawn has a finite point"
        cv2.circle(canvas, axes.at(*best), 7, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(canvas, axes.at(*best), 5, colour, -1, cv2.LINE_AA)
        cv2.circle(canvas, axes.at(*best), 8, _INK, 1, cv2.LINE_AA)
    return canvas


def panels(rows: Sequence[Sequence[Picture]]) -> Picture:
    """Return panels of one size side by side and below each other: (rows * H, columns * W, 3) uint8 RGB."""
    return np.vstack([np.hstack(list(row)) for row in rows])


@dataclass(frozen=True, eq=False)
class Strip:
    """One way of filling in, as moments from left to right.

    Attributes:
        title: above it.
        captions: below each moment.
        pictures: (S, S, 3) uint8 RGB each, the whole prediction of that moment.
        unknown: (h, w) bool each, the cells that are masked again after it.
    """

    title: str
    captions: Sequence[str]
    pictures: Sequence[Picture]
    unknown: Sequence[Mask]


def draw_strips(strips: Sequence[Strip], *, side: int = 128) -> Picture:
    """Return strips below each other, each as a row of pictures and a row of maps of what is known.

    Unknown cells are veiled in the pictures and black in the maps (figure 2 of Chang et al. 2022 shows such maps).

    Args:
        strips: with equally many moments each.
        side: of each picture and map in pixels.

    Returns:
        (strips * (2 * side + two lines of text), moments * side, 3) uint8 RGB.
    """
    lines = []
    for strip in strips:
        head = np.full((_CAPTION, side * len(strip.pictures), 3), _PAPER, np.uint8)
        _write(head, strip.title, (4, _CAPTION - 5), 0.42)
        foot = np.full_like(head, _PAPER)
        for i, caption in enumerate(strip.captions):
            _write(foot, caption, (i * side + 4, _CAPTION - 5), 0.38)
        seen = [_veiled(_enlarged(p, side), u) for p, u in zip(strip.pictures, strip.unknown, strict=True)]
        maps = [_reveal_map(u, side) for u in strip.unknown]
        lines += [head, np.hstack(seen), np.hstack(maps), foot]
    return np.vstack(lines)


def _veiled(picture: Picture, unknown: Mask) -> Picture:
    """Return a square picture with its unknown cells under grey."""
    hidden = _cells(unknown, picture.shape[0])[..., None]
    veil = np.rint(picture * (1.0 - _VEIL) + _VEIL_GREY * _VEIL)
    return np.asarray(np.where(hidden, veil, picture), np.uint8)


def _reveal_map(unknown: Mask, side: int) -> Picture:
    """Return a map of the cells, white where known, black where unknown, with a faint frame."""
    known = np.where(_cells(unknown, side)[..., None], 0, 255).astype(np.uint8).repeat(3, 2)
    return cv2.rectangle(known, (0, 0), (side - 1, side - 1), (128, 128, 128), 1).astype(np.uint8)


def _cells(unknown: Mask, side: int) -> Mask:
    """Return (h, w) cells as (side, side) pixels."""
    index = np.arange(side) * len(unknown) // side
    return np.asarray(unknown[np.ix_(index, index)])


def _enlarged(picture: Picture, side: int) -> Picture:
    method = cv2.INTER_AREA if picture.shape[0] > side else cv2.INTER_CUBIC
    return cv2.resize(picture, (side, side), interpolation=method).astype(np.uint8)


def _dashes(canvas: Picture, at: tuple[int, int]) -> None:
    for x in range(at[0], at[0] + 60, 12):
        cv2.line(canvas, (x, at[1]), (x + 6, at[1]), _INK, 1)


def _write(canvas: Picture, text: str, at: tuple[int, int], size: float) -> None:
    cv2.putText(canvas, text, at, cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)
