from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.canvas.repetition import SIDE, THRESHOLD, TYPICAL, repetition

KNOWN = 200
HEIGHT, WIDTH = SIDE, 320


def texture(seed: int) -> np.ndarray:
    """Return a picture of blurred noise, every part of which can be told from every other."""
    noise = np.random.default_rng(seed).normal(0.0, 1.0, (HEIGHT, WIDTH)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.clip(128 + 150 * soft[..., None], 0, 255).astype(np.uint8).repeat(3, 2)


@pytest.fixture
def mask() -> np.ndarray:
    found = np.zeros((HEIGHT, WIDTH), bool)
    found[:, KNOWN:] = True
    return found


def test_texture_of_its_own_is_no_repetition(mask: np.ndarray) -> None:
    found = repetition(texture(0), mask)
    assert found.highest < 0.6
    assert not found.found


def test_a_mirrored_strip_is_found(mask: np.ndarray) -> None:
    picture = texture(0)
    picture[:, KNOWN:] = picture[:, :KNOWN][:, ::-1][:, : WIDTH - KNOWN]
    found = repetition(picture, mask)
    assert found.mirrored > THRESHOLD
    assert found.copied < 0.6
    assert found.found


def test_a_strip_mirrored_upside_down_is_found() -> None:
    picture = texture(0)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[HEIGHT // 2 :] = True
    picture[HEIGHT // 2 :] = picture[: HEIGHT // 2][::-1]
    assert repetition(picture, mask).mirrored > THRESHOLD


def test_a_copied_strip_is_found(mask: np.ndarray) -> None:
    picture = texture(0)
    picture[:, KNOWN:] = picture[:, 20 : 20 + WIDTH - KNOWN]
    found = repetition(picture, mask)
    assert found.copied > THRESHOLD
    assert found.mirrored < 0.6


def test_windows_that_repeat_each_other_are_found(mask: np.ndarray) -> None:
    picture = texture(0)
    picture[:, KNOWN + 60 :] = picture[:, KNOWN : KNOWN + 60]
    found = repetition(picture, mask)
    assert found.repeated > THRESHOLD
    assert max(found.copied, found.mirrored) < 0.6


def test_a_lossy_mirror_image_is_found_by_its_typical_patch(mask: np.ndarray) -> None:
    picture = texture(0)
    mirrored = picture[:, :KNOWN][:, ::-1][:, : WIDTH - KNOWN].astype(np.float32)
    lossy = mirrored + 0.45 * (texture(1)[:, : WIDTH - KNOWN].astype(np.float32) - 128)
    picture[:, KNOWN:] = np.clip(lossy, 0, 255).astype(np.uint8)
    found = repetition(picture, mask)
    assert found.highest < THRESHOLD
    assert found.typical > TYPICAL
    assert found.found


def test_a_border_thinner_than_a_square_patch_is_looked_at(mask: np.ndarray) -> None:
    picture = texture(0)
    thin = np.zeros_like(mask)
    thin[:, -38:] = True
    assert 0.0 < repetition(picture, thin).highest < 0.7
    picture[:, -38:] = picture[:, -76:-38][:, ::-1]
    assert repetition(picture, thin).mirrored > THRESHOLD


def test_slow_changes_are_no_repetition(mask: np.ndarray) -> None:
    """Two skies have the same gradient: no patch shows anything to be recognised by."""
    ramp = np.linspace(80, 200, HEIGHT).astype(np.uint8)[:, None, None]
    found = repetition(np.broadcast_to(ramp, (HEIGHT, WIDTH, 3)).copy(), mask)
    assert found.highest == found.typical == 0.0


def test_a_horizon_that_goes_on_is_no_repetition(mask: np.ndarray) -> None:
    """A line along the rows looks the same everywhere; a copy of what stands on it is found all the same."""
    picture = texture(0) // 10 + 120
    picture[HEIGHT // 2 :] -= 100
    assert not repetition(picture, mask).found
    picture[:, KNOWN:] = picture[:, 20 : 20 + WIDTH - KNOWN]
    assert repetition(picture, mask).found


def test_a_large_picture_is_looked_at_in_small() -> None:
    picture = cv2.resize(texture(0), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC)
    mask = np.zeros(picture.shape[:2], bool)
    mask[:, 3 * KNOWN :] = True
    assert not repetition(picture, mask).found
    picture[:, 3 * KNOWN :] = picture[:, : 3 * KNOWN][:, ::-1][:, : 3 * (WIDTH - KNOWN)]
    assert repetition(picture, mask).mirrored > THRESHOLD
