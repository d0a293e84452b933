"""One level laid out for searching: which patches are sought, which may be copied, and what each looks like.

Knows nothing of how a hole begins or of what is done with what is found. Places are indices of patches' middles into
the level's h * w pixels, so that a step of one pixel is a sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.crew import Crew
from core.canvas.finish.descriptors import describe, low_pass
from core.canvas.finish.pyramid import Level, Mask, Picture
from core.values.geometry import Box, Size

Places = NDArray[np.int32]

JUMPS = (4, 2, 1)
"""Pixels from which neighbours' continuations are tried; the last is tried twice."""
_GRAIN = 3.0
"""Weight of a difference in grain beside one of colour. What a vote paints is a mean and so a little smoother than its
sources, which makes smoother ones look nearer at the next search, until grass is a smooth slope. Grain is copied, not
averaged (Newson et al. 2014), and holds against that: where a rock was taken off a meadow, all of eight pictures had
smooth patches without it, and none has with it. The distance to the truth of 15 other holes stays what it was (0.959
and 0.955 times PatchMatch's); with 6 it grows by 3 %."""


@dataclass(frozen=True, eq=False)
class Guide:
    """What the model thinks is there, as far as its pixels can say.

    Attributes:
        wanted: (h, w, 3) float32, the model's picture of this level, low-passed.
        photo: (h, w, 3) float32, the level's known pixels, low-passed likewise.
        weight: of a pixel's difference of these beside the patch's own, above 0.
    """

    wanted: Picture
    photo: Picture
    weight: float

    def numbers(self, picture: Picture, places: Places, patch: int) -> NDArray[np.float32]:
        """Return (n, 15) float32: colours of `wanted` or `photo` at five points of each patch, weighed."""
        height, width = picture.shape[:2]
        y, x = np.divmod(places, width)
        reach = patch // 2
        points = [
            picture[(y + dy * reach).clip(0, height - 1), (x + dx * reach).clip(0, width - 1)]
            for dy, dx in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))
        ]
        scale = np.float32((self.weight * patch * patch / len(points)) ** 0.5)
        return np.concatenate(points, 1) * scale


class Ground:
    """The patches of a level.

    Attributes:
        level: the level.
        patch: side of a patch, odd.
        guide: see `Guide`; None where the photo alone counts.
        crew: whoever does the work on it.
        row: (h * w,) int32, each place's row in `described`; -1 where nothing may be copied.
        described: (n, d) float32, what may be copied.
        grain: (h * w, 2) float32, mean steps of known lightness about each place, across and down.
        targets: (m,) int32 places, ascending, of the patches that touch the hole.
        number: (h * w,) int32, each place's index into `targets`; m where it is none.
        beside: (3, 4, m) int32, by jump and direction: index of the target so far away, or m.
        away: (4,) int32, the directions as steps of places.
        over_rim: (k,) int64, indices of the targets that hold a known pixel.
        shares: (m,) float32, how much a target's say counts: less, the farther inside.
    """

    def __init__(
        self,
        level: Level,
        patch: int,
        allowed: Mask | None = None,
        guide: Guide | None = None,
        crew: Crew | None = None,
    ) -> None:
        """Lay out a level.

        Args:
            level: the level.
            patch: side of a patch, odd.
            allowed: (h, w) bool, middles of patches that may be copied, as far as they are whole; None allows all.
            guide: see above.
            crew: see above; None for nobody but the caller.
        """
        self.level, self.patch, self.guide, self.crew = level, patch, guide, crew or Crew(1)
        height, width = level.size
        sources = level.whole_patches(patch)
        if allowed is not None:
            sources = sources & allowed
        places = np.flatnonzero(sources).astype(np.int32)
        self.row = np.full(height * width, -1, np.int32)
        self.row[places] = np.arange(len(places), dtype=np.int32)
        self.grain = _grain(level, patch)
        described = [describe(level.picture, places, patch, self.crew), self.grain.take(places, 0)]
        if guide is not None:
            described.append(guide.numbers(guide.photo, places, patch))
        self.described = np.hstack(described)
        self.targets = _targets(level, patch)
        count = len(self.targets)
        self.number = np.full(height * width, count, np.int32)
        self.number[self.targets] = np.arange(count, dtype=np.int32)
        self.away = np.array([-width, width, -1, 1], np.int32)
        self.beside = np.stack(
            [[self.number.take(self.targets + jump * step, mode="clip") for step in self.away] for jump in JUMPS]
        )
        depth = level.depth.ravel()[self.targets]
        self.over_rim = np.flatnonzero(depth <= patch // 2)
        self.shares = _inwards(depth)
        self._wanted = None if guide is None else guide.numbers(guide.wanted, self.targets, patch)

    @property
    def sources(self) -> int:
        """How many patches may be copied."""
        return len(self.described)

    @property
    def width(self) -> int:
        """Pixels in a row."""
        return self.level.size[1]

    def asked(self, picture: Picture, places: Places) -> NDArray[np.float32]:
        """Return (m, d) float32: what the targets look like.

        Args:
            picture: (h, w, 3) float32, the level with its hole filled.
            places: (m,) int32, what each target copies, whose grain it has.
        """
        asked = [describe(picture, self.targets, self.patch, self.crew), self._copied_grain(places)]
        return np.hstack(asked if self._wanted is None else [*asked, self._wanted])

    def _copied_grain(self, places: Places) -> NDArray[np.float32]:
        """Return (m, 2) float32: the mean grain of each target's patch; only what lies about the hole is looked at."""
        height, width = self.level.size
        box = Box.around(self.level.hole)
        assert box is not None, "there is a hole"
        box = box.grown(self.patch).clamped(Size(width, height))
        grain = self.grain.reshape(height, width, 2)[box.slices].copy()
        hole = np.flatnonzero(self.level.hole).astype(np.int32)
        grain[self.level.hole[box.slices]] = self.grain.take(self.copied_from(places, hole), 0)
        y, x = np.divmod(self.targets, width)
        return np.asarray(cv2.blur(grain, (self.patch, self.patch))[y - box.top, x - box.left], np.float32)

    def copied_from(self, places: Places, pixels: Places) -> Places:
        """Return where each pixel (n,) lies in the patch that is copied onto it: in its middle, unless at the edge.

        Args:
            places: (m,) int32, what each target copies.
            pixels: (n,) int32, of the hole.
        """
        height, width = self.level.size
        reach = self.patch // 2
        y, x = np.divmod(pixels, width)
        middle = y.clip(reach, height - 1 - reach) * width + x.clip(reach, width - 1 - reach)
        return np.asarray(places[self.number[middle]] + (pixels - middle), np.int32)

    def nearest_source(self, places: Places) -> Places:
        """Return each place, moved to the nearest one that may be copied where it is none."""
        output = places.copy()
        astray = np.flatnonzero(self.row.take(places, mode="clip") < 0)
        if len(astray):
            blocked = (self.row < 0).astype(np.uint8).reshape(self.level.size)
            labels = cv2.distanceTransformWithLabels(blocked, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1].ravel()
            free = np.flatnonzero(self.row >= 0)
            place_of = np.zeros(int(labels.max()) + 1, np.int32)
            place_of[labels[free]] = free
            output[astray] = place_of[labels.take(places[astray], mode="clip")]
        return output


_INWARDS, _DEEPEST = 1.3, 24
"""A patch counts so many times less for each pixel that it lies farther inside, so that agreement with what is known
spreads inwards; not beyond so many pixels, where its weight would vanish in float32."""


def _inwards(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.float32(_INWARDS) ** -np.minimum(depth, _DEEPEST), np.float32)


def _grain(level: Level, patch: int) -> NDArray[np.float32]:
    """Return (h * w, 2) float32: mean steps of known lightness about each place, weighed as a patch's colours are."""
    light = level.picture.mean(2)
    planes = []
    for across, down in ((1, 0), (0, 1)):
        first = slice(None, -down or None), slice(None, -across or None)
        second = slice(down, None), slice(across, None)
        both = np.zeros_like(level.known)
        both[first] = level.known[first] & level.known[second]
        steps = np.zeros_like(light)
        steps[first] = np.abs(light[second] - light[first])
        planes.append(low_pass(steps, both, patch / 2))
    return np.asarray(np.stack(planes, 2).reshape(-1, 2) * np.float32(_GRAIN * patch), np.float32)


def _targets(level: Level, patch: int) -> Places:
    """Return the middles of the patches within the picture that touch the hole."""
    kernel = np.ones((patch, patch), np.uint8)
    touching = cv2.dilate(level.hole.astype(np.uint8), kernel) > 0
    inside = np.zeros_like(touching)
    reach = patch // 2
    inside[reach : touching.shape[0] - reach, reach : touching.shape[1] - reach] = True
    return np.flatnonzero(touching & inside).astype(np.int32)
