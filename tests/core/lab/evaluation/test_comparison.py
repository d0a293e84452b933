"""Crossing transformers with tokenizers: distances of known clouds, and a comparison of untrained nets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.settings import Decoding
from core.errors import BadRequest
from core.lab.evaluation.comparison import Line, Transformer, compare, frechet_distance, markdown, sheet, table_csv
from core.lab.evaluation.edits import TestSet
from core.lab.evaluation.judge import Judge
from core.models.checkpoints import net_description
from core.models.compact import CompactTokenizer, CompactTokenizerConfig, CompactTransformer, CompactTransformerConfig
from core.models.config import ModelSpec

CLASSES = ("red", "blue")
CODES = CompactTokenizerConfig(channels=(32, 32), blocks=(1, 2), code_dim=8, codebook_size=16, attention=True)
NET = CompactTransformerConfig(width=32, layers=1, heads=2, hidden=32, grid=8, codebook_size=16, classes=2)


@pytest.fixture(scope="module")
def judge(metric_net: Path, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    """The narrow metric net, with a head that names ten classes."""
    path = tmp_path_factory.mktemp("named") / "net.npz"
    with np.load(metric_net) as arrays:
        head = {"fc.w": np.zeros((10, 12)), "fc.b": np.zeros(10)}
        np.savez(path, **arrays, **head)
    return Judge(path)


@pytest.fixture(scope="module")
def photos(judge: Judge) -> TestSet:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 60, (8, 32, 32, 3), dtype=np.uint8)
    pixels[:4, ..., 0] += 190
    pixels[4:, ..., 2] += 190
    # The head's rows 2 and 7 tell the two colours apart; the others stay 0.
    red, blue = (judge.features(list(part)).mean(0) for part in (pixels[:4], pixels[4:]))
    judge._net.fc_w[2], judge._net.fc_b[2] = red - blue, -(red - blue) @ (red + blue) / 2
    judge._net.fc_w[7], judge._net.fc_b[7] = blue - red, (red - blue) @ (red + blue) / 2
    return TestSet(pixels, (0,) * 4 + (1,) * 4, CLASSES)


def transformer(name: str, *, class_token: bool, null_class: bool) -> Transformer:
    config = replace(NET, class_token=class_token)
    torch.manual_seed(0)
    net = CompactTransformer(config).eval()
    spec = ModelSpec(
        name=name,
        title=name,
        family="compact",
        pixels=32,
        grid=8,
        codebook_size=16,
        tokenizer=net_description(CODES),
        transformer=net_description(config),
        classes=CLASSES[::-1],
        null_class=null_class,
        licence="",
        defaults=Decoding.standard(schedule="arccos", steps=3),
    )
    return Transformer(spec, net)


def test_moved_and_scaled_clouds_have_known_frechet_distances() -> None:
    cloud = torch.randn(400, 3, generator=torch.Generator().manual_seed(0)).double()
    assert frechet_distance(cloud, cloud) == pytest.approx(0.0, abs=1e-9)
    assert frechet_distance(cloud, cloud + torch.tensor([3.0, 0.0, 4.0])) == pytest.approx(25.0)
    # Twice as wide about the origin: |m|^2 + tr(C + 4C - 4C).
    wanted = cloud.mean(0).square().sum() + torch.cov(cloud.T).trace()
    assert frechet_distance(cloud, 2.0 * cloud) == pytest.approx(float(wanted))


@given(seed=st.integers(0, 50), axes=st.integers(1, 4))
def test_directions_left_out_do_not_count(seed: int, axes: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    widths = torch.tensor([8.0, 4.0, 2.0, 1.0]).double()
    real, made = (torch.randn(100, 4, generator=generator).double() * widths for _ in range(2))
    distance = frechet_distance(real, made, axes=axes)
    assert -1e-9 <= distance <= frechet_distance(real, made, axes=4) + 1e-6


def test_every_transformer_meets_every_tokenizer(photos: TestSet, judge: Judge) -> None:
    torch.manual_seed(1)
    first, second = (CompactTokenizer(CODES).eval() for _ in range(2))
    second.encoder.load_state_dict(first.encoder.state_dict())
    second.codebook.copy_(first.codebook)
    nets = [
        transformer("mixed", class_token=True, null_class=False),
        transformer("apart", class_token=False, null_class=True),
    ]
    lines = list(compare(nets, {"plain": first, "new": second}, photos, judge, samples=3, guidances=(2.0,)))
    assert lines[0].figures == {"class seen": 1.0}
    samples = [line for line in lines if line.section == "samples"]
    assert [line.name for line in samples] == [
        f"{name}, decoder {decoder}"
        for name in ("mixed, guidance 1", "apart, guidance 1", "apart, guidance 2")
        for decoder in ("plain", "new")
    ], "guidance needs a null class"
    assert all(len(line.pictures) == 6 and line.pictures[0].shape == (32, 32, 3) for line in samples)
    assert not np.array_equal(samples[0].pictures, samples[1].pictures)
    likelihoods = {line.name: line.figures for line in lines if line.section == "likelihood"}
    assert set(likelihoods["mixed"]) == {"NLL", "NLL, another class"}
    assert set(likelihoods["apart"]) == {"NLL", "NLL, another class", "NLL, no class"}
    assert all(0.5 < value < 10.0 for figures in likelihoods.values() for value in figures.values())
    table = markdown(lines)
    assert table.count("### ") == 4
    assert "| photo itself | 100.0% |" in table
    assert table_csv(lines).count("\n") == 1 + sum(len(line.figures) for line in lines)


def test_photos_of_other_classes_or_sizes_are_refused(photos: TestSet, judge: Judge) -> None:
    one = transformer("mixed", class_token=True, null_class=False)
    tokenizers = {"plain": CompactTokenizer(CODES).eval()}
    with pytest.raises(BadRequest, match="knows blue, red"):
        next(compare([one], tokenizers, replace(photos, classes=("red", "green")), judge, samples=1))
    with pytest.raises(BadRequest, match="16 px do not fit"):
        next(compare([one], tokenizers, replace(photos, photos=photos.photos[:, :16, :16]), judge, samples=1))
    with pytest.raises(BadRequest, match="tells apart"):
        next(compare([one], tokenizers, replace(photos, labels=(0, 1) * 4), judge, samples=1))


def test_a_sheet_gives_each_class_a_row() -> None:
    pictures = [np.full((2, 2, 3), value, np.uint8) for value in (10, 11, 12, 20, 21, 22)]
    drawn = sheet(pictures, rows=2, columns=2)
    assert drawn[::2, ::2, 0].tolist() == [[10, 11], [20, 21]]


def test_empty_cells_stay_empty() -> None:
    lines = [Line("samples", "a", {"FD": 1.5}), Line("samples", "b", {"KID": 0.25})]
    assert "| a | 1.50 |  |\n| b |  | 0.250 |" in markdown(lines)
