"""The questions at photo size: what is hidden from an editor or cut off a photo, drawn by seeded geometry.

Knows nothing of editors, figures or files. Every length is a share of the photo's shorter side, so that one rule serves
a picture of 256 px and one of 12 megapixels; nothing is chosen for one photo by hand.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Box, Sides, Size, distance_inside

DISPLAY_SIDE = 1024
"""Longer side, in pixels, of a picture as it is shown whole on a screen."""
WINDOWS = 10
"""Half windows by which the panorama for drift grows."""

_DRAWS = 64  # places that are tried for a hole beside transparent pixels
_MARGIN = 0.12  # share of a brushed region's width between the planted object and the brush's edge, at either side
_LEAST_STROKE = 3  # pixels


@dataclass(frozen=True, eq=False)
class Case:
    """One question about one photo.

    Attributes:
        question: its name.
        photo: the photo's name.
        given: (h, w, 3 or 4) uint8, what the methods get: a photo with something foreign in its hole, or a part of it.
        sides: pixels by which `given` is to grow; all 0 for a hole.
        mask: (H, W) bool on the grown canvas, True = to be painted.
        truth: (H, W, 3 or 4) uint8, what the photo shows there; None where nobody knows.
    """

    question: str
    photo: str
    given: Picture
    sides: Sides
    mask: Mask
    truth: Picture | None

    @property
    def inner(self) -> Box:
        """Where `given` lies on the canvas."""
        height, width = self.given.shape[:2]
        return Box(self.sides.left, self.sides.top, self.sides.left + width, self.sides.top + height)

    @property
    def is_hole(self) -> bool:
        """Whether a hole is asked for, not a border."""
        return not any(self.sides)


def canvas_of(case: Case) -> Picture:
    """Return what is known on the whole canvas; zeros where the case's border will be."""
    canvas = np.zeros((*case.mask.shape, case.given.shape[2]), np.uint8)
    canvas[case.inner.slices] = case.given
    return canvas


Build = Callable[[str, Picture], Case | None]
"""(name of the photo, its pixels) -> the case, or None where the question does not fit the photo."""


@dataclass(frozen=True)
class PhotoQuestion:
    """One question about any photo.

    Attributes:
        name: as in the report.
        about: one sentence for the report.
        build: makes the case.
        fills: whether methods without learning are asked, too; they smear over borders as long as a panorama's.
        most: largest number of photos asked about, spread over all, where an answer takes many windows.
    """

    name: str
    about: str
    build: Build
    fills: bool = True
    most: int | None = None


def photo_seed(photo: str) -> int:
    """Return the number that all chance about a photo begins with: its name's, whichever photos it stands among."""
    return zlib.crc32(photo.encode())


def _hole(name: str, draw: Callable[[Size, np.random.Generator], Mask]) -> Build:
    def build(photo: str, picture: Picture) -> Case | None:
        height, width = picture.shape[:2]
        random = np.random.Generator(np.random.PCG64(photo_seed(photo)))
        opaque = np.ones((height, width), bool) if picture.shape[2] == 3 else picture[..., 3] == 255
        for _ in range(_DRAWS):
            mask = draw(Size(width, height), random)
            if opaque[mask].all():
                return Case(name, photo, planted(picture, mask), Sides(), mask, picture)
        return None

    return build


def planted(picture: Picture, mask: Mask) -> Picture:
    """Return the picture with a foreign object in the mask, which must not shine through the answer.

    The object is the photo itself in inverted colours; it keeps away from the mask's edge, as the object does that
    somebody brushes over, by `_MARGIN` of the region's width.
    """
    bounds = Box.around(mask)
    assert bounds is not None, "a question hides something"
    depth = distance_inside(mask[bounds.slices], edge=True)
    covered = depth > max(1.0, 2.0 * _MARGIN * float(depth.max()))
    foreign = picture.copy()
    view = foreign[bounds.slices]
    view[covered, :3] = 255 - view[covered, :3]
    return foreign


def blob(size: Size, random: np.random.Generator, share: float) -> Mask:
    """Return a rounded, irregular region somewhere wholly inside a picture.

    Args:
        size: of the picture.
        random: decides on place and shape.
        share: of the picture's shorter side, the region's mean diameter.
    """
    radius = share * min(size) / 2.0
    angles = np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)
    waves = sum(random.uniform(-0.12, 0.12) * np.cos(k * angles + random.uniform(0.0, 2.0 * np.pi)) for k in (2, 3, 5))
    reach = 1.4 * radius  # beyond any wave
    centre = [random.uniform(reach, max(reach, side - reach)) for side in size]
    outline = np.stack(
        [centre[0] + radius * (1 + waves) * np.cos(angles), centre[1] + radius * (1 + waves) * np.sin(angles)], 1
    )
    canvas = np.zeros((size.height, size.width), np.uint8)
    cv2.fillPoly(canvas, [np.rint(outline).astype(np.int32)], (1,))
    return canvas > 0


def strokes(size: Size, random: np.random.Generator, *, count: int, reach: float, width: float, apart: bool) -> Mask:
    """Return bent brush strokes.

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
            ends = [(int(x), int(y)) for x, y in (point, there)]
            cv2.line(canvas, ends[0], ends[1], (1,), thick, cv2.LINE_8)
            point = there
    return canvas > 0


def _cut(name: str, edge: str, share: float) -> Build:
    """Cut a share of the shorter side off one edge, or off all."""

    def build(photo: str, picture: Picture) -> Case | None:
        if picture.shape[2] == 4:  # a border is opaque, its truth is not
            return None
        height, width = picture.shape[:2]
        pixels = max(1, round(share * min(height, width)))
        sides = Sides(*(pixels,) * 4) if edge == "all" else Sides(**{edge: pixels})
        known = Box(sides.left, sides.top, width - sides.right, height - sides.bottom)
        mask = np.ones((height, width), bool)
        mask[known.slices] = False
        return Case(name, photo, picture[known.slices].copy(), sides, mask, picture)

    return build


def _grown(name: str, grow: Callable[[Size], Sides]) -> Build:
    """Grow a photo at display size to where nobody knows what is there."""

    def build(photo: str, picture: Picture) -> Case | None:
        if picture.shape[2] == 4:
            return None
        small = to_display(picture)
        height, width = small.shape[:2]
        sides = grow(Size(width, height))
        if not any(sides):
            return None
        mask = np.ones((height + sides.top + sides.bottom, width + sides.left + sides.right), bool)
        mask[sides.top : sides.top + height, sides.left : sides.left + width] = False
        return Case(name, photo, small, sides, mask, None)

    return build


def to_display(picture: Picture, *, side: int = DISPLAY_SIDE) -> Picture:
    """Return a picture shrunk to `side` px on its longer side; a smaller one as it is."""
    longer = max(picture.shape[:2])
    if longer <= side:
        return picture
    height, width = (max(1, round(n * side / longer)) for n in picture.shape[:2])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def to_shorter(picture: Picture, side: int) -> Picture:
    """Return a picture with `side` px on its shorter side."""
    scale = side / min(picture.shape[:2])
    if scale == 1.0:
        return picture
    height, width = (max(1, round(n * scale)) for n in picture.shape[:2])
    method = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


def to_aspect(size: Size, aspect: float) -> Sides:
    """Return what a picture lacks at its left and right to be `aspect` times as wide as high, in equal halves."""
    missing = max(0, round(aspect * size.height) - size.width)
    return Sides(left=missing // 2, right=missing - missing // 2)


def panorama(size: Size) -> Sides:
    """Return a growth to the right by `WINDOWS` half windows, each as high as the picture."""
    return Sides(right=WINDOWS * (size.height // 2))


def _object(size: Size, random: np.random.Generator) -> Mask:
    return blob(size, random, 0.245)


def _medium(size: Size, random: np.random.Generator) -> Mask:
    return blob(size, random, 0.12)


def _thin(size: Size, random: np.random.Generator) -> Mask:
    return strokes(size, random, count=3, reach=0.45, width=0.012, apart=False)


def _far(size: Size, random: np.random.Generator) -> Mask:
    return strokes(size, random, count=2, reach=0.15, width=0.035, apart=True)


def _border(edge: str, *, most: int) -> PhotoQuestion:
    name = f"border: {edge}"
    return PhotoQuestion(name, f"20 % of the shorter side cut off ({edge})", _cut(name, edge, 0.2), most=most)


DRIFT = "panorama of ten windows"
OBJECT, THIN, FAR, BORDER = "hole: object", "hole: thin strokes", "hole: far strokes", "border: right"

QUESTIONS: tuple[PhotoQuestion, ...] = (
    PhotoQuestion(OBJECT, "a blob of 24.5 % of the shorter side: 600 px in 12 MP", _hole(OBJECT, _object)),
    PhotoQuestion("hole: medium", "a blob of 12 %", _hole("hole: medium", _medium)),
    PhotoQuestion(THIN, "three bent strokes 1.2 % wide", _hole(THIN, _thin)),
    PhotoQuestion(FAR, "two strokes 3.5 % wide, far apart", _hole(FAR, _far)),
    *(_border(edge, most=8) for edge in ("left", "top", "right", "bottom")),
    _border("all", most=4),
    PhotoQuestion("growth to 16:9", "no truth", _grown("growth to 16:9", lambda size: to_aspect(size, 16 / 9)), most=4),
    PhotoQuestion(
        "growth to 8:1", "no truth", _grown("growth to 8:1", lambda size: to_aspect(size, 8.0)), fills=False, most=4
    ),
    PhotoQuestion(
        DRIFT, "grown to the right by ten half windows, no truth", _grown(DRIFT, panorama), fills=False, most=8
    ),
)
