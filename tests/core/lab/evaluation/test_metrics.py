from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.lab.evaluation.metrics import (
    kernel_distance,
    lattice,
    precision_recall,
    psnr,
    similarity_map,
    to_tensor,
    told_apart,
)


def noise(seed: int, side: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)


def test_psnr_of_a_known_error() -> None:
    a = np.full((4, 4, 3), 100, np.uint8)
    b = a + np.uint8(5)
    assert psnr(a, b) == pytest.approx(10 * np.log10(255**2 / 25))
    assert psnr(a, a) == float("inf")
    half = a.copy()
    half[:2] += np.uint8(5)
    mask = np.zeros((4, 4), bool)
    mask[:2] = True
    assert psnr(half, a, mask) == pytest.approx(psnr(b, a))


def test_kernel_distance_equals_the_written_out_sum() -> None:
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(5, 7, generator=random), torch.randn(4, 7, generator=random) + 1.0

    def kernel(x: torch.Tensor, y: torch.Tensor) -> float:
        return float((x.double() @ y.double() / 7 + 1) ** 3)

    expected = sum(kernel(a[i], a[j]) for i in range(5) for j in range(5) if i != j) / 20
    expected += sum(kernel(b[i], b[j]) for i in range(4) for j in range(4) if i != j) / 12
    expected -= 2 * sum(kernel(x, y) for x in a for y in b) / 20
    assert kernel_distance(a, b) == pytest.approx(expected)


def test_kernel_distance_is_near_zero_for_alike_sets_and_grows_with_a_shift() -> None:
    random = torch.Generator().manual_seed(1)
    a, b, c = (torch.randn(200, 16, generator=random) for _ in range(3))
    alike = kernel_distance(a, b)
    assert abs(alike) < 0.02
    assert kernel_distance(a, c + 0.5) > 10 * abs(alike)


def test_precision_and_recall_of_points_on_a_line() -> None:
    real = torch.tensor([[0.0], [1.0], [2.0], [3.0], [100.0]])
    # With k = 1 each ball reaches to the nearest other: 0..3 have radius 1, 100 has radius 97.
    made = torch.tensor([[0.5], [3.9], [-1.5], [-2.0]])
    precision, recall = precision_recall(real, made, neighbours=1)
    assert precision == 0.5  # 0.5 and 3.9
    # Balls of the made: 0.5 +- 2.0, 3.9 +- 3.4, -1.5 +- 0.5, -2 +- 0.5: they hold 0, 1, 2 and 3.
    assert recall == 0.8


def test_collapse_costs_recall_and_noise_costs_precision() -> None:
    random = torch.Generator().manual_seed(0)
    real = torch.randn(100, 4, generator=random)
    precision, recall = precision_recall(real, real[:1] + 0.01 * torch.randn(100, 4, generator=random))
    assert precision > 0.9
    assert recall < 0.1
    precision, recall = precision_recall(real, 20.0 * torch.randn(100, 4, generator=random))
    assert precision < 0.1
    assert recall > 0.9
    assert precision_recall(real, real) == (1.0, 1.0)
    assert precision_recall(real[:2], real[:2]) == (1.0, 1.0)  # fewer than k neighbours


def test_similarity_is_one_where_nothing_changed() -> None:
    pytest.importorskip("skimage")
    a = noise(0)
    b = a.copy()
    b[20:] = noise(1)[20:]
    found = similarity_map(a, b)
    assert found.shape == (32, 32)
    assert found[:12] == pytest.approx(1.0)
    assert found[26:].mean() < 0.3


@given(st.integers(8, 40), st.integers(8, 40))
def test_to_tensor_is_a_square_in_0_to_1(height: int, width: int) -> None:
    pictures = [np.full((height, width, 3), value, np.uint8) for value in (0, 255)]
    tensor = to_tensor(pictures, 16)
    assert tensor.shape == (2, 3, 16, 16)
    assert tensor[0].max() == 0.0
    assert tensor[1].min() == 1.0


def test_a_judge_tells_what_is_shifted_and_not_what_is_alike() -> None:
    random = torch.Generator().manual_seed(0)
    photos = torch.randn(40, 64, generator=random)
    fills = photos + 0.5 * torch.randn(40, 64, generator=random)
    assert 0.3 < told_apart(photos, fills) < 0.7
    fills[:, :4] += 1.5
    assert told_apart(photos, fills) > 0.85
    assert told_apart(photos, photos) == pytest.approx(0.5)


def test_the_judge_of_a_photo_has_not_seen_it() -> None:
    """A mark on each photo's own feature tells a judge nothing about others."""
    photos = torch.zeros(12, 12)
    assert told_apart(photos, torch.eye(12)) == pytest.approx(0.5)


def test_a_lattice_stands_out_where_every_other_pixel_is_lighter() -> None:
    soft = cv2.GaussianBlur(noise(0, 64), (0, 0), 1.0)
    marked = soft.astype(np.int64)
    marked[:, ::2] += 6
    marked = np.clip(marked, 0, 255).astype(np.uint8)
    assert lattice(soft, 64) == pytest.approx(1.0, abs=0.6)
    assert lattice(marked, 64) > 10 * lattice(soft, 64)
    large = cv2.resize(marked, (256, 256), interpolation=cv2.INTER_CUBIC)
    assert lattice(large, 64) > 5 * lattice(soft, 64)
