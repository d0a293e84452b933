"""Which tokens a training sample hides.

Knows nothing of nets. MaskGIT draws r ~ U(0, 1) and hides ceil(gamma(r) N) tokens anywhere (Chang et al. 2022,
section 3.1). An editor asks something else: what lies in a hole, given all around it and the part of the hole that is
already decided. So a share of the samples hides only tokens of a random rectangle or border strip.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.decoding.schedule import masked_share


def draw_masks(batch: int, grid: int, schedule: str, region_share: float, generator: torch.Generator) -> Tensor:
    """Return what to hide.

    Args:
        batch: B. grid: token rows.
        schedule: key of SCHEDULES for the share to hide within a sample's region.
        region_share: share of the samples whose region is a rectangle; the others' is the whole grid.
        generator: CPU.

    Returns:
        (B, grid*grid) bool, True = hidden; at least one True a row.
    """
    region = draw_regions(batch, grid, generator)
    region[torch.rand(batch, generator=generator) >= region_share] = True
    sizes = region.sum(1)
    share = masked_share(schedule, torch.rand(batch, generator=generator), grid * grid)
    counts = (share * sizes).ceil().clamp_min(1.0)
    scores = torch.rand(batch, grid * grid, generator=generator).masked_fill(~region, 2.0)
    ranks = scores.argsort(1).argsort(1)
    return ranks < counts[:, None]


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
