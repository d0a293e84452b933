"""The engine of the editor: masked image editing on token grids.

Knows nothing of gradio. These names are all that other programs need; each is imported when it is first used, so that
`import core` is free and `python -m core --help` answers at once.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.canvas.seam import ring_shift, seam_score
    from core.checks import written_number, written_whole
    from core.console import show_every_name
    from core.decoding.schedule import masked_counts
    from core.decoding.settings import KNOBS
    from core.engine import BUNDLED, Engine, list_models, load_engine
    from core.engine.suggestions import Suggestion, suggest_classes
    from core.engine.sweeps import Cell, sheet, sweep, to_csv
    from core.errors import (
        BadRequest,
        CheckpointError,
        CoreError,
        OutOfMemory,
        UnknownModel,
        of_the_machine,
    )
    from core.models.catalog import CATALOG, Published
    from core.models.checkpoints import read_spec
    from core.models.config import ModelSpec
    from core.models.families import count_parameters
    from core.models.hub import download
    from core.models.library import converted_folder, model_state
    from core.pictures.encoding import encode_picture, encode_png, loss_of
    from core.pictures.frames import receive_message, send_message
    from core.pictures.maskfiles import MaskFile, read_mask
    from core.pictures.opening import PictureFile, open_picture, picture_size, read_picture
    from core.pictures.pngtext import read_png_text
    from core.recipe import Machine, Recipe, read_recipe, recipe_text
    from core.values.finishing import FOLLOW, Finishing
    from core.values.geometry import Box, Sides, Size
    from core.values.labels import class_id, class_names
    from core.values.request import (
        DecodeOptions,
        EditRequest,
        Start,
        Task,
    )
    from core.values.result import Alternative, EditResult, Preview
    from core.values.saved import load_request, save_request

# OpenMP threads that wait for one another spin by default: where another program holds a core, a step of 20 ms takes a
# second. Asleep they cost nothing. OpenMP reads this once, when torch is loaded; every door comes through here before.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

_ROOMS = {
    "core.canvas.seam": ("ring_shift", "seam_score"),
    "core.checks": ("written_number", "written_whole"),
    "core.console": ("show_every_name",),
    "core.decoding.schedule": ("masked_counts",),
    "core.decoding.settings": ("KNOBS",),
    "core.engine": ("BUNDLED", "Engine", "list_models", "load_engine"),
    "core.errors": (
        "BadRequest",
        "CheckpointError",
        "CoreError",
        "OutOfMemory",
        "UnknownModel",
        "of_the_machine",
    ),
    "core.values.finishing": ("FOLLOW", "Finishing"),
    "core.pictures.frames": ("receive_message", "send_message"),
    "core.values.geometry": ("Box", "Sides", "Size"),
    "core.values.labels": ("class_id", "class_names"),
    "core.pictures.maskfiles": ("MaskFile", "read_mask"),
    "core.models.catalog": ("CATALOG", "Published"),
    "core.models.checkpoints": ("read_spec",),
    "core.models.config": ("ModelSpec",),
    "core.models.families": ("count_parameters",),
    "core.models.hub": ("download",),
    "core.models.library": ("converted_folder", "model_state"),
    "core.pictures.encoding": ("encode_picture", "encode_png", "loss_of"),
    "core.pictures.opening": ("PictureFile", "open_picture", "picture_size", "read_picture"),
    "core.pictures.pngtext": ("read_png_text",),
    "core.recipe": ("Machine", "Recipe", "read_recipe", "recipe_text"),
    "core.values.request": (
        "DecodeOptions",
        "EditRequest",
        "Start",
        "Task",
    ),
    "core.values.result": ("Alternative", "EditResult", "Preview"),
    "core.values.saved": ("load_request", "save_request"),
    "core.engine.suggestions": ("Suggestion", "suggest_classes"),
    "core.engine.sweeps": ("Cell", "sheet", "sweep", "to_csv"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "BUNDLED",
    "CATALOG",
    "FOLLOW",
    "KNOBS",
    "Alternative",
    "BadRequest",
    "Box",
    "Cell",
    "CheckpointError",
    "CoreError",
    "DecodeOptions",
    "EditRequest",
    "EditResult",
    "Engine",
    "Finishing",
    "Machine",
    "MaskFile",
    "ModelSpec",
    "OutOfMemory",
    "PictureFile",
    "Preview",
    "Published",
    "Recipe",
    "Sides",
    "Size",
    "Start",
    "Suggestion",
    "Task",
    "UnknownModel",
    "class_id",
    "class_names",
    "converted_folder",
    "count_parameters",
    "download",
    "encode_picture",
    "encode_png",
    "list_models",
    "load_engine",
    "load_request",
    "loss_of",
    "masked_counts",
    "model_state",
    "of_the_machine",
    "open_picture",
    "picture_size",
    "read_mask",
    "read_picture",
    "read_png_text",
    "read_recipe",
    "read_spec",
    "receive_message",
    "recipe_text",
    "ring_shift",
    "save_request",
    "seam_score",
    "send_message",
    "sheet",
    "show_every_name",
    "suggest_classes",
    "sweep",
    "to_csv",
    "written_number",
    "written_whole",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its room."""
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
