import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.canvas.masks import feather_weight, latent_mask, mask_weight

grids = st.integers(1, 33)
sides = st.integers(1, 200)


@given(st.data(), sides, grids, st.floats(0, 0.999), st.integers(0, 3))
def test_a_one_pixel_stroke_never_vanishes(data, side, grid, coverage, grow):
    y, x = data.draw(st.integers(0, side - 1)), data.draw(st.integers(0, side - 1))
    mask = np.zeros((side, side), np.bool_)
    mask[y, x] = True
    unknown = latent_mask(mask, grid, coverage=coverage, grow=grow)
    assert unknown[y * grid // side, x * grid // side] or coverage > 0
    assert unknown.any()


@given(st.integers(0, 2**32 - 1), sides, grids)
def test_at_no_coverage_every_cell_that_a_brushed_pixel_overlaps_is_unknown_and_no_other(seed, side, grid):
    mask = np.random.default_rng(seed).random((side, side)) < 0.02
    expected = np.zeros((grid, grid), np.bool_)
    for y, x in np.argwhere(mask):
        rows = slice(y * grid // side, -(-(y + 1) * grid // side))
        columns = slice(x * grid // side, -(-(x + 1) * grid // side))
        expected[rows, columns] = True
    assert np.array_equal(latent_mask(mask, grid), expected)


def test_coverage_asks_for_more_than_its_share():
    mask = np.zeros((16, 16), np.bool_)
    mask[0:2, 0:4] = True  # half of the first of 4x4 cells
    mask[4:8, 4:8] = True
    assert np.argwhere(latent_mask(mask, 4, coverage=0.5)).tolist() == [[1, 1]]
    assert np.argwhere(latent_mask(mask, 4, coverage=0.49)).tolist() == [[0, 0], [1, 1]]


def test_an_empty_mask_leaves_nothing_unknown():
    assert not latent_mask(np.zeros((32, 32), np.bool_), 16, coverage=0.5, grow=2).any()


@pytest.mark.parametrize("grow", [0, 1, 3])
def test_growth_goes_to_all_eight_neighbours_and_not_around_the_corner(grow):
    mask = np.zeros((16, 16), np.bool_)
    mask[8, 15] = True
    unknown = latent_mask(mask, 16, grow=grow)
    expected = np.zeros((16, 16), np.bool_)
    expected[8 - grow : 9 + grow, 15 - grow :] = True
    assert np.array_equal(unknown, expected)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 60), st.integers(0, 12), st.floats(0.01, 1))
def test_weight_is_zero_outside_above_zero_inside_and_one_somewhere_in_each_part(seed, height, width, radius, share):
    mask = np.random.default_rng(seed).random((height, width)) < share
    weight = feather_weight(mask, radius)
    assert weight.dtype == np.float32
    assert weight.shape == mask.shape
    assert np.array_equal(weight > 0, mask)
    assert weight.max(initial=0) <= 1
    if radius == 0:
        assert np.array_equal(weight == 1, mask)
    elif mask.any():
        assert weight.max() == 1


def test_each_part_reaches_full_weight_however_thin():
    mask = np.zeros((100, 100), np.bool_)
    mask[10, 5:90] = True  # one pixel thin
    mask[20:23, 5:90] = True
    mask[40:90, 5:90] = True
    weight = feather_weight(mask, 16)
    assert weight[10].max() == weight[20:23].max() == weight[40:90].max() == 1


def test_the_edge_is_soft_inside_and_rises_inwards():
    mask = np.zeros((100, 100), np.bool_)
    mask[:, 20:] = True
    profile = feather_weight(mask, 8)[50]
    assert profile[19] == 0
    assert 0 < profile[20] < 0.1
    assert np.all(np.diff(profile[19:29]) > 0)
    assert np.all(profile[28:] == 1)


def test_the_border_of_the_photo_is_no_edge():
    mask = np.zeros((60, 80), np.bool_)
    mask[:30, :40] = True
    weight = feather_weight(mask, 8)
    assert weight[0, 0] == 1
    assert weight[0, 20] == 1
    assert weight[29, 20] < 0.1
    assert np.all(feather_weight(np.ones((40, 40), np.bool_), 8) == 1)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_the_bounding_box_gives_the_weight_of_the_whole_picture(seed, radius):
    rng = np.random.default_rng(seed)
    small = rng.random((24, 24)) < 0.7
    large = np.zeros((100, 100), np.bool_)
    large[40:64, 30:54] = small
    around = np.zeros((28, 28), np.bool_)
    around[2:26, 2:26] = small
    assert np.array_equal(feather_weight(large, radius)[38:66, 28:56], feather_weight(around, radius))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30))
def test_a_soft_mask_asks_for_a_share(seed, height, width):
    levels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    weight = mask_weight(levels)
    assert weight.dtype == np.float32
    assert np.array_equal(weight > 0, levels > 0)
    assert np.allclose(weight, levels / 255, atol=1e-6)
    assert np.array_equal(mask_weight(levels > 0), (levels > 0).astype(np.float32))
