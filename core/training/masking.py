"""Which tokens a training sample hides.

Knows nothing of nets. MaskGIT draws r ~ U(0, 1) and hides ceil(gamma(r) N) tokens anywhere (Chang et al. 2022,
section 3.1). An editor asks something else: what lies in a hole, given all around it and the part of the hole that is
already decided. So a share of the samples hides only tokens of a random rectangle or border strip. And photos alone
never teach what to do where a person asks for another class than the picture shows, for around a hole a photo always
agrees with its class. So some rectangles are learnt in the surroundings of another photo.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.decoding.schedule import masked_share
from core.models.interfaces import NO_CLASS


def draw_masks(
    batch: int, grid: int, schedule: str, region_share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Return what to hide, and where it may lie.

    Args:
        batch: B. grid: token rows.
        schedule: key of SCHEDULES for the share to hide within a sample's region.
        region_share: share of the samples whose region is a rectangle; the others' is the whole grid.
        generator: CPU.

    Returns:
        hidden: (B, grid*grid) bool, True = hidden; at least one True a row.
        region: (B, grid*grid) bool, True = of the sample's region; holds all that is hidden.
    """
    region = draw_regions(batch, grid, generator)
    region[torch.rand(batch, generator=generator) >= region_share] = True
    sizes = region.sum(1)
    share = masked_share(schedule, torch.rand(batch, generator=generator), grid * grid)
    counts = (share * sizes).ceil().clamp_min(1.0)
    scores = torch.rand(batch, grid * grid, generator=generator).masked_fill(~region, 2.0)
    ranks = scores.argsort(1).argsort(1)
    return ranks < counts[:, None], region


def draw_regions(batch: int, grid: int, generator: torch.Generator) -> Tensor:
    """Return random rectangles with sides of 3/16 of the grid up to the whole of it: (B, grid*grid) bool.

    Lying anywhere, they cover holes as well as border strips.
    """
    u = torch.rand(batch, 4, generator=generator)
    smallest = max(1, grid * 3 // 16)
    extents = (smallest + u[:, :2] * (grid - smallest + 1)).floor().clamp_max(grid)
    starts = (u[:, 2:] * (grid - extents + 1)).floor()
    places = torch.arange(grid)[None, :]
    rows = (places >= starts[:, :1]) & (places < starts[:, :1] + extents[:, :1])
    columns = (places >= starts[:, 1:]) & (places < starts[:, 1:] + extents[:, 1:])
    return (rows[:, :, None] & columns[:, None, :]).flatten(1)


def draw_strangers(labels: Tensor, region: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Return which samples are learnt in the surroundings of the sample before them in the batch: (B,) bool.

    Only samples that know their class, lie in a rectangle, and follow a sample of another class can be.

    Args:
        labels: (B,) int64, NO_CLASS where a sample does not know its class.
        region: (B, N) bool, from `draw_masks`.
        share: of those samples, how many.
        generator: CPU.
    """
    chosen = torch.rand(len(labels), generator=generator) < share
    before = labels.roll(1)
    return chosen & (labels != NO_CLASS) & (before != NO_CLASS) & (before != labels) & ~region.all(1)
