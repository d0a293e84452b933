"""A fake engine, documents in a temporary folder, and requests as Gradio hands them over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.documents.document import Document
from editor.documents.store import Store
from editor.documents.visitors import Documents
from editor.settings import AppSettings


@pytest.fixture(autouse=True)
def nothing_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine's owner has downloaded, no published model is on disk."""
    monkeypatch.setattr("huggingface_hub.constants.HF_ASSETS_CACHE", str(tmp_path / "assets"))


@pytest.fixture
def settings() -> AppSettings:
    """The standard settings, with few undo steps."""
    return AppSettings(undo_steps=3, documents_per_visitor=2, visitors=3)


@pytest.fixture
def documents(tmp_path: Path, settings: AppSettings) -> Iterator[Documents]:
    """No documents yet."""
    made = Documents(Store(tmp_path / "served"), settings)
    yield made
    made.close()


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """A (48, 64, 3) picture of noise."""
    return np.random.default_rng(7).integers(0, 256, (48, 64, 3), np.uint8)


@pytest.fixture
def document(documents: Documents, photo: NDArray[np.uint8]) -> Document:
    """The photo, opened by "ann"."""
    return documents.open("ann", photo, "photo")
