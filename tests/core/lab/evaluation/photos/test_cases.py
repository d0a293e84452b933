from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lab.evaluation.answers import slug
from core.lab.evaluation.photos.cases import (
    DISPLAY_SIDE,
    DRIFT,
    QUESTIONS,
    WINDOWS,
    Case,
    blob,
    canvas_of,
    planted,
    strokes,
    to_aspect,
    to_display,
)
from core.values.geometry import Box, Size

BY_NAME = {question.name: question for question in QUESTIONS}
HOLES = [question for question in QUESTIONS if question.name.startswith("hole")]
BORDERS = [question for question in QUESTIONS if question.name.startswith("border")]
SIZES = st.builds(Size, st.integers(64, 700), st.integers(64, 700))


def photo(width: int, height: int, *, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 127, (height, width, channels)).astype(np.uint8)


def built(name: str, picture: np.ndarray) -> Case:
    case = BY_NAME[name].build("a photo", picture)
    assert case is not None
    return case


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(0, 99), st.sampled_from([0.12, 0.245]))
def test_a_blob_lies_wholly_inside_and_is_as_large_as_asked(size: Size, seed: int, share: float) -> None:
    mask = blob(size, np.random.default_rng(seed), share)
    bounds = Box.around(mask)
    assert bounds is not None
    assert min(bounds.left, bounds.top, size.width - bounds.right, size.height - bounds.bottom) > 0
    diameter = np.sqrt(mask.sum() * 4 / np.pi)
    assert 0.75 * share * min(size) <= diameter <= 1.3 * share * min(size) + 2


def test_the_object_is_600_px_in_12_megapixels() -> None:
    mask = blob(Size(3264, 2448), np.random.default_rng(0), 0.245)
    assert np.sqrt(mask.sum() * 4 / np.pi) == pytest.approx(600, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(SIZES, st.integers(0, 99))
def test_far_strokes_are_two_and_in_opposite_corners(size: Size, seed: int) -> None:
    mask = strokes(size, np.random.default_rng(seed), count=2, reach=0.15, width=0.035, apart=True)
    count, _, _, centres = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    assert count == 3
    gap = np.abs(centres[1] - centres[2])
    assert (gap > 0.25 * np.array(size)).all()


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: slug(q.name))
def test_a_case_is_the_same_each_time_and_another_for_another_photo(question: object) -> None:
    picture = photo(120, 96)
    first, again, other = (question.build(name, picture) for name in ("a", "a", "b"))  # type: ignore[attr-defined]
    assert (first.mask == again.mask).all()
    assert (first.given == again.given).all()
    assert first.is_hole == ((first.mask.shape != other.mask.shape) or (first.mask != other.mask).any())


@pytest.mark.parametrize("question", HOLES, ids=lambda q: slug(q.name))
def test_a_hole_holds_something_foreign_that_keeps_away_from_its_edge(question: object) -> None:
    picture = photo(200, 150)
    case = question.build("a", picture)  # type: ignore[attr-defined]
    assert (case.truth == picture).all()
    changed = (case.given != picture).any(2)
    assert changed.any()
    assert case.mask[changed].all()
    rim = case.mask & ~(cv2.erode(case.mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))) > 0)
    assert not changed[rim].any()
    assert (case.given[changed] == 255 - picture[changed]).all()


def test_an_object_covers_most_of_its_hole() -> None:
    picture = photo(200, 200)
    mask = np.zeros((200, 200), bool)
    mask[50:150, 50:150] = True
    covered = (planted(picture, mask) != picture).any(2)
    assert Box.around(covered) == Box(62, 62, 138, 138)


@pytest.mark.parametrize("question", BORDERS, ids=lambda q: slug(q.name))
def test_a_border_was_cut_off_and_is_known(question: object) -> None:
    picture = photo(200, 150)
    case = question.build("a", picture)  # type: ignore[attr-defined]
    edge = case.question.split()[-1]
    wanted = dict.fromkeys(("left", "top", "right", "bottom"), 30 if edge == "all" else 0) | (
        {} if edge == "all" else {edge: 30}
    )
    assert case.sides._asdict() == wanted
    assert (case.truth == picture).all()
    assert (canvas_of(case)[~case.mask] == picture[~case.mask]).all()
    assert not canvas_of(case)[case.mask].any()
    assert (picture[case.inner.slices] == case.given).all()


def test_growths_have_the_aspects_that_they_are_named_for() -> None:
    for width, height in ((640, 480), (480, 640)):
        picture = photo(width, height)
        for name, aspect in (("growth to 16:9", 16 / 9), ("growth to 8:1", 8.0)):
            case = built(name, picture)
            assert case.truth is None
            assert case.mask.shape == (height, round(aspect * height))
        wide = built(DRIFT, picture)
        assert wide.mask.shape == (height, width + WINDOWS * height // 2)
        assert wide.sides.left == 0
    assert to_aspect(Size(1600, 900), 16 / 9) == to_aspect(Size(2000, 900), 16 / 9) == (0, 0, 0, 0)
    assert BY_NAME["growth to 16:9"].build("wide", photo(320, 90)) is None


def test_a_large_photo_grows_at_display_size() -> None:
    case = built("growth to 8:1", photo(2048, 512))
    assert case.given.shape[:2] == (256, DISPLAY_SIDE)
    assert case.mask.shape == (256, 2048)
    small = photo(100, 80)
    assert to_display(small) is small


def test_holes_avoid_what_is_transparent_and_borders_leave_such_photos_out() -> None:
    picture = photo(300, 200, channels=4)
    picture[..., 3] = 255
    picture[:80, :, 3] = 0
    for question in HOLES:
        case = question.build("a", picture)
        if case is not None:
            assert (picture[..., 3][case.mask] == 255).all()
            assert (case.given[..., 3] == picture[..., 3]).all()
    assert built("hole: medium", picture).mask.any()
    assert all(question.build("a", picture) is None for question in QUESTIONS if question not in HOLES)
    picture[..., 3] = 0
    assert HOLES[0].build("a", picture) is None
