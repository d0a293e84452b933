"""The run folder: what it records, and that a run ended at any moment goes on as if nothing had happened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from core.lab.training.data import PhotoFiles, Photos
from core.lab.training.run import Limits, Run, Setup
from core.lab.training.train_mvtm import train_mvtm
from core.lab.training.train_tokenizer import train_tokenizer
from tests.core.lab.training.tiny import LATE, MVTM, TAUGHT, Ticks, metrics_of, ticking

STEPS = 9
Train = Callable[..., None]


class Killed(BaseException):
    """Stands for a process that is gone: nothing in the program catches it."""


def _die() -> None:
    raise Killed


@pytest.fixture(params=["tokenizer", "decoder_only", "mvtm", "mvtm_taught"])
def train(request: pytest.FixtureRequest, photos: Photos, files: PhotoFiles, metric_net: Path, tmp_path: Path) -> Train:
    """Train one stage into a folder within limits."""
    if request.param == "tokenizer":
        drawing = replace(LATE, continuous_steps=7)  # codes are drawn anew in each of these, after the kills as well
        return partial(train_tokenizer, drawing, photos, metric_net=metric_net)
    start = tmp_path / "start"
    train_tokenizer(LATE, photos, Setup(start, ticking(3)), metric_net=metric_net)
    if request.param == "decoder_only":
        fixed = replace(LATE, decoder_only=True)
        return partial(train_tokenizer, fixed, photos, metric_net=metric_net, start=start)
    return partial(train_mvtm, TAUGHT if request.param == "mvtm_taught" else MVTM, files, tokenizer=start)


def _assert_equal(a: Any, b: Any, where: str = "checkpoint") -> None:
    assert type(a) is type(b), where
    if isinstance(a, dict):
        assert a.keys() == b.keys(), where
        for key in a:
            _assert_equal(a[key], b[key], f"{where}.{key}")
    elif isinstance(a, torch.Tensor):
        assert torch.equal(a, b), where
    elif isinstance(a, list):
        for i, (one, other) in enumerate(zip(a, b, strict=True)):
            _assert_equal(one, other, f"{where}.{i}")
    else:
        assert a == b, where


def test_an_interrupted_run_ends_bit_for_bit_where_a_straight_one_does(train: Train, tmp_path: Path) -> None:
    straight, interrupted = tmp_path / "straight", tmp_path / "interrupted"
    train(Setup(straight, ticking(STEPS), compiled=False))
    for reading in (8, 5):  # each some steps after a checkpoint
        with pytest.raises(Killed):
            train(Setup(interrupted, ticking(STEPS, Ticks(reading, _die)), resume=True, compiled=False))
    torch.rand(7)  # whatever torch's own state is
    train(Setup(interrupted, ticking(STEPS), resume=True, compiled=False))
    saved = [torch.load(folder / "checkpoint.pt", weights_only=True) for folder in (straight, interrupted)]
    assert saved[0]["step"] == STEPS
    _assert_equal(saved[0], saved[1])
    assert (straight / "metrics.csv").read_text() == (interrupted / "metrics.csv").read_text()
    assert [row["step"] for row in metrics_of(interrupted)] == [str(step + 1) for step in range(STEPS)]


def _steps(folder: Path, limits: Limits, *, resume: bool = False, state: dict[str, Any] | None = None) -> list[int]:
    """Run empty steps and return their numbers."""
    run = Run(Setup(folder, limits, resume=resume), MVTM, {"data": "x", "classes": ["a"]}, state or {})
    seen: list[int] = []
    for report in run.steps(1, lambda: None, lambda: np.zeros((2, 3, 3), np.uint8)):
        seen.append(run.step)
        report({"loss": torch.tensor(float(run.step)), "rate": 0.5})
    return seen


def test_metrics_are_means_over_the_steps_since_the_last_row(tmp_path: Path) -> None:
    seen = _steps(tmp_path, replace(ticking(9), log_every=4))
    assert seen == list(range(9))
    rows = metrics_of(tmp_path)
    assert [(row["step"], row["seconds"], row["loss"], row["rate"]) for row in rows] == [
        ("4", "4", "1.5", "0.5"),
        ("8", "8", "5.5", "0.5"),
        ("9", "9", "8", "0.5"),
    ], "what is left at the end is a row of its own"
    assert [float(row["images_per_s"]) for row in rows] == [1.0, 1.0, 1.0]


def test_a_run_records_what_it_depends_on(tmp_path: Path) -> None:
    _steps(tmp_path, ticking(3))
    facts = json.loads((tmp_path / "recipe.json").read_text())
    assert facts["recipe"] == json.loads(json.dumps(asdict(MVTM)))
    assert facts["recipe"]["seed"] == MVTM.seed
    assert (facts["data"], facts["processes"], facts["device"]) == ("x", 1, "cpu")
    assert facts["minutes"] == pytest.approx(3 / 60)
    versions = facts["versions"]
    assert set(versions) == {"python", "torch", "numpy", "pillow", "safetensors", "tqdm", "opencv"}
    assert (versions["torch"], versions["numpy"]) == (torch.__version__, np.__version__)
    curves = cv2.imread(str(tmp_path / "curves.png"))
    assert curves is not None
    assert curves.shape == (3 * 180, 480, 3), "a panel each for images/s, loss and rate"
    with Image.open(tmp_path / "sheet-000003.png") as sheet:
        assert sheet.size == (3, 2)


def test_curves_are_drawn_at_every_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _steps(tmp_path, ticking(9, Ticks(6, _die)))
    assert (tmp_path / "checkpoint.pt").exists()
    assert (tmp_path / "curves.png").exists()


def test_rows_after_the_checkpoint_and_half_rows_are_forgotten(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _steps(tmp_path, ticking(9, Ticks(9, _die)))
    step = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["step"]
    with (tmp_path / "metrics.csv").open("a") as file:
        file.write("4,")
    assert len(metrics_of(tmp_path)) > step, "nothing to forget: the test proves nothing"
    assert _steps(tmp_path, ticking(9), resume=True) == list(range(step, 9))
    assert [row["step"] for row in metrics_of(tmp_path)] == [str(n) for n in range(1, 10)]


def test_a_run_ended_before_its_first_checkpoint_starts_anew(tmp_path: Path) -> None:
    with pytest.raises(Killed):
        _steps(tmp_path, replace(ticking(9, Ticks(6, _die)), save_every_s=1e9))
    assert metrics_of(tmp_path)
    assert _steps(tmp_path, ticking(4), resume=True) == [0, 1, 2, 3]
    assert [row["step"] for row in metrics_of(tmp_path)] == ["1", "2", "3", "4"]


def test_a_run_that_is_over_resumes_to_its_end(tmp_path: Path) -> None:
    _steps(tmp_path, ticking(3))
    assert _steps(tmp_path, ticking(3), resume=True) == []
    assert _steps(tmp_path, ticking(5), resume=True) == [3, 4], "more minutes go on"


def test_a_run_folder_is_not_overwritten_nor_resumed_with_another_recipe(tmp_path: Path) -> None:
    _steps(tmp_path, ticking(3))
    with pytest.raises(ValueError, match="already holds a run"):
        _steps(tmp_path, ticking(3))
    facts, resumed = {"data": "x", "classes": ["a"]}, Setup(tmp_path, ticking(3), resume=True)
    with pytest.raises(ValueError, match="another recipe"):
        Run(resumed, replace(MVTM, batch=5), facts, {})
    with pytest.raises(ValueError, match="another data"):
        Run(resumed, MVTM, {**facts, "data": "y"}, {})
    (tmp_path / "checkpoint.pt").write_bytes((tmp_path / "checkpoint.pt").read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        Run(resumed, MVTM, facts, {})


def test_the_rate_warms_up_and_falls_to_zero(tmp_path: Path) -> None:
    run = Run(Setup(tmp_path, Limits(10.0)), MVTM, {}, {})
    run.step = 4
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.5)
    run.step, run.seconds = 1000, 450.0
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.5)
    run.seconds = 600.0
    assert run.rate(1.0, 10, 0.5) == pytest.approx(0.0)
