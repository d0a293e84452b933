"""What a command is given besides pictures: consoles, config files, recipes and proxies, each as odd as they come."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.cli import main
from core.pictures.encoding import encode_png
from tests.core.cli.speak import HEIGHT, WIDTH, refusal

ROOT = Path(__file__).resolve().parents[3]
DEEP = "[" * 100_000 + "]" * 100_000
RECIPE = {"format": 1, "model": "scenes-128", "weights": {}, "request": {}}


def edited(model: Path, photo: Path, mask: Path, output: Path) -> list[str]:
    """Return the words of a short edit."""
    return ["edit", "--model", f"{model}", "--image", f"{photo}", "--mask", f"{mask}", "--output", f"{output}"]


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model whose config.json may be changed."""
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def changed(model: Path, entries: Mapping[str, Any]) -> None:
    """Write other entries into a model's config.json."""
    there = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(there | entries))


@pytest.mark.parametrize(
    ("entries", "part"),
    [
        ({"pixels": "32"}, "pixels is a text"),
        ({"pixels": 32.0}, "pixels is a number"),
        ({"grid": [8]}, "grid is a list"),
        ({"grid": -8}, "grid is -8"),
        ({"codebook_size": 10**12}, "codebook_size is 1000000000000"),
        ({"name": None}, "name is null"),
        ({"licence": 7}, "licence is a number"),
        ({"null_class": "no"}, "null_class is a text"),
        ({"classes": 3}, "classes is a number"),
        ({"classes": [0, 1, 2]}, "classes holds a number"),
        ({"defaults": ["cosine"]}, "defaults is a list"),
        ({"defaults": {"steps": "8"}}, "steps is a text"),
        ({"defaults": {"steps": True}}, "steps is true or false"),
        ({"defaults": {"speed": 1}}, "unknown defaults speed"),
        ({"from_nothing": ["cosine"]}, "from_nothing is a list"),
        ({"from_nothing": {"steps": "8"}}, "steps is a text"),
        ({"from_nothing": {"speed": 1}}, "unknown from_nothing speed"),
        ({"from_nothing": {"guidance_scale": 21}}, "from_nothing: guidance scale"),
        ({"from_nothing": {"start_step": 255}}, "from_nothing: start step"),
        ({"sha256": ["abc"]}, "sha256 is a list"),
        ({"sha256": {"tokenizer.safetensors": 1}}, "sha256 holds a number"),
        ({"tokenizer": None}, "tokenizer is null"),
        ({"tokenizer": {"channels": 32}}, "channels is a number"),
        ({"tokenizer": {"channels": [32, "32"]}}, "channels is a text"),
        ({"tokenizer": {"attention": 1}}, "attention is a number"),
        ({"transformer": {"width": "32"}}, "width is a text"),
        ({"transformer": {"heads": 2.0}}, "heads is 2.0"),
        ({"transformer": {"layers": -1}}, "layers is -1"),
        ({"transformer": {"heads": 3}}, "config.json"),
        ({"transformer": {"hidden": 0}}, "hidden is 0"),
    ],
)
def test_wrong_kinds_in_a_config_are_named(
    entries: dict[str, Any], part: str, model: Path, photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = json.loads((model / "config.json").read_text())
    nets = {name: there[name] | entries[name] for name in ("tokenizer", "transformer") if entries.get(name)}
    changed(model, entries | nets)
    sentence = refusal(*edited(model, photo, mask, photo.with_name("o.png")), capsys=capsys)
    assert part in sentence
    assert "config.json" in sentence


@pytest.mark.parametrize(
    ("net", "tensor", "level"),
    [
        ("transformer", "head.weight", float("nan")),
        ("transformer", "head.weight", float("inf")),
        ("transformer", "head.weight", 3e38),  # a number itself, but what it is multiplied with overflows
        ("tokenizer", "codebook", float("nan")),
    ],
)
def test_weights_that_make_no_numbers_are_refused(
    net: str,
    tensor: str,
    level: float,
    model: Path,
    photo: Path,
    mask: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = model / f"{net}.safetensors"
    weights = load_file(file)
    (name,) = (each for each in weights if tensor in each)
    weights[name] = torch.full_like(weights[name], level, dtype=torch.float32)
    save_file(weights, file)
    changed(model, {"sha256": {}})
    output = photo.with_name("o.png")
    assert "not finite" in refusal(*edited(model, photo, mask, output), capsys=capsys)
    assert not output.exists()


@pytest.mark.parametrize(
    "text", [DEEP.encode(), b'{"name": ' + DEEP.encode() + b"}", b"7", b'{"name": "\xff\xfe"}', b"", b"{}"]
)
def test_a_config_that_describes_nothing_is_named(
    text: bytes, model: Path, photo: Path, mask: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model / "config.json").write_bytes(text)
    assert "config.json" in refusal(*edited(model, photo, mask, photo.with_name("o.png")), capsys=capsys)


@pytest.mark.parametrize(
    "text",
    [
        DEEP,
        json.dumps(RECIPE).replace('"request": {}', '"request": {"image": ' + "[" * 3000 + "]" * 3000 + "}"),
        json.dumps(RECIPE).replace('"request": {}', '"request": {"image": ' + "[" * 900 + "]" * 900 + "}"),
        "[1, 2]",
        json.dumps(RECIPE | {"format": [1]}),
        json.dumps(RECIPE | {"request": "inpaint", "weights": "none"}),
    ],
    ids=["deep", "deep request", "less deep request", "list", "list for a format", "texts for objects"],
)
def test_a_recipe_that_cannot_be_read_is_a_sentence(
    text: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.png"
    recipe.write_bytes(encode_png(np.zeros((HEIGHT, WIDTH, 3), np.uint8), text={"maskgit-editor": text}))
    words = ["edit", "--replay", recipe, "--image", photo, "--output", tmp_path / "o.png"]
    assert "re" in refusal(*words, capsys=capsys)
    assert not (tmp_path / "o.png").exists()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_a_finished_job_is_done_whatever_the_console_can_show(
    encoding: str, tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "写真 Café.png"
    console = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", console)
    status = main([*edited(tiny_model, photo, mask, output), "--steps", "1"])
    monkeypatch.undo()
    assert status == 0
    assert output.is_file()
    assert "\\u5199\\u771f" in console.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def test_the_real_command_speaks_to_a_console_of_ascii_that_hangs_up(tmp_path: Path) -> None:
    """One process for both: names beyond ASCII are escaped, and a reader that leaves early is no mistake."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "core", "edit", "--image", f"{tmp_path}/写真.png", "--box", "1,1,9,9"]
    absent = subprocess.run(
        [*command, "--output", f"{tmp_path}/o.png"], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert absent.returncode == 2
    assert b"\\u5199\\u771f" in absent.stderr
    with subprocess.Popen(
        [sys.executable, "-m", "core", "models"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as left:
        assert left.stdout is not None
        assert left.stderr is not None
        left.stdout.close()
        assert (left.stderr.read(), left.wait()) == (b"", 0)


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTPS_PROXY": "ftp://127.0.0.1:9"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"ALL_PROXY": "socks4://127.0.0.1:9"},
        {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": "[::1"},
    ],
    ids=lambda proxies: " ".join(proxies.values()),
)
def test_a_proxy_that_cannot_be_used_is_named(
    proxies: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from huggingface_hub import close_session, constants

    for place in ("HF_HUB_CACHE", "HF_ASSETS_CACHE"):
        monkeypatch.setattr(constants, place, str(tmp_path / place))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr("core.models.hub._WAITS_S", ())
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    close_session()  # the next one is made of these
    try:
        assert "prox" in refusal("download", "halton-256-tiny", capsys=capsys).lower()
    finally:
        close_session()
