"""What is told of a run's pictures: how many pixels changed although nobody asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editor.documents.runs import changed_outside


@given(
    changes=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 15), st.integers(0, 2)), max_size=20),
    x=st.integers(0, 4),
    y=st.integers(0, 4),
)
def test_changed_outside_counts_each_pixel_once(changes: list[tuple[int, int, int]], x: int, y: int) -> None:
    source = np.full((12, 16, 3), 9, np.uint8)
    result = np.zeros((20, 24, 3), np.uint8)
    result[y : y + 12, x : x + 16] = source
    allowed = np.zeros((12, 16), np.bool_)
    allowed[:, 8:] = True
    for row, column, channel in changes:
        result[y + row, x + column, channel] = 200
    expected = len({(row, column) for row, column, _ in changes if column < 8})
    assert changed_outside(result, source, allowed, (x, y)) == expected
