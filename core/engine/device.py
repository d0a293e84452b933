"""Chooses device and number format, and translates out-of-memory errors for people.

Knows nothing of models.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from core.errors import BadRequest, OutOfMemory

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def pick_device(wanted: str) -> torch.device:
    """Choose the device for "auto", "cpu" or "cuda".

    Raises:
        BadRequest: for another name, or cuda without a CUDA GPU.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadRequest("device 'cuda' was asked for but PyTorch finds no CUDA GPU: use --device cpu or auto.")
    if wanted not in ("cpu", "cuda"):
        raise BadRequest(f"device {wanted!r} is unknown: choose auto, cpu or cuda.")
    return torch.device(wanted)


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Choose the number format for "auto", "fp32", "bf16" or "fp16".

    "auto" is bf16 on CUDA GPUs that have it and on CPUs with matrix tiles (AMX). A CPU with the AVX-512 bf16
    instructions
    alone stays with fp32: measured on one, bf16 products ran at 160 GFLOP/s and fp32 ones at 290. fp16 halves the
        memory on every CPU and is ten times nearer to fp32 than bf16 (rms difference of the bundled model's logits
        0.0007 and 0.006 of 1.2); it is as fast as fp32 on CPUs with AVX-512 fp16 instructions and five times slower on
        others.

    Raises:
        BadRequest: for another name.
    """
    if wanted == "auto":
        has = torch.cuda.is_bf16_supported() if device.type == "cuda" else torch.cpu._is_amx_tile_supported()
        return torch.bfloat16 if has else torch.float32
    if wanted not in _DTYPES:
        raise BadRequest(f"number format {wanted!r} is unknown: choose auto, {', '.join(_DTYPES)}.")
    return _DTYPES[wanted]


def smaller_dtype(device: torch.device) -> torch.dtype:
    """Choose the number format that takes half the memory of float32 on every device of this kind."""
    has = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if has else torch.float16


def number_format(wanted: str) -> torch.dtype:
    """Return the number format for "fp32", "bf16" or "fp16", whether or not the device has it.

    Raises:
        BadRequest: for another name.
    """
    if wanted not in _DTYPES:
        raise BadRequest(f"number format {wanted!r} is unknown: choose {', '.join(_DTYPES)}.")
    return _DTYPES[wanted]


@contextlib.contextmanager
def memory_errors_translated(device: str) -> Iterator[None]:
    """Turn PyTorch's out-of-memory errors into one sentence.

    Args:
        device: "cpu" or "cuda".

    Raises:
        OutOfMemory: if the body ran out of memory.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemory(
            f"the {device} has too little free memory for this edit: ask for fewer variations or a smaller model."
        ) from error
    except MemoryError as error:
        raise OutOfMemory("this machine has too little free memory for this edit: ask for fewer variations.") from error
    except RuntimeError as error:  # the CPU allocator raises a bare RuntimeError
        if "not enough memory" not in str(error):
            raise
        raise OutOfMemory("this machine has too little free memory for this edit: ask for fewer variations.") from error
