"""The models that come with the editor.

Knows nothing of engines, or of models from elsewhere.
"""

from __future__ import annotations

import logging
from pathlib import Path

from core.errors import CheckpointError
from core.models.checkpoints import CONFIG_FILE, read_spec
from core.models.config import ModelSpec

logger = logging.getLogger(__name__)

BUNDLED = Path(__file__).resolve().parents[2] / "assets" / "models"
"""Folder of the bundled models."""


def list_models() -> tuple[ModelSpec, ...]:
    """Read the models in `BUNDLED`, by name; one that cannot be read is left out and logged."""
    specs = []
    for path in sorted(BUNDLED.glob(f"*/{CONFIG_FILE}")):
        try:
            specs.append(read_spec(path.parent))
        except CheckpointError as error:
            logger.warning("%s", error)
    return tuple(specs)
