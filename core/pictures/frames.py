"""Messages between two processes over a pipe: plain values, with bytes and pixels beside them, and no code.

Knows nothing of their content. The reader does not trust the sender: sizes, kinds and shapes are checked, and only JSON
and raw arrays are made of what arrives (a pickle could run the sender's code).
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from core.plumbing.json_text import json_object

MOST_TEXT = 20 * 2**20
"""Most bytes of plain values: the longest text of a PNG, 16 MiB, and room for the rest."""

MOST_PART = 2**28 + 2**20
"""Most bytes of one part: 64 MP in four channels, and 1 MiB."""

_HEAD = struct.Struct(">I")
_KINDS = ("bytes", "uint8", "bool")


def send_message(stream: IO[bytes], values: Mapping[str, Any]) -> None:
    """Write a message.

    Args:
        stream: a pipe.
        values: JSON values, bytes, and arrays of uint8 or bool.

    Raises:
        OSError: if nobody reads.
    """
    plain: dict[str, Any] = {}
    parts: list[list[Any]] = []
    bodies: list[Any] = []
    for name, value in values.items():
        if isinstance(value, (bytes, np.ndarray)):
            array = None if isinstance(value, bytes) else np.ascontiguousarray(value)
            kind, shape = ("bytes", [len(value)]) if array is None else (array.dtype.name, list(array.shape))
            parts.append([name, kind, shape])
            bodies.append(value if array is None else array.reshape(-1).view(np.uint8).data)
        else:
            plain[name] = value
    head = json.dumps({"plain": plain, "parts": parts}).encode()
    stream.write(_HEAD.pack(len(head)))
    stream.write(head)
    for body in bodies:
        stream.write(body)
    stream.flush()


def receive_message(stream: IO[bytes]) -> dict[str, Any]:
    """Read a message.

    Raises:
        EOFError: if the sender is gone, before a message or in the middle of one.
        ValueError: if it is not a message.
    """
    (length,) = _HEAD.unpack(_exactly(stream, _HEAD.size))
    if length > MOST_TEXT:
        raise ValueError(f"a message of {length} bytes")
    head = json_object(_exactly(stream, length))
    plain, parts = head.get("plain"), head.get("parts")
    if not isinstance(plain, dict) or not isinstance(parts, list):
        raise ValueError("a message without its two halves")
    for part in parts:
        name, kind, shape = part
        if kind not in _KINDS or not isinstance(name, str) or not 1 <= len(shape) <= 3:
            raise ValueError(f"a part of kind {kind!r}")
        if not all(type(side) is int and side >= 0 for side in shape) or math.prod(shape) > MOST_PART:
            raise ValueError(f"a part of shape {shape}")
        body = _exactly(stream, math.prod(shape))
        plain[name] = body if kind == "bytes" else _array(body, kind, shape)
    return plain


def _array(body: bytes, kind: str, shape: list[int]) -> Any:
    """Convert bytes to an array; a bool is 0 or 1 whatever was sent."""
    array = np.frombuffer(body, np.uint8).reshape(shape)
    return array != 0 if kind == "bool" else array


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError("the other process is gone")
    return data
