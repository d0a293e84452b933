"""Keeps a border that grows over many windows in the colours of its photo.

Knows nothing of tokens or nets. Each window continues the one before and shifts its colours a little; after ten windows
that is another scene, the drift that Chang et al. (2022, section 5) name. So the mean colour of every row is kept near
that of the photo beside it, within the photo's own variation. Above and below the photo nothing is kept: a row has one
colour, a column has not, from the ground up to the sky. Without it ten windows drift by more than 40 CIELAB units, with
it by 4.4; the bar is 5 (assets/experiments/photos/report.md, "Bars"). Constants: docs/canvas.md, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import from_lab, to_lab
from core.values.geometry import Box

_VARIES = 0.1
"""Distance of a mean from the photo's, as a multiple of the photo's own variation in that row; 0.35 missed the bar."""
_END = 4
"""The end of the photo, whose colours count beside those of the band, is this part of it, a quarter: the band alone let
an object within it colour the whole border."""
_LEAST = 0.5
"""Deviation always allowed, in CIELAB units: less than anyone sees, even after ten windows."""
_SMOOTH = 12
"""Rows are smoothed over a twelfth of a window, so that a horizon is not cut."""
_RAMP = 6
"""The correction grows from the joint, and fades above and below the photo, over a sixth of a window: no step shows."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """The photo in the middle of a grown canvas.

    Attributes:
        base: (H, W, 3 or 4) uint8, the grown canvas.
        photo: where the photo lies on it.
    """

    base: NDArray[np.uint8]
    photo: Box

    def at(self, window: Box, mask: NDArray[np.bool_]) -> Hold | None:
        """Find the colour limits of one window, for all of its pictures; None above and below the photo.

        Args:
            window: its box on the canvas.
            mask: (s, s) bool, the new pixels.
        """
        across = np.nonzero(mask.any(0))[0]
        if self.photo.left <= window.left + (across[0] + across[-1]) / 2 < self.photo.right:
            return None
        side = mask.shape[0]
        sigma, ramp = max(1.0, side / _SMOOTH), max(1, side // _RAMP)
        # From the known side: the new columns nearest to the photo take the colours that they continue.
        at_right = window.left + across[0] >= self.photo.left
        distance = np.arange(side) - across[0] if at_right else across[-1] - np.arange(side)
        level = np.arange(window.top, window.bottom)
        beyond = np.maximum(self.photo.top - level, level - self.photo.bottom + 1).clip(0)
        share = np.outer(np.clip(1 - beyond / ramp, 0, 1), np.clip((distance + 1) / ramp, 0, 1)).astype(np.float32)
        return Hold(mask, *self._levels(window, sigma), share, sigma)

    def _levels(self, window: Box, sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Find the least and the greatest colour (s, 3) in CIELAB for each row of a window beside the photo.

        The photo's end and the band as wide as a window both count: an object in one is not in the other.
        """
        left, top, right, bottom = self.photo
        reach = min(right - left, window.size.width)
        at_left = window.left < left
        band = Box(left, top, left + reach, bottom) if at_left else Box(right - reach, top, right, bottom)
        lab = to_lab(self.base[band.slices][..., :3])
        width = max(1, reach // _END)
        end = lab[:, :width] if at_left else lab[:, -width:]
        rows = np.clip(np.arange(window.top, window.bottom), top, bottom - 1) - top
        means = [_along(part.mean(1)[rows], sigma) for part in (lab, end)]
        allowed = _VARIES * _along(lab.std(1)[rows], sigma) + _LEAST
        return np.minimum(*means) - allowed, np.maximum(*means) + allowed


@dataclass(frozen=True, eq=False)
class Hold:
    """The colours that an anchor allows in one window.

    Attributes:
        mask: (s, s) bool, the new pixels.
        low, high: (s, 3) float32, the least and the greatest mean colour of each row, CIELAB.
        share: (s, s) float32 in [0, 1], share of the correction that each pixel gets.
        sigma: rows over which colours are smoothed.
    """

    mask: NDArray[np.bool_]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    share: NDArray[np.float32]
    sigma: float

    def on(self, generated: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Move a window's new pixels back towards the photo's colours where they left them.

        Args:
            generated: (s, s, 3) uint8 RGB, matched to its surroundings.

        Returns:
            (s, s, 3) uint8, a new array; pixels outside the mask are unchanged.
        """
        lab = to_lab(generated)
        seen = self.mask.sum(1).astype(np.float32)[:, None]
        summed = np.where(self.mask[..., None], lab, 0).sum(1)  # (s, 3)
        found = _along(summed, self.sigma) / np.maximum(_along(seen, self.sigma), 1e-3)
        excess = found - np.clip(found, self.low, self.high)
        moved = lab - self.share[..., None] * excess[:, None]
        output = generated.copy()
        output[self.mask] = from_lab(np.asarray(moved, np.float32))[self.mask]
        return output


def _along(levels: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Smooth (n, c) values along their first axis."""
    wide = cv2.GaussianBlur(
        np.ascontiguousarray(levels, np.float32)[:, None], (1, 0), 1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(wide, np.float32).reshape(levels.shape)
