"""Which unknown tokens keep their prediction at a step: by confidence, along a Halton sequence, or row by row.

Knows nothing of schedules (how many) or nets. Every order is a priority per position: the lowest priorities are masked
again, ties by index, so that one rule serves all three.
"""

from __future__ import annotations

import functools

import torch
from torch import Tensor


@functools.cache
def halton_ranks(grid: int) -> Tensor:
    """Rank each cell in Halton-MaskGIT's order: (grid*grid,) int64, row-major, 0 = revealed first.

    10,000 points of the 2-D Halton sequence from index 1, base 2 for the row and base 3 for the column; the first
    visit of each cell counts (docs/algorithm.md, section 7).

    Raises:
        ValueError: if 10,000 points do not visit every cell (grids beyond about 64).
    """
    order: dict[int, None] = {}
    for index in range(1, 10_001):
        row, column = (int(_radical_inverse(index, base) * grid) for base in (2, 3))
        order.setdefault(row * grid + column)
    if len(order) != grid * grid:
        raise ValueError(f"Halton's 10000 points visit {len(order)} of {grid * grid} cells of a {grid}x{grid} grid")
    ranks = torch.empty(grid * grid, dtype=torch.int64)
    ranks[torch.tensor(list(order))] = torch.arange(grid * grid)
    return ranks


def _radical_inverse(index: int, base: int) -> float:
    """Compute the van der Corput number of an index: its digits mirrored at the point."""
    value, share = 0.0, 1.0
    while index:
        share /= base
        index, digit = divmod(index, base)
        value += digit * share
    return value


def confidence_priority(log_probabilities: Tensor, gumbel: Tensor, weight: Tensor) -> Tensor:
    """Compute MaskGIT's noisy confidence: log p + tau (1 - r) Gumbel (docs/algorithm.md, section 2, step 7).

    Args:
        log_probabilities, gumbel: (b, N) float32.
        weight: (b, 1) float32, tau (1 - r).
    """
    return log_probabilities + weight * gumbel


def halton_priority(positions: int, offsets: Tensor) -> Tensor:
    """Compute priorities that reveal along the Halton order, rolled by an offset per sample for diversity.

    Args:
        positions: N, a square number.
        offsets: (b,) int64 in [0, N).

    Returns:
        (b, N) float32.
    """
    ranks = halton_ranks(round(positions**0.5)).to(offsets.device)
    return -((ranks[None, :] - offsets[:, None]) % positions).float()


def raster_priority(positions: int, rows: int, device: torch.device) -> Tensor:
    """Compute priorities that reveal row by row, left to right: (rows, positions) float32."""
    return -torch.arange(positions, device=device).float().expand(rows, positions)


def lowest(priority: Tensor, among: Tensor, counts: Tensor) -> Tensor:
    """Select the `counts` lowest priorities of each row, ties to the lower index.

    Args:
        priority: (b, N) float32.
        among: (b, N) bool, the positions that may be chosen.
        counts: (b,) int64, at most the number of True in each row of `among`.

    Returns:
        (b, N) bool.
    """
    ranked = priority.masked_fill(~among, torch.inf).argsort(dim=1, stable=True)
    places = torch.empty_like(ranked).scatter_(
        1, ranked, torch.arange(ranked.shape[1], device=ranked.device).expand_as(ranked)
    )
    return places < counts[:, None]
