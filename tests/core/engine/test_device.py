"""Devices, number formats, and what running out of memory says."""

from __future__ import annotations

import contextlib
import errno
import re
from collections.abc import Iterator

import pytest
import torch

from core.engine.device import (
    NumberFormat,
    free_unused,
    memory_errors_translated,
    number_format,
    pick_device,
    pick_dtype,
    pick_format,
    smaller_dtype,
)
from core.engine.products import Layer
from core.errors import BadRequest, NoRoom, OutOfMemory, of_the_machine

CPU = torch.device("cpu")


def test_the_cpu_is_always_there() -> None:
    assert pick_device("cpu") == CPU
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


class Chip:
    """What PyTorch says of one kind of device."""

    def __init__(self, *bf16: bool) -> None:
        self.bf16, self.at, self.emptied = bf16, 0, 0

    def device_count(self) -> int:
        return len(self.bf16)

    @contextlib.contextmanager
    def device(self, device: torch.device) -> Iterator[None]:
        before, self.at = self.at, device.index or 0
        yield
        self.at = before

    def is_bf16_supported(self, *, including_emulation: bool) -> bool:
        return including_emulation or self.bf16[self.at]

    def empty_cache(self) -> None:
        self.emptied += 1


@pytest.fixture
def chips(monkeypatch: pytest.MonkeyPatch) -> dict[str, Chip]:
    """Return a machine's devices by their kind: two CUDA cards, of which the second is older, and one of each other."""
    there = {"cuda": Chip(True, False), "xpu": Chip(True), "mps": Chip(True)}
    monkeypatch.setattr("torch.get_device_module", lambda kind: there[torch.device(kind).type])
    monkeypatch.setattr("torch.cuda.is_available", lambda: bool(there["cuda"].bf16))
    return there


def test_each_device_is_taken_by_its_name(chips: dict[str, Chip]) -> None:
    for name in ("cpu", "cuda", "cuda:0", "cuda:1", "xpu", "mps"):
        assert pick_device(name) == torch.device(name)
    assert pick_device("auto") == torch.device("cuda")
    chips["cuda"].bf16 = ()
    assert pick_device("auto") == CPU, "a GPU that nobody measured is asked for by name"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cuda:2", "device 'cuda:2' was asked for but PyTorch finds only cuda:0, cuda:1: use --device cpu or auto."),
        ("tpu", "device 'tpu' is unknown: choose auto, cpu, cuda, cuda:N, mps or xpu."),
        ("cuda:", "device 'cuda:' is unknown"),
        ("cuda:-1", "device 'cuda:-1' is unknown"),
        ("cuda:01", "device 'cuda:01' is unknown"),
        ("CPU", "device 'CPU' is unknown"),
    ],
)
def test_a_device_that_is_not_there_is_refused_in_a_sentence(chips: dict[str, Chip], name: str, said: str) -> None:
    with pytest.raises(BadRequest, match=re.escape(said)):
        pick_device(name)


@pytest.mark.parametrize(
    ("name", "chip"), [("cuda", "CUDA GPU"), ("cuda:0", "CUDA GPU"), ("xpu", "Intel GPU"), ("mps", "Apple GPU")]
)
def test_without_a_gpu_its_kind_is_named(chips: dict[str, Chip], name: str, chip: str) -> None:
    for each in chips.values():
        each.bf16 = ()
    with pytest.raises(
        BadRequest, match=f"device '{name}' was asked for but PyTorch finds no {chip}: use --device cpu"
    ):
        pick_device(name)


@pytest.mark.parametrize(
    ("name", "number", "smaller"),
    [
        ("cuda", torch.bfloat16, torch.bfloat16),
        ("cuda:1", torch.float32, torch.float16),
        ("xpu", torch.bfloat16, torch.bfloat16),
        ("mps", torch.float32, torch.float16),
    ],
)
def test_a_gpu_computes_in_bf16_where_it_has_it_and_says_so_where_not(
    chips: dict[str, Chip],
    caplog: pytest.LogCaptureFixture,
    name: str,
    number: torch.dtype,
    smaller: torch.dtype,
) -> None:
    device = torch.device(name)
    assert pick_format("auto", device, LAYER) == NumberFormat(number)
    said = f"{name} is not known to multiply bfloat16 numbers itself: it computes in fp32."
    assert caplog.messages == ([said] if number == torch.float32 else [])
    assert pick_dtype("auto", device) == number
    assert smaller_dtype(device) == smaller
    assert pick_format("fp16", device, LAYER) == NumberFormat(torch.float16)
    assert chips["cuda"].at == 0


def test_a_gpu_gets_back_what_is_unused(chips: dict[str, Chip]) -> None:
    for name in ("cuda:1", "mps", "cpu"):
        free_unused(torch.device(name))
    assert {kind: chip.emptied for kind, chip in chips.items()} == {"cuda": 1, "xpu": 0, "mps": 1}


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
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)."),
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
