"""Questions draw the same cases each time; what is hidden is hidden, and what is known is kept."""

from __future__ import annotations

import hashlib

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lab.evaluation.answers import slug
from core.lab.evaluation.cases import DISPLAY_SIDE, Case, Photo, Question, planted, to_display, to_shorter
from core.lab.evaluation.model import questions as model
from core.lab.evaluation.model.edits import hole_crops
from core.lab.evaluation.photos import questions as photos
from core.lab.evaluation.shapes import blob, strokes
from core.values.geometry import Box, Size

SQUARE = model.QUESTIONS
EVERY = (*SQUARE, *photos.QUESTIONS)
BY_NAME = {question.name: question for question in EVERY}
HOLES = [question for question in photos.QUESTIONS if question.name.startswith("hole")]
BORDERS = [question for question in photos.QUESTIONS if question.name.startswith("border")]
SIZES = st.builds(Size, st.integers(64, 700), st.integers(64, 700))


def picture(width: int, height: int, *, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 127, (height, width, channels)).astype(np.uint8)


def built(question: Question | str, pixels: np.ndarray, name: str = "a", number: int | None = None) -> Case:
    asked = BY_NAME[question] if isinstance(question, str) else question
    case = asked.build(Photo(name, pixels, number))
    assert case is not None
    return case


@pytest.mark.parametrize("question", EVERY, ids=lambda q: slug(q.name))
def test_a_case_is_the_same_each_time_and_a_hole_is_seeded_by_the_photo(question: Question) -> None:
    pixels = picture(96, 96)
    first, again, other = (built(question, pixels, name) for name in ("a", "a", "b"))
    assert (first.mask == again.mask).all()
    assert (first.given == again.given).all()
    assert 0 < first.mask.mean() < 1
    drawn = question in HOLES or question.name.startswith(("free", "random"))
    assert drawn == (first.mask != other.mask).any()
    assert Photo("a", pixels, 7).seed == 7


@pytest.mark.parametrize(
    ("name", "share"),
    [("centre 50 %", 0.25), ("right 25 %", 0.25), ("right 50 %", 0.5), ("all sides 25 %", 0.75)],
)
def test_shares_are_exact(name: str, share: float) -> None:
    assert built(name, picture(256, 256)).mask.mean() == share


@pytest.mark.parametrize(("name", "share"), [("random cells 50 %", 0.5), ("random cells 75 %", 0.75)])
def test_random_cells_are_whole_cells_of_about_the_share(name: str, share: float) -> None:
    masks = [built(name, picture(256, 256), number=i).mask for i in range(20)]
    assert np.mean(masks) == pytest.approx(share, abs=0.03)
    cells = masks[0].reshape(16, 16, 16, 16)
    assert ((cells.all((1, 3))) | (~cells.any((1, 3)))).all()


def test_strokes_are_the_same_on_every_machine() -> None:
    mask = built("free-form strokes", picture(256, 256), number=0).mask
    assert hashlib.sha256(np.packbits(mask).tobytes()).hexdigest().startswith("ac28ef0c57a61b7c")


@settings(max_examples=60)
@given(st.sampled_from(SQUARE), st.integers(0, 500), st.sampled_from([64, 128, 256]))
def test_hole_crops_are_squares_on_the_photo_that_hold_hidden_pixels(
    question: Question, number: int, side: int
) -> None:
    mask = built(question, np.zeros((side, side, 3), np.uint8), number=number).mask
    boxes = hole_crops(mask)
    assert 1 <= len(boxes) <= 4
    for box in boxes:
        assert box.size.width == box.size.height
        assert Box(0, 0, side, side).holds(box)
        assert mask[box.slices].any()
    if question.name.startswith(("centre", "right", "all")):  # crops of solid holes see nothing else
        assert all(mask[box.slices].all() for box in boxes)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(0, 99), st.sampled_from([0.12, 0.245]))
def test_a_blob_lies_wholly_inside_and_is_as_large_as_asked(size: Size, seed: int, share: float) -> None:
    mask = blob(size, np.random.default_rng(seed), share=share)
    bounds = Box.around(mask)
    assert bounds is not None
    assert min(bounds.left, bounds.top, size.width - bounds.right, size.height - bounds.bottom) > 0
    diameter = np.sqrt(mask.sum() * 4 / np.pi)
    assert 0.75 * share * min(size) <= diameter <= 1.3 * share * min(size) + 2


def test_the_object_is_600_px_in_12_megapixels() -> None:
    mask = blob(Size(3264, 2448), np.random.default_rng(0), share=0.245)
    assert np.sqrt(mask.sum() * 4 / np.pi) == pytest.approx(600, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(0, 99))
def test_far_strokes_are_two_and_in_opposite_corners(size: Size, seed: int) -> None:
    mask = strokes(size, np.random.default_rng(seed), count=2, reach=0.15, width=0.035, apart=True)
    count, _, _, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    assert count == 3
    assert (np.abs(centres[1] - centres[2]) > 0.25 * np.array(size)).all()


@pytest.mark.parametrize("question", HOLES, ids=lambda q: slug(q.name))
def test_a_hole_holds_something_foreign_that_keeps_away_from_its_edge(question: Question) -> None:
    pixels = picture(200, 150)
    case = built(question, pixels)
    assert case.truth is pixels
    changed = (case.given != pixels).any(2)
    assert changed.any()
    assert case.mask[changed].all()
    rim = case.mask & ~(cv2.erode(case.mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))) > 0)
    assert not changed[rim].any()
    assert (case.given[changed] == 255 - pixels[changed]).all()


def test_an_object_covers_most_of_its_hole() -> None:
    pixels, mask = picture(200, 200), np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    assert Box.around((planted(pixels, mask) != pixels).any(2)) == Box(62, 62, 138, 138)


@pytest.mark.parametrize("question", BORDERS, ids=lambda q: slug(q.name))
def test_a_border_was_cut_off_and_is_known(question: Question) -> None:
    pixels = picture(200, 150)
    case = built(question, pixels)
    edge = case.question.split()[-1]
    wanted = {side: 30 if edge in (side, "all") else 0 for side in ("left", "top", "right", "bottom")}
    assert case.sides._asdict() == wanted
    assert case.truth is pixels
    assert (case.canvas()[~case.mask] == pixels[~case.mask]).all()
    assert not case.canvas()[case.mask].any()


def test_growths_have_the_aspects_that_they_are_named_for() -> None:
    for width, height in ((640, 480), (480, 640)):
        pixels = picture(width, height)
        for name, aspect in (("growth to 16:9", 16 / 9), ("growth to 8:1", 8.0)):
            case = built(name, pixels)
            assert case.truth is None
            assert case.mask.shape == (height, round(aspect * height))
        wide = built(photos.DRIFT, pixels)
        assert wide.mask.shape == (height, width + photos.WINDOWS * height // 2)
        assert wide.sides.left == 0
    assert BY_NAME["growth to 16:9"].build(Photo("wide", picture(320, 90))) is None


def test_a_large_photo_grows_at_display_size() -> None:
    case = built("growth to 8:1", picture(2048, 512))
    assert case.given.shape[:2] == (256, DISPLAY_SIDE)
    assert case.mask.shape == (256, 2048)
    small = picture(100, 80)
    assert to_display(small) is small


def test_the_shorter_side_is_brought_to_size() -> None:
    assert to_shorter(picture(96, 72), 144).shape == (144, 192, 3)
    assert to_shorter(picture(72, 96), 36).shape == (48, 36, 3)


def test_holes_avoid_what_is_transparent_and_borders_leave_such_photos_out() -> None:
    pixels = picture(300, 200, channels=4)
    pixels[..., 3] = 255
    pixels[:80, :, 3] = 0
    for question in HOLES:
        case = question.build(Photo("a", pixels))
        if case is not None:
            assert (pixels[..., 3][case.mask] == 255).all()
            assert (case.given[..., 3] == pixels[..., 3]).all()
    assert built("hole: medium", pixels).mask.any()
    assert all(question.build(Photo("a", pixels)) is None for question in photos.QUESTIONS if question not in HOLES)
    pixels[..., 3] = 0
    assert HOLES[0].build(Photo("a", pixels)) is None
