"""The notch takes out what repeats every 2 px, and hardly anything else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.canvas.notch import without_lattice


def soft(seed: int = 0, side: int = 48) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 1.5)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_lattice_goes_and_what_is_under_it_stays(axis: int) -> None:
    picture = soft()
    marked = picture.astype(np.int64)
    marked[(slice(None),) * axis + (slice(None, None, 2),)] += 8
    marked[(slice(None),) * axis + (slice(1, None, 2),)] -= 8
    found = without_lattice(np.clip(marked, 0, 255).astype(np.uint8))
    assert 0.45 < np.abs(found.astype(int) - picture).mean() / 8 < 0.55  # what is left of it
    assert found.dtype == np.uint8
    assert found.shape == picture.shape


def test_a_soft_and_a_flat_picture_stay_within_a_level() -> None:
    assert np.abs(without_lattice(soft()).astype(int) - soft()).max() <= 2
    flat = np.full((32, 32, 3), 77, np.uint8)
    assert (without_lattice(flat) == flat).all()


def test_an_edge_at_the_pictures_border_does_not_come_in_at_the_other() -> None:
    picture = np.full((32, 32, 3), 40, np.uint8)
    picture[:, -8:] = 220
    assert np.abs(without_lattice(picture)[:, :8].astype(int) - 40).max() <= 1
