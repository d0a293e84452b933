from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from core.lab.cli.evaluation import find_inception
from core.lab.evaluation.inception import Inception


def test_without_weights_it_says_so(tmp_path: Path) -> None:
    for weights in (None, tmp_path / "absent.pth"):
        net, sentence = find_inception(weights)
        assert net is None
        assert sentence.startswith("FID and IS were not measured")
        assert str(tmp_path) not in sentence


def test_without_torchmetrics_or_with_another_file_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "weights.pth"
    torch.save({"a": torch.zeros(1)}, weights)
    net, sentence = find_inception(weights)
    assert net is None
    reason = "does not hold" if importlib.util.find_spec("torch_fidelity") else "install"
    assert reason in sentence or "No module" in sentence
    monkeypatch.setitem(sys.modules, "torchmetrics.image.fid", None)
    net, sentence = find_inception(weights)
    assert net is None
    assert "torchmetrics" in sentence


def test_figures_are_torchmetrics_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small net in Inception's place: equal sets are at distance 0, and a flat score is 1."""
    pytest.importorskip("torchmetrics")
    from torchmetrics.image.fid import FrechetInceptionDistance
    from torchmetrics.image.inception import InceptionScore

    class Net(torch.nn.Module):
        num_features = 3

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            assert pixels.dtype == torch.uint8
            return pixels.float().mean((2, 3)) / 255.0

    with pytest.warns(UserWarning, match="buffer"):
        score = InceptionScore(Net(), splits=1)
    inception = object.__new__(Inception)
    inception._distance, inception._score = FrechetInceptionDistance(Net()), score
    random = np.random.default_rng(0)
    real = [random.integers(0, 256, (8, 8, 3)).astype(np.uint8) for _ in range(20)]
    same = inception.figures(real, real)
    assert same["FID"] == pytest.approx(0.0, abs=1e-6)
    dark = inception.figures(real, [picture // 4 for picture in real])
    assert dark["FID"] > 0.1
    flat = inception.figures(real, [np.full((8, 8, 3), 9, np.uint8)] * 20)
    assert flat["IS"] == pytest.approx(1.0, abs=1e-6)
