import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.compose import (
    MOST_COLOUR_SHIFT,
    feathered,
    from_model,
    joint_weight,
    keep_colours,
    mask_to_model,
    match_colour,
    paste,
    poisson,
    to_model,
)
from core.canvas.masks import feather_weight
from core.geometry import Box


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
    after = paste(canvas, generated, window, weight, opaque=opaque)
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
            alpha[window.slices] = np.maximum(alpha[window.slices], np.rint(255 * weight).astype(np.uint8))
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
    assert np.abs(matched.astype(int) - generated).max() <= MOST_COLOUR_SHIFT


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


def half_hole(height, width):
    hole = np.zeros((height, width), np.bool_)
    hole[:, width // 2 :] = True
    return hole


def test_a_feather_begins_as_the_mirror_of_what_is_beyond():
    around = noise(0, 20, 40, 3)
    hole = half_hole(20, 40)
    layer = np.full((20, 40, 3), 128, np.uint8)
    soft = feathered(layer, around, hole, 6)
    assert np.array_equal(soft[~hole], layer[~hole])
    assert np.array_equal(soft[:, 27:], layer[:, 27:])
    first = soft[:, 20].astype(int)
    assert np.abs(first - around[:, 18]).mean() < 12, "the border's own pixels are not doubled"
    assert np.abs(first - around[:, 18]).mean() < np.abs(soft[:, 24].astype(int) - around[:, 14]).mean()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.98), st.integers(0, 12))
def test_a_feather_shows_nothing_of_what_the_hole_held(seed, share, radius):
    rng = np.random.default_rng(seed)
    hole = rng.random((24, 30)) < share
    around, layer = noise(seed, 24, 30, 3), noise(seed + 1, 24, 30, 3)
    other = around.copy()
    other[hole] = 255 - other[hole]
    soft = feathered(layer, around, hole, radius)
    assert np.array_equal(soft, feathered(layer, other, hole, radius))
    assert np.array_equal(soft[~hole], layer[~hole])


def test_a_joint_fades_over_what_is_painted_and_touches_nothing_else():
    mask, painted = np.zeros((20, 40), np.bool_), np.zeros((20, 40), np.bool_)
    mask[:, :15] = True
    painted[:10, 15:] = True
    weight = joint_weight(mask, painted, 5)
    assert (weight[:, :15] == 1).all()
    assert not weight[10:, 15:].any()
    across = weight[3, 15:22]
    assert (np.diff(across) <= 0).all()
    assert 0 < across[2] < 1
    assert across[5] == 0


def test_a_finer_look_keeps_the_colours_and_brings_the_rest():
    seen = np.full((64, 64, 3), (90, 120, 60), np.uint8)
    generated = np.clip(noise(1, 64, 64, 3).astype(int) // 4 + (80, 60, 50), 0, 255).astype(np.uint8)
    kept = keep_colours(generated, seen).astype(float)
    assert np.abs(kept.mean((0, 1)) - (90, 120, 60)).max() < 3
    assert abs(kept.std() - 30) < 15


def gradient_scene():
    around = np.zeros((80, 100, 3), np.uint8)
    around[..., 0] = np.linspace(40, 200, 100)
    around[..., 1:] = 90
    hole = np.zeros((80, 100), np.bool_)
    hole[20:60, 30:70] = True
    layer = around.copy()
    layer[hole] = np.clip(layer[hole].astype(int) + 40, 0, 255)
    return around, layer, hole


def test_poisson_closes_a_step():
    around, layer, hole = gradient_scene()
    closed = poisson(around, layer, hole)
    assert np.array_equal(closed[~hole], layer[~hole])
    assert np.abs(closed.astype(int) - around).max() <= 6
    around[hole] = 255 - around[hole]
    assert np.array_equal(poisson(around, layer, hole), closed), "what is to go was looked at"


def test_poisson_needs_something_on_every_side():
    around, layer, hole = gradient_scene()
    assert poisson(around, layer, np.zeros_like(hole)) is None
    hole[20:60, 60:] = True
    assert poisson(around, layer, hole) is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20), (20, 1), (2, 9)])
def test_poisson_leaves_slivers_alone(width: int, height: int):
    around = np.full((40, 40, 3), 90, np.uint8)
    hole = np.zeros((40, 40), np.bool_)
    hole[10 : 10 + height, 10 : 10 + width] = True
    assert poisson(around, around, hole) is None
