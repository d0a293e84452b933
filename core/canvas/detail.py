"""Restores fine detail that tokens cannot hold: what the tokenizer loses beside the hole, the hole lacks.

Knows nothing of nets or of where windows lie. An example is a window of known pixels together with the tokenizer's
reconstruction of it; their difference is texture and grain. A block of the hole takes the difference of a similar block
among the reconstructions (image analogies, Hertzmann et al. 2001, with one level): both are the decoder's work, so that
like is compared with like. In a photo without detail nothing is added. What it gains is measured in
assets/experiments/photos/report.md, "Bars": sharpness, with the finish off. Constants: docs/canvas.md, section 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import from_model, mask_to_model
from core.values.geometry import Box

_BLOCK = 8
"""Side in pixels of a block at the model's resolution: a token cell of the bundled model (128 px, 16 x 16 cells)."""
_STEP = 6
"""Distance in pixels between blocks of the hole; they overlap by a quarter, where they blend."""
_STRIDES = (2, 3, 6)
"""Distances in pixels at which blocks of the examples are tried, wider for larger models; each divides `_STEP`."""
_PLACES = 64
"""Blocks per side, where the widest stride is enough for it: an example has about 4096 blocks at most."""
_ROWS = 256
"""Blocks of the hole compared at a time: all against all would take gigabytes at 512 px."""
_POOL = 2
"""Side in pixels of the squares whose mean colours are compared: 16 numbers of a block for each colour, not 64."""
_LIKE = 12
"""Nearest blocks of which one is drawn: always the nearest is no nearer to the photo, and repeats like a wallpaper."""
_HARDLY = 2.0
"""Levels by which the drawn block may be less similar than the nearest: a difference that is hardly seen."""
_COHERENT = 1.5
"""A block that continues its neighbour's may be this many times less similar than the nearest, so that texture larger
than a block stays whole (Ashikhmin 2001)."""
_USUAL = 1.5
"""A block is used only if it lost at most this many times the median loss of the nearest ones: one that lost a whole
thing, a rope before the sky, is no example of what looks like sky (without: 0.005 farther from the photo)."""
_ALIKE, _UNLIKE = (6.0, 0.5), (14.0, 1.0)
"""Distances (root mean square) up to which a block is an example of another, and from which it is not: each in levels
of 255, plus a multiple of the asking block's contrast, because in smooth parts a wrong example shows at once."""
_BAND = 2.0
"""Sigma in the model's pixels that separates fine detail, copied block by block, from colour, spread smoothly: a
quarter of a block."""
_SPREAD = 4.0
"""Sigma in the model's pixels over which colour is spread: half a block, so that blocks do not show."""
_MOST_LEVELS = 64
"""Levels of 255, either way, at which detail is cut: 2 % of it is larger (ten sample photos, windows of 512 px)."""
_FLATTEST = 0.1
"""Share of blocks, the flattest ones, from which grain is taken: they show noise and no texture."""


@dataclass(frozen=True, eq=False)
class Example:
    """A known window beside the hole.

    Attributes:
        original: (s, s, 3) uint8, its pixels.
        shown: (S, S, 3) uint8, the tokenizer's reconstruction at the model's resolution.
        hidden: (s, s) bool, pixels that are to be repainted or have no colour; no example of anything.
    """

    original: NDArray[np.uint8]
    shown: NDArray[np.uint8]
    hidden: NDArray[np.bool_]


class Examples:
    """Blocks of known pixels, found by their reconstruction; for windows of one size.

    Args:
        examples: windows of one size and one model.
        grain: take every block's detail from the flattest blocks, whatever it shows: noise, not texture.
    """

    def __init__(self, examples: Sequence[Example], *, grain: bool = False) -> None:
        self._fine: list[NDArray[np.int8]] = []
        # Each list begins with no blocks, so that there may be no examples.
        known, places = [np.zeros((0, (_BLOCK // _POOL) ** 2 * 3), np.float32)], [np.zeros((0, 3), np.int64)]
        colours, strengths = [np.zeros((0, 3), np.float32)], [np.zeros(0, np.float32)]
        for index, example in enumerate(examples):
            fine, coarse = _lost(example)
            self._fine.append(fine)
            pixels = example.shown.shape[0]
            found, at = _blocks(example.shown, next((s for s in _STRIDES if pixels <= s * _PLACES), _STRIDES[-1]))
            free = ~_touched(mask_to_model(example.hidden, pixels), at)
            known.append(found[free])
            places.append(np.column_stack([np.full(int(free.sum()), index), at[free]]))
            middle = at[free, 0] + _BLOCK // 2, at[free, 1] + _BLOCK // 2
            colours.append(coarse[middle])
            strengths.append(_strength(fine, pixels)[middle])
        self._known, self._places = np.concatenate(known), np.concatenate(places)
        self._norms = np.einsum("ij,ij->i", self._known, self._known)
        self._colours, self._strengths = np.concatenate(colours), np.concatenate(strengths)
        self._index = {place: i for i, place in enumerate(map(tuple, self._places.tolist()))}
        self._flat: NDArray[np.int64] | None = None
        if grain and len(self._known):
            rough = self._known.reshape(len(self._known), -1, 3).std(1).mean(1)
            self._flat = np.argsort(rough, kind="stable")[: max(1, int(_FLATTEST * len(rough)))]

    def detail(self, shown: NDArray[np.uint8], wanted: NDArray[np.bool_], seed: int) -> NDArray[np.float32]:
        """Compute the detail that a decoded window lacks.

        Args:
            shown: (S, S, 3) uint8, the decoded window at the model's resolution.
            wanted: (s, s) bool, where detail is wanted.
            seed: of the choice among similar blocks.

        Returns:
            (s, s, 3) float32 in levels of 255, to be added; 0 far from what is wanted, or without a similar example.
        """
        side, pixels = wanted.shape[0], shown.shape[0]
        total = np.zeros((side, side, 3), np.float32)
        found, at = _blocks(shown, _STEP)
        asked = _touched(mask_to_model(wanted, pixels), at)
        found, at = found[asked], at[asked]
        if not len(self._places) or not len(at):
            return total
        random = np.random.Generator(np.random.PCG64(seed))
        if self._flat is None:
            chosen, trust = self._alike(found, at, random)
        else:
            chosen, trust = self._flat[random.integers(0, len(self._flat), len(at))], np.ones(len(at), np.float32)
        scale = side / pixels
        size = max(1, round(_BLOCK * scale))
        window = _ramp(size, max(1, round((_BLOCK - _STEP) * scale)))[..., None]
        power = np.zeros((side, side, 1), np.float32)
        for (top, left), (index, y, x), share in zip(at.tolist(), self._places[chosen].tolist(), trust, strict=True):
            target = _square(top, left, scale, size, side)
            total[target] += self._fine[index][_square(y, x, scale, size, side)] * (share * window)
            power[target] += window * window
        total /= np.sqrt(np.maximum(power, np.float32(1e-6)))  # a plain mean of different textures would be fainter
        if self._flat is None:
            total += self._colour(at, self._colours[chosen] * trust[:, None], pixels, side)
        return total

    def _alike(
        self, asked: NDArray[np.float32], at: NDArray[np.int64], random: np.random.Generator
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find a similar known block for each block, and how far to trust it.

        One that continues a neighbour's block is preferred to a more similar one from elsewhere (Ashikhmin 2001), so
        that texture larger than a block stays whole.

        Args:
            asked: (n, d) descriptors.
            at: (n, 2) places, row by row.
            random: chooses among blocks hardly less similar than the nearest.
        """
        near, nearest = self._nearest(asked)
        # Sometimes a block lost a whole thing, a rope before the sky: no example of what looks like sky.
        most = _USUAL * np.median(self._strengths[near], 1, keepdims=True) + 1
        among = (nearest <= nearest.min(1, keepdims=True) + _HARDLY) & (self._strengths[near] <= most)
        among[~among.any(1)] = True
        pick = np.where(among, random.random(among.shape), -1).argmax(1)
        chosen = near[np.arange(len(near)), pick]
        row_of = {place: i for i, place in enumerate(map(tuple, at.tolist()))}
        for i, (top, left) in enumerate(at.tolist()):
            limit = _COHERENT * nearest[i].min() + _HARDLY
            for back in ((0, _STEP), (_STEP, 0)):
                neighbour = row_of.get((top - back[0], left - back[1]))
                if neighbour is None:
                    continue
                index, y, x = self._places[chosen[neighbour]].tolist()
                follower = self._index.get((index, y + back[0], x + back[1]))
                if follower is None or self._strengths[follower] > most[i, 0]:
                    continue
                away = float(_levels(asked[i], self._known[follower]))
                if away <= limit:
                    chosen[i], limit = follower, away
        distance = _levels(asked, self._known[chosen])
        contrast = asked.reshape(len(asked), -1, 3).std(1).mean(1)
        alike, unlike = (levels + times * contrast for levels, times in (_ALIKE, _UNLIKE))
        trust = np.clip((unlike - distance) / (unlike - alike), 0, 1)
        return np.asarray(chosen, np.int64), np.asarray(trust, np.float32)

    def _nearest(self, asked: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Find the known blocks nearest to each of (n, d) descriptors, and their distances in levels, (n, k) each."""
        count = min(_LIKE, len(self._known))
        near = []
        for start in range(0, len(asked), _ROWS):
            squares = self._norms[None] - 2 * asked[start : start + _ROWS] @ self._known.T
            near.append(np.argpartition(squares, count - 1, 1)[:, :count])
        chosen = np.concatenate(near)
        return chosen, _levels(asked[:, None], self._known[chosen])

    def _colour(
        self, at: NDArray[np.int64], lacking: NDArray[np.float32], pixels: int, side: int
    ) -> NDArray[np.float32]:
        """Spread the colour that blocks lack, (n, 3) at some places, smoothly: (s, s, 3) float32."""
        values = np.zeros((pixels, pixels, 3), np.float32)
        seen = np.zeros((pixels, pixels), np.float32)
        for (top, left), colour in zip(at.tolist(), lacking, strict=True):
            values[top : top + _BLOCK, left : left + _BLOCK] += colour
            seen[top : top + _BLOCK, left : left + _BLOCK] += 1
        blurred, near = (cv2.GaussianBlur(part, (0, 0), _SPREAD) for part in (values, seen))
        smooth = blurred / np.maximum(near, np.float32(1e-3))[..., None]
        return np.asarray(cv2.resize(smooth, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)


def _lost(example: Example) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Split what a reconstruction lacks: the fine part (s, s, 3) int8 and colour (S, S, 3) float32, 0 where hidden."""
    side, pixels = example.original.shape[0], example.shown.shape[0]
    rest = example.original.astype(np.float32) - from_model(example.shown, Box(0, 0, side, side))
    rest[example.hidden] = 0
    known = (~example.hidden).astype(np.float32)
    small = [cv2.resize(part, (pixels, pixels), interpolation=cv2.INTER_AREA) for part in (rest, known)]
    blurred, seen = (cv2.GaussianBlur(part, (0, 0), _BAND) for part in small)
    coarse = np.asarray(blurred / np.maximum(seen, np.float32(1e-3))[..., None], np.float32)
    fine = rest - cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR)
    fine[example.hidden] = 0
    limits = -_MOST_LEVELS, _MOST_LEVELS
    return np.clip(np.rint(fine), *limits).astype(np.int8), np.clip(coarse, *limits)


def _levels(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """Distance of descriptors along the last axis: the root mean square, in levels of 255."""
    return np.asarray(np.sqrt(np.square(one - other).mean(-1)), np.float32)


def _strength(fine: NDArray[np.int8], pixels: int) -> NDArray[np.float32]:
    """Measure the strength of detail around each of the model's pixels, block by block, in levels: (S, S) float32."""
    levels = np.abs(fine).mean(2, dtype=np.float32)
    small = cv2.resize(levels, (pixels, pixels), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.blur(small, (_BLOCK, _BLOCK)), np.float32)


def _blocks(picture: NDArray[np.uint8], step: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Describe a picture's blocks by their pooled colours: descriptors (n, d) float32 and places (n, 2)."""
    pixels = picture.shape[0]
    pooled = cv2.blur(picture.astype(np.float32), (_POOL, _POOL), anchor=(0, 0), borderType=cv2.BORDER_REPLICATE)
    starts = np.unique(np.append(np.arange(0, pixels - _BLOCK + 1, step), pixels - _BLOCK))
    offsets = np.arange(0, _BLOCK, _POOL)
    rows = (starts[:, None] + offsets)[:, None, :, None]  # (m, 1, k, 1)
    columns = (starts[:, None] + offsets)[None, :, None, :]
    blocks = pooled[rows, columns]  # (m, m, k, k, 3)
    places = np.stack(np.meshgrid(starts, starts, indexing="ij"), -1).reshape(-1, 2)
    return np.ascontiguousarray(blocks.reshape(len(places), -1)), places


def _touched(mask: NDArray[np.bool_], places: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Find the blocks that contain some of a mask, (n,) bool."""
    sums = cv2.integral(mask.astype(np.uint8))
    y, x = places[:, 0], places[:, 1]
    inside = sums[y + _BLOCK, x + _BLOCK] - sums[y, x + _BLOCK] - sums[y + _BLOCK, x] + sums[y, x]
    return np.asarray(inside > 0)


def _square(top: int, left: int, scale: float, size: int, side: int) -> tuple[slice, slice]:
    """Return the canvas pixels of a block of the model's pixels, moved inwards where rounding leads outside."""
    y, x = (min(round(at * scale), side - size) for at in (top, left))
    return slice(y, y + size), slice(x, x + size)


def _ramp(size: int, width: int) -> NDArray[np.float32]:
    """Return the (size, size) weight of a block: 1 in the middle, falling over `width` pixels at its rim."""
    edge = np.minimum(np.arange(size), np.arange(size)[::-1]) + 1
    ramp = np.minimum(edge / (width + 1), 1).astype(np.float32)
    return np.outer(ramp, ramp)
