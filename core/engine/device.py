"""Chooses device and number format, and translates out-of-memory errors for people.

Knows nothing of models.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from core.checks import device_name
from core.engine.products import Layer, can_pack, fastest, fastest_to_train
from core.errors import BadRequest, OutOfMemory, Sentence

logger = logging.getLogger(__name__)


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

_CHIPS = {"cuda": "CUDA GPU", "mps": "Apple GPU", "xpu": "Intel GPU"}
_TRAINED = Layer(256, 1024, 256)
"""A layer like those that are trained on a CPU: the bundled model's have these widths."""


def format_called(said: str) -> str | None:
    """Find the name in `FORMATS` of the number format that recipes call so; None if there is none."""
    return next((name for name, number in FORMATS.items() if number.said == said), None)


def pick_device(wanted: str) -> torch.device:
    """Choose the device for one of `core.checks.DEVICES`.

    "auto" is the first CUDA GPU or else the CPU; other GPUs, on which nothing was measured, are asked for by name.

    Raises:
        BadRequest: for another name, or a device that is not there.
    """
    if device_name(wanted) == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    device = torch.device(wanted)
    if device.type == "cpu":
        return device
    found = torch.get_device_module(device.type).device_count()
    if found <= (device.index or 0):
        cards = ", ".join(f"{device.type}:{i}" for i in range(found))
        cards = Sentence("only {cards}", cards=cards) if found else Sentence("no {chip}", chip=_CHIPS[device.type])
        raise BadRequest(
            "device {wanted!r} was asked for but PyTorch finds {cards}: use --device cpu or auto.",
            wanted=wanted,
            cards=cards,
        )
    return device


def has_bf16(device: torch.device) -> bool:
    """Tell whether a GPU multiplies bfloat16 numbers itself, not by way of others."""
    module = torch.get_device_module(device.type)
    if device.type == "mps" or not module.device_count():  # Metal has bf16, but nobody measured how exact it is
        return False
    with module.device(device):
        return bool(module.is_bf16_supported(including_emulation=False))


def free_unused(device: torch.device) -> None:
    """Give memory that PyTorch holds but does not use back to a GPU; a CPU has none such."""
    if device.type != "cpu":
        torch.get_device_module(device.type).empty_cache()


def pick_format(wanted: str, device: torch.device, layer: Layer | None) -> NumberFormat:
    """Choose the number format for "auto" or one of `FORMATS`.

    "auto" is bf16 on CUDA and Intel GPUs that have it, and fp32 on other GPUs, which the log says; on a CPU, what
    `products.fastest` measures. fp16 halves the memory on every CPU and is ten times nearer to fp32 than bf16 (rms
    difference of the bundled model's logits 0.0007 and 0.006 of 1.2); it is as fast as fp32 on CPUs with AVX-512 fp16
    instructions, five times slower on others.

    Args:
        wanted: name of the format.
        device: on which the net will compute.
        layer: the net's largest, None if it has none.

    Raises:
        BadRequest: for another name, or packed weights on a device without them.
    """
    if wanted == "auto":
        if device.type != "cpu":
            return FORMATS["bf16" if _takes_bf16(device) else "fp32"]
        return FORMATS["fp32" if layer is None else fastest(layer)]
    if wanted not in FORMATS:
        raise BadRequest(
            "number format {wanted!r} is unknown: choose auto, {choices}.", wanted=wanted, choices=", ".join(FORMATS)
        )
    if wanted == "packed" and (device.type != "cpu" or not can_pack()):
        raise BadRequest("number format 'packed' is for CPUs whose PyTorch can pack weights: choose auto or fp32.")
    return FORMATS[wanted]


def _takes_bf16(device: torch.device) -> bool:
    """Tell whether a GPU has bf16; if not, the log says what it computes in."""
    has = has_bf16(device)
    if not has:
        logger.warning("%s is not known to multiply bfloat16 numbers itself: it computes in fp32.", device)
    return has


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
    return torch.bfloat16 if device.type != "cpu" and has_bf16(device) else torch.float16


def number_format(wanted: str) -> torch.dtype:
    """Choose the number format for storing numbers, for "fp32", "bf16" or "fp16".

    Raises:
        BadRequest: for another name.
    """
    kept = {name: each.dtype for name, each in FORMATS.items() if not each.packed}
    if wanted not in kept:
        raise BadRequest(
            "number format {wanted!r} is unknown: choose {choices}.", wanted=wanted, choices=", ".join(kept)
        )
    return kept[wanted]


def ran_out(error: RuntimeError) -> bool:
    """Tell whether a GPU is out of memory; Metal raises a bare RuntimeError then."""
    return isinstance(error, torch.OutOfMemoryError) or "backend out of memory" in str(error)


@contextlib.contextmanager
def memory_errors_translated(device: str) -> Iterator[None]:
    """Turn PyTorch's out-of-memory errors into one sentence.

    Args:
        device: kind of device, as in `Machine.device`.

    Raises:
        OutOfMemory: if the body ran out of memory.
    """
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory("this machine has too little free memory for this edit: ask for fewer variations.") from error
    except RuntimeError as error:
        if ran_out(error):
            raise OutOfMemory(
                "the {device} has too little free memory for this edit: ask for fewer variations or a smaller model.",
                device=device,
            ) from error
        # the CPU's allocator raises a bare one
        if "not enough memory" not in str(error):
            raise
        raise OutOfMemory("this machine has too little free memory for this edit: ask for fewer variations.") from error
