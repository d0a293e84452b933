"""A sharpener's picture keeps the decoded one's colours, and is no sharper than the photo around."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.canvas.sharpen import as_sharp_as, sharpened


def noise(side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(60, 190, (side, side, 3)).astype(np.uint8)


def test_strength_is_the_share_of_the_nets_picture() -> None:
    decoded = cv2.GaussianBlur(noise(32), (0, 0), 4.0)
    made = cv2.resize(decoded, (128, 128), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    marked = made.copy()
    marked[::2] += 20.0  # of no mean over what is held: the other rows lose as much
    marked[1::2] -= 20.0
    none, half, whole = (sharpened(decoded, marked, share).astype(int) for share in (0.0, 0.5, 1.0))
    assert np.abs(none - made).max() <= 1.0
    assert np.abs((whole - none)[::2] - 20).max() <= 3
    assert np.abs(2 * half - (none + whole)).max() <= 2


def test_a_net_that_darkens_is_put_right() -> None:
    decoded = cv2.GaussianBlur(noise(32), (0, 0), 4.0)
    made = cv2.resize(decoded, (128, 128), interpolation=cv2.INTER_CUBIC).astype(np.float32) - 12.0
    found = cv2.resize(sharpened(decoded, made, 1.0), (32, 32), interpolation=cv2.INTER_AREA)
    assert abs(found.astype(float).mean() - decoded.astype(float).mean()) < 0.5
    assert np.abs(found.astype(float) - decoded).max() < 4


def test_a_net_beyond_all_bounds_gives_a_picture() -> None:
    decoded = noise(16)
    found = sharpened(decoded, np.full((64, 64, 3), 9000.0, np.float32), 1.0)
    assert found.dtype == np.uint8
    assert found.shape == (64, 64, 3)


def test_strength_follows_the_ring() -> None:
    rough, smooth = noise(64), cv2.GaussianBlur(noise(64), (0, 0), 3.0)
    known = np.ones((64, 64), bool)
    known[20:44, 20:44] = False
    assert as_sharp_as(rough, known, smooth) == 1.0  # never more than is asked for
    assert as_sharp_as(rough, known, rough) == pytest.approx(1.0, abs=0.1)
    assert as_sharp_as(smooth, known, rough) < 0.15
    assert as_sharp_as(smooth, np.zeros_like(known), rough) == 1.0  # nothing is known
    flat = np.full((64, 64, 3), 9, np.uint8)
    assert as_sharp_as(flat, known, flat) == 1.0


def test_what_is_painted_does_not_count_as_the_ring() -> None:
    ring = cv2.GaussianBlur(noise(64), (0, 0), 3.0)
    known = np.ones((64, 64), bool)
    known[20:44, 20:44] = False
    hidden = ring.copy()
    hidden[~known] = noise(64, 5)[~known]
    assert as_sharp_as(hidden, known, noise(64, 1)) == as_sharp_as(ring, known, noise(64, 1))
