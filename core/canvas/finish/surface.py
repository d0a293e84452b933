"""Finishes a filled hole: takes fine detail from one source each, makes it as strong as around, and closes the rim.

Knows nothing of searching or levels: it runs once, at the photo's own size. Constants: docs/finish.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.descriptors import low_pass
from core.canvas.finish.ground import Ground, Places
from core.canvas.finish.pyramid import Level, Mask, Picture, rows_of
from core.canvas.finish.search import Field
from core.canvas.finish.vote import vote
from core.values.geometry import Box, Size, distance_inside

_FINE = 1.0
"""Sigma in pixels of what is averaged; finer detail comes from one source, where steps between sources stay hidden."""
_MOST_GAIN = 1.2
"""Greatest factor for fine detail; a larger one is sharper, and farther from the photo."""
_CONTRAST = 6.0
"""Sigma in pixels over which the strength of fine detail is measured."""
_RING = 24
"""Width in pixels of the ring around the hole with which that strength is compared."""
_MOST_STEP = 24.0
"""Greatest step across the rim that is removed, in levels of 255; a larger one is an edge."""
_RIM_REACH = 0.3
"""Share of the hole's depth over which the rim's correction falls by a factor of e."""
_FINEST_RIM = 0.8
"""Sigma in pixels of the narrowest blur that spreads the correction; each next one is twice as wide."""


@dataclass(frozen=True, eq=False)
class Bands:
    """A level's picture split in two bands, shared by all fillings.

    Attributes:
        low: (h * w, 4) float32, low-passed over known pixels, arranged like `rows_of`.
        fine: (h, w, 3) float32, the rest.
    """

    low: NDArray[np.float32]
    fine: Picture

    @classmethod
    def of(cls, level: Level) -> Bands:
        """Split a level's picture."""
        low = low_pass(level.picture, level.known, _FINE)
        rows = rows_of(low)
        return cls(rows, np.subtract(level.picture, low, out=low))


def surfaced(
    ground: Ground, bands: Bands, ballot: NDArray[np.float32], field: Field
) -> tuple[NDArray[np.float32], Places]:
    """Compute the hole's finished colours and the source of each of its pixels.

    Args:
        ground: the finest level.
        bands: of its picture.
        ballot: from `core.canvas.finish.vote.ballots`.
        field: the match of each target.

    Returns:
        (n, 3) float32, pixels of the hole row by row, and (n,) int32 indices into h * w.
    """
    level = ground.level
    hole = np.flatnonzero(level.hole).astype(np.int32)
    beside = cv2.dilate(level.hole.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ring = np.flatnonzero(beside & level.known).astype(np.int32)
    both = np.concatenate([hole, ring])
    sources = ground.copied_from(field.places, both)
    smooth = vote(ground, bands.low, ballot, field, both)
    detail = bands.fine.reshape(-1, 3).take(sources, 0)
    photo = level.picture.reshape(-1, 3).take(ring, 0)
    step = (photo - smooth[len(hole) :] - detail[len(hole) :]).clip(-_MOST_STEP, _MOST_STEP)
    near = _near(level)
    here = near.slices
    depth = level.depth[here]
    detail = detail[: len(hole)] * _gain(level, here, bands.fine, detail[: len(hole)], depth)[level.hole[here]][:, None]
    pushed = _pushed(_spread_out(step, ring, level, here), (beside & level.known)[here], depth)
    return smooth[: len(hole)] + detail + pushed[level.hole[here]], sources[: len(hole)]


def _near(level: Level) -> Box:
    """Box of the hole and its ring."""
    box = Box.around(level.hole)
    assert box is not None, "there is a hole"
    return box.grown(_RING + 1).clamped(Size(level.size[1], level.size[0]))


def _spread_out(values: NDArray[np.float32], pixels: Places, level: Level, here: tuple[slice, slice]) -> Picture:
    """Write values at some pixels into a part of the level, (h, w, 3) float32, 0 elsewhere."""
    whole = np.zeros((*level.size, 3), np.float32)
    whole.reshape(-1, 3)[pixels] = values
    return whole[here]


def _gain(
    level: Level, here: tuple[slice, slice], fine: Picture, detail: NDArray[np.float32], depth: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Compute the factor (h, w) float32 for fine detail in a part of the level, 1 or more."""
    hole, known = level.hole[here], level.known[here]
    ring = known & (distance_inside(~hole) <= _RING)
    made = np.zeros(hole.shape, np.float32)
    made[hole] = np.square(detail).mean(1)
    there = np.square(fine[here]).mean(2) * ring
    inside = _mean_within(made, hole, _CONTRAST)
    around = _mean_within(there, ring, max(_CONTRAST, float(depth[hole].max()) / 2))
    return np.sqrt(around / np.maximum(inside, np.float32(1e-3))).clip(1.0, _MOST_GAIN)


def _mean_within(values: NDArray[np.float32], mask: Mask, sigma: float) -> NDArray[np.float32]:
    """Blur values over a mask alone, (h, w) float32."""
    blurred, weight = _wide(values, sigma), _wide(mask.astype(np.float32), sigma)
    return np.asarray(blurred / np.maximum(weight, np.float32(1e-6)), np.float32)


def _wide(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Blur values with a Gaussian, a wide one at a reduced size, where the difference is invisible."""
    every = max(1, int(sigma // 4))
    if every == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma), np.float32)
    height, width = values.shape[:2]
    small = cv2.resize(values, (-(-width // every), -(-height // every)), interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / every)
    return np.asarray(cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _pushed(step: Picture, ring: Mask, depth: NDArray[np.float32]) -> Picture:
    """Compute the correction (h, w, 3) float32 for the rim's steps: nearly Poisson's membrane, without a solver."""
    deepest = max(float(depth.max()), 1.0)
    total, weight = np.zeros_like(step), np.zeros(ring.shape, np.float32)
    sigma, share = _FINEST_RIM, ring.astype(np.float32)
    while True:
        total += _wide(step, sigma) / np.float32(sigma**2)
        weight += _wide(share, sigma) / np.float32(sigma**2)
        if sigma > deepest * _RIM_REACH:
            break
        sigma *= 2
    fading = np.exp(-depth / np.float32(_RIM_REACH * deepest))
    return np.asarray(total * (fading / np.maximum(weight, np.float32(1e-12)))[..., None], np.float32)
