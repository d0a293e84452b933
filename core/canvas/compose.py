"""From the canvas to a window at the model's resolution, and back into the canvas.

Knows nothing of tokens or of why a window was chosen. Every pixel of weight 0 comes out bit-identical.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box, cell_areas


def to_model(canvas: NDArray[np.uint8], window: Box, pixels: int) -> NDArray[np.uint8]:
    """Cut out a window of the canvas at the model's resolution, without alpha.

    Args:
        canvas: (H, W, 3) RGB or (H, W, 4) RGBA uint8.
        window: square box inside the canvas.
        pixels: S, the model's side.

    Returns:
        (S, S, 3) uint8, a new array.
    """
    return resized(canvas[window.slices][..., :3], pixels, cv2.INTER_CUBIC)


def from_model(pixels: NDArray[np.uint8], window: Box) -> NDArray[np.uint8]:
    """Resize a decoded picture to the size of its window.

    Args:
        pixels: (S, S, 3) uint8 RGB.
        window: square box with sides of s pixels.

    Returns:
        (s, s, 3) uint8, a new array.
    """
    return resized(pixels, window.size.width, cv2.INTER_LANCZOS4)


def mask_to_model(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Find the model's pixels that a window's mask touches, however little.

    In an enlarged window that includes pixels that `to_model` mixes from masked ones, so that nothing of what is to be
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


def paste(
    canvas: NDArray[np.uint8],
    generated: NDArray[np.uint8],
    window: Box,
    weight: NDArray[np.float32],
    *,
    opaque: NDArray[np.bool_] | None = None,
) -> NDArray[np.uint8]:
    """Blend a window into the canvas, in place: round(w * generated + (1 - w) * canvas).

    Args:
        canvas: (H, W, 3) RGB or (H, W, 4) RGBA uint8, writable; changed in place within the window only.
        generated: (s, s, 3) uint8 RGB.
        window: its box on the canvas.
        weight: (s, s) float32 in [0, 1]; a pixel of weight 0 stays bit-identical.
        opaque: (s, s) bool, pixels whose alpha is raised to 255 * weight; elsewhere it is unchanged.

    Returns:
        The same canvas.
    """
    view = canvas[window.slices]
    touched = weight > 0
    share = weight[touched][:, None]  # (n, 1)
    mixed = share * generated[touched] + (1 - share) * view[touched][:, :3]
    pixels = view[touched]
    pixels[:, :3] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    if opaque is not None and canvas.shape[2] == 4:
        raised = np.where(opaque[touched], np.rint(255 * share[:, 0]), 0).astype(np.uint8)
        pixels[:, 3] = np.maximum(pixels[:, 3], raised)
    view[touched] = pixels
    return canvas


def resized(picture: NDArray[np.uint8], side: int, enlarge: int) -> NDArray[np.uint8]:
    """Resize a square picture to (side, side, 3): averaged when it shrinks, so that thin things keep their weight.

    Args:
        picture: (s, s, 3) uint8.
        side: wanted pixels.
        enlarge: OpenCV's interpolation for enlarging.
    """
    if picture.shape[0] == side:
        return picture.copy()
    method = cv2.INTER_AREA if side < picture.shape[0] else enlarge
    return np.asarray(cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=method), np.uint8)
