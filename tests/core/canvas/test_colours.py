import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.colours import MOST_SHIFT, keep_colours, match_colour


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([4, 40, 300]), st.floats(0.02, 0.98))
def test_colour_match_is_bounded(seed, side, share):
    rng = np.random.default_rng(seed)
    generated, original = noise(seed, side, side, 3), noise(seed + 1, side, side, 3)
    hole = np.zeros((side, side), np.bool_)
    edge = max(1, int(side * share))
    left = int(rng.integers(0, side - edge + 1))
    hole[left : left + edge, :edge] = True
    matched = match_colour(generated, original, hole)
    assert np.abs(matched.astype(int) - generated).max() <= MOST_SHIFT


@pytest.mark.parametrize("side", [32, 128, 600])
def test_colour_match_removes_a_step_at_the_seam_and_fades_inwards(side):
    original = np.full((side, side, 3), 120, np.uint8)
    generated = np.full((side, side, 3), (100, 120, 150), np.uint8)
    hole = np.zeros((side, side), np.bool_)
    hole[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = True
    matched = match_colour(generated, original, hole).astype(int)
    rim = matched[side // 4, side // 2]
    assert np.abs(rim - 120).max() <= 3
    middle = matched[side // 2, side // 2]
    assert 100 <= middle[0] < rim[0]
    assert middle[1] == 120
    assert rim[2] < middle[2] <= 150


def test_equal_colours_stay():
    picture = noise(3, 64, 64, 3)
    hole = np.zeros((64, 64), np.bool_)
    hole[10:50, 10:50] = True
    assert np.array_equal(match_colour(picture, picture, hole), picture)


@pytest.mark.parametrize("everything", [True, False])
def test_colour_match_without_a_ring_changes_nothing(everything):
    generated = noise(0, 64, 64, 3)
    hole = np.full((64, 64), everything)
    assert np.array_equal(match_colour(generated, noise(1, 64, 64, 3), hole), generated)


def test_a_finer_look_keeps_the_colours_and_brings_the_rest():
    seen = np.full((64, 64, 3), (90, 120, 60), np.uint8)
    generated = np.clip(noise(1, 64, 64, 3).astype(int) // 4 + (80, 60, 50), 0, 255).astype(np.uint8)
    kept = keep_colours(generated, seen).astype(float)
    assert np.abs(kept.mean((0, 1)) - (90, 120, 60)).max() < 3
    assert abs(kept.std() - 30) < 15
