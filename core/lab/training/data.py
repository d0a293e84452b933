"""Labelled photos: their files, the order in which they are visited, and their augmentation.

Knows nothing of nets. A data path is a folder of class folders, a zip or tar of class folders, or a folder inside a
zip (`tiny10.zip/train`). Class names come from the folder names, in the order of a `labels.json` beside the data where
there is one, else sorted; a `tiny10_labels.json` beside tiny10.zip gives order and names for folders named by id. A
file of classes (`read_classes`) can name the order, join folders to one class, or leave a folder without a class.
"""

from __future__ import annotations

import functools
import hashlib
import io
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from core.decoding.settings import NO_CLASS
from core.lab.training.places import Place, inside_zip, place_at
from core.lab.training.speed import moved, resident


class Pictures(Protocol):
    """Labelled pictures, decoded on request."""

    @property
    def labels(self) -> Tensor:
        """Their class ids, (n,) int64."""

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Decode one at its own size, (H, W, 3) uint8 RGB."""


@dataclass(frozen=True, eq=False)
class PhotoFiles:
    """All training photos as the bytes of their files, decoded on request.

    files: encoded pictures; labels: (n,) int64 into `classes`, NO_CLASS for photos without one; digest: sha256 over
    names and bytes.
    """

    files: tuple[bytes, ...]
    labels: Tensor
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.files)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Decode a photo at its own size, (H, W, 3) uint8 RGB."""
        return _decoded(self.files[index])


@dataclass(frozen=True, eq=False)
class FoundPhotos:
    """All training photos where they lie; their files are read on request.

    places: of the data paths, in order; labels, classes, digest: see `PhotoFiles`.
    """

    places: tuple[Place, ...]
    labels: Tensor
    classes: tuple[str, ...]
    digest: str

    def __len__(self) -> int:
        """Return the number of photos."""
        return len(self.labels)

    def read(self, index: int) -> bytes:
        """Read the file of a photo; thread-safe.

        Raises:
            ValueError: if it is not what it was.
        """
        for place in self.places:
            if index < len(place):
                return place.read(index)
            index -= len(place)
        raise IndexError("there are fewer photos")

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Read and decode a photo at its own size, (H, W, 3) uint8 RGB."""
        return _decoded(self.read(index))

    def decoded(self, size: int) -> Photos:
        """Decode every photo: centre square, resized to `size` (Lanczos), RGB."""
        pixels = np.empty((len(self), size, size, 3), np.uint8)
        for index in range(len(self)):
            pixels[index] = centre_square(self, index, size)
        return Photos(torch.from_numpy(pixels), self.labels, self.classes, self.digest)


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

    def near(self, device: torch.device) -> Photos:
        """Return these photos, on a CUDA device if it has room for them."""
        return replace(self, pixels=resident(self.pixels, device))

    def soon(self, indices: Tensor) -> None:
        """Begin to read the photos that are asked for next: they are there."""

    def at(self, indices: Tensor) -> Tensor:
        """Return photos by their indices, (b, S, S, 3) uint8, where the pixels are."""
        return self.pixels[moved(indices, self.pixels.device)]


@dataclass(frozen=True)
class ClassFile:
    """The class of each folder of photos.

    classes: names in the order of their ids; folders: folder name -> class name, or None for photos without a class. A
    folder that is not listed is a class of its own name.
    """

    classes: tuple[str, ...]
    folders: Mapping[str, str | None]

    def label_of(self, folder: str) -> int:
        """Return the class id of a folder's photos, NO_CLASS if they have none.

        Raises:
            ValueError: if the folder's class is not among the classes.
        """
        name = self.folders.get(folder, folder)
        if name is None:
            return NO_CLASS
        if name not in self.classes:
            raise ValueError(f"folder {folder!r} is of class {name!r}, which the file of classes does not list: add it")
        return self.classes.index(name)


def read_classes(path: Path) -> ClassFile:
    """Read a file of classes: JSON {"classes": [names], "folders": {folder: class or null}}.

    Raises:
        ValueError: if the file is missing or not of this form.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return ClassFile(tuple(map(str, values["classes"])), dict(values.get("folders", {})))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f"{path} is no file of classes ({error}): give {{'classes': [...], 'folders': {{...}}}}"
        ) from error


def _names(path: Path) -> dict[str, str]:
    """Read class names by folder name, in class order, from a zip's own <stem>_labels.json; empty without one."""
    outer, _ = inside_zip(path)
    listed = outer.with_name(f"{outer.stem}_labels.json")
    if not listed.is_file():
        return {}
    # ImageNet's names list synonyms after the first comma.
    return {entry["wnid"]: entry["name"].partition(",")[0] for entry in json.loads(listed.read_text())}


def _class_order(paths: Sequence[Path], found: set[str]) -> tuple[str, ...]:
    """Order the classes as in the labels file if it lists them all, else by name."""
    own = tuple(_names(paths[0]).values())
    if own and found <= set(own):
        return own
    listed = paths[0].parent / "labels.json"
    if listed.is_file():
        names = json.loads(listed.read_text())["classes"]
        if found <= set(names):
            return tuple(names)
    return tuple(sorted(found))


def find_photos(paths: Sequence[Path], listed: ClassFile | None = None) -> FoundPhotos:
    """Find every photo, reading each once, so that a damaged one is found now.

    Args:
        paths: class folders, or zips or tars of them.
        listed: the class of each folder; None makes each folder a class.

    Raises:
        FileNotFoundError: if a path does not exist.
        ValueError: if no photo is found, a folder's class is not listed, or an archive or a photo is damaged.
    """
    places: list[Place] = []
    folders: dict[str, int] = {}
    numbers = array("q")  # of each photo's folder
    digest = hashlib.sha256()
    for path in paths:
        places.append(place := place_at(path))
        named = _names(path)
        for index in range(len(place)):
            name, data = place.name(index), place.read(index)
            digest.update(name.encode())
            digest.update(data)
            try:
                Image.open(io.BytesIO(data)).close()
            except OSError as error:
                raise ValueError(f"{path}: {name} cannot be read as a picture: take it out") from error
            folder = name.rpartition("/")[0]
            numbers.append(folders.setdefault(named.get(folder, folder), len(folders)))
    if not numbers:
        raise ValueError(f"no photos in {', '.join(map(str, paths))}: expected <class>/<name>.jpg|png|webp")
    if listed is None:
        listed = ClassFile(_class_order(paths, set(folders)), {})
    ids = np.array([listed.label_of(folder) for folder in folders], np.int64)
    labels = torch.from_numpy(ids[np.frombuffer(numbers, np.int64)])
    return FoundPhotos(tuple(places), labels, listed.classes, digest.hexdigest())


def load_files(paths: Sequence[Path], listed: ClassFile | None = None) -> PhotoFiles:
    """Read the files of every photo.

    Raises:
        FileNotFoundError, ValueError: as `find_photos`.
    """
    found = find_photos(paths, listed)
    files = tuple(found.read(index) for index in range(len(found)))
    return PhotoFiles(files, found.labels, found.classes, found.digest)


def load_photos(paths: Sequence[Path], size: int, listed: ClassFile | None = None) -> Photos:
    """Decode every photo once: centre square, resized to `size` (Lanczos), RGB.

    Raises:
        FileNotFoundError, ValueError: as `find_photos`.
    """
    return find_photos(paths, listed).decoded(size)


def _decoded(data: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def centre_square(files: Pictures, index: int, size: int) -> NDArray[np.uint8]:
    """Cut out the middle of a photo, (size, size, 3) uint8 RGB, resized (Lanczos).

    Raises:
        ValueError: if the photo is damaged.
    """
    try:
        rgb = Image.fromarray(files.picture(index))
    except OSError as error:
        raise ValueError(f"photo {index} of class {int(files.labels[index])} is damaged: take it out") from error
    side = min(rgb.size)
    left, top = (rgb.width - side) // 2, (rgb.height - side) // 2
    return np.asarray(rgb.resize((size, size), Image.Resampling.LANCZOS, (left, top, left + side, top + side)))


def spread_over_classes(files: PhotoFiles, classes: Sequence[str], most: int) -> list[tuple[int, int]]:
    """Choose at most so many photos of each class, spread over all of them.

    Args:
        files: photos; those of other classes are left out.
        classes: class names, index = class id.
        most: of each class.

    Returns:
        (index of the photo, class id), class by class.

    Raises:
        ValueError: if there is no photo of a class.
    """
    named = [files.classes[label] for label in files.labels.tolist()]
    own = [[i for i, name in enumerate(named) if name == wanted] for wanted in classes]
    absent = [name for name, found in zip(classes, own, strict=True) if not found]
    if absent:
        raise ValueError(f"there are no photos of {', '.join(absent)}: give some of every class of the model")
    return [(i, class_id) for class_id, found in enumerate(own) for i in found[:: -(-len(found) // most)]]


class SampleOrder:
    """Which photos a step sees: one fresh permutation after another, a pure function of (seed, step).

    Small classes are repeated within an epoch: a class of c photos appears round((largest / c) ** balance) times, at
    most `most` times, for a class of few photos is often one series. Photos without a class appear once.
    Batches run on from one epoch into the next, so that every entry of an epoch is seen exactly once. Because nothing
    is remembered between steps, a resumed run goes on with exactly the photos that were due, on any number of
    processes.
    """

    def __init__(self, labels: Tensor, batch: int, seed: int, balance: float = 0.0, most: int = 1000) -> None:
        counts = torch.bincount(labels[labels != NO_CLASS], minlength=1).float()
        repeats = (counts.max() / counts.clamp_min(1.0)).pow(balance).round().clamp_max(most).long()
        times = torch.where(labels == NO_CLASS, 1, repeats[labels.clamp_min(0)])
        self._indices = torch.repeat_interleave(torch.arange(len(labels)), times)
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
