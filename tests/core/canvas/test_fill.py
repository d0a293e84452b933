import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.fill import neutral_fill, smooth_fill


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.floats(0, 1))
def test_known_pixels_stay_and_the_removed_object_leaves_no_trace(seed, side, share):
    rng = np.random.default_rng(seed)
    window = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    hole = rng.random((side, side)) < share
    filled = neutral_fill(window, hole)
    assert np.array_equal(filled[~hole], window[~hole])
    other = window.copy()
    other[hole] = rng.integers(0, 256, (int(hole.sum()), 3), dtype=np.uint8)
    assert np.array_equal(filled, neutral_fill(other, hole))


@pytest.mark.parametrize("edge", [10, 60, 110, 127])
def test_a_hole_in_an_even_surface_takes_its_colour(edge):
    window = np.full((128, 128, 3), (40, 90, 200), np.uint8)
    hole = np.zeros((128, 128), np.bool_)
    hole[:edge, :edge] = True
    window[hole] = 255
    difference = np.abs(neutral_fill(window, hole).astype(int) - (40, 90, 200))
    assert difference.max() <= 24  # OpenCV's Telea drifts a little from a corner of the picture
    assert difference.mean() <= 6


def test_without_anything_known_it_is_mid_grey():
    window = np.zeros((16, 16, 3), np.uint8)
    assert np.all(neutral_fill(window, np.ones((16, 16), np.bool_)) == 128)


def test_without_a_hole_it_is_a_copy():
    window = np.zeros((16, 16, 3), np.uint8)
    filled = neutral_fill(window, np.zeros((16, 16), np.bool_))
    assert np.array_equal(filled, window)
    assert not np.shares_memory(filled, window)


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))
def test_a_smooth_fill_stays_within_what_is_known(seed, height, width, channels):
    rng = np.random.default_rng(seed)
    values = rng.random((height, width, channels), dtype=np.float32)
    weight = (rng.random((height, width)) < 0.1).astype(np.float32)
    weight[rng.integers(height), rng.integers(width)] = 1
    filled = smooth_fill(values, weight)
    known = weight == 1
    assert np.array_equal(filled[known], values[known])
    low, high = values[known].min(0), values[known].max(0)
    assert np.all((filled >= low - 1e-4) & (filled <= high + 1e-4))
