from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values.geometry import Box, Size, aspect_sides, cell_areas, distance_inside

small = st.integers(-60, 60)


@given(st.integers(0, 2**32 - 1), st.integers(1, 24), st.integers(1, 24))
def test_box_around_holds_every_true_pixel_and_no_smaller_one_does(seed, height, width):
    mask = np.random.default_rng(seed).random((height, width)) < 0.05
    box = Box.around(mask)
    if box is None:
        assert not mask.any()
        return
    assert mask[box.slices].sum() == mask.sum()
    inside = mask[box.slices]
    assert inside[0].any()
    assert inside[-1].any()
    assert inside[:, 0].any()
    assert inside[:, -1].any()


@given(small, small, st.integers(1, 40), st.integers(1, 40), st.integers(0, 40), st.integers(0, 40))
def test_a_box_is_shifted_inside_by_the_least_that_it_takes(left, top, width, height, more_width, more_height):
    box = Box(left, top, left + width, top + height)
    size = Size(width + more_width, height + more_height)
    moved = box.shifted_inside(size)
    assert moved.size == box.size
    assert moved.clamped(size) == moved
    assert moved.left == min(max(left, 0), more_width)
    assert moved.top == min(max(top, 0), more_height)


@given(small, small, st.integers(0, 40), st.integers(0, 40), st.integers(1, 60), st.integers(1, 60))
def test_a_clamped_box_is_its_part_on_the_canvas(left, top, width, height, canvas_width, canvas_height):
    box = Box(left, top, left + width, top + height)
    clamped = box.clamped(Size(canvas_width, canvas_height))
    pixels = {(x, y) for x in range(box.left, box.right) for y in range(box.top, box.bottom)}
    on_canvas = {(x, y) for x, y in pixels if 0 <= x < canvas_width and 0 <= y < canvas_height}
    kept = {(x, y) for x in range(clamped.left, clamped.right) for y in range(clamped.top, clamped.bottom)}
    assert kept == on_canvas


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
def test_cell_areas_are_the_exact_overlaps(seed, side, grid, share):
    mask = np.random.default_rng(seed).random((side, side)) < share
    exact = [[Fraction(0)] * grid for _ in range(grid)]

    def overlap(cell, pixel):  # of a cell and a pixel, in cells
        low, high = (
            max(Fraction(cell, grid), Fraction(pixel, side)),
            min(Fraction(cell + 1, grid), Fraction(pixel + 1, side)),
        )
        return max(Fraction(0), high - low) * grid

    for y, x in np.argwhere(mask).tolist():
        for i in range(y * grid // side, -(-(y + 1) * grid // side)):
            for j in range(x * grid // side, -(-(x + 1) * grid // side)):
                exact[i][j] += overlap(i, y) * overlap(j, x)
    areas = cell_areas(mask, grid)
    assert areas.dtype == np.int64
    assert [[Fraction(int(area), side * side) for area in row] for row in areas] == exact


def test_cell_areas_stay_exact_on_large_windows():
    side, grid = 4099, 128  # prime: every cell's edge cuts a pixel
    mask = np.ones((side, side), np.bool_)
    assert np.all(cell_areas(mask, grid) == side * side)
    mask[:] = False
    mask[1000, 2000] = True
    assert cell_areas(mask, grid).sum() == grid * grid


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(0.1, 10))
def test_a_shape_is_reached_by_growing_one_way_alone(width, height, aspect):
    left, top, right, bottom = aspect_sides(Size(width, height), aspect)
    assert min(left, top, right, bottom) >= 0
    assert 0 <= right - left <= 1
    assert 0 <= bottom - top <= 1
    assert not (left + right and top + bottom) or abs(width - height * aspect) <= aspect + 1
    wide, high = left + width + right, top + height + bottom
    assert abs(wide - high * aspect) <= 0.5 * max(1, aspect) + 1e-6


@pytest.mark.parametrize(("height", "width"), [(78, 131), (33, 57), (64, 64)])
def test_distances_do_not_hang_on_where_a_mask_lies_in_memory(height, width):
    y, x = np.mgrid[:height, :width]
    disc = (y - height // 2) ** 2 + (x - width // 2) ** 2 < (min(height, width) // 3) ** 2
    found, kept = set(), []
    for offset in range(64):
        memory = np.empty(disc.size + 64, np.uint8)
        mask = memory[offset : offset + disc.size].view(np.bool_).reshape(disc.shape)
        mask[:] = disc
        found.add(distance_inside(mask).tobytes())
        kept.append(np.empty(100 + 37 * offset))  # so that the next answer lies elsewhere, too
    assert len(found) == 1
