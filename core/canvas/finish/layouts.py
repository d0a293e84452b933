"""The ways to lay out a hole at a small size, and the work from there up to the photo's own size.

Knows nothing of ranking, threads or files. Each layout draws from its own seed, so its result does not depend on the
others.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import low_pass
from core.canvas.finish.ground import Ground, Guide, Places
from core.canvas.finish.onion import Peel, peel
from core.canvas.finish.pyramid import Level, Mask, Picture, halvings, shrunk
from core.canvas.finish.search import Field, costs_of, improve
from core.canvas.finish.surface import Bands, surfaced
from core.canvas.finish.vote import ballots, unshifted, vote
from core.plumbing.crew import Crew
from core.values.geometry import Box, Size

SMALL = 64
"""Inner width in pixels of a hole at which layouts compete: the best of five measured (docs/finish.md, section 2)."""
_FINE_PATCH, _PATCH = 5, 7
"""Side in pixels of a patch at the photo's own size, and at coarser ones (docs/finish.md, section 2)."""
_ITERATIONS = (4, 5, 5, 6)
"""Searches and votes per level, finest first; the last also holds for coarser levels (docs/finish.md, section 4)."""
_TRIALS = (0, 1, 2, 4)
"""Random places per patch, likewise: few at the finest levels keeps texture whole (docs/finish.md, section 4)."""
_MOST_ROUNDS = 5
"""Rounds of the search at the coarsest levels (docs/finish.md, section 4)."""
_MOST_SOURCES = 400_000
"""Patches described per level, 40 MB of descriptors; with more, only those near the coarser level's matches count."""
_STRAY = 8
"""Distance in pixels from those matches: two of the longest jumps of the search, so that it can still move."""
_FEWEST = 150
"""Fewest source patches for a level to be laid out on: a 12 x 12 choice; below that, a finer level is used."""
_GUIDE_BLUR = 2.0
"""Sigma of the guide's low pass, in the model's own pixels; below it the guide is blank (docs/finish.md, section 2)."""


@dataclass(frozen=True)
class Layout:
    """One way to begin.

    Attributes:
        peel: how the hole is laid at the coarsest level.
        coarse: greatest inner width of the hole at that level, in pixels.
        reach: how far around the hole sources are searched, as a share of its length.
        rows: cost in the peel of copying from another height, in squared levels per pixel, from the picture's top to
            its bottom. What lies at one height looks alike: sky beside sky, houses beside houses.
    """

    peel: Peel = Peel()
    coarse: int = SMALL
    reach: float = 0.6
    rows: float = 0.0


HOLES = (
    Layout(),
    Layout(Peel(half=True)),
    Layout(Peel(rough=3.0)),
    Layout(Peel(patch=5)),
    Layout(reach=1.0),
    Layout(Peel(patch=9), coarse=32),
    Layout(coarse=32),
    Layout(Peel(patch=9), coarse=24),
)
STROKES = (HOLES[0], HOLES[3], HOLES[2])
"""Three of the eight: a stroke is thin, and its layouts differ less (docs/finish.md, section 6)."""
BORDERS = (
    Layout(Peel(patch=9), reach=0.25, rows=60.0),
    Layout(reach=0.4, rows=60.0),
    Layout(Peel(rough=3.0), reach=0.4, rows=60.0),
    Layout(Peel(patch=9), reach=0.15, rows=60.0),
    Layout(Peel(patch=5), reach=0.25, rows=60.0),
    Layout(reach=0.25, rows=120.0),
)
"""A border has the photo on one side only: what is near and at the same height continues. Without a price on rows,
objects at the edge are copied to wherever there is room. Chosen on 24 photos: assets/experiments/photos/report.md."""


_STROKE = 16
"""Inner width in pixels up to which a hole counts as a stroke: about two patches, so there is little to lay out."""


def kinds_of(border: bool, width: float) -> tuple[Layout, ...]:
    """Choose the layouts of a hole by its inner width, in its own pixels."""
    if width <= _STROKE:
        return STROKES
    return BORDERS if border else HOLES


@dataclass(eq=False)
class State:
    """Progress of one layout.

    Attributes:
        index: of its level, 0 for the finest.
        ground: that level, prepared for searching.
        field: the matches.
        picture: (h, w, 3) float32, the level with its hole filled.
        rng: its own random numbers.
    """

    index: int
    ground: Ground
    field: Field
    picture: Picture
    rng: np.random.Generator


class Scene:
    """One hole with its surroundings at all sizes, shared by all its layouts.

    Args:
        level: the work area at its own size.
        span: the hole's length in pixels, of which a layout's reach is a share.
        crew: does the work.
    """

    def __init__(self, level: Level, span: int, crew: Crew) -> None:
        self.crew = crew
        self.span = span
        self.levels: list[Level] = []
        for each in halvings(level):
            crew.pause()
            if self.levels and not _worth(each):
                break
            self.levels.append(each)
            if each.inner_width() <= min(layout.coarse for layout in HOLES):
                break
        self.small = self._first(SMALL)
        self._grounds: dict[tuple[int, float], Ground] = {}
        self._bands: Bands | None = None
        self._lock = threading.Lock()

    def _first(self, width: int) -> int:
        """Find the finest level at which the hole's inner width is at most `width`, or the coarsest level."""
        fitting = (index for index, level in enumerate(self.levels) if level.inner_width() <= width)
        return next(fitting, len(self.levels) - 1)

    def reach(self, index: int, share: float) -> int:
        """Return how far around the hole sources are searched, in the level's pixels."""
        return (round(share * self.span) + 16 >> index) + 2

    def ground(self, index: int, share: float) -> Ground:
        """Prepare a level without a guide; shared by all that ask."""
        with self._lock:
            if (index, share) not in self._grounds:
                level = self.levels[index]
                self._grounds[index, share] = Ground(
                    level, self.patch(index), self._allowed(index, share), crew=self.crew
                )
            return self._grounds[index, share]

    def patch(self, index: int) -> int:
        """Return the side of a patch at a level."""
        return _PATCH if index else _FINE_PATCH

    def _allowed(self, index: int, share: float) -> Mask:
        """Find the places within reach of the hole; all places if these are too few."""
        level = self.levels[index]
        near = level.near(self.reach(index, share))
        enough = np.count_nonzero(level.whole_patches(self.patch(index)) & near) >= _FEWEST
        return near if enough else np.ones(level.size, np.bool_)

    # beginning --------------------------------------------------------------------------------------------------------
    def begin(self, layout: Layout, seed: int | Sequence[int], thought: Thought | None = None) -> State:
        """Lay the hole out at the level where all compete.

        Args:
            layout: how it begins.
            seed: of its random numbers.
            thought: the guide that leads it, or None.
        """
        index = self._first(layout.coarse) if thought is None else self.small
        index = max(index, self.small)
        rng = np.random.Generator(np.random.PCG64(seed))
        guide = None if thought is None else thought.at(self.levels[index], index)
        ground = self._led(index, guide) if guide else self.ground(index, layout.reach)
        sources = self.levels[index].whole_patches(layout.peel.patch) & self._allowed(index, layout.reach)
        if not sources.any():
            layout = replace(layout, peel=replace(layout.peel, patch=ground.patch))
            sources = (ground.row >= 0).reshape(ground.level.size)
        reach = self.reach(index, layout.reach)
        slope = layout.rows / self.levels[index].size[0]
        picture, origin = peel(
            ground.level, layout.peel, sources, reach=reach, guide=guide, slope=slope, pause=self.crew.pause
        )
        state = State(index, ground, Field(_from_peel(ground, origin), np.zeros(0, np.float32)), picture, rng)
        self._settle(state)
        while state.index > self.small:
            state = self._finer(state, self.ground(state.index - 1, layout.reach))
            self._settle(state)
        return state

    def _led(self, index: int, guide: Guide) -> Ground:
        return Ground(self.levels[index], self.patch(index), self._allowed(index, 1.0), guide, self.crew)

    def onward(self, state: State) -> State:
        """Take a state to the next finer level; the given state must not be used again."""
        state = self._finer(state, self._around(state))
        self._settle(state)
        return state

    def shown(self, state: State) -> NDArray[np.uint8]:
        """Draw a state as (h, w, 3) uint8 at the finest level's size; valid inside the hole only."""
        (height, width), times = self.levels[0].size, 1 << state.index
        near = self._holed(state.index)
        grown = cv2.resize(state.picture[near.slices], None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        top, left = near.top * times, near.left * times
        grown = grown[: height - top, : width - left]
        output = np.zeros((height, width, 3), np.uint8)
        output[top : top + len(grown), left : left + grown.shape[1]] = np.rint(grown).clip(0, 255)
        return output

    def _holed(self, index: int) -> Box:
        """Box of a level's hole with the rim that enlarging it needs."""
        level = self.levels[index]
        box = Box.around(level.hole)
        assert box is not None, "there is a hole"
        return box.grown(2).clamped(Size(level.size[1], level.size[0]))

    def surface(self, state: State) -> tuple[NDArray[np.float32], Places]:
        """Compute the hole's colours and sources at the finest level; see `surfaced`."""
        asked = state.ground.asked(state.picture, state.field.places)
        state.field.costs = costs_of(state.ground, asked, state.field.places)
        ballot = ballots(state.ground, asked, state.field)
        del asked
        with self._lock:
            self._bands = self._bands or Bands.of(self.levels[0])
        return surfaced(state.ground, self._bands, ballot, state.field)

    # from level to level ----------------------------------------------------------------------------------------------
    def _settle(self, state: State) -> None:
        """Search and vote at a state's level, in place."""
        ground, kind = state.ground, min(state.index, len(_ITERATIONS) - 1)
        hole = np.flatnonzero(ground.level.hole).astype(np.int32)
        picture = state.picture.copy()
        for _ in range(_ITERATIONS[kind]):
            asked = ground.asked(picture, state.field.places)
            state.field.costs = costs_of(ground, asked, state.field.places)
            for _ in range(min(1 + state.index, _MOST_ROUNDS)):
                reach = max(ground.level.size) >> (2 if state.index == 0 else 1)
                improve(ground, asked, state.field, state.rng, rounds=1, trials=_TRIALS[kind], reach=reach)
            ballot = ballots(ground, asked, state.field)
            picture.reshape(-1, 3)[hole] = vote(ground, ground.level.copied, ballot, state.field, hole)
        state.picture = picture

    def _around(self, state: State) -> Ground:
        """Prepare the next finer level: shared if it is small, else near the state's matches only."""
        index = state.index - 1
        level = self.levels[index]
        if np.count_nonzero(level.known) <= _MOST_SOURCES:
            return self.ground(index, 1.0)
        height, width = level.size
        y, x = np.divmod(np.unique(state.field.places), state.ground.width)
        near = np.zeros(level.size, np.uint8)
        near[(2 * y).clip(0, height - 1), (2 * x).clip(0, width - 1)] = 1
        allowed = cv2.dilate(near, np.ones((2 * _STRAY + 1,) * 2, np.uint8)) > 0
        return Ground(level, self.patch(index), allowed, crew=self.crew)

    def _finer(self, state: State, ground: Ground) -> State:
        """Move a state to the next finer level: scale its field, and vote once with that level's own pixels."""
        coarse = state.ground
        height, width = coarse.level.size
        rim = coarse.patch // 2
        y, x = np.divmod(ground.targets, ground.width)
        above = (y // 2).clip(rim, height - 1 - rim) * width + (x // 2).clip(rim, width - 1 - rim)
        number = coarse.number[above]
        number = np.where(number < len(coarse.targets), number, 0)
        to_y, to_x = np.divmod(state.field.places[number], width)
        from_y, from_x = np.divmod(coarse.targets[number], width)
        fine_y = (2 * (to_y - from_y) + y).clip(0, ground.level.size[0] - 1)
        fine_x = (2 * (to_x - from_x) + x).clip(0, ground.level.size[1] - 1)
        places = ground.nearest_source((fine_y * ground.width + fine_x).astype(np.int32))
        costs = state.field.costs[number] * np.float32((ground.patch / coarse.patch) ** 2)
        field = Field(places, costs)
        hole = np.flatnonzero(ground.level.hole).astype(np.int32)
        picture = ground.level.picture.copy()
        picture.reshape(-1, 3)[hole] = vote(ground, ground.level.copied, unshifted(ground, costs), field, hole)
        return State(state.index - 1, ground, field, picture, state.rng)


@dataclass(frozen=True, eq=False)
class Thought:
    """A guide: the model's picture of the crop.

    Attributes:
        picture: (h, w, 3) float32, at the finest level's size.
        pixel: side of the model's own pixels in it.
        weight: see `Guide`.
    """

    picture: Picture
    pixel: float
    weight: float

    def at(self, level: Level, index: int) -> Guide:
        """Prepare the guide for a level."""
        small = shrunk(self.picture, index)
        sigma = max(1.0, _GUIDE_BLUR * self.pixel / 2**index)
        return Guide(low_pass(small, None, sigma), low_pass(level.picture, level.known, sigma), self.weight)


def _worth(level: Level) -> bool:
    """Tell whether a level is large enough to lay a hole out on it."""
    least = 2 * _PATCH + 2
    return min(level.size) >= least and int(np.count_nonzero(level.whole_patches(_PATCH))) >= _FEWEST


def _from_peel(ground: Ground, origin: Places) -> Places:
    """Choose a source for each target: where its own pixel was laid from, else a continuation of the nearest one."""
    hole = ground.level.hole.ravel()
    outside = (~ground.level.hole).astype(np.uint8)
    labels = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)[1].ravel()
    laid = np.flatnonzero(hole)
    pixel_of = np.zeros(int(labels.max()) + 1, np.int32)
    pixel_of[labels[laid]] = laid
    nearest = pixel_of[labels[ground.targets]]
    places = origin[nearest] + (ground.targets - nearest)
    return ground.nearest_source(places.clip(0, hole.size - 1).astype(np.int32))
