"""A photo and a mask of it, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.pictures.encoding import encode_png
from tests.core.cli.speak import HEIGHT, WIDTH, hole


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(pixels))
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    path.write_bytes(encode_png(np.where(hole(), 255, 0).astype(np.uint8)))
    return path
