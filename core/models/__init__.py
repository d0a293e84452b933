"""Nets and their weights: config in, tensors in, tensors out.

Knows nothing of requests or pictures. The names below are all that other programs need: which models exist, what they
are, and how those of other publishers are fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.plumbing.lazy import imported_lazily

if TYPE_CHECKING:
    from core.models.bundled import BUNDLED, list_models
    from core.models.catalog import CATALOG, Published
    from core.models.checkpoints import read_spec
    from core.models.config import ModelSpec
    from core.models.families import count_parameters
    from core.models.hub import download
    from core.models.library import converted_folder, model_state
else:
    __getattr__ = imported_lazily(
        __name__,
        {
            "core.models.bundled": ("BUNDLED", "list_models"),
            "core.models.catalog": ("CATALOG", "Published"),
            "core.models.checkpoints": ("read_spec",),
            "core.models.config": ("ModelSpec",),
            "core.models.families": ("count_parameters",),
            "core.models.hub": ("download",),
            "core.models.library": ("converted_folder", "model_state"),
        },
    )

__all__ = [
    "BUNDLED",
    "CATALOG",
    "ModelSpec",
    "Published",
    "converted_folder",
    "count_parameters",
    "download",
    "list_models",
    "model_state",
    "read_spec",
]
