"""Seam score and ring shift on pictures whose answer is known."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.canvas.seam import ring_shift, seam_score

SIDE = 96


def disk(side: int = SIDE, radius: float = 0.3) -> NDArray[np.bool_]:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.asarray(np.hypot(x, y) < radius * side)


def flat(level: int | tuple[int, int, int] = 100, side: int = SIDE) -> NDArray[np.uint8]:
    return np.full((side, side, 3), level, np.uint8)


def gradient() -> NDArray[np.uint8]:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.repeat((x + y)[..., None], 3, 2).astype(np.uint8)


@pytest.mark.parametrize("step", [-60, -8, 8, 60])
def test_a_step_across_the_border_of_a_flat_field_scores_by_its_height(step: int) -> None:
    picture = flat()
    picture[disk()] += np.uint8(step % 256)
    assert seam_score(picture, disk()) == pytest.approx(abs(step) + 1, rel=1e-4)
    assert seam_score(picture, ~disk()) == seam_score(picture, disk())


def test_nothing_shows_where_the_picture_goes_on() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    assert seam_score(flat(), disk()) == 1.0
    assert seam_score(gradient(), disk()) == pytest.approx(1.0, abs=0.01)
    assert seam_score(noise, disk()) == pytest.approx(1.0, abs=0.1)


def test_the_same_step_shows_less_where_the_picture_is_rough() -> None:
    noise = np.random.default_rng(0).integers(0, 60, (SIDE, SIDE, 1), dtype=np.uint8)
    smooth, rough = flat(), flat() + noise
    for picture in (smooth, rough):
        picture[disk()] += np.uint8(30)
    assert 1.2 < seam_score(rough, disk()) < 0.2 * seam_score(smooth, disk())


def test_the_ring_shift_is_the_colour_difference() -> None:
    picture = flat(119)  # L* = 50.03
    assert ring_shift(picture, disk()) == pytest.approx(0.0, abs=1e-3)
    picture[disk()] = 144  # L* = 59.9
    assert ring_shift(picture, disk()) == pytest.approx(9.8, abs=0.2)
    picture[disk()] = (255, 0, 0)
    picture[~disk()] = (0, 255, 0)
    assert ring_shift(picture, disk()) == pytest.approx(170.6, abs=1.0)  # CIE76 of sRGB's red and green


def test_the_ring_shift_looks_at_the_rings_alone() -> None:
    picture = flat()
    picture[disk(radius=0.1)] = 255
    picture[~disk(radius=0.5)] = 0
    assert ring_shift(picture, disk()) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (5, 40), (SIDE, SIDE)])
def test_without_a_border_both_are_zero(masked: bool, shape: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 4), dtype=np.uint8)
    mask = np.full(shape, masked)
    assert seam_score(picture, mask) == 0.0
    assert ring_shift(picture, mask) == 0.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(1, 20), st.floats(0.01, 0.99))
def test_any_mask_has_finite_figures_that_alpha_does_not_change(
    seed: int, height: int, width: int, share: float
) -> None:
    generator = np.random.default_rng(seed)
    picture = generator.integers(0, 256, (height, width, 4), dtype=np.uint8)
    mask = generator.random((height, width)) < share
    border = mask.any() and not mask.all()
    for figure in (seam_score, ring_shift):
        value = figure(picture, mask)
        assert np.isfinite(value)
        assert value >= 0
        assert value == figure(picture[..., :3], mask)
    assert (seam_score(picture, mask) > 0) == border


def test_a_large_picture_takes_a_moment() -> None:
    mask = np.zeros((3000, 4000), np.bool_)
    mask[1000:2000, 1000:2500] = True
    picture = np.zeros((3000, 4000, 3), np.uint8)
    seam_score(picture, mask)  # warm
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        seam_score(picture, mask)
        taken.append(time.perf_counter() - started)
    assert min(taken) < 0.2, "0.01 s on an idle machine; the cost must follow the border, not the picture"
