import cv2
import numpy as np
import pytest

from core.canvas.anchor import Anchor
from core.values.geometry import Box

SIDE = 64


def scene(width, height):
    """Blue above, green below, each with some variation."""
    picture = np.zeros((height, width, 3), np.int64)
    picture[: height // 2] = (60, 100, 190)
    picture[height // 2 :] = (60, 130, 50)
    picture += np.random.default_rng(0).integers(-12, 13, (height, width, 1))
    return picture.astype(np.uint8)


def lab(colour):
    return cv2.cvtColor(np.float32([[colour]]) / 255, cv2.COLOR_RGB2LAB)[0, 0]


def window_right():
    """Half known, half new, at the right of a photo of 128x64 on a canvas of 192x64."""
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[:, 32:] = True
    return Box(96, 0, 160, 64), mask


def hold(held, generated, window, mask):
    """Return the window as it is painted, whether anything holds it or not."""
    found = held.at(window, mask)
    return generated if found is None else found.on(generated)


def anchor():
    base = np.zeros((64, 192, 3), np.uint8)
    base[:, :128] = scene(128, 64)
    return Anchor(base, Box(0, 0, 128, 64))


def test_colours_like_the_photos_stay():
    window, mask = window_right()
    generated = scene(64, 64)
    held = hold(anchor(), generated, window, mask)
    assert np.abs(held.astype(int) - generated).max() <= 1


def test_another_colour_is_brought_back_more_and_more():
    window, mask = window_right()
    generated = scene(64, 64)
    generated[:, 32:] = (150, 60, 150)
    held = hold(anchor(), generated, window, mask)
    assert np.array_equal(held[~mask], generated[~mask])
    away = [np.linalg.norm(lab(held[10:20, x].mean(0)) - lab((60, 100, 190))) for x in (32, 36, 50)]
    assert away[0] > away[1] > away[2]
    assert away[2] < 14
    below = held[45:55, 50:].mean((0, 1))
    assert np.linalg.norm(lab(below) - lab((60, 130, 50))) < 14


def test_ten_windows_do_not_wander():
    left = 128
    base = np.zeros((64, 128 + 10 * 32, 3), np.uint8)
    base[:, :left] = scene(128, 64)
    held = Anchor(base, Box(0, 0, 128, 64))
    mask = window_right()[1]
    layer = base.copy()
    for _ in range(10):
        drifting = np.clip(layer[:, left - 1 : left].astype(int) + np.array([8, -4, 0]), 0, 255).astype(np.uint8)
        generated = np.concatenate([layer[:, left - 32 : left], np.repeat(drifting, 32, 1)], 1)
        layer[:, left : left + 32] = hold(held, generated, Box(left - 32, 0, left + 32, 64), mask)[:, 32:]
        left += 32
    first, last = (
        cv2.cvtColor(layer[:, x : x + 32].astype(np.float32) / 255, cv2.COLOR_RGB2LAB).mean((0, 1))
        for x in (96, left - 32)
    )
    assert np.linalg.norm(first - last) < 8, "ten steps of drift would be 40 and more"


@pytest.mark.parametrize("edge", ["left", "above", "below"])
def test_a_border_is_held_beside_the_photo_and_free_above_and_below(edge):
    photo = scene(128, 128)
    base = np.zeros((192, 192, 3), np.uint8)
    base[32:160, 32:160] = photo
    mask = np.zeros((SIDE, SIDE), np.bool_)
    window = {"left": Box(0, 64, 64, 128), "above": Box(64, 0, 128, 64), "below": Box(64, 128, 128, 192)}[edge]
    new = {
        "left": (slice(None), slice(0, 32)),
        "above": (slice(0, 32), slice(None)),
        "below": (slice(32, 64), slice(None)),
    }[edge]
    mask[new] = True
    generated = np.full((SIDE, SIDE, 3), (200, 40, 40), np.uint8)
    held = hold(Anchor(base, Box(32, 32, 160, 160)), generated, window, mask)
    assert np.array_equal(held[~mask], generated[~mask])
    if edge == "left":
        assert np.linalg.norm(lab(held[:, 0].astype(float).mean(0)) - lab((200, 40, 40))) > 30
    else:
        assert np.array_equal(held, generated)


def test_a_corner_is_held_less_and_less():
    base = np.zeros((192, 192, 3), np.uint8)
    base[64:, 64:] = scene(128, 128)
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[:, :32] = True
    generated = np.full((SIDE, SIDE, 3), (200, 40, 40), np.uint8)
    held = hold(Anchor(base, Box(64, 64, 192, 192)), generated, Box(0, 20, 64, 84), mask)
    moved = np.abs(held.astype(int) - generated).max((1, 2))  # by row; the photo begins at the 44th
    assert not moved[:30].any()
    assert 0 < moved[36] < moved[42] < moved[46]


def test_a_thing_near_the_photos_end_does_not_colour_the_border():
    window, mask = window_right()
    held = anchor()
    held.base[:, 70:110] = (90, 20, 20)
    generated = scene(64, 64)
    assert np.abs(hold(held, generated, window, mask).astype(int) - generated).max() <= 1
