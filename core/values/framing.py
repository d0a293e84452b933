"""How a picture is framed anew: turned by quarters, mirrored, straightened, cropped; and where it lies on what comes.

Knows nothing of documents or files. Turning, mirroring and cropping move pixels and change none of them; straightening
computes every pixel once, from the picture that it is given.
"""

from __future__ import annotations

from math import ceil, cos, floor, radians, sin
from typing import Any, NamedTuple, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from core.checks import LEAST_SIDE
from core.errors import BadRequest
from core.values.geometry import Box, Size

MOST_DEGREES = 15
"""Degrees by which a picture can be straightened either way: a horizon that is farther off was meant."""

_NEAR = 1e-3  # pixels: a corner on the edge of the straightened picture lies inside, whoever computed it
_STRIP = 256  # rows of a transparent picture straightened at a time: as numbers of 4 bytes, all of it would take 1 GB

Pixels = NDArray[np.uint8]
Plane = TypeVar("Plane", bound=np.generic)


class Turn(NamedTuple):
    """One of the eight ways in which a picture lies on the grid of pixels.

    Attributes:
        quarters: clockwise, 0 to 3.
        mirrored: left to right, before it is turned.
    """

    quarters: int = 0
    mirrored: bool = False

    @classmethod
    def numbered(cls, number: int) -> Turn:
        """Return the turn with a number from 0 to 7."""
        return cls(number % 4, number >= 4)

    @property
    def number(self) -> int:
        """Its number, 0 to 7: quarters, and 4 more if it is mirrored."""
        return self.quarters + 4 * self.mirrored

    @property
    def inverse(self) -> Turn:
        """The turn back."""
        return self if self.mirrored else Turn(-self.quarters % 4)

    def then(self, later: Turn) -> Turn:
        """Return this turn and another one after it as one."""
        quarters = later.quarters + (-self.quarters if later.mirrored else self.quarters)
        return Turn(quarters % 4, self.mirrored != later.mirrored)

    def size(self, size: Size) -> Size:
        """Return the size of a picture of a given size once it is turned."""
        return Size(size.height, size.width) if self.quarters % 2 else size

    def way(self, x: int, y: int) -> tuple[int, int]:
        """Turn the way from one point to another, right and down."""
        x = -x if self.mirrored else x
        for _ in range(self.quarters):
            x, y = -y, x
        return x, y

    def of(self, plane: NDArray[Plane]) -> NDArray[Plane]:
        """Return a view of a (H, W, ...) array, turned."""
        return np.rot90(plane[:, ::-1] if self.mirrored else plane, -self.quarters)


class Placing(NamedTuple):
    """Where a picture lies on another: its own left upper corner at (x, y), and turned about that."""

    x: int = 0
    y: int = 0
    turn: Turn = Turn()

    @property
    def inverse(self) -> Placing:
        """Where the other picture lies on this one."""
        back = self.turn.inverse
        return Placing(*back.way(-self.x, -self.y), back)

    def then(self, later: Placing) -> Placing:
        """Return where it lies on a third picture, on which the other one lies."""
        x, y = later.turn.way(self.x, self.y)
        return Placing(x + later.x, y + later.y, self.turn.then(later.turn))

    def box(self, box: Box) -> Box:
        """Return a box of the picture as a box of the other."""
        ends = [self.turn.way(*end) for end in (box[:2], box[2:])]
        (left, right), (top, bottom) = (sorted(places) for places in zip(*ends, strict=True))
        return Box(left, top, right, bottom).shifted(self.x, self.y)


UNMOVED = Placing()


class Framing(NamedTuple):
    """How a picture is framed anew: first turned, then straightened about its middle, then cropped.

    Attributes:
        turn: see `Turn`.
        degrees: clockwise, at most `MOST_DEGREES` either way; 0 moves pixels and changes none.
        box: what is kept, on the picture as it is after that, which has the size of the turned one; None for all, or
            for the largest rectangle without empty corners.
    """

    turn: Turn = Turn()
    degrees: float = 0.0
    box: Box | None = None

    def kept(self, size: Size) -> Box:
        """Return what is kept of a picture of a given size.

        Raises:
            BadRequest: if it reaches beyond the picture, or has a side below `LEAST_SIDE`.
        """
        if abs(self.degrees) > MOST_DEGREES:
            raise BadRequest(
                "degrees are {degrees:g}: give at most {most} either way.", degrees=self.degrees, most=MOST_DEGREES
            )
        size = self.turn.size(size)
        box = self.box or largest_box(size, self.degrees)
        if not _holds(size, self.degrees, box):
            raise BadRequest(
                "crop is {crop}: keep it within the picture of {picture_width}x{picture_height} px.",
                crop=tuple(box),
                picture_width=size.width,
                picture_height=size.height,
            )
        if min(box.size) < LEAST_SIDE:
            width, height = box.size
            raise BadRequest(
                "crop is {width}x{height} px: each side must be at least {least} px.",
                width=width,
                height=height,
                least=LEAST_SIDE,
            )
        return box

    def placing(self, size: Size) -> Placing | None:
        """Return where a picture of a given size lies on what comes of it; None if all pixels are new.

        Raises:
            BadRequest: as `kept` does.
        """
        box = self.kept(size)
        if self.degrees:
            return None
        turned = Placing(turn=self.turn).box(Box(0, 0, *size))
        return Placing(-turned.left - box.left, -turned.top - box.top, self.turn)

    def of(self, pixels: Pixels) -> Pixels:
        """Frame a picture anew.

        Args:
            pixels: (H, W, 3) or (H, W, 4) uint8.

        Returns:
            (h, w, 3 or 4) uint8, a new array.

        Raises:
            BadRequest: as `kept` does.
        """
        box = self.kept(Size(pixels.shape[1], pixels.shape[0]))
        turned = self.turn.of(pixels)
        if not self.degrees:
            return np.array(turned[box.slices], order="C")
        return _straightened(np.ascontiguousarray(turned), self.degrees, box)


def largest_box(size: Size, degrees: float) -> Box:
    """Return the largest rectangle that a straightened picture fills, in whole pixels."""
    width, height = _largest(size, radians(abs(degrees)))
    x, y = size.width / 2, size.height / 2
    return Box(
        ceil(x - width / 2),
        ceil(y - height / 2),
        floor(x + width / 2),
        floor(y + height / 2),
    )


def _largest(size: Size, angle: float) -> tuple[float, float]:
    """Return the sides of the largest upright rectangle in a rectangle that is turned by an angle."""
    across, down = sin(angle), cos(angle)
    long, short = max(size), min(size)
    if short <= 2 * across * down * long:  # two corners on the long sides, the others touch nothing
        wide, high = short / 2 / across, short / 2 / down
        return (wide, high) if size.width >= size.height else (high, wide)
    double = down * down - across * across
    return (
        (size.width * down - size.height * across) / double,
        (size.height * down - size.width * across) / double,
    )


def _holds(size: Size, degrees: float, box: Box) -> bool:
    """Tell whether a straightened picture fills a box."""
    angle = radians(degrees)
    for x in (box.left, box.right):
        for y in (box.top, box.bottom):
            right, below = x - size.width / 2, y - size.height / 2
            along, across = right * cos(angle) + below * sin(angle), below * cos(angle) - right * sin(angle)
            if abs(along) > size.width / 2 + _NEAR or abs(across) > size.height / 2 + _NEAR:
                return False
    return box.left < box.right and box.top < box.bottom


def _straightened(pixels: Pixels, degrees: float, box: Box) -> Pixels:
    """Turn a picture about its middle, clockwise, and cut out a box that it fills."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    matrix[:, 2] -= box.left, box.top
    if pixels.shape[2] == 3:
        return np.asarray(_warped(pixels, matrix, box.size), np.uint8)
    made = np.empty((box.size.height, box.size.width, 4), np.uint8)
    for top in range(0, box.size.height, _STRIP):
        strip = made[top : top + _STRIP]
        strip[:] = _transparent_strip(pixels, matrix, top, Size(box.size.width, strip.shape[0]))
    return made


def _warped(pixels: NDArray[Any], matrix: NDArray[Any], size: Size) -> NDArray[Any]:
    """Resample: what lies beyond an edge, half a filter's width at most, is like the edge."""
    return cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)


def _transparent_strip(pixels: Pixels, matrix: NDArray[Any], top: int, size: Size) -> Pixels:
    """Straighten some rows: colours count as much as they are seen, so that clear pixels do not bleed."""
    back = cv2.invertAffineTransform(matrix)
    rows = [back[1] @ (x, y, 1) for x in (0, size.width - 1) for y in (top, top + size.height - 1)]
    first, last = max(int(min(rows)) - 4, 0), int(max(rows)) + 5  # the filter reads two pixels beyond
    part = pixels[first:last].astype(np.float32)
    part[..., :3] *= part[..., 3:] / 255
    moved = matrix.copy()
    moved[:, 2] += matrix[:, 1] * first
    moved[1, 2] -= top
    warped = _warped(part, moved, size)
    warped[..., :3] *= 255 / np.maximum(warped[..., 3:], 1)
    return np.asarray(np.rint(np.clip(warped, 0, 255)), np.uint8)
