import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.holes import JOINED, groups
from core.geometry import Box


def side_for(box):
    return max(32, 2 * max(box.size))


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
    for part in groups(mask, side_for, reach):
        assert part.any()
        total += part
    assert np.array_equal(total, mask.astype(np.int64))


def test_far_apart_is_apart_and_near_is_together():
    mask = mask_of(900, 600, (10, 10, 20, 20), (26, 14, 34, 22), (800, 500, 830, 520))
    near, far = groups(mask, side_for, 4)
    assert Box.around(near) == Box(10, 10, 34, 22)
    assert Box.around(far) == Box(800, 500, 830, 520)


def test_no_two_groups_would_share_a_window_hardly_wider_than_their_own():
    rng = np.random.default_rng(1)
    boxes = [(x, y, x + 6, y + 6) for x, y in rng.integers(0, 1990, (40, 2)).tolist()]
    found = [Box.around(part) for part in groups(mask_of(2000, 2000, *boxes), side_for, 4)]
    assert len(found) > 3
    for i, one in enumerate(found):
        for other in found[i + 1 :]:
            assert side_for(one.joined(other)) > JOINED * max(side_for(one), side_for(other))


def test_thousands_of_specks_are_grouped_in_a_moment():
    mask = np.random.default_rng(0).random((1500, 1500)) < 0.002
    parts = list(groups(mask, side_for, 4))
    assert 1 <= len(parts) <= 48
