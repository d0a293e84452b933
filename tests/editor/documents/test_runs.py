"""What is told of a run's pictures: how many pixels changed although nobody asked; and its steps while it goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import Box, Preview
from editor.documents.runs import Trace, changed_outside


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


@pytest.fixture
def restless() -> Iterator[None]:
    """Threads that take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def step_of(number: int) -> Preview:
    """Return a step of a run of two variations of four cells."""
    cells = np.full((2, 2, 2), number)
    return Preview(
        step=number,
        steps=1000,
        pass_index=0,
        passes=1,
        window=Box(0, 0, 8, 8),
        images=np.zeros((2, 8, 8, 3), np.uint8),
        exact=True,
        unknown=np.zeros((2, 2, 2), np.bool_),
        tokens=cells,
        confidence=cells.astype(np.float32),
    )


def test_a_run_that_goes_on_can_be_weighed_and_filmed_meanwhile(restless: None) -> None:
    trace = Trace(Box(0, 0, 8, 8), np.ones((2, 2), np.bool_))
    steps = [step_of(number) for number in range(1000)]

    def go_on() -> None:
        for each in steps:
            trace.add(each)

    thread = threading.Thread(target=go_on)
    thread.start()
    seen = [0]
    while thread.is_alive():
        frames = trace.guesses(1)
        assert [int(codes[0, 0]) for codes in frames] == list(range(len(frames)))
        seen.append(trace.weight)
        assert trace.states(0, 3).keys() <= {0, 1, 2, 3}
    thread.join()
    assert seen == sorted(seen)
    assert trace.last == 999
