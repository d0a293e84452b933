import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.compose import from_model, mask_to_model, paste, to_model
from core.canvas.masks import feather_weight
from core.values.geometry import Box


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@st.composite
def pastes(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    height, width = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    side = draw(st.integers(1, min(height, width)))
    left, top = draw(st.integers(0, width - side)), draw(st.integers(0, height - side))
    channels = draw(st.sampled_from([3, 4]))
    mask = np.random.default_rng(seed).random((side, side)) < draw(st.floats(0, 1))
    return (
        noise(seed, height, width, channels),
        noise(seed + 1, side, side, 3),
        Box(left, top, left + side, top + side),
        mask,
        feather_weight(mask, draw(st.integers(0, 8))),
    )


@given(pastes(), st.booleans())
def test_pixels_outside_the_mask_are_bit_identical_and_alpha_is_kept(given_paste, opaque):
    canvas, generated, window, mask, weight = given_paste
    before = canvas.copy()
    upper = np.arange(mask.shape[0])[:, None] < mask.shape[0] // 2 + np.zeros(mask.shape, int)
    after = paste(canvas, generated, window, weight, opaque=upper if opaque else None)
    assert after is canvas
    outside = np.ones(canvas.shape[:2], np.bool_)
    outside[window.slices] = ~mask
    assert np.array_equal(after[outside], before[outside])
    full = weight == 1
    assert np.array_equal(after[window.slices][full][:, :3], generated[full])
    exact = (
        weight[..., None].astype(float) * generated
        + (1 - weight[..., None].astype(float)) * before[window.slices][..., :3]
    )
    assert np.abs(after[window.slices][..., :3] - exact).max() <= 0.51
    if canvas.shape[2] == 4:
        alpha = before[..., 3].copy()
        if opaque:
            raised = np.where(upper, np.rint(255 * weight), 0).astype(np.uint8)
            alpha[window.slices] = np.maximum(alpha[window.slices], raised)
        assert np.array_equal(after[..., 3], alpha)


def test_a_window_of_the_models_size_goes_through_unchanged():
    canvas = noise(0, 40, 50, 4)
    window = Box(8, 4, 40, 36)
    seen = to_model(canvas, window, 32)
    assert np.array_equal(seen, canvas[window.slices][..., :3])
    assert not np.shares_memory(seen, canvas)
    assert np.array_equal(from_model(seen, window), seen)


@pytest.mark.parametrize("side", [5, 16, 31, 32, 33, 200])
def test_windows_of_any_size_come_at_the_models_size_and_go_back(side):
    canvas = np.full((200, 200, 3), (10, 100, 250), np.uint8)
    window = Box(0, 0, side, side)
    seen = to_model(canvas, window, 32)
    assert seen.shape == (32, 32, 3)
    back = from_model(seen, window)
    assert back.shape == (side, side, 3)
    assert np.abs(back.astype(int) - (10, 100, 250)).max() <= 1


@given(st.data(), st.integers(1, 300), st.sampled_from([8, 32, 128]))
def test_no_brushed_pixel_is_lost_on_the_way_to_the_model(data, side, pixels):
    mask = np.zeros((side, side), np.bool_)
    y, x = data.draw(st.integers(0, side - 1)), data.draw(st.integers(0, side - 1))
    mask[y, x] = True
    seen = mask_to_model(mask, pixels)
    assert seen.shape == (pixels, pixels)
    assert seen[y * pixels // side, x * pixels // side]
    assert seen[-(-(y + 1) * pixels // side) - 1, -(-(x + 1) * pixels // side) - 1]


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.sampled_from([16, 32]))
def test_nothing_of_a_hole_is_seen_outside_it_at_the_models_size(seed, side, pixels):
    canvas = noise(seed, side, side, 3)
    hole = np.zeros((side, side), np.bool_)
    rng = np.random.default_rng(seed)
    y, x, edge = rng.integers(0, side), rng.integers(0, side), rng.integers(1, 6)
    hole[y : y + edge, x : x + edge] = True
    other = canvas.copy()
    other[hole] = 255 - other[hole]
    window = Box(0, 0, side, side)
    outside = ~mask_to_model(hole, pixels)
    assert np.array_equal(to_model(canvas, window, pixels)[outside], to_model(other, window, pixels)[outside])
