"""Labelled photos in memory, the order they are visited in, and their augmentation.

Knows nothing of nets. A data path is a folder of class folders, a zip of class folders, or a folder inside a zip
(`tiny10.zip/train`). Class names come from the folder names, in the order of a `labels.json` beside the data where
there is one, else sorted; a `tiny10_labels.json` beside tiny10.zip gives order and names for folders named by id.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.training.speed import moved

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


def _inside_zip(path: Path) -> tuple[Path, str]:
    """Return (zip or folder, the part of the path that lies inside a zip, "" for all of it)."""
    for outer in path.parents:
        if outer.is_file():
            return outer, f"{path.relative_to(outer).as_posix()}/"
    return path, ""


def _members(path: Path) -> Iterator[tuple[str, str, bytes]]:
    """Yield (folder name, file name, bytes) of every photo below a folder or inside a zip, in sorted order."""
    if path.is_dir():
        for file in sorted(path.glob("*/*")):
            if file.suffix.lower() in _SUFFIXES:
                yield file.parent.name, file.name, file.read_bytes()
        return
    path, part = _inside_zip(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                inside = PurePosixPath(name)
                if name.startswith(part) and inside.suffix.lower() in _SUFFIXES:
                    yield inside.parent.name, inside.name, archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise ValueError(f"{path} is not a whole zip file ({error}): fetch it again") from error


def _names(path: Path) -> dict[str, str]:
    """Return class names by folder name, in class order, of a zip's own <stem>_labels.json; empty where it has none."""
    outer, _ = _inside_zip(path)
    listed = outer.with_name(f"{outer.stem}_labels.json")
    if not listed.is_file():
        return {}
    # ImageNet's names list synonyms after the first comma.
    return {entry["wnid"]: entry["name"].partition(",")[0] for entry in json.loads(listed.read_text())}


def _class_order(paths: Sequence[Path], found: set[str]) -> tuple[str, ...]:
    """Return the classes in the order of the labels file where it lists them all, else sorted."""
    own = tuple(_names(paths[0]).values())
    if own and found <= set(own):
        return own
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
        ValueError: where no photo is found, or a zip or a photo is damaged.
    """
    pictures: list[NDArray[np.uint8]] = []
    names: list[str] = []
    digest = hashlib.sha256()
    for path in paths:
        if not _inside_zip(path)[0].exists():
            raise FileNotFoundError(f"no training data at {path}: give class folders or a zip of class folders")
        named = _names(path)
        for name, file, data in _members(path):
            digest.update(f"{name}/{file}".encode())
            digest.update(data)
            try:
                with Image.open(io.BytesIO(data)) as picture:
                    rgb = picture.convert("RGB")
            except OSError as error:
                raise ValueError(f"{path}: {name}/{file} cannot be read as a picture: take it out") from error
            side = min(rgb.size)
            left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
            square = rgb.resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side))
            pictures.append(np.asarray(square))
            names.append(named.get(name, name))
    if not pictures:
        raise ValueError(f"no photos in {', '.join(map(str, paths))}: expected <class>/<name>.jpg|png|webp")
    classes = _class_order(paths, set(names))
    index = {name: i for i, name in enumerate(classes)}
    labels = torch.tensor([index[name] for name in names])
    return Photos(torch.from_numpy(np.stack(pictures)), labels, classes, digest.hexdigest())


class SampleOrder:
    """Which photos a step sees: one fresh permutation after another, a pure function of (seed, step).

    Small classes are repeated within an epoch: a class of c photos appears round((largest / c) ** balance) times.
    Batches run on from one epoch into the next, so that every entry of an epoch is seen exactly once. Because nothing
    is remembered between steps, a resumed run goes on with exactly the photos that were due, on any number of
    processes.
    """

    def __init__(self, labels: Tensor, batch: int, seed: int, balance: float = 0.0) -> None:
        counts = torch.bincount(labels).float()
        repeats = (counts.max() / counts.clamp_min(1.0)).pow(balance).round().long()
        self._indices = torch.repeat_interleave(torch.arange(len(labels)), repeats[labels])
        self.batch, self.seed = batch, seed

    @property
    def epoch(self) -> int:
        """Entries of an epoch: the photos, those of small classes repeated."""
        return len(self._indices)

    def at(self, step: int) -> Tensor:
        """Return the photo indices of a step: (batch,) int64."""
        parts: list[Tensor] = []
        place, end = step * self.batch, (step + 1) * self.batch
        while place < end:
            epoch, within = divmod(place, self.epoch)
            parts.append(_permutation(self.epoch, self.seed * 1_000_003 + epoch)[within : within + end - place])
            place += len(parts[-1])
        return self._indices[torch.cat(parts)]


@functools.lru_cache(maxsize=2)
def _permutation(count: int, seed: int) -> Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def augment(pixels: Tensor, size: int, smallest: float, draws: Tensor) -> Tensor:
    """Crop a random square of `smallest`..1 of the side, resize it to `size`, flip half of them.

    Args:
        pixels: (B, S, S, 3) uint8.
        size: side of the result in pixels.
        smallest: smallest crop as a share of the side, in (0, 1].
        draws: (B, 4) float32 in [0, 1), drawn on the CPU so that no device changes them: scale, two shifts, flip.
            0.5 everywhere is the centre, not flipped.

    Returns:
        (B, 3, size, size) float32 in [0, 1] on the device of `pixels`.
    """
    b = pixels.shape[0]
    u = moved(draws, pixels.device)
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
