"""Lays a hole from its rim inwards: each pixel is copied from the known patch most like its surroundings.

Knows nothing of finer or coarser levels. Copying keeps whole pieces, continues edges and is as sharp as its source
(Efros and Leung 1999; docs/finish.md, section 3). Colours are whole numbers, so that every sum of products is exact in
float32: the same patch is found whatever number of threads a matrix product uses.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.ground import Guide, Places
from core.canvas.finish.pyramid import Level, Mask, Picture

Floats = NDArray[np.float32]

_TILE = 96
"""Side in pixels of a part of the hole that is laid at once, from nearby sources: 1.5 times a hole's width there."""
_MOST_SOURCES = 6000
"""Patches compared with a whole layer at once, a matrix of 4.7 MB; more are thinned out, then searched nearby."""
_FEWEST = 12
"""With fewer patches near a tile, those of the whole picture are used: a dozen would repeat themselves visibly."""


@dataclass(frozen=True)
class Peel:
    """How a hole is laid.

    Attributes:
        patch: side in pixels of the compared patch.
        half: lay only the half of each layer with the most known pixels and the strongest edges before the next
            (Criminisi et al. 2004).
        rough: cost of a source that is smoother than its surroundings, in squared levels per pixel; 0 for none.
    """

    patch: int = 7
    half: bool = False
    rough: float = 0.0


@dataclass(eq=False)
class _Canvas:
    """A level while it is being laid, padded so that patches may reach beyond the picture's edge.

    Attributes:
        colours: (h', w', 4) float32, whole numbers around 0; the last channel is 0.
        laid: (h', w') bool, pixels that have a colour.
        origin: (h' * w',) int32, the place each pixel was copied from.
        around: (k * k,) int32, offsets of a patch's pixels from its middle.
    """

    colours: Floats
    laid: Mask
    origin: Places
    around: Places

    @property
    def width(self) -> int:
        return int(self.laid.shape[1])


def peel(
    level: Level,
    way: Peel,
    sources: Mask,
    *,
    reach: int,
    guide: Guide | None,
    slope: float,
    pause: Callable[[], None],
) -> tuple[Picture, Places]:
    """Lay the hole of a level.

    Args:
        level: the level.
        way: how.
        sources: (h, w) bool, middles of the known patches that may be copied; at least one.
        reach: pixels around a part of the hole within which sources are searched.
        guide: the model's picture of what is missing, or None.
        slope: cost per row between a patch and its source, squared levels per pixel of the patch.
        pause: called every few milliseconds; may raise to end the work.

    Returns:
        The filled picture (h, w, 3) float32, and the source (h * w,) int32 of each pixel, its own place where known.
    """
    rim = way.patch // 2
    canvas = _prepared(level, way.patch)
    padded = np.pad(sources, rim)
    hole = np.pad(level.hole, rim)
    thoughts = _thoughts(level, way.patch, guide, slope)
    left = [(tile, mask) for tile, mask in _tiles(hole)]
    while left:
        waiting = []
        for tile, mask in left:
            found = _near(padded, tile, reach)
            _lay(canvas, mask & ~canvas.laid, _Sources.at(canvas, found, way, thoughts), pause)
            if (mask & ~canvas.laid).any():
                waiting.append((tile, mask))
        if len(waiting) == len(left):  # nothing known is adjacent: other holes or transparent pixels all around
            break
        left = waiting
    inner = (slice(rim, -rim or None),) * 2
    height, width = level.size
    y, x = np.divmod(canvas.origin.reshape(canvas.laid.shape)[inner], canvas.width)
    origin = ((y - rim) * width + (x - rim)).astype(np.int32)
    own = np.arange(height * width, dtype=np.int32).reshape(height, width)
    picture = np.where(level.hole[..., None], canvas.colours[inner][..., :3] + 128, level.picture)
    return picture.astype(np.float32), np.where(level.hole, origin, own).ravel()


def _prepared(level: Level, patch: int) -> _Canvas:
    rim = patch // 2
    known = np.pad(level.known, rim)
    colours = np.zeros((*known.shape, 4), np.float32)
    colours[..., :3][known] = np.rint(np.pad(level.picture, ((rim, rim), (rim, rim), (0, 0)))[known] - 128)
    width = known.shape[1]
    steps = np.arange(-rim, rim + 1, dtype=np.int32)
    around = (steps[:, None] * width + steps[None]).ravel()
    return _Canvas(colours, known, np.arange(known.size, dtype=np.int32), around)


def _tiles(hole: Mask) -> Iterator[tuple[tuple[slice, slice], Mask]]:
    """Yield the parts of the hole that are laid one after the other, each as its box and its mask."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    tops, lefts = (_starts(int(found[0]), int(found[-1]) + 1) for found in (rows, columns))
    for top, bottom in tops:
        for left, right in lefts:
            box = slice(top, bottom), slice(left, right)
            if hole[box].any():
                mask = np.zeros_like(hole)
                mask[box] = hole[box]
                yield box, mask


def _starts(first: int, last: int) -> list[tuple[int, int]]:
    parts = -(-(last - first) // _TILE)
    cuts = [first + (last - first) * i // parts for i in range(parts + 1)]
    return list(itertools.pairwise(cuts))


def _near(sources: Mask, tile: tuple[slice, slice], reach: int) -> Mask:
    """Find the sources near a tile, or all if these are too few."""
    rows, columns = tile
    near = np.zeros_like(sources)
    box = (
        slice(max(0, rows.start - reach), rows.stop + reach),
        slice(max(0, columns.start - reach), columns.stop + reach),
    )
    near[box] = sources[box]
    return near if np.count_nonzero(near) >= _FEWEST else sources


def _thoughts(level: Level, patch: int, guide: Guide | None, slope: float) -> tuple[Floats, Floats] | None:
    """Return the guide's colours and the photo's, (h', w', c) whole numbers on a padded canvas.

    The guide is weighted as in `Guide.numbers`, by one point instead of five, for it is low-passed.
    """
    wanted, photo = [], []
    if guide is not None:
        scale = np.float32((guide.weight * patch * patch) ** 0.5)
        wanted.append((guide.wanted - 128) * scale)
        photo.append((guide.photo - 128) * scale)
    if slope:
        height, width = level.size
        rows = (np.arange(height, dtype=np.float32) - height // 2) * np.float32(slope * patch)
        both = np.broadcast_to(rows[:, None, None], (height, width, 1))
        wanted.append(both)
        photo.append(both)
    if not wanted:
        return None
    pads = ((patch // 2,) * 2, (patch // 2,) * 2, (0, 0))
    return _whole(np.pad(np.concatenate(wanted, 2), pads)), _whole(np.pad(np.concatenate(photo, 2), pads))


def _whole(values: Floats) -> Floats:
    return np.asarray(np.rint(values), np.float32)


class _Sources:
    """Source patches, prepared for comparison with all pixels of a layer at once."""

    def __init__(self, canvas: _Canvas, mask: Mask, places: Places, way: Peel) -> None:
        self.way = way
        self.mask = mask.ravel()
        self.places = places
        patches = canvas.colours.reshape(-1, 4)[places[None] + canvas.around[:, None]]  # (k*k, n, 4)
        squares = np.einsum("knc,knc->kn", patches, patches)
        self.matrix = np.concatenate([squares, *(patches[..., c] for c in range(3))])  # (4 k*k, n)
        self.thoughts: tuple[Floats, Floats] | None = None
        self.roughness: Floats | None = None

    @classmethod
    def at(cls, canvas: _Canvas, mask: Mask, way: Peel, thoughts: tuple[Floats, Floats] | None) -> _Sources:
        """Prepare the patches whose middles a mask holds, thinned out if there are many."""
        every = 1
        while True:
            thin = np.zeros_like(mask)
            thin[::every, ::every] = mask[::every, ::every]
            places = np.flatnonzero(thin).astype(np.int32)
            if len(places) and len(places) <= _MOST_SOURCES:
                break
            if not len(places):
                places = np.flatnonzero(mask).astype(np.int32)[:_MOST_SOURCES]
                break
            every += 1
        found = cls(canvas, mask, places, way)
        if thoughts is not None:
            photo = _flat(thoughts[1])[places].T
            found.matrix = np.concatenate([found.matrix, photo, np.square(photo).sum(0, keepdims=True)])
            found.thoughts = thoughts
        if way.rough:
            found.roughness = _roughness(canvas, way.patch).ravel()
        return found

    def nearest(self, canvas: _Canvas, pixels: Places) -> Places:
        """Find the best patch's middle for each pixel (n,) beside laid ones."""
        at = pixels[:, None] + canvas.around[None]
        there = canvas.laid.ravel().take(at, mode="clip")  # (n, k*k)
        seen = canvas.colours.reshape(-1, 4).take(at, 0, mode="clip") * there[..., None]
        asked = [there.astype(np.float32), *(-2 * seen[..., c] for c in range(3))]
        if self.thoughts is not None:
            asked += [-2 * _flat(self.thoughts[0])[pixels], np.ones((len(pixels), 1), np.float32)]
        costs = np.concatenate(asked, 1) @ self.matrix
        missing = None if self.roughness is None else self._missing(canvas, pixels, there)
        if missing is not None:
            costs += self._smooth(missing, there, self.places[None])
        first = self.places[costs.argmin(1)]
        return self._closer(canvas, pixels, first, there, seen, missing)

    def _closer(
        self, canvas: _Canvas, pixels: Places, first: Places, there: Mask, seen: Floats, missing: Floats | None
    ) -> Places:
        """Improve matches: try the places around each, and continuations of its laid neighbours' sources."""
        width = canvas.width
        next_to = np.array([0, -1, 1, -width, width, -width - 1, -width + 1, width - 1, width + 1], np.int32)
        beside = pixels[:, None] + next_to[None, 1:]
        goes_on = canvas.origin.take(beside) - next_to[None, 1:]
        goes_on = np.where(canvas.laid.ravel().take(beside), goes_on, first[:, None])
        tried = np.concatenate([first[:, None] + next_to[None], goes_on], 1)  # (n, 17)
        tried = np.where(self.mask.take(tried, mode="clip"), tried, first[:, None])
        patches = canvas.colours.reshape(-1, 4).take(tried[..., None] + canvas.around, 0, mode="clip")
        patches -= seen[:, None]
        costs = np.einsum("nckd,nckd,nk->nc", patches, patches, there.astype(np.float32), optimize=False)
        if self.thoughts is not None:
            wanted, photo = (_flat(part) for part in self.thoughts)
            costs += np.square(photo[tried] - wanted[pixels][:, None]).sum(2)
        if missing is not None:
            costs += self._smooth(missing, there, tried)
        return np.asarray(tried[np.arange(len(tried)), costs.argmin(1)], np.int32)

    def _missing(self, canvas: _Canvas, pixels: Places, there: Mask) -> Floats:
        """Return the roughness (n, 1) float32 around each pixel."""
        return _roughness(canvas, self.way.patch).ravel()[pixels][:, None]

    def _smooth(self, wanted: Floats, there: Mask, places: Places) -> Floats:
        """Cost, (n, 1 or c), of places that are smoother than wanted."""
        assert self.roughness is not None
        lacking = np.maximum(wanted - self.roughness[places], 0)
        return np.asarray(np.square(lacking) * np.float32(self.way.rough) * there.sum(1, keepdims=True), np.float32)


def _flat(values: Floats) -> Floats:
    """Reshape (h, w, c) to (h * w, c)."""
    return values.reshape(-1, values.shape[2])


def _lay(canvas: _Canvas, mask: Mask, sources: _Sources, pause: Callable[[], None]) -> None:
    """Lay the pixels of a mask, layer by layer, as far as they are adjacent to laid ones."""
    cross = np.ones((3, 3), np.uint8)
    flat = canvas.colours.reshape(-1, 4)
    left = mask.copy()
    while left.any():
        pause()
        layer = left & (cv2.dilate(canvas.laid.astype(np.uint8), cross) > 0)
        pixels = np.flatnonzero(layer).astype(np.int32)
        if not len(pixels):
            return
        if sources.way.half:
            pixels = _strongest(canvas, pixels)
        places = sources.nearest(canvas, pixels)
        flat[pixels] = flat[places]
        canvas.origin[pixels] = places
        canvas.laid.ravel()[pixels] = True
        left.ravel()[pixels] = False


def _strongest(canvas: _Canvas, pixels: Places) -> Places:
    """Choose the half of a layer with the most laid pixels and the strongest edges around it."""
    laid = canvas.laid.astype(np.float32)
    side = int(len(canvas.around) ** 0.5)
    light = canvas.colours[..., :3].sum(2) * laid
    both = [laid[1:-1, 2:] * laid[1:-1, :-2], laid[2:, 1:-1] * laid[:-2, 1:-1]]
    steps = [(light[1:-1, 2:] - light[1:-1, :-2]) * both[0], (light[2:, 1:-1] - light[:-2, 1:-1]) * both[1]]
    edges = np.pad(np.abs(steps[0]) + np.abs(steps[1]), 1)
    shares = cv2.boxFilter(laid, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    strength = cv2.boxFilter(edges, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
    worth = (shares * (1 + strength)).ravel()[pixels]
    order = np.argsort(-worth, kind="stable")[: -(-len(pixels) // 2)]
    return np.sort(pixels[order])


def _roughness(canvas: _Canvas, patch: int) -> Floats:
    """Return the standard deviation (h', w') float32 of lightness in each patch, over laid pixels."""
    laid = canvas.laid.astype(np.float32)
    light = canvas.colours[..., :3].mean(2) * laid
    sums = [
        cv2.boxFilter(part, -1, (patch, patch), normalize=False, borderType=cv2.BORDER_CONSTANT)
        for part in (laid, light, light * light)
    ]
    count = np.maximum(sums[0], 1)
    return np.sqrt(np.maximum(sums[2] / count - np.square(sums[1] / count), 0))
