"""What is painted into a noisy photo is as noisy; where the photo is clean, or nothing but texture, it stays itself.

A picture without surroundings gets a trace of noise that is hardly seen.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.canvas.grain import dithered, grained

SIDE = 200
KNOWN = np.ones((SIDE, SIDE), np.bool_)
KNOWN[60:140, 60:140] = False


def photo(noise: float, texture: float = 0.0) -> NDArray[np.uint8]:
    """Return a slope of brightness with noise, in levels, and texture of a few pixels."""
    random = np.random.default_rng(3)
    slope = np.linspace(60, 190, SIDE)[None, :, None] * np.ones((SIDE, 1, 3))
    rough = cv2.GaussianBlur(random.normal(size=(SIDE, SIDE, 1)), (0, 0), 1.2)[..., None]
    values = slope + noise * random.normal(size=(SIDE, SIDE, 1)) + texture * rough / rough.std()
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def fine(picture: NDArray[np.uint8]) -> float:
    """Return the deviation, in levels, of what a blur takes out of the middle."""
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float((luma - cv2.GaussianBlur(luma, (0, 0), 1.0))[66:134, 66:134].std())


@pytest.mark.parametrize("noise", [2.0, 3.0])
def test_it_gets_the_noise_of_what_is_around(noise: float) -> None:
    around, painted = photo(noise), photo(0.0)
    made = grained(painted, around, KNOWN, 1)
    assert fine(made) == pytest.approx(fine(around), rel=0.15)
    assert abs(made.astype(float).mean() - painted.mean()) < 0.1
    assert (made.astype(int) - painted).reshape(-1, 3).std(1).max() == 0  # brightness, no colours


def test_what_has_more_noise_already_stays() -> None:
    painted = photo(3.5)
    assert grained(painted, photo(2.5), KNOWN, 1) is painted


@pytest.mark.parametrize("known", [KNOWN, np.zeros_like(KNOWN), ~KNOWN & (np.arange(SIDE) < 80)])
def test_a_clean_photo_or_hardly_any_adds_nothing(known: NDArray[np.bool_]) -> None:
    painted = photo(0.0)
    around = photo(0.3) if known.sum() > SIDE * SIDE / 2 else photo(4.0)
    assert grained(painted, around, known, 1) is painted


def test_texture_is_not_taken_for_noise_beyond_a_bound() -> None:
    painted = photo(0.0)
    assert fine(grained(painted, photo(0.0, texture=25.0), KNOWN, 1)) < 5.0


def test_the_seed_decides() -> None:
    painted, around = photo(0.0), photo(3.0)
    first, again, other = (grained(painted, around, KNOWN, seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_new_picture_gets_less_noise_than_is_seen_and_no_colour() -> None:
    painted = photo(0.0)
    added = dithered(painted, 1).astype(int) - painted
    assert 0.7 < added[..., 0].std() < 1.0
    assert np.abs(added).max() <= 5
    assert abs(added.mean()) < 0.05
    assert np.ptp(added, axis=2).max() == 0


def test_a_slow_slope_loses_its_bands() -> None:
    slope = np.rint(np.linspace(100, 104, SIDE))[None, :, None].repeat(SIDE, 0).repeat(3, 2).astype(np.uint8)
    within = dithered(slope, 1)[:, 75:125, 0].astype(float)
    assert len(np.unique(slope[:, 80:120])) == 1
    assert within.std() > 0.5


def test_the_seed_decides_the_trace_too() -> None:
    first, again, other = (dithered(photo(0.0), seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
