from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.lab.evaluation.model.questions import CLASS_BOX, QUESTIONS, Question, hole_crops

BY_NAME = {question.name: question for question in QUESTIONS}


@pytest.mark.parametrize("question", [*QUESTIONS, CLASS_BOX], ids=lambda q: q.name)
def test_masks_are_seeded_by_the_photo(question: Question) -> None:
    first, again = question.mask(64, 3), question.mask(64, 3)
    assert first.shape == (64, 64)
    assert first.dtype == np.bool_
    assert (first == again).all()
    assert 0 < first.mean() < 1


@pytest.mark.parametrize(
    ("name", "share"),
    [("centre 50 %", 0.25), ("right 25 %", 0.25), ("right 50 %", 0.5), ("all sides 25 %", 0.75)],
)
def test_shares_are_exact(name: str, share: float) -> None:
    assert BY_NAME[name].mask(256, 0).mean() == share


@pytest.mark.parametrize(("name", "share"), [("random cells 50 %", 0.5), ("random cells 75 %", 0.75)])
def test_random_cells_are_whole_cells_of_about_the_share(name: str, share: float) -> None:
    masks = [BY_NAME[name].mask(256, i) for i in range(20)]
    assert np.mean(masks) == pytest.approx(share, abs=0.03)
    cells = masks[0].reshape(16, 16, 16, 16)
    assert ((cells.all((1, 3))) | (~cells.any((1, 3)))).all()
    assert (masks[0] != masks[1]).any()


def test_extensions_cut_off_the_sides_that_their_masks_hide() -> None:
    question = BY_NAME["all sides 25 %"]
    left, top, right, bottom = question.sides(64)
    mask = question.mask(64, 0)
    assert not mask[top : 64 - bottom, left : 64 - right].any()
    assert mask.sum() == 64 * 64 - (64 - left - right) * (64 - top - bottom)


def test_strokes_are_the_same_on_every_machine() -> None:
    mask = BY_NAME["free-form strokes"].mask(256, 0)
    digest = hashlib.sha256(np.packbits(mask).tobytes()).hexdigest()
    assert digest.startswith("ac28ef0c57a61b7c")


@settings(max_examples=60)
@given(st.sampled_from([*QUESTIONS, CLASS_BOX]), st.integers(0, 500), st.sampled_from([64, 128, 256]))
def test_hole_crops_are_squares_on_the_photo_that_hold_hidden_pixels(question: Question, index: int, side: int) -> None:
    mask = question.mask(side, index)
    boxes = hole_crops(mask)
    assert 1 <= len(boxes) <= 4
    for box in boxes:
        assert box.size.width == box.size.height
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= side
        assert box.bottom <= side
        assert mask[box.slices].any()


def test_crops_of_solid_holes_see_nothing_else() -> None:
    for name in ("centre 50 %", "right 25 %", "right 50 %", "all sides 25 %"):
        mask = BY_NAME[name].mask(256, 0)
        assert all(mask[box.slices].all() for box in hole_crops(mask))
    assert hole_crops(BY_NAME["centre 50 %"].mask(256, 0)) == ((64, 64, 192, 192),)
