"""Every container gives back what was put in, and everything that is none is named as what it is."""

from __future__ import annotations

import collections
import functools
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import Tensor

from core.errors import CheckpointError
from core.models.containers import container_of, each_tensor, read_pickle, read_tensors, tensor_shapes, write_tensors
from tests.core.models import foreign

STATE = {
    "a.weight": torch.arange(6.0).view(2, 3),
    "a.bias": torch.tensor([0.5, -0.25]),
    "b": torch.ones(1, 2, 2, 1, dtype=torch.float16),
}
PICKLES = [
    foreign.write_bare,
    foreign.write_old,
    foreign.write_state_dict,
    foreign.write_trainer,
    foreign.write_llamagen,
]


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[k], other[k]) and one[k].dtype == other[k].dtype for k in one
    )


@pytest.mark.parametrize("write", PICKLES)
def test_a_pickle_gives_back_its_weights_alone(
    write: Callable[[Path, dict[str, Tensor]], None], tmp_path: Path
) -> None:
    path = tmp_path / "any.name"
    write(path, STATE)
    assert container_of(path) == "pickle"
    assert equal(read_pickle(path), STATE)


def test_lightnings_losses_are_among_its_weights(tmp_path: Path) -> None:
    foreign.write_lightning(tmp_path / "last.ckpt", STATE)
    read = read_pickle(tmp_path / "last.ckpt")
    assert {name for name in read if not name.startswith("loss.")} == set(STATE)


@pytest.mark.parametrize("write", [foreign.write_flax, foreign.write_safetensors])
def test_safetensors_and_flax_give_back_what_was_put_in(write: Any, tmp_path: Path) -> None:
    write(tmp_path / "weights.pth", STATE)  # the ending counts for nothing
    assert equal(read_tensors(tmp_path / "weights.pth"), STATE)


@given(st.lists(st.integers(1, 4), max_size=5), st.sampled_from(["float32", "float16", "float64"]))
def test_a_flax_array_keeps_its_shape_type_and_numbers(tmp_path_factory: Any, shape: list[int], dtype: str) -> None:
    path = tmp_path_factory.mktemp("flax") / "checkpoint"
    state = {"x": torch.randn(shape, generator=torch.Generator().manual_seed(len(shape))).to(getattr(torch, dtype))}
    foreign.write_flax(path, state)
    assert equal(read_tensors(path), state)


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=9),
        st.tuples(
            st.sampled_from([torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.bool]),
            st.lists(st.integers(0, 4), max_size=4),
        ),
        max_size=6,
    )
)
def test_what_is_written_is_what_the_library_reads(
    tmp_path_factory: pytest.TempPathFactory, kinds: dict[str, tuple[torch.dtype, list[int]]]
) -> None:
    state = {name: (9.0 * torch.randn(shape)).to(dtype) for name, (dtype, shape) in kinds.items()}
    path = tmp_path_factory.mktemp("written") / "x.safetensors"
    write_tensors(path, {name: (value.dtype, tuple(value.shape)) for name, value in state.items()}, state.__getitem__)
    again = load_file(path)
    assert {name: (value.dtype, value.tolist()) for name, value in again.items()} == {
        name: (value.dtype, value.tolist()) for name, value in state.items()
    }
    if state:
        assert (int.from_bytes(path.read_bytes()[:8], "little") + 8) % 8 == 0


def test_a_tensor_of_another_kind_than_announced_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="announced"):
        write_tensors(tmp_path / "x", {"a": (torch.float32, (2,))}, lambda name: torch.zeros(3))


def test_flax_bfloat16_is_read(tmp_path: Path) -> None:
    numbers = torch.tensor([1.5, -2.0, 0.125], dtype=torch.bfloat16)
    array = msgpack.packb(((3,), "bfloat16", numbers.view(torch.int16).numpy().tobytes()))
    (tmp_path / "c").write_bytes(msgpack.packb({"params": {"x": msgpack.ExtType(1, array)}}))
    assert equal(read_tensors(tmp_path / "c"), {"x": numbers})


def test_wrappers_are_taken_off_in_the_reference_order_and_prefixes_always(tmp_path: Path) -> None:
    other = {"a": torch.zeros(1)}
    torch.save({"ema": other, "params": other, "model": {"module._orig_mod.module.a": torch.ones(1)}}, tmp_path / "x")
    assert equal(read_pickle(tmp_path / "x"), {"a": torch.ones(1)})
    torch.save({"model": other, "state_dict": {"model_state_dict": {"a": torch.ones(1)}}}, tmp_path / "x")
    assert equal(read_pickle(tmp_path / "x"), {"a": torch.ones(1)})


def test_a_safetensors_file_is_read_tensor_by_tensor(tmp_path: Path) -> None:
    foreign.write_safetensors(tmp_path / "x", STATE)
    assert tensor_shapes(tmp_path / "x") == {name: tuple(value.shape) for name, value in STATE.items()}
    assert equal(dict(each_tensor(tmp_path / "x")), STATE)


# What is no weight file -------------------------------------------------------------------------------------------


class Reached(Exception):
    """Raised by code that lies in a pickle, where it is run."""


def reach() -> None:
    raise Reached


class Trap:
    """Unpickles by calling `reach`."""

    def __reduce__(self) -> Any:
        return reach, ()


def pickled(value: Any) -> Callable[[Path], object]:
    return lambda path: torch.save(value, path)


def written(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def cut(write: Callable[[Path, dict[str, Tensor]], None], share: float) -> Callable[[Path], object]:
    def make(path: Path) -> None:
        write(path, {**STATE, "large": torch.zeros(4000)})
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])

    return make


def compressed(path: Path) -> None:
    foreign.write_bare(path.with_suffix(".whole"), STATE)
    with (
        zipfile.ZipFile(path.with_suffix(".whole")) as whole,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in whole.namelist():
            packed.writestr(name, whole.read(name))


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/model.safetensors", b"\x00" * 64)


def extension(code: int, payload: bytes) -> Callable[[Path], object]:
    return written(msgpack.packb({"params": {"x": msgpack.ExtType(code, payload)}}))


def array(*parts: Any) -> Callable[[Path], object]:
    return extension(1, msgpack.packb(parts))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (written(b""), "is empty"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "missing": (lambda path: None, "is missing"),
    "lfs": (
        written(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n"),
        "is a git-LFS pointer of 57 bytes",
    ),
    "html": (written(b"\n<!DOCTYPE html><html>404</html>"), "is a web page"),
    "bucket": (written(b"\xef\xbb\xbf<?xml version='1.0'?><Error/>"), "is a web page"),
    "json": (written(b'{"error": "Repository not found"}'), "is JSON text"),
    "noise": (written(b"\x00\x01\x02 something else entirely"), "no safetensors, msgpack or torch file"),
    "safetensors cut": (cut(foreign.write_safetensors, 0.5), "not a whole safetensors file"),
    "safetensors header cut": (cut(foreign.write_safetensors, 0.005), "not a whole safetensors file|no safetensors"),
    "flax cut": (cut(foreign.write_flax, 0.5), "not a whole flax file"),
    "flax with a tail": (written(foreign.flax_bytes(STATE) + b"\x00"), "not a whole flax file"),
    "torch cut": (cut(foreign.write_bare, 0.5), "is a torch file cut short at"),
    "old torch cut": (cut(foreign.write_old, 0.5), "not a whole torch file|damaged torch file"),
    "pickle of nothing": (written(b"\x80\x04N."), "not a whole torch file|damaged torch file|holds a NoneType"),
    "compressed": (compressed, "is a compressed zip"),
    "zip of other files": (zipped, "is a zip archive, not weights: unpack it"),
    "valeo's model.yaml": (written(b"model:\n  base_learning_rate: 4.5e-06\n  params:\n"), "is text of 47 bytes"),
    "text that ends within a letter": (written("é".encode() * 400 + b"a"), "is text of 801 bytes"),
    "code": (pickled({"state_dict": STATE, "callbacks": Trap()}), "holds .*reach objects .*could run code"),
    "old code": (written(pickle.dumps(Trap(), 2)), "reach objects .*could run code|damaged torch file|not a whole"),
    "list": (pickled([torch.zeros(1)]), "holds a list, not named tensors"),
    "no tensors": (pickled({}), "holds no tensors"),
    "number among them": (pickled({**STATE, "steps": 7}), "'steps' is no plain tensor"),
    "numbered": (pickled({0: torch.zeros(1)}), "called 0, which is no name"),
    "sparse": (pickled({"x": torch.eye(2).to_sparse()}), "'x' is no plain tensor"),
    "unfolding": (pickled({"x": torch.zeros(1).expand(1 << 40)}), "'x' is no plain tensor"),
    "twice": (pickled({"x": torch.zeros(1), "module.x": torch.zeros(1)}), "holds 'x' twice"),
    "flax scalar": (extension(3, b"\x00"), "msgpack extension 3"),
    "flax object": (array([1], "object", b"\x00" * 8), "array of object"),
    "flax size": (array([2, 3], "float32", b"\x00" * 20), r"shape \(2, 3\) float32 with 20 bytes"),
    "flax huge": (array([1 << 40], "float32", b"\x00" * 4), "with 4 bytes"),
    "flax negative": (array([-1], "float32", b"\x00" * 4), r"no \(shape, dtype, bytes\)"),
    "flax short": (array([1], "float32"), r"no \(shape, dtype, bytes\)"),
    "flax nonsense": (extension(1, b"\xc1"), "not a whole flax file"),
    "flax list": (written(msgpack.packb({"params": {"x": [1, 2, 3]}})), "'x' is no plain tensor"),
    "flax long list": (written(b"\x81\xa1x\xdd\xff\xff\xff\xff"), "not a whole flax file"),
    "deep": (pickled(functools.reduce(lambda inner, _: {"x": inner}, range(400), 1)), "nested more than 32 deep"),
    "flax deep": (written(b"\x81\xa1x" * 5000 + b"\xc0"), "not a whole flax file"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_weight_file_is_named_as_what_it_is(name: str, tmp_path: Path) -> None:
    make, sentence = BROKEN[name]
    path = tmp_path / "weights"
    make(path)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        (read_pickle if container_of(path) == "pickle" else read_tensors)(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_pickles_are_opened_for_conversion_alone(tmp_path: Path) -> None:
    foreign.write_bare(tmp_path / "x.bin", STATE)
    with pytest.raises(CheckpointError, match="torch pickle, which only python -m core convert opens"):
        read_tensors(tmp_path / "x.bin")
    foreign.write_safetensors(tmp_path / "x.safetensors", STATE)
    with pytest.raises(CheckpointError, match="is a safetensors file, not a torch pickle"):
        read_pickle(tmp_path / "x.safetensors")


@given(st.data())
def test_a_damaged_file_never_raises_anything_else(tmp_path_factory: Any, data: st.DataObject) -> None:
    """Bytes changed anywhere: read as other numbers, or refused in a sentence."""
    path = tmp_path_factory.mktemp("damaged") / "weights"
    write = data.draw(
        st.sampled_from([foreign.write_flax, foreign.write_safetensors, foreign.write_bare, foreign.write_old])
    )
    write(path, STATE)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), 900) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    try:
        read = (read_pickle if container_of(path) == "pickle" else read_tensors)(path)
    except CheckpointError as error:
        assert "\n" not in str(error)  # noqa: PT017  # not every damage is seen
    else:
        assert all(isinstance(value, Tensor) for value in read.values())


def test_ordered_dicts_are_dicts(tmp_path: Path) -> None:
    torch.save({"state_dict": collections.OrderedDict(STATE)}, tmp_path / "x")
    assert equal(read_pickle(tmp_path / "x"), STATE)


def test_safetensors_metadata_is_left_aside(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "x", metadata={"format": "pt", "step": "3"})
    assert equal(read_tensors(tmp_path / "x"), STATE)
