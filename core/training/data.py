"""Labelled photos in memory, the order they are visited in, and their augmentation.

Knows nothing of nets. A data path is a folder of class folders or a zip of class folders; class names come from the
folder names, in the order of a `labels.json` beside the data where there is one, else sorted.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})


@dataclass(frozen=True, eq=False)
class Photos:
    """All training photos at one stored size.

    pixels: (n, S, S, 3) uint8 RGB; labels: (n,) int64 into `classes`; digest: sha256 over names and bytes.
    """

    pixels: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.labels)


def _members(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (class name, file name, bytes) of every photo below a folder or inside a zip, in sorted order."""
    if path.is_dir():
        for file in sorted(path.glob("*/*")):
            if file.suffix.lower() in _SUFFIXES:
                yield file.parent.name, file.name, file.read_bytes()
        return
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            inside = PurePosixPath(name)
            if inside.suffix.lower() in _SUFFIXES:
                yield inside.parent.name, inside.name, archive.read(name)


def _class_order(paths: Sequence[Path], found: set[str]) -> tuple[str, ...]:
    """Return the classes in the order of labels.json where it lists them all, else sorted."""
    listed = paths[0].parent / "labels.json"
    if listed.is_file():
        names = json.loads(listed.read_text())["classes"]
        if found <= set(names):
            return tuple(names)
    return tuple(sorted(found))


def load_photos(paths: Sequence[Path], size: int) -> Photos:
    """Decode every photo once: centre square, resized to `size` (Lanczos), RGB.

    Raises:
        FileNotFoundError: where a path does not exist.
        ValueError: where no photo is found.
    """
    pictures: list[NDArray[np.uint8]] = []
    names: list[str] = []
    digest = hashlib.sha256()
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"no training data at {path}: give class folders or a zip of class folders")
        for name, file, data in _members(path):
            digest.update(f"{name}/{file}".encode())
            digest.update(data)
            with Image.open(io.BytesIO(data)) as picture:
                rgb = picture.convert("RGB")
            side = min(rgb.size)
            left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
            square = rgb.resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
            pictures.append(np.asarray(square))
            names.append(name)
    if not pictures:
        raise ValueError(f"no photos in {', '.join(map(str, paths))}: expected <class>/<name>.jpg|png|webp")
    classes = _class_order(paths, set(names))
    index = {name: i for i, name in enumerate(classes)}
    labels = torch.tensor([index[name] for name in names])
    return Photos(torch.from_numpy(np.stack(pictures)), labels, classes, digest.hexdigest())


class SampleOrder:
    """Which photos a step sees: a fresh permutation each epoch, a pure function of (seed, step).

    Small classes are repeated within an epoch: a class of c photos appears round((largest / c) ** balance) times.
    Because nothing is remembered between steps, a resumed run goes on with exactly the photos that were due.
    """

    def __init__(self, labels: Tensor, batch: int, seed: int, balance: float = 0.0) -> None:
        counts = torch.bincount(labels).float()
        repeats = (counts.max() / counts.clamp_min(1.0)).pow(balance).round().long()
        self._indices = torch.repeat_interleave(torch.arange(len(labels)), repeats[labels])
        self.batch, self.seed = batch, seed

    @property
    def steps_per_epoch(self) -> int:
        """Full batches in an epoch; what does not fill a batch is left to the next permutation."""
        return max(1, len(self._indices) // self.batch)

    def at(self, step: int) -> Tensor:
        """Return the photo indices of a step: (batch,) int64."""
        epoch, within = divmod(step, self.steps_per_epoch)
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
        order = torch.randperm(len(self._indices), generator=generator)
        return self._indices[order[within * self.batch : (within + 1) * self.batch]]


def augment(pixels: Tensor, size: int, smallest: float, generator: torch.Generator) -> Tensor:
    """Crop a random square of `smallest`..1 of the side, resize it to `size`, flip half of them.

    Args:
        pixels: (B, S, S, 3) uint8.
        size: side of the result in pixels.
        smallest: smallest crop as a share of the side, in (0, 1].
        generator: a CPU generator; the draw does not depend on the device.

    Returns:
        (B, 3, size, size) float32 in [0, 1] on the device of `pixels`.
    """
    b = pixels.shape[0]
    u = torch.rand(b, 4, generator=generator).to(pixels.device)
    scale = smallest + (1.0 - smallest) * u[:, 0]
    shift = (1.0 - scale).unsqueeze(1) * (u[:, 1:3] * 2.0 - 1.0)  # keeps the crop inside
    flip = torch.where(u[:, 3] < 0.5, -1.0, 1.0)
    theta = torch.zeros(b, 2, 3, device=pixels.device)
    theta[:, 0, 0], theta[:, 1, 1], theta[:, :, 2] = scale * flip, scale, shift
    grid = F.affine_grid(theta, [b, 3, size, size], align_corners=False)
    pictures = pixels.permute(0, 3, 1, 2).float() / 255.0
    return F.grid_sample(pictures, grid, mode="bilinear", padding_mode="reflection", align_corners=False).clamp(
        0.0, 1.0
    )
