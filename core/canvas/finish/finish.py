"""Finishes every part of a hole: lays it out in many ways, chooses the best that differ, and works each out in full.

Knows nothing of how a part is laid out or how layouts are compared; it decides what competes and how much the guides
count beside that, and reports progress.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.layouts import Scene, State, Thought, kinds_of
from core.canvas.finish.onion import Peel
from core.canvas.finish.pyramid import Level, Mask
from core.canvas.finish.ranking import Fillings, colour_distance
from core.canvas.holes import Part, parts
from core.plumbing.crew import Crew, Done, Result
from core.values.geometry import Box, Size

_LEAST_SPAN = 40
"""Shortest length, in pixels, that a hole is treated as having: a thin stroke needs more around it than its width."""
_LONG = 3
"""Greatest length as a multiple of the inner width: along a stroke there are sources nearby everywhere."""
_MARGIN = 18
"""Pixels of the crop beyond the farthest source: a patch of 9 px at half the size."""
_MOST_REACH = 640
"""Most pixels around a hole that are cut out with it, unless `_LONG_REACH` says more (docs/finish.md, section 1)."""
_LONG_REACH = 0.4
"""However long a hole is, it is cut out with this share of its length around it: the largest reach of a border's
layouts, `core.canvas.finish.layouts.BORDERS`."""
_CROP = 2.2
"""Length of a crop as a multiple of its hole's, to tell near parts: most layouts look 0.6 of it far to each side."""
_MOST_DEPTH = 0.6
"""Greatest depth of a hole that can be finished, as a share of the side of a square with as many pixels as are known
around it: with a tenth of the picture known there is too little to copy from."""
_FEWEST = 200
"""Fewest whole patches to choose from, for a hole of any size (docs/finish.md, section 1)."""
_LAID = 0.5
"""Share of the progress for laying out: eight layouts of a 270 px hole took 3.6 s, each picture worked out 2.6 s."""
_JOINING = 32
"""Parts of a hole nearer than this, in pixels, are finished together: a strip of 32 px holds few whole patches."""


STAGES = ("cut", "layouts", "choice", "finer", "surface", "order")
"""Stages of each part, in order: it is cut out with its surroundings; laid out small in many ways; the best that differ
are chosen, worked out level by level up to the photo's size, given their last details, and ranked."""


@dataclass(frozen=True)
class Wish:
    """Settings of a finish.

    Attributes:
        follow: how much the guides count in the choice of layouts, 0 to 1: 0 uses the photo alone, 1 the guides alone.
        seed: of the photo's own layouts.
        seeds: of the guides' layouts, one per guide.
        border: whether the hole is new picture beside the photo.
        only: the guide whose picture is wanted, though all compete; None for all.
        pixel: side of the model's own pixels on the canvas, in pixels.
    """

    follow: float
    seed: int
    seeds: tuple[int, ...]
    border: bool = False
    only: int | None = None
    pixel: float = 1.0

    @property
    def wanted(self) -> tuple[int, ...]:
        """The guides whose pictures are wanted."""
        return tuple(range(len(self.seeds))) if self.only is None else (self.only,)


@dataclass(frozen=True, eq=False)
class Progress:
    """A progress report, with pictures where there are new ones.

    Attributes:
        stage: the current one of `STAGES`.
        share: of the work done so far, 0 to 1.
        layers: (B, h, w, 3) uint8 or None.
    """

    stage: str
    share: float
    layers: NDArray[np.uint8] | None = None


@dataclass(eq=False)
class Finished:
    """The result for the B wanted pictures.

    Attributes:
        layers: (B, h, w, 3) uint8, the area: finished inside the hole, unchanged elsewhere.
        sources: (B, h, w, 2) int32, row and column on the canvas from which each pixel of the hole was copied; -1
            elsewhere.
        follows: share of each hole that a guide's layout filled, 0 to 1; the photo's own layouts filled the rest.
        worth: (B,) sums of ranks among all pictures, smaller is better.
    """

    layers: NDArray[np.uint8]
    sources: NDArray[np.int32]
    follows: NDArray[np.float64]
    worth: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of the hole, cut out with its surroundings.

    Attributes:
        box: on the canvas.
        level: its pixels.
        span: see `Scene`.
        around: number of known pixels as far around it as its span, whether cut out or not.
    """

    box: Box
    level: Level
    span: int
    around: int


def enough(base: NDArray[np.uint8], hole: Mask) -> bool:
    """Tell whether every part of a hole has enough around it to be finished.

    Args:
        base: (H, W, 3 or 4) uint8; transparent pixels are not copied.
        hole: (H, W) bool, some of it True.
    """
    clear = _clear(base, hole)
    return all(_is_enough(_cut(base, part, clear)) for part in parts_of(hole))


def finish(
    base: NDArray[np.uint8],
    hole: Mask,
    layers: NDArray[np.uint8],
    area: Box,
    wish: Wish,
    *,
    threads: int | None = None,
) -> Iterator[Progress | Finished]:
    """Finish a hole for several guides at once; closing the iterator ends the work within a few dozen milliseconds.

    The same arguments give the same bytes on any number of threads. All layouts of all guides compete, so a picture
    depends on every guide and not on its own alone.

    Args:
        base: (H, W, 3 or 4) uint8, the canvas; read outside the hole only, never changed.
        hole: (H, W) bool, with `enough` around it.
        layers: (n, h, w, 3) uint8, the model's pictures of the area, one per guide.
        area: box of the canvas that holds the hole.
        wish: the settings.
        threads: None takes one per core, up to four.

    Yields:
        Progress reports, then the result.
    """
    crew = Crew(threads)
    count = len(wish.wanted)
    state = Finished(
        layers[list(wish.wanted)].copy(),
        np.full((count, *layers.shape[1:3], 2), -1, np.int32),
        np.zeros(count),
        np.zeros(count),
    )
    clear = _clear(base, hole)
    total = float(np.count_nonzero(hole))
    done = 0.0
    for number, part in enumerate(parts_of(hole)):
        share = float(np.count_nonzero(part.mask)) / total

        def begun(part: Part = part, number: int = number) -> _Work:
            piece = _cut(base, part, clear)
            return _Work(piece, _thoughts(piece, base, layers, area, wish), wish, number, crew)

        (work,) = yield from _until_done(crew, [begun], "cut", done)
        for progress in work.run():
            shown = None
            if progress.layers is not None:
                work.put(progress.layers, state.layers, area)
                shown = state.layers.copy()
            yield Progress(progress.stage, done + share * progress.share, shown)
        work.settle(state, area, share)
        done += share
    yield state


def _until_done(
    crew: Crew, jobs: Sequence[Callable[[], Result]], stage: str, share: float, more: float = 0.0
) -> Generator[Progress, None, list[Result]]:
    """Yield the progress of jobs, from `share` to `more` beyond it, and return their results."""
    yield Progress(stage, share)
    for now in crew.work(jobs):
        if isinstance(now, Done):
            return now.results
        yield Progress(stage, share + more * now / len(jobs))
    raise AssertionError("a crew ends with what came of its jobs")


def _clear(base: NDArray[np.uint8], hole: Mask) -> Mask:
    """Find the pixels that may be copied, (H, W) bool."""
    return ~hole if base.shape[2] == 3 else ~hole & (base[..., 3] > 0)


def parts_of(hole: Mask) -> list[Part]:
    """Split a hole into the parts that are finished separately."""
    return list(parts(hole, lambda size: round(_CROP * max(size)) + 2 * _MARGIN, _JOINING))


def _cut(base: NDArray[np.uint8], part: Part, clear: Mask) -> _Piece:
    """Cut out a part of a hole with its surroundings."""
    size = Size(base.shape[1], base.shape[0])
    longer = max(part.bounds.size)
    span = max(_LEAST_SPAN, min(longer, round(_LONG * 2 * part.depth())))
    around = int(np.count_nonzero(clear[part.bounds.grown(span + _MARGIN).clamped(size).slices]))
    reach = min(span, max(_MOST_REACH, round(_LONG_REACH * span))) + _MARGIN
    while True:
        box = part.bounds.grown(reach).clamped(size)
        if box.size == size or np.count_nonzero(clear[box.slices]) >= 4 * _FEWEST:
            break
        reach *= 2
    inside = np.zeros((box.size.height, box.size.width), np.bool_)
    inside[part.bounds.shifted(-box.left, -box.top).slices] = part.mask
    picture = base[box.slices][..., :3].astype(np.float32)
    known = clear[box.slices]
    picture[~known] = 0
    return _Piece(box, Level(picture, inside, known), span, around)


def _is_enough(piece: _Piece) -> bool:
    level = piece.level
    if np.count_nonzero(level.whole_patches(Peel().patch)) < _FEWEST:
        return False
    return bool(level.inner_width() / 2 <= _MOST_DEPTH * max(piece.around, int(np.count_nonzero(level.known))) ** 0.5)


def _thoughts(
    piece: _Piece, base: NDArray[np.uint8], layers: NDArray[np.uint8], area: Box, wish: Wish
) -> list[Thought]:
    """Cut out each guide: the model's picture inside the hole, the photo around it."""
    if not wish.follow:
        return []
    inside = np.nonzero(piece.level.hole)
    at = inside[0] + piece.box.top - area.top, inside[1] + piece.box.left - area.left
    found = []
    for layer in layers:
        picture = base[piece.box.slices][..., :3].astype(np.float32)
        picture[inside] = layer[at]
        found.append(Thought(picture, wish.pixel, wish.follow))
    return found


class _Work:
    """One piece at work: its layouts, the chosen ones, and their progress."""

    def __init__(self, piece: _Piece, thoughts: Sequence[Thought], wish: Wish, number: int, crew: Crew) -> None:
        self.piece, self.wish, self.number, self.crew = piece, wish, number, crew
        self.thoughts = thoughts
        self.scene = Scene(piece.level, piece.span, crew)
        self.taken: list[tuple[State, bool]] = []
        self.finished: list[tuple[NDArray[np.float32], NDArray[np.int32]]] = []
        self.worth: NDArray[np.float64] = np.zeros(0)

    def run(self) -> Iterator[Progress]:
        """Do all the work; the layers of its reports cover the piece's own box."""
        jobs = self._layouts()
        states = yield from _until_done(self.crew, [job for _, job in jobs], "layouts", 0.0, _LAID)
        chosen = partial(self._chosen, [guide for guide, _ in jobs], states)
        (self.taken,) = yield from _until_done(self.crew, [chosen], "choice", _LAID)
        del states, chosen
        yield Progress("choice", _LAID, self._shown())
        yield from self._worked_out()

    def _worked_out(self) -> Iterator[Progress]:
        """Work the chosen layouts out, up to the finest level."""
        steps = self.scene.small + 1
        share = _LAID
        for step in range(steps - 1):
            onward = [partial(self.scene.onward, state) for state, _ in self.taken]
            states = yield from _until_done(self.crew, onward, "finer", share, (1 - _LAID) / steps)
            self.taken = [(state, led) for state, (_, led) in zip(states, self.taken, strict=True)]
            share = _LAID + (1 - _LAID) * (step + 1) / steps
            yield Progress("finer", share, self._shown())
        surfaces = [partial(self.scene.surface, state) for state, _ in self.taken]
        self.finished = yield from _until_done(self.crew, surfaces, "surface", share, (1 - _LAID) / steps)
        (self.worth,) = yield from _until_done(self.crew, [self._judged], "order", 1.0)

    # what competes ----------------------------------------------------------------------------------------------------
    def _layouts(self) -> list[tuple[int | None, Callable[[], State]]]:
        """List the layouts that compete: the guide that leads each, or None, and its job."""
        jobs: list[tuple[int | None, Callable[[], State]]] = []
        kinds = kinds_of(self.wish.border, self.scene.levels[0].inner_width())
        if self.wish.follow < 1:
            for place in range(max(len(kinds), len(self.wish.seeds) if not self.thoughts else 0)):
                seed = (self.wish.seed, self.number, place)
                jobs.append((None, partial(self.scene.begin, kinds[place % len(kinds)], seed)))
        for guide, thought in enumerate(self.thoughts):
            seed = (self.wish.seeds[guide], self.number, 1 << 16)
            jobs.append((guide, partial(self.scene.begin, kinds[0], seed, thought)))
        return jobs

    def _chosen(self, guides: Sequence[int | None], states: Sequence[State]) -> list[tuple[State, bool]]:
        """Choose a layout for each wanted picture; the flag tells whether a guide leads it."""
        count = len(self.wish.seeds)
        level = self.scene.levels[self.scene.small]
        fillings = Fillings(level, [state.picture for state in states], self.crew)
        more = []
        if self.wish.follow:
            small = [thought.at(level, self.scene.small).wanted for thought in self.thoughts]
            sigma = max(1.0, 2 * self.wish.pixel / 2**self.scene.small)
            away = [min(colour_distance(s.picture, g, level.hole, sigma) for g in small) for s in states]
            more.append((3 * self.wish.follow, np.array(away, np.float32)))
        order = np.argsort(fillings.worth(more), kind="stable").tolist()
        slots = _slots(fillings.distinct(order, count), guides, count)
        return [(states[slots[i]], guides[slots[i]] is not None) for i in self.wish.wanted]

    # what is shown ----------------------------------------------------------------------------------------------------
    def _shown(self) -> NDArray[np.uint8]:
        return np.stack([self.scene.shown(state) for state, _ in self.taken])

    def put(self, pictures: NDArray[np.uint8], layers: NDArray[np.uint8], area: Box) -> None:
        """Paste the hole from pictures of the piece's box into layers of an area."""
        rows, columns = np.nonzero(self.piece.level.hole)
        at = rows + self.piece.box.top - area.top, columns + self.piece.box.left - area.left
        layers[:, at[0], at[1]] = pictures[:, rows, columns]

    def settle(self, into: Finished, area: Box, share: float) -> None:
        """Write the finished part into the result of the whole hole.

        Args:
            into: the result, changed in place.
            area: its box on the canvas.
            share: this piece's share of the whole hole.
        """
        level, box = self.piece.level, self.piece.box
        rows, columns = np.nonzero(level.hole)
        at = rows + box.top - area.top, columns + box.left - area.left
        for index, (colours, sources) in enumerate(self.finished):
            into.layers[index][at] = np.clip(np.rint(colours), 0, 255).astype(np.uint8)
            y, x = np.divmod(sources, level.size[1])
            into.sources[index][at] = np.column_stack([y + box.top, x + box.left])
            into.follows[index] += share * self.taken[index][1]
        into.worth += share * self.worth

    def _judged(self) -> NDArray[np.float64]:
        """Rank the finished pictures once more: the finest level changes the rim (docs/finish.md, section 6)."""
        level, pictures = self.piece.level, []
        if len(self.finished) == 1:
            return np.zeros(1)
        for colours, _ in self.finished:
            picture = level.picture.copy()
            picture[level.hole] = colours
            pictures.append(picture)
        return Fillings(level, pictures, self.crew).worth()


def _slots(chosen: Sequence[int], guides: Sequence[int | None], count: int) -> list[int]:
    """Assign a layout to each picture: a guide's own where it was chosen, else the photo's layouts, best first."""
    slots: list[int | None] = [None] * count
    for index in chosen:
        guide = guides[index]
        if guide is not None:
            slots[guide] = index
    rest = iter([index for index in chosen if guides[index] is None])
    return [next(rest) if slot is None else slot for slot in slots]
