import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.masks import latent_mask
from core.canvas.plan import MOST_EXAMPLES, example_windows, plan
from core.values.geometry import Box, Sides, Size
from core.values.groups import View
from core.values.region import Mask, Task
from core.values.request import EditRequest

PIXELS, GRID = 32, 8


def picture(width, height):
    return np.zeros((height, width, 3), np.uint8)


def hole(width, height, *boxes):
    mask = np.zeros((height, width), np.bool_)
    for box in boxes:
        mask[Box(*box).slices] = True
    return mask


def check(request, pixels=PIXELS, grid=GRID):
    """Assert what holds for every plan; return it."""
    wanted = request.hole(pixels)
    height, width = wanted.shape
    passes = plan(request, pixels, grid)
    assert passes
    painted = np.zeros(wanted.shape, np.int64)
    for one in passes:
        window = one.window
        assert 0 <= window.left < window.right <= width
        assert 0 <= window.top < window.bottom <= height
        side = window.size.width
        assert window.size == (side, side) == one.mask.shape
        assert side >= min(pixels, width, height)
        assert one.mask.any()
        left_over = wanted[window.slices] & (painted[window.slices] == 0)
        assert np.array_equal(one.hidden, left_over), "what nobody has painted is hidden, nothing else is"
        assert np.array_equal(
            one.unknown, latent_mask(one.hidden, grid, coverage=request.view.coverage, grow=request.view.grow_tokens)
        )
        painted[window.slices] += one.mask
    assert np.array_equal(painted, wanted.astype(np.int64)), "each unknown pixel belongs to one pass, no other to any"
    if request.task is not Task.GENERATE and not wanted.all():
        assert not passes[0].mask.all(), "the first window shows nothing known"
    return passes


@st.composite
def holes(draw):
    width, height = draw(st.integers(2, 160)), draw(st.integers(2, 160))  # one pixel cannot show two
    boxes = []
    for _ in range(draw(st.integers(1, 3))):
        left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        boxes.append((left, top, draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))))
    mask = hole(width, height, *boxes)
    if draw(st.booleans()) and not mask.all():
        mask = ~mask
    return mask


@settings(max_examples=300)
@given(holes(), st.floats(1, 8), st.floats(0, 0.9), st.integers(0, 2))
def test_every_hole_is_covered_once_by_square_windows_inside_the_canvas(mask, context, coverage, grow):
    height, width = mask.shape
    request = EditRequest(
        picture(width, height), Mask(mask), view=View(context=context, coverage=coverage, grow_tokens=grow)
    )
    check(request)


@settings(max_examples=300)
@given(st.integers(2, 120), st.integers(2, 120), st.tuples(*[st.integers(0, 150)] * 4).filter(any))
def test_extension_covers_every_new_pixel_corners_included(width, height, sides):
    request = EditRequest(picture(width, height), Sides(*sides))
    known = ~request.hole(PIXELS)
    for one in check(request):
        assert known[one.window.slices].any(), "a window sees nothing known"
        known[one.window.slices] = True


@given(holes())
def test_every_window_over_a_hole_sees_something_known_by_then(mask):
    if mask.all():
        return
    height, width = mask.shape
    known = ~mask
    for one in plan(EditRequest(picture(width, height), Mask(mask)), PIXELS, GRID):
        assert known[one.window.slices].any()
        known[one.window.slices] = True


def test_a_small_hole_takes_one_window_of_the_models_size_around_it():
    request = EditRequest(picture(400, 300), Mask(hole(400, 300, (200, 100, 208, 104))))
    (one,) = check(request)
    assert one.window == Box(188, 86, 220, 118)


def test_a_large_hole_takes_one_window_with_context():
    request = EditRequest(picture(400, 300), Mask(hole(400, 300, (150, 100, 210, 130))), view=View(context=2.0))
    (one,) = check(request)
    assert one.window == Box(120, 55, 240, 175)


def test_a_window_is_shifted_inwards_at_the_border():
    request = EditRequest(picture(400, 300), Mask(hole(400, 300, (390, 290, 400, 300))))
    (one,) = check(request)
    assert one.window == Box(368, 268, 400, 300)


@pytest.mark.parametrize(("width", "height"), [(20, 20), (20, 90), (90, 20)])
def test_a_canvas_smaller_than_the_model_is_seen_at_its_shorter_side(width, height):
    request = EditRequest(picture(width, height), Mask(hole(width, height, (3, 3, 6, 6))))
    (one,) = check(request)
    assert one.window.size == Size(20, 20)


def test_a_window_that_would_show_only_the_hole_is_widened():
    request = EditRequest(picture(400, 300), Mask(hole(400, 300, (100, 100, 200, 200))), view=View(context=1.0))
    (one,) = check(request)
    assert one.window.size == Size(125, 125)


def test_a_hole_across_the_canvas_starts_where_most_is_known_and_goes_on_by_half_windows():
    request = EditRequest(picture(400, 100), Mask(hole(400, 100, (0, 0, 300, 100))))
    windows = [one.window.left for one in check(request)]
    assert windows == [250, 200, 150, 100, 50, 0]


def test_a_long_thin_stroke_upright():
    request = EditRequest(picture(100, 400), Mask(hole(100, 400, (50, 20, 53, 380))))
    assert all(0 < b.window.top - a.window.top <= 50 for a, b in zip(check(request), check(request)[1:], strict=False))


def test_a_box_is_a_mask():
    image = picture(90, 60)
    boxed = check(EditRequest(image, Box(10, 20, 40, 30), class_id=1))
    masked = check(EditRequest(image, Mask(hole(90, 60, (10, 20, 40, 30)), new=True), class_id=1))
    assert [one.window for one in boxed] == [one.window for one in masked]
    assert np.array_equal(boxed[0].unknown, masked[0].unknown)


def test_generation_is_one_window_with_everything_unknown():
    (one,) = check(EditRequest(class_id=3))
    assert one.window == Box(0, 0, PIXELS, PIXELS)
    assert one.unknown.all()
    assert one.mask.all()


def test_the_request_is_not_changed_by_planning():
    mask = hole(90, 60, (10, 10, 20, 20))
    before = mask.copy()
    plan(EditRequest(picture(90, 60), Mask(mask)), PIXELS, GRID)
    assert np.array_equal(mask, before)


@pytest.mark.parametrize(
    ("size", "sides", "most"),
    [
        ((512, 512), (256, 0, 0, 0), 1),
        ((512, 512), (256, 256, 256, 256), 8),
        ((100, 100), (100, 100, 100, 100), 4),
        ((64, 64), (500, 500, 500, 500), 20),
        ((600, 400), (0, 0, 1200, 0), 6),
    ],
)
def test_extension_needs_few_windows(size, sides, most):
    request = EditRequest(picture(*size), Sides(*sides))
    passes = check(request, pixels=128, grid=16)
    assert len(passes) <= most


def test_half_of_an_extension_window_is_known_and_several_rounds_march_outwards():
    request = EditRequest(picture(128, 128), Sides(right=256))
    passes = check(request, pixels=128, grid=16)
    assert [one.window for one in passes] == [Box(x, 0, x + 128, 128) for x in (64, 128, 192, 256)]
    assert all(one.mask.mean() == 0.5 for one in passes)


def test_corners_come_after_the_sides_that_they_touch():
    request = EditRequest(picture(256, 256), Sides(64, 64, 0, 0))
    corner = [one.mask[0, 0] and one.window[:2] == (0, 0) for one in check(request, pixels=128, grid=16)]
    assert corner.index(True) == len(corner) - 1 or corner.count(True) == 1
    assert not corner[0]


@settings(max_examples=100)
@given(holes(), st.floats(0, 0.9))
def test_a_pinned_window_is_the_only_one(mask, coverage):
    side = min(mask.shape)
    window = Box(0, 0, side, side)
    mask[:, side:] = mask[side:] = False
    mask[side - 1, 0] = True
    request = EditRequest(
        picture(mask.shape[1], mask.shape[0]), Mask(mask), view=View(window=window, context=1.0, coverage=coverage)
    )
    (one,) = plan(request, PIXELS, GRID)
    assert one.window == window
    assert np.array_equal(one.mask, mask[window.slices])
    assert np.array_equal(one.unknown, latent_mask(one.mask, GRID, coverage=coverage))


def test_a_pinned_window_may_hold_new_pixels():
    request = EditRequest(picture(40, 30), Sides(right=10), view=View(window=Box(20, 0, 50, 30)))
    (one,) = plan(request, PIXELS, GRID)
    assert one.window == request.view.window
    assert one.mask[:, 20:].all()
    assert not one.mask[:, :20].any()


@settings(max_examples=100)
@given(holes(), st.floats(0, 0.9), st.integers(1, 255))
def test_cells_go_by_what_a_soft_mask_touches(mask, coverage, level):
    shape = mask.shape[::-1]
    hard = plan(EditRequest(picture(*shape), Mask(mask), view=View(coverage=coverage)), PIXELS, GRID)
    soft = plan(EditRequest(picture(*shape), Mask(mask * np.uint8(level)), view=View(coverage=coverage)), PIXELS, GRID)
    assert [p.window for p in soft] == [p.window for p in hard]
    for before, after in zip(hard, soft, strict=True):
        assert np.array_equal(after.unknown, before.unknown)
        assert np.array_equal(after.mask, before.mask)


def test_far_apart_strokes_have_windows_of_their_own():
    mask = hole(4000, 3000, (100, 100, 160, 160), (3700, 2800, 3780, 2850))
    passes = check(EditRequest(picture(4000, 3000), Mask(mask)), pixels=128, grid=16)
    assert [one.window.size.width for one in passes] == [128, 160]
    assert [int(one.mask.sum()) for one in passes] == [3600, 4000]


def test_near_strokes_share_a_window():
    mask = hole(400, 300, (100, 100, 110, 110), (130, 120, 140, 130))
    (one,) = check(EditRequest(picture(400, 300), Mask(mask)), pixels=128, grid=16)
    assert one.window.size.width == 128


def test_a_window_hides_what_a_later_window_will_paint():
    mask = hole(1700, 900, (400, 400, 460, 460), (530, 400, 536, 406))
    first, second = check(EditRequest(picture(1700, 900), Mask(mask), view=View(context=6.0)), pixels=32, grid=8)
    assert first.window.holds(Box(530, 400, 536, 406))
    assert first.hidden.sum() == first.mask.sum() + 36
    assert second.mask.sum() == 36


def test_a_long_thin_stroke_takes_a_few_finer_windows():
    request = EditRequest(picture(4000, 3000), Mask(hole(4000, 3000, (600, 1500, 2400, 1530))))
    passes = check(request, pixels=128, grid=16)
    assert 1 < len(passes) <= 4
    assert max(one.window.size.width for one in passes) <= 3000 / 3
    finer = check_levels(dataclasses.replace(request, view=View(refine=1)))
    assert len([one for one in finer if not one.level]) <= 8


def check_levels(request, pixels=128, grid=16):
    """Assert what holds for plans with finer levels; return the plan."""
    passes = plan(request, pixels, grid)
    wanted = request.hole(pixels)
    coarse = plan(dataclasses.replace(request, view=dataclasses.replace(request.view, refine=0)), pixels, grid)
    for level in range(1, max(one.level for one in passes) + 1):
        painted = np.zeros(wanted.shape, np.int64)
        for one in (p for p in passes if p.level == level):
            painted[one.window.slices] += one.mask
            assert not one.hidden.any()
            assert one.window.size.width == one.window.size.height == one.mask.shape[0] >= pixels
            touched = latent_mask(one.mask, grid)
            assert not (one.unknown & ~touched).any(), "a cell is drawn anew that nobody looks at"
        assert np.array_equal(painted > 0, wanted)
        assert painted.max() == 1
    levels = [one.level for one in passes]
    assert levels.count(0) == len(coarse) or request.view.refine
    assert all(level == 0 for level in levels[: levels.count(0)]), "coarse looks come first"
    return passes


@pytest.mark.parametrize("refine", [1, 2, 3])
def test_finer_windows_go_over_the_whole_hole_again(refine):
    mask = hole(3264, 2448, (1000, 1000, 1600, 1600))
    passes = check_levels(EditRequest(picture(3264, 2448), Mask(mask), view=View(refine=refine)))
    sides = sorted({one.window.size.width for one in passes}, reverse=True)
    assert sides == [1200, 600, 300, 150][: refine + 1]
    finest = [one for one in passes if one.level == refine]
    share = sum(int(one.unknown.sum()) for one in finest) / sum(int(latent_mask(p.mask, 16).sum()) for p in finest)
    assert 0.5 <= share <= 0.7, "some of what was painted is kept, evenly spread"


def test_a_window_at_the_models_own_pixels_is_not_refined():
    request = EditRequest(picture(400, 300), Mask(hole(400, 300, (200, 100, 208, 104))), view=View(refine=3))
    assert len(plan(request, 128, 16)) == 1


def test_a_thin_border_of_a_large_picture_takes_few_windows():
    request = EditRequest(picture(2000, 2000), Sides(10, 10, 10, 10))
    assert len(check(request, pixels=128, grid=16)) <= 36


@settings(max_examples=60, deadline=None)
@given(holes())
def test_examples_are_known_windows_inside_the_canvas(mask):
    height, width = mask.shape
    passes = plan(EditRequest(picture(width, height), Mask(mask)), PIXELS, GRID)
    for side, windows in example_windows(passes, mask).items():
        assert len(windows) <= MOST_EXAMPLES
        for window in windows:
            assert window.size == (side, side)
            assert Box(0, 0, width, height).holds(window)
            assert (~mask[window.slices]).mean() >= 0.3
