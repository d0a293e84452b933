"""Questions about a photo: which part is hidden or cut off, drawn by seeded geometry; asking methods the questions.

Knows nothing of editors, figures or files. Lengths are shares of the photo's shorter side, so that one rule serves a
picture of 256 px and one of 12 megapixels; nothing is chosen for one photo by hand.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from tqdm import tqdm

from core.lab.evaluation.metrics import Mask, Picture
from core.values.geometry import Box, Sides, Size, distance_inside
from core.values.result import EditResult

DISPLAY_SIDE = 1024
"""Longer side, in pixels, of a picture as it is shown whole on a screen."""
_DRAWS = 64  # places that are tried for a hole beside transparent pixels
_MARGIN = 0.12  # share of a brushed region's width between the planted object and the brush's edge, at either side


@dataclass(frozen=True, eq=False)
class Photo:
    """One photo.

    Attributes:
        name: of the file.
        pixels: (H, W, 3 or 4) uint8.
        number: position in its set; None if the name alone identifies it.
        label: class index; None if unknown.
    """

    name: str
    pixels: Picture
    number: int | None = None
    label: int | None = None

    @property
    def seed(self) -> int:
        """Seed of everything drawn for it: its number, or a digest of its name, independent of the other photos."""
        return zlib.crc32(self.name.encode()) if self.number is None else self.number


@dataclass(frozen=True, eq=False)
class Case:
    """One question about one photo.

    Attributes:
        question: its name.
        photo, seed, label: the photo's name, seed and class.
        given: (h, w, 3 or 4) uint8, the methods' input: a photo, its hole covered or not, or a part of it.
        sides: pixels by which `given` is to grow; all 0 for a hole.
        mask: (H, W) bool on the grown canvas, True = to be painted.
        truth: (H, W, 3 or 4) uint8, the photo's own pixels; None if there are none.
    """

    question: str
    photo: str
    seed: int
    label: int | None
    given: Picture
    sides: Sides
    mask: Mask
    truth: Picture | None

    @property
    def size(self) -> Size:
        """Size of the canvas."""
        return Size(self.mask.shape[1], self.mask.shape[0])

    @property
    def inner(self) -> Box:
        """Where `given` lies on the canvas."""
        height, width = self.given.shape[:2]
        return Box(self.sides.left, self.sides.top, self.sides.left + width, self.sides.top + height)

    @property
    def is_hole(self) -> bool:
        """Whether a hole is asked for, not a border."""
        return not any(self.sides)

    def canvas(self) -> Picture:
        """Lay the known pixels on the whole canvas, a new array; a border is 0."""
        canvas = np.zeros((*self.mask.shape, self.given.shape[2]), np.uint8)
        canvas[self.inner.slices] = self.given
        return canvas


@dataclass(frozen=True)
class Question:
    """One question about any photo.

    Attributes:
        name: as in the report.
        make: (name of the question, photo) -> the case; None if it does not fit the photo.
        about: one sentence for the report.
        fills: whether methods without learning are asked too; they only smear over a border as long as a panorama's.
        most: largest number of photos asked about, spread over all, if an answer takes many windows.
        share: of the photos asked about, likewise, 0 < share <= 1.
    """

    name: str
    make: Callable[[str, Photo], Case | None]
    about: str = ""
    fills: bool = True
    most: int | None = None
    share: float = 1.0

    def build(self, photo: Photo) -> Case | None:
        """Build the case of a photo, the same on every machine; None if the question does not fit it."""
        return self.make(self.name, photo)


Draw = Callable[[Size, np.random.Generator], Mask]
"""(size of the picture, random numbers) -> (H, W) bool, True = hidden."""


def holed(name: str, photo: Photo, *, draw: Draw, plant: bool = False) -> Case | None:
    """Hide a part of a photo that is wholly opaque.

    Args:
        name: of the question.
        photo: to be asked about.
        draw: draws the hole.
        plant: put a foreign object into the hole, which must not show through the answer.
    """
    height, width = photo.pixels.shape[:2]
    random = np.random.Generator(np.random.PCG64(photo.seed))
    opaque = np.ones((height, width), bool) if photo.pixels.shape[2] == 3 else photo.pixels[..., 3] == 255
    for _ in range(_DRAWS):
        mask = draw(Size(width, height), random)
        if opaque[mask].all():
            given = planted(photo.pixels, mask) if plant else photo.pixels
            return Case(name, photo.name, photo.seed, photo.label, given, Sides(), mask, photo.pixels)
    return None


def planted(picture: Picture, mask: Mask) -> Picture:
    """Put a foreign object into the mask of a picture: the photo itself in inverted colours.

    It keeps `_MARGIN` of the region's width away from the mask's edge, as an object does that somebody brushes over.
    """
    bounds = Box.around(mask)
    assert bounds is not None, "a question hides something"
    depth = distance_inside(mask[bounds.slices], edge=True)
    covered = depth > max(1.0, 2.0 * _MARGIN * float(depth.max()))
    foreign = picture.copy()
    view = foreign[bounds.slices]
    view[covered, :3] = 255 - view[covered, :3]
    return foreign


def cut_off(name: str, photo: Photo, *, shares: Mapping[str, float]) -> Case | None:
    """Cut shares of the shorter side off a photo's sides; None for a transparent photo, because borders are opaque."""
    if photo.pixels.shape[2] == 4:
        return None
    height, width = photo.pixels.shape[:2]
    sides = Sides(**{side: max(1, round(share * min(height, width))) for side, share in shares.items()})
    known = Box(sides.left, sides.top, width - sides.right, height - sides.bottom)
    return _bordered(name, photo, photo.pixels[known.slices].copy(), sides, photo.pixels)


def grown(name: str, photo: Photo, *, grow: Callable[[Size], Sides]) -> Case | None:
    """Grow a photo at display size beyond its edges, where no truth is known."""
    small = to_display(photo.pixels)
    sides = grow(Size(small.shape[1], small.shape[0]))
    return None if small.shape[2] == 4 or not any(sides) else _bordered(name, photo, small, sides, None)


def _bordered(name: str, photo: Photo, given: Picture, sides: Sides, truth: Picture | None) -> Case:
    height, width = given.shape[:2]
    mask = np.ones((height + sides.top + sides.bottom, width + sides.left + sides.right), bool)
    case = Case(name, photo.name, photo.seed, photo.label, given, sides, mask, truth)
    mask[case.inner.slices] = False
    return case


def to_display(picture: Picture) -> Picture:
    """Shrink a picture to `DISPLAY_SIDE` px on its longer side; return a smaller one as it is."""
    longer = max(picture.shape[:2])
    return _scaled(picture, min(longer, DISPLAY_SIDE), longer)


def to_shorter(picture: Picture, side: int) -> Picture:
    """Scale a picture to `side` px on its shorter side."""
    return _scaled(picture, side, min(picture.shape[:2]))


def _scaled(picture: Picture, side: int, own: int) -> Picture:
    """Scale a picture so that a side of `own` px has `side` px."""
    if side == own:
        return picture
    height, width = (max(1, round(n * side / own)) for n in picture.shape[:2])
    method = cv2.INTER_AREA if side < own else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)


@dataclass(frozen=True, eq=False)
class Painted:
    """What a method made of one case.

    Attributes:
        picture: (H, W, 3 or 4) uint8, the whole canvas; the first ranked of several.
        figures: measured while it was made, seconds included.
        result: of an engine that drew several variations; None otherwise.
    """

    picture: Picture
    figures: Mapping[str, float] = field(default_factory=dict)
    result: EditResult | None = None


Method = Callable[[Case], Painted]


def answered(
    question: Question, photos: Sequence[Photo], methods: Mapping[str, Method]
) -> Iterator[tuple[Case, dict[str, Painted]]]:
    """Yield each photo's case and every method's answer by name; photos that do not fit are left out."""
    for photo in tqdm(photos, desc=question.name, leave=False, disable=None):
        case = question.build(photo)
        if case is not None:
            yield case, {name: method(case) for name, method in methods.items()}
