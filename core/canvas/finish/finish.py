"""Every part of a hole finished: laid out in many ways, the best that differ taken, and each worked out to the full.

Knows nothing of how a part is laid out or told good from bad; it decides what competes, and says how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.crew import Crew, Done, Result
from core.canvas.finish.layouts import Scene, State, Thought, kinds_of
from core.canvas.finish.onion import Peel
from core.canvas.finish.pyramid import Level, Mask
from core.canvas.finish.ranking import Fillings, colour_distance
from core.canvas.holes import Part, parts
from core.values.geometry import Box, Size

_LEAST_SPAN = 40
"""Pixels that a hole counts as long at least: a thin stroke needs more about it than it is wide."""
_LONG = 3
"""A hole counts as long as so many times its inner width at most: along a stroke, sources are near everywhere."""
_MARGIN = 18
"""Pixels of the work area beyond the farthest source."""
_MOST_REACH = 640
"""Pixels around a hole that are cut out with it at most, so that memory does not grow with the square of a large one's
length; of a long border's length, the share that its layouts look at."""
_LONG_REACH = 0.4
"""That share."""
_MOST_DEPTH = 0.6
"""Depth of a hole beyond which there is too little to copy from, as a share of the side of a square with as many known
pixels as lie around: a picture cannot be finished with a tenth of it."""
_FEWEST = 200
"""Patches below which there is too little, whatever the hole's size."""
_LAID = 0.5
"""Share of the work that laying out is."""
_JOINING = 32
"""Pixels below which parts of a hole are one."""


STAGES = ("cut", "layouts", "choice", "finer", "surface", "order")
"""What is done for each part of a hole, one after the other: it is cut out with what lies around and laid out small in
many ways; the best that differ are chosen, go on at twice the size until it is the photo's, get their last details, and
are put in order."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a finish.

    Attributes:
        follow: how much the model's idea counts, 0 to 1: at 0 the photo alone, at 1 the model's layouts alone.
        seed: of the photo's own layouts.
        seeds: of the guides' layouts, one a guide.
        border: whether the hole is new picture beside the photo.
        only: the guide whose picture alone is wanted, though all compete; None for all.
        pixel: side of the model's own pixels on the canvas.
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
class Frame:
    """A sign of life: how far the finish is, and what it has, where that is new.

    Attributes:
        stage: one of `STAGES`, that goes on now.
        share: of the work that is done, 0 to 1.
        layers: (B, h, w, 3) uint8 or None.
    """

    stage: str
    share: float
    layers: NDArray[np.uint8] | None = None


@dataclass(eq=False)
class Finished:
    """What came of it, for the B pictures that were wanted.

    Attributes:
        layers: (B, h, w, 3) uint8, the area: finished in the hole, as it was elsewhere.
        sources: (B, h, w, 2) int32, row and column on the canvas that each pixel of the hole was copied from; -1
            elsewhere.
        follows: how much of each hole the model laid out, 0 to 1; the rest the photo did.
        worth: (B,) sums of places among all, less is better.
    """

    layers: NDArray[np.uint8]
    sources: NDArray[np.int32]
    follows: NDArray[np.float64]
    worth: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Piece:
    """A part of the hole, cut out with what lies around it.

    Attributes:
        box: on the canvas.
        level: its pixels.
        span: see `Scene`.
        around: known pixels as far around it as its span, cut out or not.
    """

    box: Box
    level: Level
    span: int
    around: int


def enough(base: NDArray[np.uint8], hole: Mask) -> bool:
    """Return whether every part of a hole has enough around it to be finished from.

    Args:
        base: (H, W, 3 or 4) uint8; transparent pixels are nothing to copy.
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
) -> Iterator[Frame | Finished]:
    """Finish a hole for several guides at once; closing the iterator ends the work within a few dozen milliseconds.

    The same arguments give the same bytes, on any number of threads. All layouts of all guides compete, so that a
    picture hangs on every guide and not on its own alone.

    Args:
        base: (H, W, 3 or 4) uint8, the canvas; only what is outside the hole is looked at, never changed.
        hole: (H, W) bool, with `enough` around it.
        layers: (n, h, w, 3) uint8, the model's pictures of the area, one a guide.
        area: box of the canvas that holds the hole.
        wish: what is asked.
        threads: None takes what is there.

    Yields:
        Frames, then what came of it.
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
        for frame in work.run():
            shown = None
            if frame.layers is not None:
                work.put(frame.layers, state.layers, area)
                shown = state.layers.copy()
            yield Frame(frame.stage, done + share * frame.share, shown)
        work.settle(state, area, share)
        done += share
    yield state


def _until_done(
    crew: Crew, jobs: Sequence[Callable[[], Result]], stage: str, share: float, more: float = 0.0
) -> Generator[Frame, None, list[Result]]:
    """Yield how far jobs are, from `share` to `more` beyond it, and return their results."""
    yield Frame(stage, share)
    for now in crew.work(jobs):
        if isinstance(now, Done):
            return now.results
        yield Frame(stage, share + more * now / len(jobs))
    raise AssertionError("a crew ends with what came of its jobs")


def _clear(base: NDArray[np.uint8], hole: Mask) -> Mask:
    """Return (H, W) bool: the pixels that may be copied."""
    return ~hole if base.shape[2] == 3 else ~hole & (base[..., 3] > 0)


def parts_of(hole: Mask) -> list[Part]:
    """Return the parts of a hole that are finished by themselves."""
    return list(parts(hole, lambda size: round(2.2 * max(size)) + 2 * _MARGIN, _JOINING))


def _cut(base: NDArray[np.uint8], part: Part, clear: Mask) -> _Piece:
    """Return a part of a hole with what lies around it."""
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
    """Return what each guide shows of a piece: the model's picture in the hole, the photo around it."""
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
    """One piece on its way: its layouts, those that are taken, and how they come on."""

    def __init__(self, piece: _Piece, thoughts: Sequence[Thought], wish: Wish, number: int, crew: Crew) -> None:
        self.piece, self.wish, self.number, self.crew = piece, wish, number, crew
        self.thoughts = thoughts
        self.scene = Scene(piece.level, piece.span, crew)
        self.taken: list[tuple[State, bool]] = []
        self.finished: list[tuple[NDArray[np.float32], NDArray[np.int32]]] = []
        self.worth: NDArray[np.float64] = np.zeros(0)

    def run(self) -> Iterator[Frame]:
        """Do all of it; the frames' layers are of the piece's own box."""
        jobs = self._layouts()
        states = yield from _until_done(self.crew, [job for _, job in jobs], "layouts", 0.0, _LAID)
        chosen = partial(self._chosen, [guide for guide, _ in jobs], states)
        (self.taken,) = yield from _until_done(self.crew, [chosen], "choice", _LAID)
        del states, chosen
        yield Frame("choice", _LAID, self._shown())
        yield from self._worked_out()

    def _worked_out(self) -> Iterator[Frame]:
        """Take what was chosen to the finest level, and finish it there."""
        steps = self.scene.small + 1
        share = _LAID
        for step in range(steps - 1):
            onward = [partial(self.scene.onward, state) for state, _ in self.taken]
            states = yield from _until_done(self.crew, onward, "finer", share, (1 - _LAID) / steps)
            self.taken = [(state, led) for state, (_, led) in zip(states, self.taken, strict=True)]
            share = _LAID + (1 - _LAID) * (step + 1) / steps
            yield Frame("finer", share, self._shown())
        surfaces = [partial(self.scene.surface, state) for state, _ in self.taken]
        self.finished = yield from _until_done(self.crew, surfaces, "surface", share, (1 - _LAID) / steps)
        (self.worth,) = yield from _until_done(self.crew, [self._judged], "order", 1.0)

    # what competes ----------------------------------------------------------------------------------------------------
    def _layouts(self) -> list[tuple[int | None, Callable[[], State]]]:
        """Return what is tried: the guide that leads, or None, and the work."""
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
        """Return the state of each picture that is wanted, and whether the model leads it."""
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
        """Paste the hole of pictures of the piece's box into layers of an area."""
        rows, columns = np.nonzero(self.piece.level.hole)
        at = rows + self.piece.box.top - area.top, columns + self.piece.box.left - area.left
        layers[:, at[0], at[1]] = pictures[:, rows, columns]

    def settle(self, into: Finished, area: Box, share: float) -> None:
        """Put what was finished where it belongs.

        Args:
            into: what is filled in.
            area: its box on the canvas.
            share: of the whole hole that this piece is.
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
        """Return how the finished pictures fare beside each other: the finest level changes the rim."""
        level, pictures = self.piece.level, []
        if len(self.finished) == 1:
            return np.zeros(1)
        for colours, _ in self.finished:
            picture = level.picture.copy()
            picture[level.hole] = colours
            pictures.append(picture)
        return Fillings(level, pictures, self.crew).worth()


def _slots(chosen: Sequence[int], guides: Sequence[int | None], count: int) -> list[int]:
    """Return which layout each picture gets: a guide's own where that was chosen, else the photo's, best first."""
    slots: list[int | None] = [None] * count
    for index in chosen:
        guide = guides[index]
        if guide is not None:
            slots[guide] = index
    rest = iter([index for index in chosen if guides[index] is None])
    return [next(rest) if slot is None else slot for slot in slots]
