"""Painted squares as photos, and a metric net of random weights."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.lab.training.data import PhotoFiles, Photos, load_files, load_photos
from core.models.efficientnet import STRIDES


@pytest.fixture(scope="session")
def photo_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("photos") / "squares.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, count in (("red", 9), ("blue", 3)):
            for i in range(count):
                pixels = generator.integers(0, 80, (40, 48, 3), dtype=np.uint8)
                pixels[..., 0 if name == "red" else 2] += 150
                data = io.BytesIO()
                Image.fromarray(pixels).save(data, "png")
                archive.writestr(f"{name}/{i:03d}.png", data.getvalue())
    return path


@pytest.fixture(scope="session")
def photos(photo_zip: Path) -> Photos:
    return load_photos([photo_zip], 36)


@pytest.fixture(scope="session")
def files(photo_zip: Path) -> PhotoFiles:
    return load_files([photo_zip])


@pytest.fixture(scope="session")
def metric_net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A metric net of the right layout with random weights."""
    generator = np.random.default_rng(1)
    arrays: dict[str, np.ndarray] = {}

    def conv(name: str, *shape: int) -> None:
        arrays[f"{name}.w"] = (generator.standard_normal(shape) * 0.3).astype(np.float16)
        arrays[f"{name}.b"] = np.zeros(shape[0], np.float16)

    conv("stem", 8, 3, 3, 3)
    for i in range(len(STRIDES)):
        conv(f"b{i}.dw", 8, 1, 3, 3)
        conv(f"b{i}.proj", 8, 8, 1, 1)
    conv("head", 16, 8, 1, 1)
    path = tmp_path_factory.mktemp("metric") / "net.npz"
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path
