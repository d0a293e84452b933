"""Chooses the tokens that a training sample hides.

Knows nothing of nets. MaskGIT draws r ~ U(0, 1) and hides ceil(gamma(r) N) tokens anywhere (Chang et al. 2022, section
3.1). An editor needs something else: the content of a hole, given everything around it and the part of it that is
already decided. So a share of the samples hides only tokens of a hole such as people make: a box, a new border, a blob,
a few strokes. Photos alone never teach what to do when a person asks for another class than the picture shows, because
a hole's surroundings in a photo always agree with its class. So some holes are learnt in the surroundings of another
photo.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.decoding.schedule import masked_share
from core.decoding.settings import NO_CLASS

_SMALLEST = 3 / 16
"""Shortest side of a box as a share of the picture, three cells of sixteen; smaller holes are strokes."""
_BOXES, _BORDERS, _BLOBS = 0.35, 0.25, 0.25
"""Shares of holes that are boxes, borders and blobs; the rest are strokes. Every kind of hole that the editor makes."""
_BORDER = (0.1, 0.55)
"""Narrowest and widest border as shares of the picture; the editor grows borders in half-overlapping windows."""
_BRUSH = (0.03, 0.12)
"""Thinnest and thickest stroke as shares of the picture, half a cell to two cells of sixteen, as brushes paint them."""


def draw_hole(side: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Draw a hole such as people make, (side, side) bool, True = hidden; never all of it and never nothing."""
    kinds = (_draw_box, _draw_border, _draw_blob, _draw_strokes)
    bounds = np.cumsum((_BOXES, _BORDERS, _BLOBS))
    hole = np.zeros((side, side), np.uint8)
    kinds[int(np.searchsorted(bounds, random.random(), side="right"))](hole, random)
    if hole.all():  # keep the picture's middle line, so that something is known
        hole[side // 2] = 0
    return hole.astype(np.bool_)


def _draw_box(hole: NDArray[np.uint8], random: np.random.Generator) -> None:
    """Hide a box with sides of 3/16 of the picture up to all of it, lying anywhere."""
    side = hole.shape[0]
    extents = np.ceil(side * random.uniform(_SMALLEST, 1.0, 2)).astype(int)
    top, left = (int(random.integers(side - extent + 1)) for extent in extents)
    hole[top : top + extents[0], left : left + extents[1]] = 1


def _draw_border(hole: NDArray[np.uint8], random: np.random.Generator) -> None:
    """Hide the picture along one side, along two that meet, or along all four."""
    side = hole.shape[0]
    count = (1, 2, 4)[int(np.searchsorted((0.6, 0.9), random.random(), side="right"))]
    first = int(random.integers(4))
    for turn in range(first, first + count):
        width = round(side * random.uniform(*_BORDER) / (2 if count == 4 else 1))
        np.rot90(hole, turn)[:width] = 1


def _draw_blob(hole: NDArray[np.uint8], random: np.random.Generator) -> None:
    """Hide a shape such as a person paints over an object: a closed curve whose radius wanders."""
    side = hole.shape[0]
    angles = np.linspace(0.0, 2.0 * np.pi, 48, endpoint=False)
    waves = sum(random.normal(0.0, 0.35 / k) * np.cos(k * angles + random.uniform(0.0, 2.0 * np.pi)) for k in (1, 2, 3))
    radius = side * random.uniform(0.1, 0.4) * np.exp(np.clip(waves, -0.8, 0.8))
    centre = random.uniform(0.15 * side, 0.85 * side, 2)
    points = centre + radius[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    cv2.fillPoly(hole, [np.rint(points).astype(np.int32)], 1)
    hole[tuple(np.clip(np.rint(centre[::-1]), 0, side - 1).astype(int))] = 1


def _draw_strokes(hole: NDArray[np.uint8], random: np.random.Generator) -> None:
    """Hide one to four strokes of a brush, each of three joined lines."""
    side = hole.shape[0]
    for _ in range(int(random.integers(1, 5))):
        thickness = max(1, round(side * random.uniform(*_BRUSH)))
        turns = random.uniform(-0.35 * side, 0.35 * side, (3, 2)).cumsum(0)
        points = np.rint(random.uniform(0, side, 2) + np.concatenate([np.zeros((1, 2)), turns])).astype(np.int32)
        cv2.polylines(hole, [points], False, 1, thickness)
    if not hole.any():
        _draw_box(hole, random)


def draw_hidden(region: Tensor, schedule: str, generator: torch.Generator) -> Tensor:
    """Draw the hidden tokens: the share of each sample's region that the schedule gives for r ~ U(0, 1).

    Args:
        region: (B, N) bool, True = of the sample's region; at least one True per row.
        schedule: key of SCHEDULES for the share to hide within a region.
        generator: CPU.

    Returns:
        (B, N) bool, True = hidden, within the region; at least one True per row.
    """
    batch, positions = region.shape
    share = masked_share(schedule, torch.rand(batch, generator=generator), positions)
    counts = (share * region.sum(1)).ceil().clamp_min(1.0)
    scores = torch.rand(batch, positions, generator=generator).masked_fill(~region, 2.0)
    return scores.argsort(1).argsort(1) < counts[:, None]


def draw_strangers(labels: Tensor, whole: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Draw the samples that are learnt in the surroundings of the sample before them in the batch: (B,) bool.

    Only a sample that knows its class, hides a hole, and follows such a sample of another class qualifies.

    Args:
        labels: (B,) int64, NO_CLASS if a sample does not know its class.
        whole: (B,) bool, True = the sample's region is the whole picture.
        share: of qualifying samples.
        generator: CPU.
    """
    chosen = torch.rand(len(labels), generator=generator) < share
    before = labels.roll(1)
    return chosen & (labels != NO_CLASS) & (before != NO_CLASS) & (before != labels) & ~whole & ~whole.roll(1)
