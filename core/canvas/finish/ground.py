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
from core.canvas.finish.descriptors import describe
from core.canvas.finish.pyramid import Level, Mask, Picture

Places = NDArray[np.int32]

JUMPS = (4, 2, 1)
"""Pixels from which neighbours' continuations are tried; the last is tried twice."""


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
        self.described = describe(level.picture, places, patch, self.crew)
        if guide is not None:
            self.described = np.hstack([self.described, guide.numbers(guide.photo, places, patch)])
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

    def asked(self, picture: Picture) -> NDArray[np.float32]:
        """Return (m, d) float32: what the targets look like in a picture, (h, w, 3) float32, beside the guide's."""
        described = describe(picture, self.targets, self.patch, self.crew)
        return described if self._wanted is None else np.hstack([described, self._wanted])

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


def _targets(level: Level, patch: int) -> Places:
    """Return the middles of the patches within the picture that touch the hole."""
    kernel = np.ones((patch, patch), np.uint8)
    touching = cv2.dilate(level.hole.astype(np.uint8), kernel) > 0
    inside = np.zeros_like(touching)
    reach = patch // 2
    inside[reach : touching.shape[0] - reach, reach : touching.shape[1] - reach] = True
    return np.flatnonzero(touching & inside).astype(np.int32)
