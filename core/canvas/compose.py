"""From the canvas to a window at the model's resolution, and back again into the canvas.

Knows nothing of tokens or of why a window was chosen. Every pixel of weight 0 comes out bit-identical.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.fill import smooth_fill
from core.canvas.masks import feather_weight
from core.geometry import Box, cell_areas

MOST_COLOUR_SHIFT = 48.0
"""Levels of 255 by which `match_colour` changes a pixel at most: a colour step is corrected, an object is not."""
_MATCH_SIDE = 256
_MOST_POISSON_PIXELS = 1_500_000
_LEAST_POISSON_SIDE = 3
"""OpenCV cannot solve for less: a hole narrower than this has no pixel that does not touch its border."""


def to_model(canvas: NDArray[np.uint8], window: Box, pixels: int) -> NDArray[np.uint8]:
    """Return a window of the canvas at the model's resolution; alpha is left out.

    Args:
        canvas: (H, W, 3) RGB or (H, W, 4) RGBA uint8.
        window: square box inside the canvas.
        pixels: S, the model's side.

    Returns:
        (S, S, 3) uint8, a new array.
    """
    return _resized(canvas[window.slices][..., :3], pixels, cv2.INTER_CUBIC)


def from_model(pixels: NDArray[np.uint8], window: Box) -> NDArray[np.uint8]:
    """Return a decoded picture at the size of its window.

    Args:
        pixels: (S, S, 3) uint8 RGB.
        window: square box of s pixels a side.

    Returns:
        (s, s, 3) uint8, a new array.
    """
    return _resized(pixels, window.size.width, cv2.INTER_LANCZOS4)


def mask_to_model(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Return which of the model's pixels a window's mask touches, however little.

    Where the window is enlarged, that includes pixels that `to_model` mixes from masked ones: nothing of what is to be
    removed is seen outside.

    Args:
        mask: (s, s) bool, True = repaint.
        pixels: S, the model's side.

    Returns:
        (S, S) bool, a new array; no brushed pixel is lost.
    """
    side = mask.shape[0]
    if side == pixels:
        return mask.copy()
    if side < pixels:
        mask = cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)  # cubic: 2 pixels each way
    return cell_areas(mask, pixels) > 0


def match_colour(
    generated: NDArray[np.uint8], original: NDArray[np.uint8], hole: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """Return the generated window shifted to the colours around its hole, so that the seam shows no step.

    The difference original - generated on a ring of known pixels is smoothed, spread into the hole like a membrane and
    fades with the distance from the rim. It is computed at 256 pixels a side at most, being of low frequency.

    Args:
        generated: (s, s, 3) uint8 RGB, what the model made of the whole window.
        original: (s, s, 3) uint8 RGB.
        hole: (s, s) bool, True = repaint.

    Returns:
        (s, s, 3) uint8, a new array, every pixel moved by at most `MOST_COLOUR_SHIFT` levels, those beside the hole as
        well, of which a soft joint takes some. Unchanged where nothing, or everything, is known.
    """
    if hole.all() or not hole.any():
        return generated.copy()
    side = hole.shape[0]
    small = min(side, _MATCH_SIDE)
    unknown = mask_to_model(hole, small)
    if unknown.all():  # only slivers are known
        return generated.copy()
    made, given = (_resized(p, small, cv2.INTER_CUBIC).astype(np.float32) for p in (generated, original))
    outside = cv2.distanceTransform(
        np.ascontiguousarray(~unknown, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )  # of known pixels to the hole
    inside = cv2.distanceTransform(np.ascontiguousarray(unknown, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    ring = ((outside > 0) & (outside <= max(3.0, small / 16))).astype(np.float32)
    # Clipped before averaging: a few pixels that show something else altogether must not tint the hole.
    residual = np.clip(given - made, -MOST_COLOUR_SHIFT, MOST_COLOUR_SHIFT) * ring[..., None]
    sigma = max(1.0, small / 64)
    seen = _blurred(ring, sigma)
    field = np.asarray(_blurred(residual, sigma) / np.maximum(seen, 1e-6)[..., None], np.float32)
    trust = np.asarray(np.where(seen > 1e-3, np.minimum(seen * 2, 1), 0), np.float32)
    field = smooth_fill(field, trust)
    # Full strength at the rim, half at an eighth of the window: far inside the model's own colours are as good.
    fade = np.exp2(-np.maximum(inside - 1, 0) / (small / 8)).astype(np.float32)
    shift = np.asarray(np.clip(field * fade[..., None], -MOST_COLOUR_SHIFT, MOST_COLOUR_SHIFT), np.float32)
    if small != side:
        shift = np.asarray(cv2.resize(shift, (side, side), interpolation=cv2.INTER_LINEAR), np.float32)
    return np.asarray(np.clip(np.rint(generated + shift), 0, 255), np.uint8)


def keep_colours(generated: NDArray[np.uint8], seen: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a finer look at what is painted already in the colours that it has: only what is finer than these is new.

    Args:
        generated: (s, s, 3) uint8 RGB, what the model made of the window.
        seen: (s, s, 3) uint8 RGB, the window before.

    Returns:
        (s, s, 3) uint8, a new array; every pixel moved by at most `MOST_COLOUR_SHIFT` levels.
    """
    side = seen.shape[0]
    small = min(side, _MATCH_SIDE)
    made, given = (_resized(p, small, cv2.INTER_CUBIC).astype(np.float32) for p in (generated, seen))
    residual = np.clip(given - made, -MOST_COLOUR_SHIFT, MOST_COLOUR_SHIFT)
    sigma = max(1.0, small / 12)
    shift = cv2.GaussianBlur(residual, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE)
    if small != side:
        shift = cv2.resize(shift, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(np.rint(generated + shift), 0, 255), np.uint8)


def feathered(
    layer: NDArray[np.uint8], around: NDArray[np.uint8], hole: NDArray[np.bool_], radius_px: int
) -> NDArray[np.uint8]:
    """Return a layer whose hole begins softly: at the border as the mirror image of what lies beyond, then as painted.

    Not as what the hole held, which is to go, nor as a smear of the border's pixels.

    Args:
        layer: (h, w, 3) uint8, what was painted.
        around: (h, w, 3 or 4) uint8; looked at outside the hole only.
        hole: (h, w) bool, True = painted.
        radius_px: width of the soft edge inside the hole; see `core.canvas.masks.feather_weight`.

    Returns:
        (h, w, 3) uint8, a new array.
    """
    output = layer.copy()
    weight = feather_weight(hole, radius_px)
    rows, columns = np.nonzero(hole & (weight < 1))
    if not len(rows):
        return output
    away = cv2.distanceTransform(
        np.ascontiguousarray(hole, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE
    )  # of the hole's pixels to what is known
    height, width = hole.shape
    depth = away[rows, columns]
    down = away[np.minimum(rows + 1, height - 1), columns] - away[np.maximum(rows - 1, 0), columns]
    right = away[rows, np.minimum(columns + 1, width - 1)] - away[rows, np.maximum(columns - 1, 0)]
    length = np.maximum(np.hypot(down, right), 1e-6)
    # From the deepest that a mirror may reach towards the border itself, for corners and for what is near another hole.
    chosen, left = np.zeros((len(rows), 2), np.int64), np.ones(len(rows), np.bool_)
    for reach in (2 * depth, depth + 1, depth):
        y = np.clip(np.rint(rows - reach * down / length), 0, height - 1).astype(np.int64)
        x = np.clip(np.rint(columns - reach * right / length), 0, width - 1).astype(np.int64)
        found = left & ~hole[y, x]
        chosen[found] = np.column_stack([y, x])[found]
        left &= ~found
    rows, columns, chosen = rows[~left], columns[~left], chosen[~left]  # a ridge has no side: it stays as painted
    share = weight[rows, columns][:, None]
    mixed = share * layer[rows, columns] + (1 - share) * around[chosen[:, 0], chosen[:, 1], :3]
    output[rows, columns] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return output


def joint_weight(mask: NDArray[np.bool_], painted: NDArray[np.bool_], reach: int) -> NDArray[np.float32]:
    """Return how much of a window's picture is taken: all where it is responsible, less and less beyond the joint.

    Args:
        mask: (s, s) bool, what the window is responsible for.
        painted: (s, s) bool, what earlier windows painted; beyond the mask nothing else is touched.
        reach: pixels beyond the mask after which nothing is taken.

    Returns:
        (s, s) float32 in [0, 1].
    """
    weight = mask.astype(np.float32)
    beside = painted & ~mask
    if reach < 1 or not beside.any():
        return weight
    away = cv2.distanceTransform(np.ascontiguousarray(~mask, np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    near = np.clip(1 - away / np.float32(reach + 1), 0, 1)
    weight[beside] = (near * near * (3 - 2 * near))[beside]
    return weight


def poisson(under: NDArray[np.uint8], layer: NDArray[np.uint8], hole: NDArray[np.bool_]) -> NDArray[np.uint8] | None:
    """Return a layer whose hole keeps its gradients but meets the photo's values at the border (Perez et al. 2003).

    Args:
        under: (h, w, 3 or 4) uint8, the photo.
        layer: (h, w, 3) uint8, what was painted.
        hole: (h, w) bool, True = painted.

    Returns:
        (h, w, 3) uint8, a new array, as `layer` outside the hole; None where the hole reaches the picture's edge, where
        there is nothing to meet, is a sliver of one or two pixels, or is too large to be solved in a moment.
    """
    bounds = Box.around(hole)
    height, width = hole.shape
    if bounds is None or not Box(1, 1, width - 1, height - 1).holds(bounds):
        return None
    if min(bounds.size) < _LEAST_POISSON_SIDE or bounds.size.width * bounds.size.height > _MOST_POISSON_PIXELS:
        return None
    near = bounds.grown(1).slices
    inside, made = hole[near], np.ascontiguousarray(layer[near])
    # OpenCV takes the border's values a pixel inside the hole: there lies what is around, not what is to go.
    given = under[near][..., :3].astype(np.float32)
    around = smooth_fill(given, (~inside).astype(np.float32))
    given = np.where(inside[..., None], np.clip(np.rint(around), 0, 255), given).astype(np.uint8)
    middle = (inside.shape[1] // 2, inside.shape[0] // 2)
    closed = cv2.seamlessClone(made, given, inside.astype(np.uint8) * 255, middle, cv2.NORMAL_CLONE)
    output = layer.copy()
    output[near][inside] = closed[inside]
    return output


def paste(
    canvas: NDArray[np.uint8],
    generated: NDArray[np.uint8],
    window: Box,
    weight: NDArray[np.float32],
    *,
    opaque: bool = False,
) -> NDArray[np.uint8]:
    """Blend a window into the canvas, in place: round(w * generated + (1 - w) * canvas).

    Args:
        canvas: (H, W, 3) RGB or (H, W, 4) RGBA uint8, writable; changed in place within the window only.
        generated: (s, s, 3) uint8 RGB.
        window: where it lies on the canvas.
        weight: (s, s) float32 in [0, 1]; a pixel of weight 0 stays bit-identical.
        opaque: raise the alpha of repainted pixels to 255 * weight; otherwise alpha stays as it is.

    Returns:
        The same canvas.
    """
    view = canvas[window.slices]
    touched = weight > 0
    share = weight[touched][:, None]  # (n, 1)
    mixed = share * generated[touched] + (1 - share) * view[touched][:, :3]
    pixels = view[touched]
    pixels[:, :3] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    if opaque and canvas.shape[2] == 4:
        pixels[:, 3] = np.maximum(pixels[:, 3], np.rint(255 * share[:, 0]).astype(np.uint8))
    view[touched] = pixels
    return canvas


def _resized(picture: NDArray[np.uint8], side: int, enlarge: int) -> NDArray[np.uint8]:
    """Return a (side, side, 3) picture: averaged when it shrinks, so that thin things keep their weight."""
    if picture.shape[0] == side:
        return picture.copy()
    method = cv2.INTER_AREA if side < picture.shape[0] else enlarge
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=method), np.uint8)


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)
