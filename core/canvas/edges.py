"""Closes the edges of what was painted: a soft edge, joints between windows, Poisson blending.

Knows nothing of tokens or of windows' resolutions; every picture here is the canvas or a crop of it. Constants:
docs/canvas.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.fill import smooth_fill
from core.canvas.masks import feather_weight, smoothstep
from core.values.geometry import Box, distance_inside

_MOST_POISSON_PIXELS = 1_500_000
"""Solving for this many pixels takes one second of a core; the time grows with their number."""
_LEAST_POISSON_SIDE = 3
"""OpenCV's least: a hole narrower than this has no pixel that does not touch its edge."""


@dataclass(frozen=True, eq=False)
class Feather:
    """The soft edge of a hole: the mirror image of its surroundings at the edge, fading into what was painted.

    Neither the hole's old content, which is to go, nor a smear of the edge's pixels. Serves any number of layers over
    the same hole.

    Attributes:
        at: (n, 2) int64, rows and columns of the pixels that are mixed.
        mirrored: (n, 2) int64, the mirror image of each outside the hole.
        share: (n, 1) float32 in (0, 1), share of the painted layer in each.
    """

    at: NDArray[np.int64]
    mirrored: NDArray[np.int64]
    share: NDArray[np.float32]

    @classmethod
    def of(cls, hole: NDArray[np.bool_], radius_px: int) -> Feather:
        """Compute the soft edge of a hole.

        Args:
            hole: (h, w) bool, True = painted.
            radius_px: width of the soft edge inside the hole; see `core.canvas.masks.feather_weight`.
        """
        weight = feather_weight(hole, radius_px)
        rows, columns = np.nonzero(hole & (weight < 1))
        away = distance_inside(hole) if len(rows) else weight  # with no soft pixels, the distance is not needed
        height, width = hole.shape
        depth = away[rows, columns]
        down = away[np.minimum(rows + 1, height - 1), columns] - away[np.maximum(rows - 1, 0), columns]
        right = away[rows, np.minimum(columns + 1, width - 1)] - away[rows, np.maximum(columns - 1, 0)]
        length = np.maximum(np.hypot(down, right), 1e-6)
        # From the deepest possible mirror image towards the edge, for corners and places near another hole.
        mirrored, left = np.zeros((len(rows), 2), np.int64), np.ones(len(rows), np.bool_)
        for reach in (2 * depth, depth + 1, depth):
            y = np.clip(np.rint(rows - reach * down / length), 0, height - 1).astype(np.int64)
            x = np.clip(np.rint(columns - reach * right / length), 0, width - 1).astype(np.int64)
            found = left & ~hole[y, x]
            mirrored[found] = np.column_stack([y, x])[found]
            left &= ~found
        at = np.column_stack([rows, columns])[~left]  # a ridge has no side, so it is painted as it is
        return cls(at, mirrored[~left], weight[at[:, 0], at[:, 1]][:, None])

    def over(self, layer: NDArray[np.uint8], around: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Give a layer its soft edge.

        Args:
            layer: (h, w, 3) uint8, what was painted.
            around: (h, w, 3 or 4) uint8; read outside the hole only.

        Returns:
            (h, w, 3) uint8, a new array.
        """
        output = layer.copy()
        (rows, columns), (y, x) = self.at.T, self.mirrored.T
        mixed = self.share * layer[rows, columns] + (1 - self.share) * around[y, x, :3]
        output[rows, columns] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
        return output


def joint_weight(mask: NDArray[np.bool_], painted: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Weight of a window's picture: 1 where the window is responsible, falling beyond the joint.

    Args:
        mask: (s, s) bool, the pixels that the window is responsible for.
        painted: (s, s) bool, pixels that earlier windows painted; nothing else beyond the mask is touched.
        reach: pixels beyond the mask at which the weight is 0.

    Returns:
        (s, s) float32 in [0, 1].
    """
    weight = mask.astype(np.float32)
    beside = painted & ~mask
    if reach < 1 or not beside.any():
        return weight
    near = np.clip(1 - distance_inside(~mask) / np.float32(reach + 1), 0, 1)
    weight[beside] = smoothstep(near)[beside]
    return weight


def poisson(under: NDArray[np.uint8], layer: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Blend a layer so that its hole keeps its gradients and meets the photo at the edge (Perez et al. 2003).

    Args:
        under: (h, w, 3 or 4) uint8, the photo.
        layer: (h, w, 3) uint8, what was painted.
        hole: (h, w) bool, True = painted.

    Returns:
        (h, w, 3) uint8, a new array, equal to `layer` outside the hole. None if the hole reaches the picture's edge,
        where there is nothing to meet, is one or two pixels wide, or is too large to be solved within a second.
    """
    bounds = Box.around(hole)
    height, width = hole.shape
    if bounds is None or not Box(1, 1, width - 1, height - 1).holds(bounds):
        return None
    if min(bounds.size) < _LEAST_POISSON_SIDE or bounds.size.width * bounds.size.height > _MOST_POISSON_PIXELS:
        return None
    near = bounds.grown(1).slices
    inside, made = hole[near], np.ascontiguousarray(layer[near])
    # OpenCV takes the edge's values one pixel inside the hole: put the surroundings there, not the old content.
    given = under[near][..., :3].astype(np.float32)
    around = smooth_fill(given, (~inside).astype(np.float32))
    given = np.where(inside[..., None], np.clip(np.rint(around), 0, 255), given).astype(np.uint8)
    middle = (inside.shape[1] // 2, inside.shape[0] // 2)
    closed = cv2.seamlessClone(made, given, inside.astype(np.uint8) * 255, middle, cv2.NORMAL_CLONE)
    output = layer.copy()
    output[near][inside] = closed[inside]
    return output
