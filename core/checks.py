"""Converts one value from outside to a plain Python type and range, or refuses it in a sentence.

Knows nothing of the values' purpose. Each function takes the name by which a person knows the value, and raises
`BadRequest` with that name, the value seen and what to give instead.
"""

from __future__ import annotations

import re

import numpy as np

from core.errors import BadRequest

LEAST_SIDE = 16
"""Pixels on the shorter side of any picture: a token cell of the published models."""

MOST_SIDE = 16384
"""Pixels on the longest side of any picture or canvas: it bounds the rows of a long narrow one."""

DEVICES = "auto, cpu, cuda, cuda:N, mps or xpu"
"""Names of devices: a CUDA card by its number from 0, an Apple GPU, an Intel GPU."""

MOST_PIXELS = 64_000_000
"""Pixels of any picture or canvas: at four bytes each 256 MB, of which twelve copies fit into the process that opens
strangers' pictures."""


def written_whole(text: str) -> int:
    """Read a whole number in plain digits; `int` would take 1_000 and other scripts, too.

    Raises:
        ValueError: if it writes none.
    """
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text.strip()):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def written_number(text: str) -> float:
    """Read a number in plain digits, with a point and an exponent if it has them.

    Raises:
        ValueError: if it writes none.
    """
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", text.strip(), re.IGNORECASE):
        raise ValueError(f"{text!r} is not a number")
    return float(text)


def choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Check one of several choices."""
    if not isinstance(value, str) or value not in choices:
        raise BadRequest(
            "{name} {value!r} is unknown: choose one of {choices}.", name=name, value=value, choices=", ".join(choices)
        )
    return value


def whole(name: str, value: object, low: int, high: int) -> int:
    """Check a whole number from `low` to `high`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not low <= value <= high:
        raise BadRequest(
            "{name} is {value}: give a whole number from {low} to {high}.", name=name, value=value, low=low, high=high
        )
    return int(value)


def number(name: str, value: object, low: float, high: float) -> float:
    """Check a number from `low` to `high`."""
    known = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not known or not low <= value <= high:  # type: ignore[operator]  # NaN is in no range either
        raise BadRequest(
            "{name} is {value}: give a number from {low:g} to {high:g}.", name=name, value=value, low=low, high=high
        )
    return float(value)  # type: ignore[arg-type]


def device_name(text: str) -> str:
    """Check the name of a device by its form alone, whether it is there or not; see `DEVICES`."""
    if not re.fullmatch(r"auto|cpu|cuda(:(0|[1-9][0-9]?))?|mps|xpu", text):
        raise BadRequest("device {text!r} is unknown: choose {choices}.", text=text, choices=DEVICES)
    return text


def switch(name: str, value: object) -> bool:
    """Check true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise BadRequest("{name} is {value!r}: give true or false.", name=name, value=value)
    return bool(value)


def pixels(name: str, value: object, parts: tuple[str, ...], part_name: str) -> list[int]:
    """Check a whole number of pixels for each part, 0 to `MOST_SIDE`.

    Args:
        name: of the whole value.
        value: a tuple or list.
        parts: their names.
        part_name: the name of one, with {} for its own: "box {}".
    """
    if not isinstance(value, (tuple, list)) or len(value) != len(parts):
        raise BadRequest("{name} is {value!r}: give {parts} in pixels.", name=name, value=value, parts=",".join(parts))
    return [whole(part_name.format(part), each, 0, MOST_SIDE) for part, each in zip(parts, value, strict=True)]
