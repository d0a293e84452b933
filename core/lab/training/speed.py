"""Makes steps fast on a device: number formats, compiling, and data that is already there.

Knows nothing of nets or losses.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor


def tune(device: torch.device) -> None:
    """Let CUDA round the inputs of float32 products to TF32, and time convolution algorithms once per shape."""
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.benchmark = True


@contextlib.contextmanager
def full_precision() -> Iterator[None]:
    """Compute float32 products and convolutions in float32, whatever `tune` or CUDA's defaults say."""
    products, convolutions = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(products)
        torch.backends.cudnn.allow_tf32 = convolutions


def can_compile(device: torch.device) -> bool:
    """Tell whether torch.compile has what it needs: a C++ compiler on a CPU, Triton and a C compiler on CUDA."""
    if device.type == "cuda":
        return importlib.util.find_spec("triton") is not None and any(map(shutil.which, ("cc", "gcc", "clang")))
    return shutil.which("c++") is not None


def fastest_format(device: torch.device) -> str:
    """Measure the number format in which products like the net's take the least time here: "fp32" or "bf16".

    Some processors compute bf16 products twice as fast as float32 ones, others half as fast, and their names do not
    tell, so it is timed, for a fifth of a second.
    """
    if device.type == "cuda":
        return "auto"
    rows, weights = torch.randn(2048, 256), torch.randn(1024, 256)
    seconds = {}
    for name, number in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        a, b = rows.to(number), weights.to(number)
        F.linear(a, b)
        times = []
        for _ in range(9):
            started = time.perf_counter()
            F.linear(a, b)
            times.append(time.perf_counter() - started)
        seconds[name] = sorted(times)[len(times) // 2]
    return min(seconds, key=lambda name: seconds[name])


def resident(values: Tensor, device: torch.device) -> Tensor:
    """Move the values to a CUDA device if they take at most half of its free memory; otherwise leave them."""
    if device.type == "cuda" and 2 * values.nbytes <= torch.cuda.mem_get_info(device)[0]:
        return values.to(device)
    return values


def moved(values: Tensor, device: torch.device) -> Tensor:
    """Copy the values to `device`; a copy to CUDA does not wait for the GPU's present work."""
    if device.type == "cuda" and values.device.type == "cpu":
        return values.pin_memory().to(device, non_blocking=True)
    return values.to(device)
