"""The objectives of stage two that are off by default: what they want, and that being off they change nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file
from torch import Tensor

from core.decoding.settings import MASK
from core.lab.training.data import PhotoFiles
from core.lab.training.lessons import Lesson
from core.lab.training.losses import (
    masked_cosine_distance,
    masked_cross_entropy,
    neighbour_cross_entropy,
    neighbour_shares,
)
from core.lab.training.objectives import Objective
from core.lab.training.processes import Processes
from core.lab.training.recipes import MvtmRecipe, with_settings
from core.lab.training.run import Setup
from core.lab.training.train_mvtm import train_mvtm
from core.lab.training.views import ViewTable
from core.models.bundled import BUNDLED
from core.models.checkpoints import load_tokenizer, save_tokenizer
from core.models.compact import CompactTokenizer, CompactTransformer
from core.models.surroundings import FEATURE_CHANNELS
from core.models.vision import BUNDLED_VISION, feature_maps, load_vision
from tests.core.lab.training.tiny import MVTM, TAUGHT, TOKENIZER, metrics_of, ticking


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


@pytest.mark.parametrize(
    ("name", "setting", "idle"),
    [("neighbours", "soft_targets", {"soft_temperature": 0.5}), ("features", "feature_weight", {})],
)
def test_an_objective_changes_what_is_learnt_and_not_what_is_reported(
    files: PhotoFiles, stage_one: Path, tmp_path: Path, name: str, setting: str, idle: dict[str, float]
) -> None:
    changes = {"plain": {}, "off": {setting: 0.0, **idle}, "on": {setting: 0.5}}
    weights = {run: _learnt(replace(MVTM, **c), files, stage_one, tmp_path / run) for run, c in changes.items()}
    rows = {run: metrics_of(tmp_path / run) for run in changes}
    assert _same(weights["plain"], weights["off"]), "a share of nothing is not nothing"
    assert rows["plain"] == rows["off"]
    assert not _same(weights["plain"], weights["on"])
    assert rows["plain"][0]["loss"] == rows["on"][0]["loss"], "losses of two runs cannot be compared"
    assert set(rows["on"][0]) == {*rows["plain"][0], name}


def test_what_only_training_needs_is_not_exported(files: PhotoFiles, stage_one: Path, tmp_path: Path) -> None:
    """Not even the classifier that it learns from, if the transformer sees tokens alone."""
    blind = replace(MVTM.net, sees_pixels=False)
    for name, recipe in (("plain", MVTM), ("taught", TAUGHT)):
        _learnt(replace(recipe, net=blind), files, stage_one, tmp_path / name)
    plain, taught = (tmp_path / name / "model" for name in ("plain", "taught"))
    assert {file.name for file in plain.iterdir()} == {file.name for file in taught.iterdir()}
    before, after = (load_file(folder / "transformer.safetensors") for folder in (plain, taught))
    assert {name: value.shape for name, value in before.items()} == {name: value.shape for name, value in after.items()}


def test_features_are_those_of_whole_crops_and_are_made_once(
    files: PhotoFiles, stage_one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer, _ = load_tokenizer(stage_one)
    vision = load_vision(BUNDLED_VISION, {})

    def table() -> ViewTable:
        return ViewTable(tmp_path, files, tokenizer, TAUGHT, pixels=32, device=torch.device("cpu"), vision=vision)

    asked = torch.tensor([0, 1]), torch.tensor([3, 7])
    features = table().at(*asked).features
    assert features is not None
    crops = torch.from_numpy(np.stack([table().crop(version, index) for version, index in ((0, 3), (1, 7))]))
    expected = feature_maps(vision, crops.permute(0, 3, 1, 2) / 255.0)[-1]
    assert torch.allclose(features, expected, rtol=1e-2, atol=1e-2)
    monkeypatch.setattr(ViewTable, "crop", lambda *_: pytest.fail("made twice"))
    assert torch.equal(table().at(*asked).features, features)  # type: ignore[arg-type]


def _lesson(seed: int) -> Lesson:
    """Two samples of 8x8 cells, most hidden, with maps of 2x2."""
    generator = torch.Generator().manual_seed(seed)
    targets = torch.randint(16, (2, 64), generator=generator)
    hidden = torch.rand(2, 64, generator=generator) < 0.7
    return Lesson(
        inputs=targets.masked_fill(hidden, MASK),
        targets=targets,
        labels=torch.tensor([0, 1]),
        hidden=hidden,
        pictures=torch.zeros(2, 3, 32, 32),
        known=torch.zeros(2, 1, 32, 32, dtype=torch.bool),
        features=torch.randn(2, FEATURE_CHANNELS[-1], 2, 2, generator=generator) * 4.0 - 1.0,
        share=1.0,
    )


def test_features_of_a_lesson_can_be_learnt() -> None:
    torch.manual_seed(0)
    net = CompactTransformer(replace(MVTM.net, grid=8, codebook_size=16, classes=2))
    objective = Objective(TAUGHT, net.config, _codes(0, 16), Processes())
    lesson = _lesson(0)
    optimizer = torch.optim.AdamW([*net.parameters(), *objective.parameters()], lr=1e-2)
    fell: list[float] = []
    for _ in range(40):
        states = net.states(lesson.inputs, lesson.labels)
        terms = objective(states, net.head(states), lesson)
        optimizer.zero_grad()
        terms["features"].backward()
        assert net.tokens.weight.grad is not None, "the transformer does not learn of it"
        optimizer.step()
        fell.append(terms["features"].item())
    assert fell[0] == pytest.approx(1.0, abs=0.2), "it begins with a guess"
    assert fell[-1] < 0.5 * fell[0]


def test_a_features_scale_and_mean_say_nothing() -> None:
    torch.manual_seed(0)
    objective = Objective(TAUGHT, replace(MVTM.net, grid=8), _codes(0, 16), Processes())
    lesson, states = _lesson(0), torch.randn(2, 64, 32)
    assert lesson.features is not None
    moved = replace(lesson, features=lesson.features * torch.rand(FEATURE_CHANNELS[-1], 1, 1).add(0.5) + 3.0)
    one, other = (objective(states, torch.zeros(2, 64, 16), each)["features"] for each in (lesson, moved))
    assert one.item() == pytest.approx(other.item(), rel=1e-4)


@given(seed=st.integers(0, 99))
def test_the_distance_of_directions_counts_hidden_cells_and_no_lengths(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    wanted = torch.randn(2, 5, 6, generator=generator)
    masked = torch.rand(2, 5, generator=generator) < 0.5
    masked[1, 1] = True
    guesses = torch.where(masked[..., None], 3.0 * wanted, -wanted)
    assert masked_cosine_distance(guesses, wanted, masked).item() == pytest.approx(0.0, abs=1e-5)
    assert masked_cosine_distance(-guesses, wanted, masked).item() == pytest.approx(2.0, abs=1e-5)
