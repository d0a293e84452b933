"""Devices, number formats, and what running out of memory says."""

from __future__ import annotations

import errno

import pytest
import torch

from core.engine.device import (
    NumberFormat,
    memory_errors_translated,
    number_format,
    pick_device,
    pick_dtype,
    pick_format,
)
from core.engine.products import Layer
from core.errors import BadRequest, NoRoom, OutOfMemory, of_the_machine

CPU = torch.device("cpu")


def test_the_cpu_is_always_there() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
def test_cuda_without_a_gpu_is_refused() -> None:
    with pytest.raises(BadRequest, match="finds no CUDA GPU"):
        pick_device("cuda")


LAYER = Layer(64, 128, 16)


def test_a_cpu_takes_the_way_that_it_is_quickest_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.device.fastest", lambda layer: "packed")
    monkeypatch.setattr("core.engine.device.fastest_to_train", lambda layer: "bf16")
    assert pick_format("auto", CPU, LAYER) == NumberFormat(torch.float32, packed=True)
    assert pick_format("auto", CPU, None) == NumberFormat(torch.float32)
    assert pick_dtype("auto", CPU) == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_a_named_format_is_taken(name: str, dtype: torch.dtype) -> None:
    assert pick_format(name, CPU, LAYER) == NumberFormat(dtype)
    assert pick_dtype(name, CPU) == number_format(name) == dtype


def test_formats_that_cannot_be_had_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="'int3' is unknown"):
        pick_format("int3", CPU, LAYER)
    with pytest.raises(BadRequest, match="'packed' is unknown: choose fp32, bf16, fp16"):
        number_format("packed")
    with pytest.raises(BadRequest, match="for CPUs whose PyTorch can pack weights"):
        pick_format("packed", torch.device("cuda"), LAYER)
    monkeypatch.setattr("core.engine.device.can_pack", lambda: False)
    with pytest.raises(BadRequest, match="for CPUs whose PyTorch can pack weights"):
        pick_format("packed", CPU, LAYER)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes."),
    ],
)
def test_running_out_of_memory_becomes_a_sentence(error: Exception) -> None:
    with pytest.raises(OutOfMemory, match="fewer variations"), memory_errors_translated("cpu"):
        raise error


def test_other_errors_stay_loud() -> None:
    with pytest.raises(RuntimeError, match="a bug"), memory_errors_translated("cpu"):
        raise RuntimeError("a bug")


def test_a_machine_that_has_no_room_is_told_apart_from_a_bug() -> None:
    told = {
        errno.ENOSPC: "disk is full for a.png",
        errno.EFBIG: "disk is full",
        errno.EMFILE: "too many files are open",
        errno.ENFILE: "too many files are open",
    }
    for number, sentence in told.items():
        known = of_the_machine(OSError(number, "x", "a.png"))
        assert isinstance(known, NoRoom)
        assert sentence in str(known)
    assert isinstance(of_the_machine(MemoryError()), OutOfMemory)
    for error in (OSError(errno.EACCES, "x"), RuntimeError("a bug"), ValueError()):
        assert of_the_machine(error) is None


def test_a_machine_without_memory_becomes_a_sentence() -> None:
    with pytest.raises(OutOfMemory, match="fewer variations"), memory_errors_translated("cpu"):
        raise MemoryError
