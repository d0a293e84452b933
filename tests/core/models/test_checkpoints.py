"""Model folders: written whole, read strictly, and every damage named as what it is."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import CheckpointError
from core.models.checkpoints import CONFIG_FILE, TOKENIZER_FILE, TRANSFORMER_FILE, load_nets, read_spec, save_nets
from core.models.families import build
from core.models.presets import PRESETS
from tests.core.models import foreign


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


@pytest.fixture
def folder(tiny_model: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model whose files may be damaged; its hashes are not recorded."""
    copy = tmp_path / "tiny"
    shutil.copytree(tiny_model, copy)
    spec = json.loads((copy / CONFIG_FILE).read_text())
    (copy / CONFIG_FILE).write_text(json.dumps({**spec, "sha256": {}}))
    return copy


def test_what_is_written_is_read(tiny_model: Path, tmp_path: Path) -> None:
    spec = dataclasses.replace(read_spec(tiny_model), from_nothing={"guidance_scale": 3.0})
    tokenizer, transformer = load_nets(tiny_model, spec)
    again = save_nets(tmp_path, spec, tokenizer.state_dict(), transformer.state_dict())
    assert again == read_spec(tmp_path) == spec
    for name in (TOKENIZER_FILE, TRANSFORMER_FILE):
        assert (tmp_path / name).read_bytes() == (tiny_model / name).read_bytes()
    assert not list(tmp_path.glob("*.partial"))


def test_nets_come_ready_for_use(tiny_model: Path) -> None:
    for net in load_nets(tiny_model, read_spec(tiny_model)):
        assert not net.training
        assert all(p.dtype == torch.float32 and not p.requires_grad for p in net.parameters())


@pytest.mark.parametrize("half", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("family", foreign.CONFIGS)
def test_under_autocast_nets_loaded_in_half_give_the_numbers_of_float32_nets(
    family: str, half: torch.dtype, tmp_path: Path
) -> None:
    tokenizer, transformer = (dataclasses.asdict(config) for config in foreign.CONFIGS[family])
    spec = dataclasses.replace(
        PRESETS[f"{family}-256-base" if family == "halton" else f"{family}-256"],
        tokenizer=tokenizer,
        transformer=transformer,
        pixels=64,
        grid=4,
        codebook_size=32,
    )
    torch.manual_seed(1)
    made = build(spec)
    save_nets(tmp_path, spec, made[0].state_dict(), made[1].state_dict(), torch.float32)
    outputs = []
    for dtype in (torch.float32, half):
        nets = load_nets(tmp_path, spec, dtype)
        with torch.no_grad(), torch.autocast("cpu", half):
            tokens = nets[0].encode(torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(2)))
            outputs.append((tokens, nets[0].decode(tokens), nets[1](tokens.flatten(1), torch.tensor([3]))))
    assert all(torch.equal(a, b) for a, b in zip(*outputs, strict=True))
    small = sum(p.nbytes for net in nets for p in net.parameters())
    whole = sum(p.nbytes for net in made for p in net.parameters())
    assert small < 0.55 * whole  # what stays float32 is little


def test_a_changed_file_is_caught_by_its_hash(tiny_model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "tiny"
    shutil.copytree(tiny_model, copy)
    rewrite(copy / TRANSFORMER_FILE, lambda w: w["head.bias"].add_(1))
    with pytest.raises(CheckpointError, match="sha256"):
        load_nets(copy, read_spec(copy))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda w: w.pop("head.bias"), "lacks 'head.bias'"),
        (lambda w: w.update(extra=torch.zeros(1)), "has unknown 'extra'"),
        (lambda w: w.update({"head.bias": torch.zeros(3)}), r"'head.bias' has shape \(3,\), expected \(32,\)"),
        (lambda w: w["head.bias"].fill_(float("nan")), "not finite"),
    ],
)
def test_weights_of_another_model_are_named(
    folder: Path, damage: Callable[[dict[str, torch.Tensor]], None], sentence: str
) -> None:
    rewrite(folder / TRANSFORMER_FILE, damage)
    with pytest.raises(CheckpointError, match=sentence):
        load_nets(folder, read_spec(folder))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<html>not found</html>", "is a web page of 22 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a git-LFS pointer"),
        (b"\x80\x04N.", "is a pickle file, not a safetensors file"),
    ],
)
def test_what_is_no_weight_file_is_named(folder: Path, content: bytes, sentence: str) -> None:
    (folder / TOKENIZER_FILE).write_bytes(content)
    with pytest.raises(CheckpointError, match=sentence):
        load_nets(folder, read_spec(folder))


def test_a_truncated_file_is_named(folder: Path) -> None:
    data = (folder / TOKENIZER_FILE).read_bytes()
    (folder / TOKENIZER_FILE).write_bytes(data[: len(data) // 2])
    with pytest.raises(CheckpointError, match="not a whole safetensors file"):
        load_nets(folder, read_spec(folder))


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / TOKENIZER_FILE).unlink()
    with pytest.raises(CheckpointError, match="is missing"):
        load_nets(folder, read_spec(folder))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": 3, "family": "red"}'])
def test_a_broken_description_is_named(folder: Path, text: str) -> None:
    (folder / CONFIG_FILE).write_text(text)
    with pytest.raises(CheckpointError, match="does not describe a model"):
        read_spec(folder)


def test_numbers_that_make_no_net_are_named(folder: Path) -> None:
    spec = read_spec(folder)
    with pytest.raises(CheckpointError, match="does not make a model"):
        load_nets(folder, dataclasses.replace(spec, codebook_size=7))
