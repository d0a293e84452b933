"""`python -m core train-...`: what reaches the stages of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.cli import main
from core.models.vision import BUNDLED_NET
from core.pictures.encoding import encode_png


def test_training_commands_hand_over_recipe_photos_and_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sea", "forest"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "a.png").write_bytes(encode_png(np.zeros((40, 40, 3), np.uint8)))
    calls: list[tuple[Any, ...]] = []

    def train(recipe: Any, photos: Any, folder: Path, limits: Any, **parts: Any) -> None:
        calls.append((recipe, photos.classes, len(photos), folder, limits.minutes, parts))

    monkeypatch.setattr("core.training.train_tokenizer.train_tokenizer", train)
    monkeypatch.setattr("core.training.train_mvtm.train_mvtm", train)
    shared = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--device", "cpu", "--minutes", "2.5"]
    assert main(["train-tokenizer", *shared, "--set", "batch=3"]) == 0
    assert main(["train-mvtm", *shared, "--tokenizer", "tok", "--resume", "--set", "net.width=64"]) == 0
    assert main(["train-tokenizer", *shared, "--preset", "tiny-64"]) == 0
    first, second, tiny = calls
    assert (first[0].batch, first[1], first[2], first[4]) == (3, ("forest", "sea"), 2, 2.5)
    assert first[5]["metric_net"] == BUNDLED_NET
    assert tiny[5]["metric_net"] is None  # its recipe has no perceptual term
    assert first[5]["resume"] is False
    assert (second[0].net.width, second[3]) == (64, tmp_path / "run")
    assert (second[5]["tokenizer"], second[5]["resume"]) == (Path("tok"), True)
    assert capsys.readouterr().err == ""
