"""Gestures over a fake engine, and a photo that is open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import encode_png
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from editor.models.current import Models
from editor.settings import AppSettings
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import visitor


@pytest.fixture
def engine() -> FakeEngine:
    """The fake engine that `handlers` work with."""
    return FakeEngine()


@pytest.fixture
def handlers(engine: Any, settings: AppSettings, documents: Documents) -> Handlers:
    """All gestures."""
    return Handlers(Models(engine, settings), settings, documents)


@pytest.fixture
def opened(handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path) -> dict[str, Any]:
    """The message that opened the photo for "ann"."""
    path = tmp_path / "my photo.png"
    path.write_bytes(encode_png(photo))
    message = handlers.opening.open_upload(str(path), visitor()).message
    assert message is not None
    return message
