import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.holes import JOINED, Part, parts
from core.values.geometry import Box


def side_for(size):
    return max(32, 2 * max(size))


def mask_of(width, height, *boxes):
    mask = np.zeros((height, width), np.bool_)
    for box in boxes:
        mask[Box(*box).slices] = True
    return mask


@settings(max_examples=150)
@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(1, 300), st.floats(0.0005, 0.5), st.integers(1, 16))
def test_groups_are_disjoint_and_together_the_mask(seed, height, width, share, reach):
    mask = np.random.default_rng(seed).random((height, width)) < share
    mask[0, 0] = True
    total = np.zeros(mask.shape, np.int64)
    for part in parts(mask, side_for, reach):
        assert Box.around(part.mask) == Box(0, 0, *part.bounds.size)
        total += part.seen(Box(0, 0, width, height))
    assert np.array_equal(total, mask.astype(np.int64))


def test_far_apart_is_apart_and_near_is_together():
    mask = mask_of(900, 600, (10, 10, 20, 20), (26, 14, 34, 22), (800, 500, 830, 520))
    near, far = parts(mask, side_for, 4)
    assert near.bounds == Box(10, 10, 34, 22)
    assert far.bounds == Box(800, 500, 830, 520)


def test_no_two_groups_would_share_a_window_hardly_wider_than_their_own():
    rng = np.random.default_rng(1)
    boxes = [(x, y, x + 6, y + 6) for x, y in rng.integers(0, 1990, (40, 2)).tolist()]
    found = [part.bounds for part in parts(mask_of(2000, 2000, *boxes), side_for, 4)]
    assert len(found) > 3
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            assert side_for(one.joined(other).size) > JOINED * max(side_for(one.size), side_for(other.size))


def test_thousands_of_specks_are_grouped_in_a_moment():
    mask = np.random.default_rng(0).random((1500, 1500)) < 0.002
    assert 1 <= len(list(parts(mask, side_for, 4))) <= 48


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 90), st.integers(1, 90), st.floats(0.01, 1))
def test_a_part_is_seen_from_any_box(seed, height, width, share):
    rng = np.random.default_rng(seed)
    mask = rng.random((height, width)) < share
    mask[height // 2, width // 2] = True
    part = Part.of(mask)
    left, top = int(rng.integers(0, width)), int(rng.integers(0, height))
    box = Box(left, top, int(rng.integers(left + 1, width + 1)), int(rng.integers(top + 1, height + 1)))
    assert np.array_equal(part.seen(box), mask[box.slices])
    inside = Box.around(mask[box.slices])
    assert part.within(box) == (None if inside is None else inside.shifted(box.left, box.top))


def test_depth_is_half_the_thickness_and_at_most_a_little_more():
    for width, height, thick in ((400, 300, 40), (3000, 2000, 300)):
        mask = mask_of(width, height, (20, 30, width - 20, 30 + thick))
        assert thick / 2 <= Part.of(mask).depth() <= thick / 2 + 2 * (1 + width // 512)
