"""Figures of an answer at photo size: a planted drift, blur or step reads as what it is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from core.lab.evaluation.cases import Case, Photo
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import changed_outside
from core.lab.evaluation.photos.figures import colour_drift, distances, figures, hole_boxes, sharpness_ratio
from core.lab.evaluation.photos.questions import DRIFT, OBJECT, QUESTIONS
from core.values.geometry import Size

BY_NAME = {question.name: question for question in QUESTIONS}
STRIP, KNOWN, WINDOWS = 20, 60, 10
HEIGHT, WIDTH = 40, KNOWN + STRIP * WINDOWS


def picture(width: int = 96, height: int = 72) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def built(name: str, pixels: np.ndarray | None = None) -> Case:
    case = BY_NAME[name].build(Photo("a", picture() if pixels is None else pixels))
    assert case is not None
    return case


def test_alpha_counts_as_outside_and_other_sizes_are_refused() -> None:
    rgba = np.dstack([picture(), np.full((72, 96), 255, np.uint8)])
    case = built(OBJECT, rgba)
    answer = np.where(case.mask[..., None], rgba, case.canvas())
    assert changed_outside(answer, case.canvas(), case.mask) == 0
    answer[0, 0, 3] = 254
    assert changed_outside(answer, case.canvas(), case.mask) == 1
    with pytest.raises(ValueError, match="canvas"):
        changed_outside(answer[:-1], case.canvas(), case.mask)


def test_a_border_is_searched_for_copies_and_a_panorama_for_drift() -> None:
    hole, border, wide = (figures(c, c.canvas()) for c in (built(OBJECT), built("border: left"), built(DRIFT)))
    assert "repetition" not in hole
    assert "repetition" in border
    assert "drift delta-E" not in border
    # A black border: as far from the photo as its own last strip is from black.
    assert wide["drift delta-E"] > 20
    assert wide["drift of L*"] < -20
    assert wide["drift from first window"] == 0.0
    assert wide["largest step of columns"] > wide["photo's own step"]


def test_distances_look_at_the_hole_alone(judge: Judge) -> None:
    case = built("hole: medium", picture(480, 360))
    assert case.truth is not None
    spoiled, far = case.truth.copy(), case.truth.copy()
    spoiled[case.mask] = 0
    far[0 if case.mask[180:].any() else -1] = 0  # a row far from the hole
    found = distances(judge, case, {"same": case.truth, "spoiled": spoiled, "far": far})
    assert found["same"] == pytest.approx(0.0, abs=1e-6)
    assert found["far"] == pytest.approx(0.0, abs=1e-6)
    assert found["spoiled"] > 0.1


def test_boxes_are_around_each_part_and_long_parts_are_looked_at_in_pieces() -> None:
    mask = np.zeros((100, 300), bool)
    mask[10:30, 20:40] = True
    mask[60:80, 100:120] = True
    assert [box.size for box in hole_boxes(mask)] == [Size(24, 24)] * 2
    strip = np.zeros((300, 300), bool)
    strip[:, 270:] = True
    pieces = hole_boxes(strip)
    assert len(pieces) == 4
    assert [piece.top for piece in pieces] == sorted({piece.top for piece in pieces})
    assert all(strip[piece.slices].any() for piece in pieces)


def panorama(lightness: np.ndarray) -> np.ndarray:
    """Return an RGB picture whose columns have these L* and no colour."""
    lab = np.zeros((HEIGHT, len(lightness), 3), np.float32)
    lab[..., 0] = lightness
    return np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8)


def test_a_panorama_of_one_colour_does_not_drift() -> None:
    found = colour_drift(panorama(np.full(WIDTH, 50.0)), KNOWN, STRIP)
    assert set(found.values()) == {0.0}


def test_a_planted_linear_drift_is_read() -> None:
    """L* rises by 2 a window: the last strip's mean is 19 above the photo, the first one's 1."""
    columns = np.arange(WIDTH) + 0.5
    found = colour_drift(panorama(50.0 + 2.0 / STRIP * np.maximum(columns - KNOWN, 0)), KNOWN, STRIP)
    assert found["drift delta-E"] == pytest.approx(19.0, abs=0.25)
    assert found["drift of L*"] == pytest.approx(19.0, abs=0.25)
    assert found["drift from first window"] == pytest.approx(18.0, abs=0.25)
    assert found["photo's own variation"] == pytest.approx(0.0, abs=0.1)
    assert found["largest step of columns"] < 1.0


def test_a_drift_of_colour_alone_has_no_brightness() -> None:
    lab = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    lab[..., 0] = 60.0
    lab[:, KNOWN:, 1] = 12.0
    found = colour_drift(np.rint(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB) * 255).astype(np.uint8), KNOWN, STRIP)
    assert found["drift delta-E"] == pytest.approx(12.0, abs=0.5)
    assert found["drift of L*"] == pytest.approx(0.0, abs=0.3)


def test_darkening_is_negative_and_a_step_between_windows_is_found() -> None:
    lightness = np.full(WIDTH, 60.0)
    lightness[KNOWN + 3 * STRIP :] = 52.0
    found = colour_drift(panorama(lightness), KNOWN, STRIP)
    assert found["drift of L*"] == pytest.approx(-8.0, abs=0.4)
    assert found["largest step of columns"] == pytest.approx(8.0, abs=0.4)
    assert found["photo's own step"] == 0.0


def test_a_step_at_the_photos_edge_is_the_panoramas_own() -> None:
    lightness = np.full(WIDTH, 60.0)
    lightness[KNOWN:] = 55.0
    found = colour_drift(panorama(lightness), KNOWN, STRIP)
    assert found["largest step of columns"] == pytest.approx(5.0, abs=0.3)
    assert found["photo's own step"] < 4.0


def test_the_photos_own_variation_is_that_of_its_strips() -> None:
    lightness = np.full(WIDTH, 50.0)
    lightness[:STRIP] = 40.0  # one of three strips: two of three pairs differ by 10
    assert colour_drift(panorama(lightness), KNOWN, STRIP)["photo's own variation"] == pytest.approx(
        20.0 / 3.0, abs=0.25
    )


def test_strips_that_do_not_fit_are_refused() -> None:
    picture = panorama(np.full(WIDTH, 50.0))
    with pytest.raises(ValueError, match="do not fit"):
        colour_drift(picture, STRIP - 1, STRIP)
    with pytest.raises(ValueError, match="do not fit"):
        colour_drift(picture, WIDTH - STRIP + 1, STRIP)


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
