"""Chooses device and number format, and translates out-of-memory errors for people.

Knows nothing of models.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.engine.products import Layer, can_pack, fastest, fastest_to_train
from core.errors import BadRequest, OutOfMemory


@dataclass(frozen=True)
class NumberFormat:
    """The way in which a net computes.

    Attributes:
        dtype: of its weights and products.
        packed: whether its weights are packed for faster products.
    """

    dtype: torch.dtype
    packed: bool = False

    @property
    def said(self) -> str:
        """Its name in recipes, e.g. "float32" or "float32 packed"."""
        return str(self.dtype).removeprefix("torch.") + (" packed" if self.packed else "")


FORMATS = {
    "fp32": NumberFormat(torch.float32),
    "packed": NumberFormat(torch.float32, packed=True),
    "bf16": NumberFormat(torch.bfloat16),
    "fp16": NumberFormat(torch.float16),
}
"""Names for `--dtype`."""

_TRAINED = Layer(256, 1024, 256)
"""A layer like those that are trained on a CPU: the bundled model's have these widths."""


def format_called(said: str) -> str | None:
    """Find the name in `FORMATS` of the number format that recipes call so; None if there is none."""
    return next((name for name, number in FORMATS.items() if number.said == said), None)


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


def pick_format(wanted: str, device: torch.device, layer: Layer | None) -> NumberFormat:
    """Choose the number format for "auto" or one of `FORMATS`.

    "auto" is bf16 on CUDA GPUs that have it; on a CPU, what `products.fastest` measures. fp16 halves the memory on
    every CPU and is ten times nearer to fp32 than bf16 (rms difference of the bundled model's logits 0.0007 and 0.006
    of 1.2); it is as fast as fp32 on CPUs with AVX-512 fp16 instructions, five times slower on others.

    Args:
        wanted: name of the format.
        device: on which the net will compute.
        layer: the net's largest, None if it has none.

    Raises:
        BadRequest: for another name, or packed weights on a device without them.
    """
    if wanted == "auto":
        if device.type == "cuda":
            return FORMATS["bf16" if torch.cuda.is_bf16_supported() else "fp32"]
        return FORMATS["fp32" if layer is None else fastest(layer)]
    if wanted not in FORMATS:
        raise BadRequest(f"number format {wanted!r} is unknown: choose auto, {', '.join(FORMATS)}.")
    if wanted == "packed" and (device.type != "cpu" or not can_pack()):
        raise BadRequest("number format 'packed' is for CPUs whose PyTorch can pack weights: choose auto or fp32.")
    return FORMATS[wanted]


def pick_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """Choose the number format in which to train, for "auto", "fp32", "bf16" or "fp16".

    Raises:
        BadRequest: for another name.
    """
    if wanted == "auto" and device.type == "cpu":
        return FORMATS[fastest_to_train(_TRAINED)].dtype
    return pick_format(wanted, device, None).dtype if wanted == "auto" else number_format(wanted)


def smaller_dtype(device: torch.device) -> torch.dtype:
    """Choose the number format that takes half the memory of float32 on every device of this kind."""
    has = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.bfloat16 if has else torch.float16


def number_format(wanted: str) -> torch.dtype:
    """Choose the number format for storing numbers, for "fp32", "bf16" or "fp16".

    Raises:
        BadRequest: for another name.
    """
    kept = {name: each.dtype for name, each in FORMATS.items() if not each.packed}
    if wanted not in kept:
        raise BadRequest(f"number format {wanted!r} is unknown: choose {', '.join(kept)}.")
    return kept[wanted]


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
