from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from core.lab.evaluation.photos.sharpness import sharpness_ratio


def noise(scale: float, *, side: int = 160, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.0, scale, (side, side, 1))
    return np.clip(np.rint(128 + values), 0, 255).astype(np.uint8).repeat(3, 2)


@pytest.fixture
def mask() -> np.ndarray:
    found = np.zeros((160, 160), bool)
    found[50:110, 40:100] = True
    return found


def test_equal_noise_on_both_sides_is_one(mask: np.ndarray) -> None:
    assert sharpness_ratio(noise(20), mask) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_noise_of_another_strength_reads_as_its_square(mask: np.ndarray, factor: float) -> None:
    picture = noise(20)
    picture[mask] = noise(20 * factor, seed=1)[mask]
    assert sharpness_ratio(picture, mask) == pytest.approx(factor**2, rel=0.12)


def test_a_blur_inside_reads_as_what_it_takes_away(mask: np.ndarray) -> None:
    picture = noise(20)
    blurred = cv2.GaussianBlur(picture, (0, 0), 1.0)
    expected = (cv2.Laplacian(blurred[..., 0], cv2.CV_32F) ** 2).mean() / (
        cv2.Laplacian(picture[..., 0], cv2.CV_32F) ** 2
    ).mean()
    picture[mask] = blurred[mask]
    assert sharpness_ratio(picture, mask) == pytest.approx(float(expected), rel=0.3)
    assert sharpness_ratio(picture, mask) < 0.1


def test_a_step_at_the_edge_is_no_sharpness(mask: np.ndarray) -> None:
    picture = noise(10)
    picture[mask] += 60
    assert sharpness_ratio(picture, mask) == pytest.approx(sharpness_ratio(noise(10), mask), rel=0.01)


def test_what_lies_beyond_the_ring_plays_no_part(mask: np.ndarray) -> None:
    picture, far = noise(20), noise(20)
    far[:20] = 0
    assert sharpness_ratio(picture, mask) == sharpness_ratio(far, mask)


def test_flat_sides_are_alike_and_missing_ones_no_number(mask: np.ndarray) -> None:
    flat = np.full((160, 160, 3), 90, np.uint8)
    assert sharpness_ratio(flat, mask) == 1.0
    assert math.isnan(sharpness_ratio(flat, np.ones_like(mask)))
    assert math.isnan(sharpness_ratio(flat, np.zeros_like(mask)))


def test_a_stroke_of_two_pixels_still_has_a_sharpness() -> None:
    stroke = np.zeros((160, 160), bool)
    stroke[80:82, 20:140] = True
    assert sharpness_ratio(noise(20), stroke) == pytest.approx(1.0, abs=0.4)
