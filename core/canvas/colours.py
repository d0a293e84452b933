"""Colours of windows: converted to CIELAB, matched to those around a hole, or kept during a finer look.

Knows nothing of tokens, or of why a window was chosen. Constants: docs/canvas.md, section 3.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import mask_to_model, resized
from core.canvas.fill import smooth_fill
from core.values.geometry import distance_inside

MOST_SHIFT = 48.0
"""Levels of 255 by which a pixel is moved at most: a colour step is corrected (delta E 1.5 instead of 2.8 across the
edge), an object is not."""
_SIDE = 256
"""Largest side in pixels at which colours are matched: the correction is of low frequency and enlarges without loss."""


def to_lab(picture: NDArray[np.uint8] | NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (H, W, 3) RGB levels of 255 as float32 CIELAB, L* in 0..100."""
    rgb = np.ascontiguousarray(picture, np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def from_lab(lab: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return (H, W, 3) CIELAB as uint8 RGB."""
    rgb = cv2.cvtColor(np.ascontiguousarray(lab, np.float32), cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(np.rint(rgb * np.float32(255)), 0, 255), np.uint8)


def match_colour(
    generated: NDArray[np.uint8], original: NDArray[np.uint8], hole: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Shift the generated window to the colours around its hole, so that the seam shows no step.

    The difference original - generated on a ring of known pixels is smoothed, spread into the hole like a membrane, and
    fades with the distance from the rim.

    Args:
        generated: (s, s, 3) uint8 RGB, the model's picture of the whole window.
        original: (s, s, 3) uint8 RGB.
        hole: (s, s) bool, True = repaint.

    Returns:
        (s, s, 3) uint8, a new array. Every pixel moves by at most `MOST_SHIFT` levels, also those beside the hole,
        which a soft joint uses. Unchanged if nothing, or everything, is known.
    """
    if hole.all() or not hole.any():
        return generated.copy()
    small = min(hole.shape[0], _SIDE)
    unknown = mask_to_model(hole, small)
    if unknown.all():  # only slivers are known
        return generated.copy()
    outside, inside = distance_inside(~unknown), distance_inside(unknown)
    ring = ((outside > 0) & (outside <= max(3.0, small / 16))).astype(np.float32)
    residual = _residual(generated, original) * ring[..., None]
    sigma = max(1.0, small / 64)
    seen = _blurred(ring, sigma)
    field = np.asarray(_blurred(residual, sigma) / np.maximum(seen, 1e-6)[..., None], np.float32)
    trust = np.asarray(np.where(seen > 1e-3, np.minimum(seen * 2, 1), 0), np.float32)
    field = smooth_fill(field, trust)
    # Full strength at the rim, half at an eighth of the window: far inside, the model's own colours are as good.
    fade = np.exp2(-np.maximum(inside - 1, 0) / (small / 8)).astype(np.float32)
    return _shifted(generated, np.clip(field * fade[..., None], -MOST_SHIFT, MOST_SHIFT))


def keep_colours(generated: NDArray[np.uint8], seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give a finer look the colours of the look before it, so that only fine structure is new.

    Args:
        generated: (s, s, 3) uint8 RGB, the model's picture of the window.
        seen: (s, s, 3) uint8 RGB, the window as it was.

    Returns:
        (s, s, 3) uint8, a new array; every pixel moved by at most `MOST_SHIFT` levels.
    """
    residual = _residual(generated, seen)
    sigma = max(1.0, residual.shape[0] / 12)
    shift = cv2.GaussianBlur(residual, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    return _shifted(generated, np.asarray(shift, np.float32))


def _residual(generated: NDArray[np.uint8], wanted: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Compute the shift (m, m, 3), m at most `_SIDE`, from a window to the wanted one, in levels.

    Clipped before any averaging: a few pixels that show something else altogether must not tint the rest.
    """
    small = min(generated.shape[0], _SIDE)
    made, given = (resized(p, small, cv2.INTER_CUBIC).astype(np.float32) for p in (generated, wanted))
    return np.asarray(np.clip(given - made, -MOST_SHIFT, MOST_SHIFT), np.float32)


def _shifted(generated: NDArray[np.uint8], shift: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Move a window by (m, m, 3) levels."""
    side = generated.shape[0]
    if shift.shape[0] != side:
        shift = np.asarray(cv2.resize(shift, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(np.rint(generated + shift), 0, 255), np.uint8)


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)
