"""Makes steps fast on a device: compiling, and data that is already there.

Knows nothing of nets or losses.
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
from collections.abc import Iterator

import torch
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
