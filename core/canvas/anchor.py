"""What keeps a border that grows sideways in the colours of its photo, however many windows it takes.

Knows nothing of tokens or nets. Each window continues the one before and adds a little of its own to the colours; after
ten windows that is another scene (the drift that Chang et al. 2022, section 5, name). So the colours of every level of
the picture, row by row, are held near those of the photo beside it, within what the photo itself varies by. Above and
below nothing is held: a level has one colour, a column has not, from the ground up to the sky.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import from_lab, to_lab
from core.geometry import Box

_VARIES = 0.1
"""Times the photo's own variation along a level that a mean may lie beside the photo's."""
_END = 4
"""The photo's very end is this share of the band."""
_LEAST = 0.5
"""Units of CIELAB that it may in any case."""
_SMOOTH = 12
"""Levels are smoothed over this share of a window, so that no horizon is cut."""
_RAMP = 6
"""The correction grows from the joint, and fades above and below the photo, over this share of a window."""


@dataclass(frozen=True, eq=False)
class Anchor:
    """The photo in the middle of a grown canvas.

    Attributes:
        base: (H, W, 3 or 4) uint8, the grown canvas.
        photo: where the photo lies on it.
    """

    base: NDArray[np.uint8]
    photo: Box

    def hold(self, generated: NDArray[np.uint8], window: Box, mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return a window's new pixels moved towards the photo's colours where they have left them, beside the photo.

        Args:
            generated: (s, s, 3) uint8 RGB, matched to what is beside it.
            window: where it lies.
            mask: (s, s) bool, the new pixels.

        Returns:
            (s, s, 3) uint8, a new array; pixels outside the mask as they were.
        """
        output = generated.copy()
        across = np.nonzero(mask.any(0))[0]
        if self.photo.left <= window.left + (across[0] + across[-1]) / 2 < self.photo.right:
            return output
        side = mask.shape[0]
        sigma = max(1.0, side / _SMOOTH)
        low, high = self._levels(window, sigma)
        lab = to_lab(generated)
        seen = mask.sum(1).astype(np.float32)[:, None]
        summed = np.where(mask[..., None], lab, 0).sum(1)  # (s, 3)
        found = _along(summed, sigma) / np.maximum(_along(seen, sigma), 1e-3)
        excess = found - np.clip(found, low, high)
        # From the side that is known: the new columns nearest to the photo begin as what they continue.
        towards = window.left + across[0] >= self.photo.left
        distance = np.arange(side) - across[0] if towards else across[-1] - np.arange(side)
        ramp = max(1, side // _RAMP)
        level = np.arange(window.top, window.bottom)
        beyond = np.maximum(self.photo.top - level, level - self.photo.bottom + 1).clip(0)
        share = np.outer(np.clip(1 - beyond / ramp, 0, 1), np.clip((distance + 1) / ramp, 0, 1)).astype(np.float32)
        moved = lab - share[..., None] * excess[:, None]
        output[mask] = from_lab(np.asarray(moved, np.float32))[mask]
        return output

    def _levels(self, window: Box, sigma: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the least and the greatest colour (s, 3) in CIELAB for each row of a window beside the photo.

        Both the photo's very end and a window's width of it count: an object in the one is not in the other.
        """
        left, top, right, bottom = self.photo
        reach = min(right - left, window.size.width)
        band = Box(left, top, left + reach, bottom) if window.left < left else Box(right - reach, top, right, bottom)
        lab = to_lab(self.base[band.slices][..., :3])
        end = max(1, reach // _END)
        rows = np.clip(np.arange(window.top, window.bottom), top, bottom - 1) - top
        means = [
            _along(part.mean(1)[rows], sigma) for part in (lab, lab[:, :end] if window.left < left else lab[:, -end:])
        ]
        allowed = _VARIES * _along(lab.std(1)[rows], sigma) + _LEAST
        return np.minimum(*means) - allowed, np.maximum(*means) + allowed


def _along(levels: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Smooth (n, c) values along their first axis."""
    wide = cv2.GaussianBlur(
        np.ascontiguousarray(levels, np.float32)[:, None], (1, 0), 1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(wide, np.float32).reshape(levels.shape)
