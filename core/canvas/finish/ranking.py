"""Ranks fillings of one hole, and tells which differ in structure and not only in grain.

Knows nothing of how they were made. Nothing is trained: fillings are sorted by each of a few measures, and their ranks
are added (docs/finish.md, section 6).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import to_lab
from core.canvas.finish.descriptors import describe, low_pass
from core.canvas.finish.pyramid import Level, Picture
from core.plumbing.crew import Crew
from core.values.geometry import Box, Size

Floats = NDArray[np.float32]

_PATCH = 7
"""Side in pixels of a patch over the rim, as at the coarser levels of the finish (docs/finish.md, section 2)."""
_BANDS = (1.0, 2.0, 4.0)
"""Sigmas in pixels of the bands of lightness that describe texture (docs/finish.md, section 6)."""
_SPREAD = 6.0
"""Sigma in pixels over which a band's energy is averaged (docs/finish.md, section 6)."""
_COLOUR_SIGMA, _COLOUR_SCALE = 4.0, 8.0
"""Sigma in pixels of the colours' low pass, and their divisor in CIELAB units (docs/finish.md, section 6)."""
_MOST_ASKED, _MOST_KNOWN = 700, 12_000
"""Places of the hole or rim, and known places, that are compared: 8 million distances at once, 34 MB."""
_KIN, _LEAST_KIN = 0.5, 24
"""How far around a hole texture counts as related to it, as a share of its longer side and in pixels at least: farther
away there may be a smooth slope, to which anything smooth would be related."""
_EXACT = 4
"""Steps per unit to which texture is rounded, so that sums of products are exact in float32 in any order."""
_APART = 0.6
"""Share of the median distance between two fillings from which on they count as different: most pairs do."""


class Fillings:
    """Fillings of one hole, measured at half their size.

    Args:
        level: its hole and what is around it.
        pictures: the level's picture filled, (h, w, 3) float32 each; at least one.
        crew: does the work.

    Attributes:
        rim: (n,) mean distance of patches over the rim to the nearest known ones; smaller is better.
        apart: (n, n) mean distance of texture inside the hole.
        kinship: (n,) mean squared distance of texture in the hole to the nearest around it; smaller is better.
    """

    def __init__(self, level: Level, pictures: Sequence[Picture], crew: Crew) -> None:
        half = level.halved()
        box = Box.around(half.hole)
        assert box is not None, "there is a hole"
        margin = round(3 * _SPREAD)
        near = box.grown(margin).clamped(Size(half.size[1], half.size[0])).slices
        rim = _Rim(half)
        kin = _Kin(half, _halved(pictures[0]))
        inside: list[Floats] = [np.zeros((0, 0), np.float32)] * len(pictures)
        self.rim, self.kinship = np.zeros((2, len(pictures)), np.float32)

        def measured(part: slice) -> None:
            for index in range(part.start, part.stop):
                crew.pause()
                smaller = _halved(pictures[index])
                inside[index] = _texture(smaller[near])[half.hole[near]]
                self.rim[index] = rim.cost(smaller)
                self.kinship[index] = kin.distance(inside[index])

        crew.share(len(pictures), measured, least=1)
        self.apart = np.array([[float(_distance(a, b).mean()) for b in inside] for a in inside])

    @property
    def consensus(self) -> Floats:
        """Mean distance (n,) to the other fillings; smaller is better."""
        return np.asarray(self.apart.sum(1) / max(1, len(self.apart) - 1), np.float32)

    def worth(self, more: Sequence[tuple[float, Floats]] = ()) -> NDArray[np.float64]:
        """Add up the ranks of each filling, (n,); smaller is better.

        Args:
            more: further measures of which smaller is better, each with its weight relative to the three of this class.
        """
        total = places(self.rim) + places(self.consensus) + places(self.kinship)
        for weight, values in more:
            total = total + weight * places(values)
        return total

    def distinct(self, order: Sequence[int], count: int) -> list[int]:
        """Choose the first fillings of an order that differ from all before them, then others if these are too few."""
        pairs = self.apart[np.triu_indices(len(self.apart), 1)]
        least = _APART * float(np.median(pairs)) if len(pairs) else 0.0
        chosen: list[int] = []
        for index in order:
            if all(self.apart[index, other] >= least for other in chosen):
                chosen.append(index)
        chosen += [index for index in order if index not in chosen]
        return chosen[:count]


def places(values: Floats) -> NDArray[np.float64]:
    """Rank values, 0 for the smallest; equal ones share the mean of their ranks."""
    below = (values[None] < values[:, None]).sum(1)
    equal = (values[None] == values[:, None]).sum(1)
    return np.asarray(below + (equal - 1) / 2, np.float64)


def colour_distance(picture: Picture, low: Picture, hole: NDArray[np.bool_], sigma: float) -> float:
    """Mean difference inside a hole between a picture, low-passed, and a low-passed one, in CIELAB units.

    Args:
        picture: (h, w, 3) float32.
        low: (h, w, 3) float32, low-passed with the same sigma.
        hole: (h, w) bool.
        sigma: in pixels.
    """
    one, other = (to_lab(part.clip(0, 255))[hole] for part in (low_pass(picture, None, sigma), low))
    return float(_distance(one, other).mean())


def _halved(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    even = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    size = (even.shape[1] // 2, even.shape[0] // 2)
    return np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.float32)


def _spread(indices: NDArray[np.int64], most: int) -> NDArray[np.int32]:
    every = -(-len(indices) // most) or 1
    return indices[::every].astype(np.int32)


class _Rim:
    """Known patches of a level, with which patches over the rim are compared."""

    def __init__(self, half: Level) -> None:
        kernel = np.ones((_PATCH, _PATCH), np.uint8)
        reach = _PATCH // 2
        hole = cv2.dilate(half.hole.astype(np.uint8), kernel) > 0
        over = hole & (cv2.dilate(half.known.astype(np.uint8), kernel) > 0)
        inside = np.zeros_like(over)
        inside[reach:-reach, reach:-reach] = True
        self._asked = _spread(np.flatnonzero(over & inside), _MOST_ASKED)
        known = _spread(np.flatnonzero(half.whole_patches(_PATCH)), _MOST_KNOWN)
        self._there = np.rint(describe(half.picture, known, _PATCH) / _EXACT)

    def cost(self, picture: Picture) -> float:
        """Mean distance of the rim's patches to the nearest known ones, 0 if there are none."""
        if not len(self._asked) or not len(self._there):
            return 0.0
        return float(_nearest(np.rint(describe(picture, self._asked, _PATCH) / _EXACT), self._there).mean())


class _Kin:
    """Known texture around a hole, to compare texture inside with; `filled` completes the picture for its filters."""

    def __init__(self, half: Level, filled: Picture) -> None:
        texture = _texture(np.where(half.known[..., None], half.picture, filled))
        clear = cv2.erode(half.known.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        clear = clear if clear.any() else half.known
        self._mean, self._scale = texture[clear].mean(0), texture[clear].std(0) + 1e-3
        box = Box.around(half.hole)
        assert box is not None, "there is a hole"
        near = clear & half.near(max(_LEAST_KIN, _KIN * max(box.size)))
        kin = texture[near if near.any() else clear]
        self._there = _rounded(kin[_spread(np.arange(len(kin)), _MOST_KNOWN)], self._mean, self._scale)

    def distance(self, inside: Floats) -> float:
        """Mean squared distance of (n, 18) textures to the nearest known ones."""
        asked = inside[_spread(np.arange(len(inside)), _MOST_ASKED)]
        return float(_nearest(_rounded(asked, self._mean, self._scale), self._there).mean())


def _rounded(values: Floats, mean: Floats, scale: Floats) -> Floats:
    return np.asarray(np.rint(((values - mean) / scale).clip(-20, 20) * _EXACT), np.float32)


def _nearest(asked: Floats, known: Floats) -> Floats:
    """Squared distances (n,) of whole numbers (n, d) to the nearest of (m, d)."""
    squares = np.square(known).sum(1)[None] - 2 * asked @ known.T
    return np.asarray(squares.min(1) + np.square(asked).sum(1), np.float32)


def _distance(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt(np.square(one - other).sum(1)), np.float32)


def _texture(picture: Picture) -> Floats:
    """Describe texture by 18 numbers per pixel, (h, w, 18) float32: low-passed colours, and three bands' energy."""
    lab = to_lab(picture.clip(0, 255))
    maps = list(cv2.split(cv2.GaussianBlur(lab, (0, 0), _COLOUR_SIGMA) / np.float32(_COLOUR_SCALE)))
    light = np.ascontiguousarray(lab[..., 0])
    before = light
    for sigma in _BANDS:
        after = np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), np.float32)
        band, before = before - after, after
        across, down = (cv2.Sobel(band, cv2.CV_32F, *way, ksize=3) / 8 for way in ((1, 0), (0, 1)))
        turned = [across, down, (across + down) / 2**0.5, (across - down) / 2**0.5]
        energies = (cv2.GaussianBlur(part * part, (0, 0), _SPREAD) for part in (band, *turned))
        maps += [2 * np.log1p(energy) for energy in energies]
    return np.asarray(np.stack(maps, 2), np.float32)
