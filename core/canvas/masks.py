"""From brushed pixels to unknown token cells, and to soft weights.

Knows nothing of windows' positions, requests or nets. The coverage rule replaces resizing the mask, in which a thin
stroke vanishes (docs/algorithm.md, section 4).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box, Size, cell_areas, distance_inside


def latent_mask(mask: NDArray[np.bool_], grid: int, *, coverage: float = 0.0, grow: int = 0) -> NDArray[np.bool_]:
    """Find the unknown token cells of a window.

    A cell is unknown if its brushed area exceeds `coverage * (s * s)` in the units of `cell_areas`, so at coverage 0
    any brushed pixel counts, however little of it lies in the cell. If a higher coverage would leave nothing of a
    brushed mask, the most covered cells stay.

    Args:
        mask: (s, s) bool, True = repaint.
        grid: g, cells on a side.
        coverage: share of a cell, 0 <= coverage < 1.
        grow: cells by which the unknown region grows, diagonals included; at least 0.

    Returns:
        (g, g) bool, True = unknown.
    """
    areas = cell_areas(mask, grid)
    unknown = areas > coverage * (mask.shape[0] * mask.shape[0])
    if not unknown.any() and areas.any():
        unknown = areas == areas.max()
    if grow:
        kernel = np.ones((3, 3), np.uint8)
        unknown = cv2.dilate(unknown.astype(np.uint8), kernel, iterations=grow, borderValue=0).astype(np.bool_)
    return np.asarray(unknown)


def mask_weight(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> NDArray[np.float32]:
    """Convert a mask to the share of the new picture at each pixel.

    Args:
        mask: (H, W) bool, True = repaint, or uint8, 255 = all of the new picture.

    Returns:
        (H, W) float32 in [0, 1]: exactly 0 where the mask is 0, above 0 elsewhere.
    """
    weight = mask.astype(np.float32)
    return weight if mask.dtype == np.bool_ else weight / np.float32(255)


def parts_that_hold(mask: NDArray[np.bool_], marks: NDArray[np.bool_], *, connectivity: int = 8) -> NDArray[np.bool_]:
    """Select the connected parts of a mask that contain a mark.

    Args:
        mask: (H, W) bool.
        marks: (H, W) bool.
        connectivity: 8, or 4 where corners do not connect.
    """
    _, parts = cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity, ltype=cv2.CV_32S)
    owner = np.asarray(parts)
    return mask & np.isin(owner, np.unique(owner[mask & marks]))


def feather_weight(mask: NDArray[np.bool_], radius_px: int) -> NDArray[np.float32]:
    """Weight of repainted pixels against their surroundings; its soft edge lies inside the mask.

    The picture's rim is not an edge: a mask that reaches it keeps its full weight there. In each connected part the
    radius is at most half the part's largest distance to the outside, so that a thin stroke still shows. The cost
    follows the mask's bounding box, apart from allocating the result.

    Args:
        mask: (H, W) bool, True = repaint.
        radius_px: width of the soft edge in pixels; 0 is a hard edge.

    Returns:
        (H, W) float32 in [0, 1]: exactly 0 outside the mask, above 0 inside, 1 at the core of each part.
    """
    weight = np.zeros(mask.shape, np.float32)
    bounds = Box.around(mask)
    if bounds is None:
        return weight
    height, width = mask.shape
    # One pixel more than the bounds holds the nearest outside pixel of every inside one. Beyond the picture's rim
    # there is nothing, so the distance transform sees no edge there, as in a photo padded with its own edge.
    near = bounds.grown(1).clamped(Size(width, height))
    part = np.ascontiguousarray(mask[near.slices])
    soft = part.astype(np.float32)
    if radius_px == 0 or part.all():
        weight[near.slices] = soft
        return weight
    distance = distance_inside(part)
    count, parts = cv2.connectedComponents(part.astype(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    owner = np.asarray(parts, np.int32)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, owner[part], distance[part])
    full = np.minimum(np.minimum(deepest / 2, deepest - 1), np.float32(radius_px)) + 1  # weight 1 from here on
    rim = part & (distance < radius_px + 1)
    share = np.minimum(distance[rim] / full[owner[rim]], np.float32(1))
    soft[rim] = smoothstep(share)
    weight[near.slices] = soft
    return weight


def smoothstep(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Bend shares in [0, 1] so that neither end of a ramp shows as a crease."""
    return share * share * (3 - 2 * share)
