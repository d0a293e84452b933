"""One level prepared for searching: which patches are to be filled, which may be copied, and their descriptors.

Knows nothing of how a hole begins or how matches are used. A place is the index of a patch's middle into the level's
h * w pixels, so that moving by one pixel is an addition.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import describe, low_pass
from core.canvas.finish.pyramid import Level, Mask, Picture
from core.plumbing.crew import Crew
from core.values.geometry import Box, Size

Places = NDArray[np.int32]

JUMPS = (4, 2, 1)
"""Distances in pixels of neighbours whose matches are continued, the last twice (docs/finish.md, section 4)."""
_GRAIN = 3.0
"""Weight of a difference in grain beside one of colour; chosen by measurement (docs/finish.md, section 4)."""


@dataclass(frozen=True, eq=False)
class Guide:
    """The model's picture of what is missing, at the resolution that its pixels carry.

    Attributes:
        wanted: (h, w, 3) float32, the model's picture of this level, low-passed.
        photo: (h, w, 3) float32, the level's known pixels, low-passed in the same way.
        weight: of the difference per pixel of these, beside the difference of the patch itself; above 0.
    """

    wanted: Picture
    photo: Picture
    weight: float

    def numbers(self, picture: Picture, places: Places, patch: int) -> NDArray[np.float32]:
        """Return (n, 15) float32: weighted colours of `wanted` or `photo` at five points of each patch."""
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
        guide: see `Guide`; None to use the photo alone.
        crew: threads that do the work.
        row: (h * w,) int32, each place's row in `described`; -1 where nothing may be copied.
        described: (n, d) float32, descriptors of the patches that may be copied.
        grain: (h * w, 2) float32, mean steps of known lightness around each place, horizontal and vertical.
        targets: (m,) int32 places, ascending, of the patches that touch the hole.
        number: (h * w,) int32, each place's index into `targets`; m if it is no target.
        beside: (3, 4, m) int32, by jump and direction: index of the target at that distance, or m.
        away: (4,) int32, the directions as differences of places.
        over_rim: (k,) int64, indices of the targets that contain a known pixel.
        shares: (m,) float32, weight of each target's vote, smaller deeper inside the hole.
    """

    def __init__(
        self,
        level: Level,
        patch: int,
        allowed: Mask | None = None,
        guide: Guide | None = None,
        crew: Crew | None = None,
    ) -> None:
        """Prepare a level.

        Args:
            level: the level.
            patch: side of a patch, odd.
            allowed: (h, w) bool, middles of patches that may be copied if they are whole; None allows all.
            guide: see above.
            crew: see above; None for the calling thread alone.
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
        """Number of patches that may be copied."""
        return len(self.described)

    @property
    def width(self) -> int:
        """Pixels per row."""
        return self.level.size[1]

    def asked(self, picture: Picture, places: Places) -> NDArray[np.float32]:
        """Describe the targets, (m, d) float32.

        Args:
            picture: (h, w, 3) float32, the level with its hole filled.
            places: (m,) int32, the source of each target, whose grain it takes.
        """
        asked = [describe(picture, self.targets, self.patch, self.crew), self._copied_grain(places)]
        return np.hstack(asked if self._wanted is None else [*asked, self._wanted])

    def _copied_grain(self, places: Places) -> NDArray[np.float32]:
        """Return the mean grain (m, 2) float32 of each target's patch; reads the hole's neighbourhood only."""
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
        """Find where each pixel (n,) lies in the patch copied onto it: in its middle, except at the picture's edge.

        Args:
            places: (m,) int32, the source of each target.
            pixels: (n,) int32, of the hole.
        """
        height, width = self.level.size
        reach = self.patch // 2
        y, x = np.divmod(pixels, width)
        middle = y.clip(reach, height - 1 - reach) * width + x.clip(reach, width - 1 - reach)
        return np.asarray(places[self.number[middle]] + (pixels - middle), np.int32)

    def nearest_source(self, places: Places) -> Places:
        """Move each place to the nearest one that may be copied."""
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
"""Factor by which a patch's vote falls per pixel of depth, and the depth in pixels where it stops falling
(docs/finish.md, section 4)."""


def _inwards(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.float32(_INWARDS) ** -np.minimum(depth, _DEEPEST), np.float32)


def _grain(level: Level, patch: int) -> NDArray[np.float32]:
    """Return the mean steps (h * w, 2) float32 of known lightness at each place, weighted like a patch's colours."""
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
    """Find the middles of the patches inside the picture that touch the hole."""
    kernel = np.ones((patch, patch), np.uint8)
    touching = cv2.dilate(level.hole.astype(np.uint8), kernel) > 0
    inside = np.zeros_like(touching)
    reach = patch // 2
    inside[reach : touching.shape[0] - reach, reach : touching.shape[1] - reach] = True
    return np.flatnonzero(touching & inside).astype(np.int32)
