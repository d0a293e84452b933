"""Reads weight files of every kind as one flat dict of tensors: safetensors, flax's msgpack, pickles.

Knows nothing of nets or key names, except the wrappers and prefixes that trainers put around them. Files are foreign: a
file's kind is told by its first bytes, never by its name; sizes are compared with the file's own before anything is
allocated; and nothing in it is executed. Pickles are opened by `read_pickle` alone, with weights_only=True and no
fallback; `core.models.convert` calls it, and `core.models.efficientnet` for one file whose sha256 is known. Sources of
the formats: docs/architectures.md, sections 1 and 6.
"""

from __future__ import annotations

import contextlib
import json
import math
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from core.errors import CheckpointError
from core.models.flax import flax_tree

Container = Literal["safetensors", "msgpack", "pickle"]

_WRAPPERS = ("state_dict", "model_state_dict", "model", "ema", "params")
"""Names under which trainers store weights, preferred ones first; optimisers and counters beside them are ignored."""

_PREFIXES = ("module.", "_orig_mod.")
"""Prefixes that DataParallel and torch.compile put before every name."""

_SAFETENSORS_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
LFS_POINTER = b"version https://git-lfs"
"""Beginning of the file that git-LFS puts in place of a large one."""
_MOST_LEVELS = 32
"""Deepest nesting of maps; the longest published names have six parts (docs/architectures.md, section 2)."""

_DAMAGE = (
    *(RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, AssertionError),
    *(ArithmeticError, MemoryError, OSError, struct.error, zipfile.BadZipFile),
)
"""Exceptions of unpicklers for damaged files."""


def container_of(path: Path) -> Container:
    """Tell a weight file's kind by its first bytes.

    Raises:
        CheckpointError: if it is missing, empty, cut short, a git-LFS pointer, a web page or of no known kind.
    """
    if path.is_dir():
        raise CheckpointError("{path} is a folder: name a weight file.", path=path)
    if not path.is_file():
        raise CheckpointError("{path} is missing: fetch the model's files again.", path=path)
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(512)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not head:
        raise CheckpointError("{path} is empty: fetch the file again.", path=path)
    if text.startswith(LFS_POINTER):
        raise CheckpointError(
            "{path} is a git-LFS pointer of {size} bytes, not the weights: run git lfs pull, or download the file.",
            path=path,
            size=size,
        )
    if text.startswith(b"<"):
        raise CheckpointError(
            "{path} is a web page of {size} bytes, not weights: the server sent a message instead, fetch it again.",
            path=path,
            size=size,
        )
    if head.startswith(b"PK\x03\x04"):
        if not _is_whole_zip(path):
            raise CheckpointError(
                "{path} is a torch file cut short at {size} bytes: fetch it again.", path=path, size=size
            )
        if not _holds_pickle(path):
            raise CheckpointError(
                "{path} is a zip archive, not weights: unpack it and name the weight files inside.", path=path
            )
        return "pickle"
    if head[0] == 0x80 and len(head) > 1 and 2 <= head[1] <= 5:  # the protocol's own mark
        return "pickle"
    if head[8:9] == b"{":
        if int.from_bytes(head[:8], "little") > size - 8:
            raise CheckpointError(
                "{path} is not a whole safetensors file, it ends at {size} bytes: fetch it again.", path=path, size=size
            )
        return "safetensors"
    if 0x81 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF):  # a map that is not empty
        return "msgpack"
    if text.startswith((b"{", b"[")):
        raise CheckpointError(
            "{path} is JSON text of {size} bytes, not weights: fetch the weight file itself.", path=path, size=size
        )
    if _reads_as_text(head):
        raise CheckpointError(
            "{path} is text of {size} bytes, not weights: leave it out, or name the weight file.", path=path, size=size
        )
    raise CheckpointError(
        "{path} is no safetensors, msgpack or torch file ({size} bytes): fetch it again.", path=path, size=size
    )


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a safetensors or flax msgpack file by their names, without wrappers and prefixes.

    Returns:
        Name -> tensor on the CPU in the file's own dtype; views of the mapped file for safetensors.

    Raises:
        CheckpointError: if the file is not one of the two, not whole, or holds anything but arrays.
    """
    kind = container_of(path)
    if kind == "pickle":
        raise CheckpointError(
            "{path} is a torch pickle, which only python -m core convert opens: run that on it.", path=path
        )
    if kind == "msgpack":
        return _flat(_unwrapped(flax_tree(path)), path)
    with _safetensors_errors(path), safe_open(path, "pt") as file:
        return _flat({name: file.get_tensor(name) for name in file.keys()}, path)  # noqa: SIM118  # no mapping


def read_pickle(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a `.pt`, `.pth`, `.ckpt` or `.bin` file by their names, without wrappers and prefixes.

    Optimiser states and counters beside a wrapper are never read: the file is mapped, not loaded.

    Returns:
        Name -> tensor on the CPU in the file's own dtype, a view of the mapped file if the format allows it.

    Raises:
        CheckpointError: if the file is no pickle, not whole, or holds objects other than plain tensors.
    """
    if (kind := container_of(path)) != "pickle":
        raise CheckpointError("{path} is a {kind} file, not a torch pickle.", path=path, kind=kind)
    packed = _is_whole_zip(path)  # otherwise from torch before 1.6, which cannot be mapped
    try:
        if packed:
            _check_stored(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on protocols, meant for the file's author
            tree = torch.load(path, map_location="cpu", weights_only=True, mmap=packed)
    except pickle.UnpicklingError as error:
        if (found := re.search(r"GLOBAL ([\w.]+)", str(error))) is not None:
            raise CheckpointError(
                "{path} holds {found} objects beside its tensors, and opening those could run code: fetch a "
                "file of weights alone.",
                path=path,
                found=found[1],
            ) from error
        raise CheckpointError("{path} is a damaged torch file: fetch it again.", path=path) from error
    except _DAMAGE as error:
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise CheckpointError(
            "{path} is not a whole torch file ({reason}): fetch it again.", path=path, reason=reason
        ) from error
    if not isinstance(tree, Mapping):
        raise CheckpointError(
            "{path} holds a {kind}, not named tensors: it belongs to no known model.",
            path=path,
            kind=type(tree).__name__,
        )
    return _flat(_unwrapped(tree), path)


def tensor_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Read names and shapes of a safetensors file, from its header alone.

    Raises:
        CheckpointError: if it is no whole safetensors file.
    """
    if (kind := container_of(path)) != "safetensors":
        raise CheckpointError(
            "{path} is a {kind} file, not a safetensors file: run python -m core convert on it.", path=path, kind=kind
        )
    with _safetensors_errors(path), safe_open(path, "pt") as file:
        return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118  # no mapping


def each_tensor(path: Path) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors of a safetensors file as views of the mapped file.

    Every view has a mapping of its own, so that the pages of one leave memory before the next is read: a net that
    copies as it reads never holds more than itself and one tensor.

    Raises:
        CheckpointError: if it is no whole safetensors file.
    """
    for name in tensor_shapes(path):
        with _safetensors_errors(path), safe_open(path, "pt") as file:
            yield name, file.get_tensor(name)


def write_tensors(
    path: Path, kinds: Mapping[str, tuple[torch.dtype, tuple[int, ...]]], value: Callable[[str], Tensor]
) -> None:
    """Write a safetensors file, asking for one tensor after another.

    The library's own writer needs all tensors at once; in a number format other than the one they were read in, that is
    a second model in memory.

    The format (https://github.com/huggingface/safetensors#format): the header's length in 8 bytes, the header as JSON,
    padded with spaces so that numbers lie on multiples of 8 bytes, then every tensor's bytes in C order.

    Args:
        path: the file to write, replaced if it exists.
        kinds: each tensor's dtype and shape, by name.
        value: name -> the tensor, on any device.

    Raises:
        ValueError: if a tensor is not of the announced kind.
    """
    names = sorted(kinds, key=lambda name: (-kinds[name][0].itemsize, name))  # wide ones first, so all are aligned
    header, end = {}, 0
    for name in names:
        dtype, shape = kinds[name]
        start, end = end, end + dtype.itemsize * math.prod(shape)
        header[name] = {"dtype": _SAFETENSORS_DTYPES[dtype], "shape": list(shape), "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            tensor = value(name).contiguous().cpu()
            if (tensor.dtype, tuple(tensor.shape)) != kinds[name]:
                raise ValueError(f"{name!r} is {tuple(tensor.shape)} {tensor.dtype}, announced as {kinds[name]}")
            tensor.reshape(-1).view(torch.uint8).numpy().tofile(file)


@contextlib.contextmanager
def _safetensors_errors(path: Path) -> Iterator[None]:
    """Turn the reader's errors into one sentence."""
    try:
        yield
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            "{path} is not a whole safetensors file ({error}): fetch the file again.", path=path, error=error
        ) from error


def _unwrapped(tree: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """Follow wrappers to the innermost dict."""
    while (name := next((w for w in _WRAPPERS if isinstance(tree.get(w), Mapping)), None)) is not None:
        tree = tree[name]
    return tree


def _flat(tree: Mapping[Any, Any], path: Path) -> dict[str, Tensor]:
    """Flatten a nested dict to dotted names without prefixes; refuses anything but plain tensors."""
    flat: dict[str, Tensor] = {}
    for full, value in _leaves(tree, path):
        name = full
        while name.startswith(_PREFIXES):
            name = name.removeprefix(_PREFIXES[0]).removeprefix(_PREFIXES[1])
        if name in flat:
            raise CheckpointError(
                "{path} holds {name!r} twice, with and without a prefix: it belongs to no model.", path=path, name=name
            )
        if not _is_plain(value, path):
            raise CheckpointError(
                "{path}: {full!r} is no plain tensor ({kind}): no weight file.",
                path=path,
                full=full,
                kind=type(value).__name__,
            )
        flat[name] = value.detach()
    if not flat:
        raise CheckpointError("{path} holds no tensors: it belongs to no model.", path=path)
    return flat


def _leaves(tree: Mapping[Any, Any], path: Path, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of a nested dict."""
    for name, value in tree.items():
        if not isinstance(name, str):
            raise CheckpointError(
                "{path} has an entry called {name!r}, which is no name: it is no weight file.", path=path, name=name
            )
        if isinstance(value, Mapping):
            if prefix.count(".") > _MOST_LEVELS:
                raise CheckpointError(
                    "{path} is nested more than {most} deep: it is no weight file.", path=path, most=_MOST_LEVELS
                )
            yield from _leaves(value, path, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _is_plain(value: Any, path: Path) -> bool:
    """Tell whether a value is a dense CPU tensor whose numbers are all in the file.

    A pickle can describe a huge tensor over one number (by strides of zero); copying that would fill the memory.
    """
    if type(value) not in (Tensor, nn.Parameter) or value.layout != torch.strided or value.device.type != "cpu":
        return False
    held = value.untyped_storage().nbytes()
    return bool(value.numel() * value.element_size() <= held <= path.stat().st_size)


def _is_whole_zip(path: Path) -> bool:
    """Tell whether a file ends like a zip archive."""
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        return False


def _holds_pickle(path: Path) -> bool:
    """Tell whether a zip archive contains torch's own tree."""
    with zipfile.ZipFile(path) as archive:
        return any(name.split("/")[-1] == "data.pkl" for name in archive.namelist())


def _reads_as_text(head: bytes) -> bool:
    """Tell whether a file begins with text; its first 512 bytes may end within a letter."""
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > len(head) - 4 and all(letter.isprintable() or letter in "\r\n\t" for letter in text)


def _check_stored(path: Path) -> None:
    """Refuse archives with compressed parts, which torch never writes: a small file could expand to any size."""
    with zipfile.ZipFile(path) as archive:
        if any(part.compress_type != zipfile.ZIP_STORED for part in archive.infolist()):
            raise CheckpointError(
                "{path} is a compressed zip, not a torch file: unpack it and name the file inside.", path=path
            )
