"""Reads flax's weight files, msgpack with arrays in it, as a nested dict of tensors.

Knows nothing of the names in them; core/models/containers.py flattens the dict.
"""

from __future__ import annotations

import math
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgpack
import torch
from torch import Tensor

from core.errors import CheckpointError

_FLAX_DTYPES = {
    "float32": torch.float32,
    "float64": torch.float64,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
_FLAX_ARRAY = 1  # msgpack extension type of an ndarray; 2 and 3 (complex, scalars) are in no weight file
_MOST_AXES = 8  # of an array; convolutions have four
_MOST_ENTRIES = 100_000
"""Most names in a map; the largest published file has 393 tensors (docs/architectures.md, section 2)."""


def flax_tree(path: Path) -> Mapping[Any, Any]:
    """Read the nested dict of a flax file, arrays as tensors.

    Raises:
        CheckpointError: if it is none, or damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            tree = msgpack.unpackb(
                data,
                ext_hook=lambda code, payload: _flax_array(code, payload, path),
                raw=False,
                strict_map_key=True,
                max_str_len=1024,
                max_bin_len=1024,
                max_array_len=_MOST_AXES,
                max_map_len=_MOST_ENTRIES,
                max_ext_len=len(data),
            )
        except (ValueError, msgpack.UnpackException) as error:
            raise CheckpointError(
                "{path} is not a whole flax file ({error}): fetch it again.", path=path, error=error
            ) from error
    if not isinstance(tree, Mapping):
        raise CheckpointError("{path} holds no tree of arrays: it is no flax file.", path=path)
    return tree


def _flax_array(code: int, payload: bytes, path: Path) -> Tensor:
    """Read the array of one extension entry: msgpack of (shape, dtype name, C-order bytes)."""
    if code != _FLAX_ARRAY:
        raise CheckpointError(
            "{path} holds msgpack extension {code}, not an array: it is no weight file.", path=path, code=code
        )
    parts = msgpack.unpackb(payload, raw=False, max_array_len=_MOST_AXES, max_str_len=32, max_bin_len=len(payload))
    match parts:
        case [list(shape), str(name), bytes(numbers)] if all(type(n) is int and n > 0 for n in shape):
            pass
        case _:
            raise CheckpointError(
                "{path} holds an array that is no (shape, dtype, bytes): it is no flax file.", path=path
            )
    if (dtype := _FLAX_DTYPES.get(name)) is None:
        raise CheckpointError(
            "{path} holds an array of {name}: weights are {choices}.",
            path=path,
            name=name,
            choices=", ".join(_FLAX_DTYPES),
        )
    if math.prod(shape) * dtype.itemsize != len(numbers):
        raise CheckpointError(
            "{path} holds an array of shape {shape} {name} with {bytes} bytes: the file is damaged.",
            path=path,
            shape=tuple(shape),
            name=name,
            bytes=len(numbers),
        )
    return torch.frombuffer(bytearray(numbers), dtype=dtype).reshape(shape)
