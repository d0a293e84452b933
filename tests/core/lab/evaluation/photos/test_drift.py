from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.lab.evaluation.photos.drift import colour_drift

STRIP, KNOWN, WINDOWS = 20, 60, 10
HEIGHT, WIDTH = 40, KNOWN + STRIP * WINDOWS


def panorama(lightness: np.ndarray) -> np.ndarray:
    """Return an RGB picture whose columns have these L* and no colour."""
    lab = np.zeros((HEIGHT, len(lightness), 3), np.float32)
    lab[..., 0] = lightness
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8)


def test_a_panorama_of_one_colour_does_not_drift() -> None:
    found = colour_drift(panorama(np.full(WIDTH, 50.0)), KNOWN, STRIP)
    assert found.distance == found.from_first == found.brightness == found.own == found.step == 0.0
    assert found.strips == (0.0,) * WINDOWS


def test_a_planted_linear_drift_is_read() -> None:
    """L* rises by 2 a window: the last strip's mean is 19 above the photo, the first one's 1."""
    columns = np.arange(WIDTH) + 0.5
    found = colour_drift(panorama(50.0 + 2.0 / STRIP * np.maximum(columns - KNOWN, 0)), KNOWN, STRIP)
    assert found.distance == pytest.approx(19.0, abs=0.25)
    assert found.brightness == pytest.approx(19.0, abs=0.25)
    assert found.from_first == pytest.approx(18.0, abs=0.25)
    assert found.strips == pytest.approx([1.0 + 2.0 * i for i in range(WINDOWS)], abs=0.25)
    assert found.own == pytest.approx(0.0, abs=0.1)
    assert found.step < 1.0


def test_a_drift_of_colour_alone_has_no_brightness() -> None:
    lab = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    lab[..., 0] = 60.0
    lab[:, KNOWN:, 1] = 12.0
    found = colour_drift(np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8), KNOWN, STRIP)
    assert found.distance == pytest.approx(12.0, abs=0.5)
    assert found.brightness == pytest.approx(0.0, abs=0.3)


def test_darkening_is_negative_and_a_step_between_windows_is_found() -> None:
    lightness = np.full(WIDTH, 60.0)
    lightness[KNOWN + 3 * STRIP :] = 52.0
    found = colour_drift(panorama(lightness), KNOWN, STRIP)
    assert found.brightness == pytest.approx(-8.0, abs=0.4)
    assert found.step == pytest.approx(8.0, abs=0.4)
    assert found.own_step == 0.0


def test_a_step_at_the_photos_edge_is_the_panoramas_own() -> None:
    lightness = np.full(WIDTH, 60.0)
    lightness[KNOWN:] = 55.0
    found = colour_drift(panorama(lightness), KNOWN, STRIP)
    assert found.step == pytest.approx(5.0, abs=0.3)
    assert found.own_step < 4.0


def test_the_photos_own_variation_is_that_of_its_strips() -> None:
    lightness = np.full(WIDTH, 50.0)
    lightness[:STRIP] = 40.0  # one of three strips: two of three pairs differ by 10
    assert colour_drift(panorama(lightness), KNOWN, STRIP).own == pytest.approx(20.0 / 3.0, abs=0.25)


def test_strips_that_do_not_fit_are_refused() -> None:
    picture = panorama(np.full(WIDTH, 50.0))
    with pytest.raises(ValueError, match="do not fit"):
        colour_drift(picture, STRIP - 1, STRIP)
    with pytest.raises(ValueError, match="do not fit"):
        colour_drift(picture, WIDTH - STRIP + 1, STRIP)
