"""`python -m core.lab train-...`: what reaches the stages of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.lab.cli import main
from core.lab.training.run import Setup
from core.models.vision import BUNDLED_NET
from core.pictures.encoding import encode_png


def test_training_commands_hand_over_recipe_photos_and_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sea", "forest"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "a.png").write_bytes(encode_png(np.zeros((40, 40, 3), np.uint8)))
    calls: list[tuple[Any, ...]] = []

    def train(recipe: Any, photos: Any, setup: Setup, **parts: Any) -> None:
        calls.append((recipe, photos.classes, len(photos), setup, parts))

    monkeypatch.setattr("core.lab.training.train_tokenizer.train_tokenizer", train)
    monkeypatch.setattr("core.lab.training.train_mvtm.train_mvtm", train)
    shared = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--device", "cpu", "--minutes", "2.5"]
    assert main(["train-tokenizer", *shared, "--set", "batch=3"]) == 0
    assert main(["train-mvtm", *shared, "--tokenizer", "tok", "--resume", "--set", "net.width=64"]) == 0
    assert main(["train-tokenizer", *shared, "--preset", "tiny-64"]) == 0
    first, second, tiny = calls
    assert (first[0].batch, first[1], first[2]) == (3, ("forest", "sea"), 2)
    assert (first[3].folder, first[3].limits.minutes) == (tmp_path / "run", 2.5)
    assert first[4]["metric_net"] == BUNDLED_NET
    assert tiny[4]["metric_net"] is None  # its recipe has no perceptual term
    assert (first[3].resume, second[3].resume) == (False, True)
    assert (second[0].net.width, second[4]["tokenizer"]) == (64, Path("tok"))
    assert capsys.readouterr().err == ""
