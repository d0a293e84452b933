"""The engine of the editor: masked image editing on token grids.

Knows nothing of gradio. Other programs need the public names of five rooms and nothing behind them. This one loads a
model, edits, streams, sweeps and selects, and has the errors; `core.values` has requests and results, of which the five
names that every edit needs are repeated here; `core.pictures` turns files into arrays and back; `core.models` lists
models. Each name is imported when it is first used, so that `import core` is free and `python -m core --help` answers
at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from core.plumbing.lazy import imported_lazily

if TYPE_CHECKING:
    from core.canvas.selecting import select
    from core.decoding.schedule import masked_counts
    from core.engine import Engine, load_engine
    from core.engine.suggestions import suggest_classes
    from core.engine.sweeps import Cell, sheet, sweep, to_csv
    from core.errors import BadRequest, CheckpointError, CoreError, OutOfMemory, UnknownModel, of_the_machine
    from core.plumbing.console import show_every_name
    from core.recipe import Machine, Recipe, read_recipe, recipe_text
    from core.values.groups import DecodeOptions
    from core.values.region import Mask
    from core.values.request import EditRequest
    from core.values.result import EditResult, Preview
else:
    __getattr__ = imported_lazily(
        __name__,
        {
            "core.plumbing.console": ("show_every_name",),
            "core.canvas.selecting": ("select",),
            "core.decoding.schedule": ("masked_counts",),
            "core.engine": ("Engine", "load_engine"),
            "core.engine.suggestions": ("suggest_classes",),
            "core.engine.sweeps": ("Cell", "sheet", "sweep", "to_csv"),
            "core.errors": (
                "BadRequest",
                "CheckpointError",
                "CoreError",
                "OutOfMemory",
                "UnknownModel",
                "of_the_machine",
            ),
            "core.recipe": ("Machine", "Recipe", "read_recipe", "recipe_text"),
            "core.values.groups": ("DecodeOptions",),
            "core.values.region": ("Mask",),
            "core.values.request": ("EditRequest",),
            "core.values.result": ("EditResult", "Preview"),
        },
    )

# OpenMP threads that wait for one another spin by default: where another program holds a core, a step of 20 ms takes a
# second. Asleep they cost nothing. OpenMP reads this once, when torch is loaded; every door comes through here before.
if not {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"} & os.environ.keys():
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"

__all__ = [
    "BadRequest",
    "Cell",
    "CheckpointError",
    "CoreError",
    "DecodeOptions",
    "EditRequest",
    "EditResult",
    "Engine",
    "Machine",
    "Mask",
    "OutOfMemory",
    "Preview",
    "Recipe",
    "UnknownModel",
    "load_engine",
    "masked_counts",
    "of_the_machine",
    "read_recipe",
    "recipe_text",
    "select",
    "sheet",
    "show_every_name",
    "suggest_classes",
    "sweep",
    "to_csv",
]
