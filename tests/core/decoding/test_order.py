"""Orders: Halton's permutation against the reference, and the choice of the lowest."""

from __future__ import annotations

import pytest
import torch

from core.decoding.order import halton_priority, halton_ranks, lowest

# docs/algorithm.md, section 7: side 16 starts with these (row, column).
START = [(8, 5), (4, 10), (12, 1), (2, 7), (10, 12), (6, 3), (14, 8), (1, 14), (9, 0), (5, 5), (13, 11), (3, 2)]


def test_halton_starts_as_the_reference() -> None:
    order = halton_ranks(16).argsort()[: len(START)].tolist()
    assert [(index // 16, index % 16) for index in order] == START


@pytest.mark.parametrize("grid", [2, 8, 16, 24, 32])
def test_halton_is_a_permutation(grid: int) -> None:
    assert halton_ranks(grid).sort().values.tolist() == list(range(grid * grid))


def test_a_grid_beyond_the_points_is_refused() -> None:
    with pytest.raises(ValueError, match="128x128"):
        halton_ranks(128)


def test_offsets_roll_the_order() -> None:
    priority = halton_priority(64, torch.tensor([0, 10]))
    order = halton_ranks(8).argsort()
    assert priority[0].argmax() == order[0]
    assert priority[1].argmax() == order[10]


def test_lowest_takes_the_first_of_equals_among_the_allowed() -> None:
    priority = torch.tensor([[1.0, 0.0, 0.0, 0.0]])
    among = torch.tensor([[True, False, True, True]])
    assert lowest(priority, among, torch.tensor([1])).tolist() == [[False, False, True, False]]
