"""The objectives of stage two that are off by default: what they want, and that being off they change nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from core.lab.training.data import PhotoFiles
from core.lab.training.losses import masked_cross_entropy, neighbour_cross_entropy, neighbour_shares
from core.lab.training.recipes import MvtmRecipe, with_settings
from core.lab.training.run import Setup
from core.lab.training.train_mvtm import train_mvtm
from core.models.bundled import BUNDLED
from core.models.checkpoints import load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer
from tests.core.lab.training.tiny import MVTM, TOKENIZER, metrics_of, ticking


def _codes(seed: int, count: int = 12) -> Tensor:
    return F.normalize(torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)), dim=1)


@given(seed=st.integers(0, 99), temperature=st.floats(0.1, 1.0))
def test_neighbours_share_a_whole_and_likeness_is_mutual(seed: int, temperature: float) -> None:
    shares = neighbour_shares(_codes(seed), temperature).double()
    assert torch.allclose(shares.sum(1), torch.ones(12).double(), atol=1e-6)
    assert not shares.diagonal().any(), "the true code has its own share"
    around = shares[0, 1] * shares[1, 2] * shares[2, 0]
    assert around.item() == pytest.approx((shares[1, 0] * shares[2, 1] * shares[0, 2]).item(), rel=1e-3)
    nearest = (_codes(seed) @ _codes(seed).T).fill_diagonal_(-2.0).argmax(1)
    assert torch.equal(shares.argmax(1), nearest)


def test_codes_at_equal_angles_share_equally_both_ways() -> None:
    angles = torch.arange(6) * (torch.pi / 3)
    shares = neighbour_shares(torch.stack([angles.cos(), angles.sin()], 1), 0.1)
    assert torch.allclose(shares, shares.T, atol=1e-5)


def test_the_default_temperature_gives_a_handful_of_the_bundled_codes_a_part() -> None:
    tokenizer, _ = load_tokenizer(BUNDLED / "scenes-128")
    shares = neighbour_shares(tokenizer.code_vectors(), MvtmRecipe().soft_temperature)
    entropy = torch.special.entr(shares).sum(1)
    assert 5.0 < entropy.mean().exp() < 10.0


@given(seed=st.integers(0, 99))
def test_a_neighbour_is_preferred_to_a_stranger_and_known_tokens_teach_nothing(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    shares = neighbour_shares(_codes(seed), 0.1)
    targets = torch.randint(12, (2, 5), generator=generator)
    masked = torch.rand(2, 5, generator=generator) < 0.5
    masked[0, 0] = True
    logits = torch.zeros(2, 5, 12, requires_grad=True)
    neighbour_cross_entropy(logits, targets, masked, shares).backward()
    assert logits.grad is not None
    assert not logits.grad[~masked].any()
    for slope, true in zip(logits.grad[masked], targets[masked], strict=True):
        others = torch.arange(12) != true
        near, far = shares[true].argmax(), torch.where(others, shares[true], 2.0).argmin()
        assert slope[near] < slope[far]


def test_against_the_true_code_alone_it_is_the_plain_loss() -> None:
    logits, targets = torch.randn(2, 5, 12), torch.randint(12, (2, 5))
    masked = torch.tensor([[True, False, True, True, False], [False, False, False, False, True]])
    plain = masked_cross_entropy(logits, targets, masked, 0.0)
    assert neighbour_cross_entropy(logits, targets, masked, torch.eye(12)).item() == pytest.approx(plain.item())


@pytest.mark.parametrize("setting", ["soft_targets=1.5", "soft_targets=-0.1", "soft_temperature=0.0"])
def test_what_is_no_distribution_is_refused(setting: str) -> None:
    with pytest.raises(ValueError, match="soft_targets"):
        with_settings(MVTM, [setting])


@pytest.fixture(scope="session")
def stage_one(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    torch.manual_seed(0)
    save_tokenizer(folder, CompactTokenizer(TOKENIZER.net), TOKENIZER.size)
    return folder


def _learnt(recipe: MvtmRecipe, files: PhotoFiles, stage_one: Path, folder: Path) -> dict[str, Tensor]:
    """Train for two steps and return the transformer's weights."""
    train_mvtm(recipe, files, Setup(folder, ticking(2), compiled=False), tokenizer=stage_one)
    weights: dict[str, Tensor] = torch.load(folder / "checkpoint.pt", weights_only=True)["state"]["transformer"]
    return weights


def _same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[name], b[name]) for name in a)


def test_soft_targets_change_what_is_learnt_and_not_what_is_reported(
    files: PhotoFiles, stage_one: Path, tmp_path: Path
) -> None:
    settings = {"plain": {}, "off": {"soft_temperature": 0.5}, "on": {"soft_targets": 0.5}}
    weights = {
        name: _learnt(replace(MVTM, **changes), files, stage_one, tmp_path / name) for name, changes in settings.items()
    }
    rows = {name: metrics_of(tmp_path / name) for name in settings}
    assert _same(weights["plain"], weights["off"]), "a share of nothing is not nothing"
    assert rows["plain"] == rows["off"]
    assert not _same(weights["plain"], weights["on"])
    assert rows["plain"][0]["loss"] == rows["on"][0]["loss"], "losses of two runs cannot be compared"
    assert set(rows["on"][0]) == {*rows["plain"][0], "neighbours"}
