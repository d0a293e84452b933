"""train-tokenizer and train-mvtm as they are typed: both stages, resuming, and a sentence for what was got wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from core.cli.outcome import EXIT_USER_ERROR
from core.lab.cli import main
from core.models.checkpoints import read_spec

ROOT = Path(__file__).resolve().parents[4]
TINY_TOKENIZER = [
    "net.channels=(32,32,32)",
    "net.blocks=(1,1,1)",
    "net.codebook_size=16",
    "size=32",
    "stored=36",
    "perceptual_block=2",
    "perceptual_side=0",
]
TINY_MVTM = ["net.width=32", "net.layers=1", "net.heads=2", "net.hidden=32", "versions=1"]


@pytest.fixture(autouse=True)
def narrow_net(metric_net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small net in place of the bundled one."""
    monkeypatch.setattr("core.models.vision.BUNDLED_NET", metric_net)


def _train(stage: str, data: Path, out: Path, *more: str | Path, settings: list[str]) -> int:
    words: list[str | Path] = [f"train-{stage}", "--data", data, "--out", out, "--device", "cpu", *more]
    for setting in ["batch=4", *settings]:
        words += ["--set", setting]
    return main([str(word) for word in words])


def test_both_stages_as_they_are_typed(
    photo_zip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("core.lab.training.speed.shutil.which", lambda name: None)  # compiling would take a minute
    one, two = tmp_path / "one", tmp_path / "squares"
    stage_one = ("tokenizer", photo_zip, one, "--minutes")
    assert _train(*stage_one, "0.005", settings=TINY_TOKENIZER) == 0
    facts = json.loads((one / "recipe.json").read_text())
    assert facts["recipe"]["batch"] == 4
    # The same words again would write over the run; --resume with more time goes on.
    assert _train(*stage_one, "0.01", settings=TINY_TOKENIZER) == EXIT_USER_ERROR
    assert "already holds a run: add --resume" in capsys.readouterr().err
    streaming = ("--photo-memory", "0")  # which changes nothing
    assert _train(*stage_one, "0.01", "--resume", *streaming, settings=TINY_TOKENIZER) == 0
    stage_two = ("mvtm", photo_zip, two, "--tokenizer", one, "--minutes", "0.005")
    assert _train(*stage_two, settings=TINY_MVTM) == 0
    assert read_spec(two / "model").name == "squares"
    further = ("mvtm", photo_zip, tmp_path / "further", "--tokenizer", two / "model", "--start", two / "model")
    assert _train(*further, "--minutes", "0.005", settings=TINY_MVTM) == 0


def _refusal(capsys: pytest.CaptureFixture[str], status: int) -> str:
    error = capsys.readouterr().err.splitlines()
    assert status == EXIT_USER_ERROR
    assert len(error) == 1, "not one sentence"
    assert error[0].count(". ") == 0
    return error[0]


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (["--preset", "scenes-64"], "preset 'scenes-64' is unknown: choose one of scenes-128"),
        (["--minutes", "0"], "--minutes is 0: give a number above 0"),
        (["--minutes", "inf"], "'inf' is not a number"),
        (["--set", "wide=3"], "--set wide: expected key=value of its type with a key of"),
        (["--device", "tpu"], "device 'tpu' is unknown: choose auto, cpu, cuda, cuda:N, mps or xpu"),
        (["--start", "nowhere"], "nowhere holds no config.json"),
    ],
)
def test_wrong_options_are_answered_in_a_sentence(
    photo_zip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], wanted: str
) -> None:
    status = _train("tokenizer", photo_zip, tmp_path / "out", *more, settings=TINY_TOKENIZER)
    assert wanted in _refusal(capsys, status)


def test_wrong_data_is_answered_in_a_sentence(
    photo_zip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(photo_zip.read_bytes()[:-100])
    for data, wanted in ((tmp_path / "nowhere", "no training data at"), (cut, "cut.zip is not a whole zip file")):
        status = _train("tokenizer", data, tmp_path / "out", settings=TINY_TOKENIZER)
        assert wanted in _refusal(capsys, status)
    status = _train("mvtm", photo_zip, tmp_path / "out", "--tokenizer", tmp_path, settings=TINY_MVTM)
    assert "holds no config.json" in _refusal(capsys, status)


def test_a_run_of_another_recipe_is_not_resumed(
    photo_zip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("tokenizer", photo_zip, tmp_path / "out", "--minutes", "0.005", "--resume")
    assert _train(*words, settings=TINY_TOKENIZER) == 0
    capsys.readouterr()
    status = _train(*words, settings=[*TINY_TOKENIZER, "ema=0.5"])
    assert "was started with another recipe: resume with the same one" in _refusal(capsys, status)


def test_training_needs_neither_the_interface_nor_anything_else_of_ours() -> None:
    """On the machine with the GPU there are torch, numpy, pillow, OpenCV, safetensors and tqdm, and no gradio."""
    program = """
import sys
for name in ("gradio", "accelerate", "scipy", "skimage", "matplotlib", "huggingface_hub", "pandas", "torchvision"):
    sys.modules[name] = None  # importing it fails
import core.lab.cli, core.lab.training.train_mvtm, core.lab.training.train_tokenizer
"""
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert finished.returncode == 0, finished.stderr
