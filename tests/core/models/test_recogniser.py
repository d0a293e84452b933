"""What recognises classes: a layer of a model's own, or ImageNet's; written whole, read strictly."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import CheckpointError
from core.models import recogniser
from core.models.checkpoints import read_spec, save_with_sharpener
from core.models.config import RECOGNISER_FILE
from core.models.convert import convert
from core.models.efficientnet import FEATURES, SIDE
from core.models.recogniser import (
    imagenet_recogniser,
    load_recogniser,
    save_recogniser,
)
from core.models.sharpener import Sharpener, SharpenerConfig
from core.values.labels import imagenet_classes


class Mean:
    """A classifier whose first three features are the picture's mean colour."""

    def features(self, pixels: torch.Tensor) -> torch.Tensor:
        found = torch.zeros(len(pixels), FEATURES)
        found[:, :3] = pixels.mean((2, 3))
        return found

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, :1] * torch.arange(1000)


@pytest.fixture(autouse=True)
def classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    net = Mean()
    monkeypatch.setattr(recogniser, "_net", lambda: net)


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "tiny"))


def layer() -> tuple[torch.Tensor, torch.Tensor]:
    """The redder the first class, the greener the second, the bluer the third."""
    weight = torch.zeros(3, FEATURES)
    weight[:, :3] = 8.0 * torch.eye(3)
    return weight, torch.zeros(3)


def square(*colour: int) -> np.ndarray:
    return np.tile(np.array(colour, np.uint8), (1, SIDE, SIDE, 1))


def test_a_folder_keeps_a_layer_of_its_own(folder: Path, tiny_model: Path) -> None:
    assert load_recogniser(folder, read_spec(folder)) is None, "forest, sea and street are not ImageNet's"
    spec = save_recogniser(folder, read_spec(folder), *layer())
    assert spec == read_spec(folder)
    assert RECOGNISER_FILE in spec.sha256
    assert spec.weights == read_spec(tiny_model).weights, "a recipe of before is drawn by the same weights"
    found = load_recogniser(folder, spec)
    assert found is not None
    shares = found.log_shares(np.concatenate([square(0, 255, 0), square(0, 0, 255)]))
    assert shares.shape == (2, 3)
    assert shares.argmax(1).tolist() == [1, 2]
    assert np.exp(shares).sum(1) == pytest.approx([1.0, 1.0], abs=1e-5)


def test_a_layer_of_another_model_and_a_changed_one_are_refused(folder: Path) -> None:
    spec = save_recogniser(folder, read_spec(folder), *layer())
    data = bytearray((folder / RECOGNISER_FILE).read_bytes())
    data[-1] ^= 1
    (folder / RECOGNISER_FILE).write_bytes(data)
    with pytest.raises(CheckpointError, match="sha256"):
        load_recogniser(folder, spec)
    weight, bias = layer()
    other = save_recogniser(folder, spec, weight[:2], bias[:2])
    with pytest.raises(CheckpointError, match=RECOGNISER_FILE):
        load_recogniser(folder, other)
    (folder / RECOGNISER_FILE).unlink()
    with pytest.raises(CheckpointError, match=RECOGNISER_FILE):
        load_recogniser(folder, spec)
    with pytest.raises(CheckpointError, match="not finite"):
        save_recogniser(folder, spec, torch.full((3, FEATURES), torch.nan), torch.zeros(3))


def test_a_model_that_gets_a_sharpener_or_another_format_keeps_its_layer_and_advice(
    folder: Path, tmp_path: Path
) -> None:
    advice = {"guidance_scale": 3.0}
    save_recogniser(folder, replace(read_spec(folder), from_nothing=advice), *layer())
    net = Sharpener(SharpenerConfig(width=8, layers=1))
    sharp = save_with_sharpener(folder, tmp_path / "sharp", net)
    half = convert([tmp_path / "sharp"], tmp_path / "half", torch.float16)
    for place, spec in (("sharp", sharp), ("half", half)):
        assert spec == read_spec(tmp_path / place)
        assert spec.from_nothing == advice, place
        assert load_recogniser(tmp_path / place, spec) is not None, place


def test_imagenets_classes_are_compared_among_all_of_them() -> None:
    names = imagenet_classes()
    found = imagenet_recogniser((names[999], "no such thing", names[3]))
    assert found is not None
    (shares,) = found.log_shares(square(255, 0, 0))
    expected = torch.log_softmax(torch.arange(1000.0), 0)
    assert shares[[0, 2]].tolist() == pytest.approx(expected[[999, 3]].tolist())
    assert shares[1] == -np.inf
    assert imagenet_recogniser(("no such thing",)) is None
