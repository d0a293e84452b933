"""Framing: pixels move and change not, boxes and places follow them, and what is straightened has no empty corner."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.errors import BadRequest
from core.values import Box, Framing, Placing, Size, Turn

TURNS = st.integers(0, 7).map(Turn.numbered)
SIZES = st.builds(Size, st.integers(20, 90), st.integers(20, 90))
LARGER = st.builds(Size, st.integers(60, 120), st.integers(60, 120))
RIGHT, MIRROR = Turn(1), Turn(0, True)


def numbered(size: Size, channels: int = 3) -> NDArray[np.uint8]:
    """A picture whose pixels all differ."""
    count = np.arange(size.width * size.height, dtype=np.uint32).reshape(size.height, size.width)
    return np.stack([(count >> shift & 255).astype(np.uint8) for shift in (0, 8, 16, 3)[:channels]], -1)


@given(SIZES)
def test_four_quarters_and_two_mirrors_are_nothing(size: Size) -> None:
    picture = there = numbered(size, 4)
    for _ in range(4):
        there = Framing(RIGHT).of(there)
    assert np.array_equal(there, picture)
    assert np.array_equal(Framing(MIRROR).of(Framing(MIRROR).of(picture)), picture)
    assert np.array_equal(RIGHT.of(picture), cv2.rotate(picture, cv2.ROTATE_90_CLOCKWISE))
    assert np.array_equal(MIRROR.of(picture), picture[:, ::-1])


@given(SIZES, TURNS, TURNS)
def test_turns_join_and_go_back(size: Size, one: Turn, two: Turn) -> None:
    picture = numbered(size)
    assert np.array_equal(one.then(two).of(picture), two.of(one.of(picture)))
    assert one.then(one.inverse) == Turn()
    assert one.of(picture).shape[1::-1] == one.size(size)
    assert Turn.numbered(one.number) == one


@st.composite
def framings(draw: st.DrawFn, size: Size) -> Framing:
    """A framing of a picture of that size that changes no pixel."""
    turn = draw(TURNS)
    width, height = turn.size(size)
    left, top = draw(st.integers(0, width - 16)), draw(st.integers(0, height - 16))
    right, bottom = draw(st.integers(left + 16, width)), draw(st.integers(top + 16, height))
    return Framing(turn, box=Box(left, top, right, bottom))


@given(st.data(), SIZES)
def test_what_remains_is_the_same_pixels_in_the_place_that_is_told(data: st.DataObject, size: Size) -> None:
    """Twice, the places joined: also over what was dropped between."""
    first = data.draw(framings(size))
    picture = numbered(size)
    middle = first.of(picture)
    middle_size = Size(middle.shape[1], middle.shape[0])
    second = data.draw(framings(middle_size))
    last = second.of(middle)
    places = first.placing(size), second.placing(middle_size)
    assert places[0] is not None
    assert places[1] is not None
    place = places[0].then(places[1])
    box = place.box(Box(0, 0, *size))
    assert box.size == place.turn.size(size)
    kept = Box(0, 0, last.shape[1], last.shape[0])
    assert np.array_equal(place.turn.of(picture)[kept.shifted(-box.left, -box.top).slices], last)
    part = place.inverse.box(kept)
    assert np.array_equal(place.turn.of(picture[part.slices]), last)
    assert place.inverse.then(place) == place.then(place.inverse) == Placing()


@given(LARGER, TURNS, st.integers(-150, 150).filter(bool))
def test_straightened_pictures_have_no_empty_corner(size: Size, turn: Turn, tenths: int) -> None:
    framing = Framing(turn, tenths / 10)
    box = framing.kept(size)
    flat = np.full((size.height, size.width, 4), (9, 99, 199, 255), np.uint8)
    made = framing.of(flat)
    assert made.shape == (box.size.height, box.size.width, 4)
    assert (made == flat[0, 0]).all()
    assert framing.placing(size) is None
    with pytest.raises(BadRequest, match="keep it within"):
        framing._replace(box=box.grown(2)).kept(size)


def test_straightening_turns_about_the_middle_and_back() -> None:
    """A smooth picture comes back within two levels, and a clockwise turn lowers what is on the right."""
    x, y = np.meshgrid(np.arange(200), np.arange(160))
    wave = 128 + 60 * np.sin(x / 9) + 60 * np.cos(y / 7)
    picture = np.stack([wave, 255 - wave, x], -1).astype(np.uint8)
    there = Framing(degrees=4).of(picture)
    back = Framing(degrees=-4).of(there)
    height, width = back.shape[:2]
    top, left = (160 - height) // 2, (200 - width) // 2
    part = picture[top : top + height, left : left + width].astype(int)
    assert abs(back.astype(int) - part)[8:-8, 8:-8].max() <= 2
    line = np.zeros((101, 201, 3), np.uint8)
    line[50] = 255
    fallen = Framing(degrees=5).of(line)[..., 0].argmax(0)
    assert fallen[-20] - fallen[20] == pytest.approx(np.tan(np.radians(5)) * (len(fallen) - 40), abs=1.5)


def test_clear_pixels_do_not_bleed_into_those_that_are_seen() -> None:
    picture = np.zeros((600, 90, 4), np.uint8)
    picture[..., :3] = 255
    picture[:, 30:60] = (200, 0, 0, 255)
    made = Framing(degrees=3).of(picture)
    assert set(made[..., 3].ravel()) > {0, 255}
    assert (made[made[..., 3] > 1][:, :3] == (200, 0, 0)).all()
    opaque = numbered(Size(90, 600), 4)
    opaque[..., 3] = 255
    plain = Framing(degrees=3).of(np.ascontiguousarray(opaque[..., :3]))
    assert abs(Framing(degrees=3).of(opaque)[..., :3].astype(int) - plain).max() <= 1  # in strips as in one piece


@pytest.mark.parametrize(
    ("framing", "said"),
    [
        (Framing(box=Box(0, 0, 61, 40)), r"crop is \(0, 0, 61, 40\): keep it within the picture of 60x40 px"),
        (Framing(RIGHT, box=Box(0, 0, 60, 40)), "picture of 40x60"),
        (Framing(box=Box(5, 5, 5, 30)), "keep it within"),
        (Framing(box=Box(0, 0, 15, 40)), "crop is 15x40 px: each side must be at least 16 px"),
        (Framing(degrees=15.5), "degrees are 15.5: give at most 15 either way"),
        (Framing(degrees=-3, box=Box(0, 0, 60, 40)), "keep it within"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(framing: Framing, said: str) -> None:
    for refused in (framing.kept, framing.placing):
        with pytest.raises(BadRequest, match=said):
            refused(Size(60, 40))
    with pytest.raises(BadRequest, match=said):
        framing.of(np.zeros((40, 60, 3), np.uint8))
