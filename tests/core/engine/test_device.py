"""Devices, number formats, and what running out of memory says."""

from __future__ import annotations

import errno

import pytest
import torch

from core.engine.device import memory_errors_translated, pick_device, pick_dtype
from core.errors import BadRequest, NoRoom, OutOfMemory, of_the_machine

CPU = torch.device("cpu")


def test_the_cpu_is_always_there() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA GPU")
def test_cuda_without_a_gpu_is_refused() -> None:
    with pytest.raises(BadRequest, match="finds no CUDA GPU"):
        pick_device("cuda")


@pytest.mark.parametrize(("tiles", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
def test_a_cpu_computes_in_bf16_only_with_matrix_tiles(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, expected: torch.dtype
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    assert pick_dtype("auto", CPU) == expected


@pytest.mark.parametrize(
    ("name", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16), ("fp16", torch.float16)]
)
def test_a_named_format_is_taken(name: str, dtype: torch.dtype) -> None:
    assert pick_dtype(name, CPU) == dtype


def test_formats_that_cannot_be_had_are_refused() -> None:
    with pytest.raises(BadRequest, match="'int3' is unknown"):
        pick_dtype("int3", CPU)


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
