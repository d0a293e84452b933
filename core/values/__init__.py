"""Requests and results as plain values: no torch, no files.

Knows nothing of nets. The names below are all that other programs need, with a request's decoding settings, and the
rules for numbers and devices as people write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.plumbing.lazy import imported_lazily

if TYPE_CHECKING:
    from core.checks import DEVICES, LEAST_SIDE, MOST_PIXELS, MOST_SIDE, device_name, written_number, written_whole
    from core.decoding.settings import KNOBS
    from core.errors import Sentence
    from core.values.finishing import FOLLOW, Finishing, followed
    from core.values.framing import MOST_DEGREES, UNMOVED, Framing, Placing, Turn
    from core.values.geometry import Box, Sides, Size
    from core.values.groups import DecodeOptions, Painting, Start, View
    from core.values.labels import class_id, class_names
    from core.values.region import Mask, Task
    from core.values.request import EditRequest
    from core.values.result import Alternative, EditResult, Preview
    from core.values.saved import load_request, save_request
else:
    __getattr__ = imported_lazily(
        __name__,
        {
            "core.checks": (
                "DEVICES",
                "LEAST_SIDE",
                "MOST_PIXELS",
                "MOST_SIDE",
                "device_name",
                "written_number",
                "written_whole",
            ),
            "core.decoding.settings": ("KNOBS",),
            "core.errors": ("Sentence",),
            "core.values.finishing": ("FOLLOW", "Finishing", "followed"),
            "core.values.framing": ("MOST_DEGREES", "UNMOVED", "Framing", "Placing", "Turn"),
            "core.values.geometry": ("Box", "Sides", "Size"),
            "core.values.groups": ("DecodeOptions", "Painting", "Start", "View"),
            "core.values.labels": ("class_id", "class_names"),
            "core.values.region": ("Mask", "Task"),
            "core.values.request": ("EditRequest",),
            "core.values.result": ("Alternative", "EditResult", "Preview"),
            "core.values.saved": ("load_request", "save_request"),
        },
    )

__all__ = [
    "DEVICES",
    "FOLLOW",
    "KNOBS",
    "LEAST_SIDE",
    "MOST_DEGREES",
    "MOST_PIXELS",
    "MOST_SIDE",
    "UNMOVED",
    "Alternative",
    "Box",
    "DecodeOptions",
    "EditRequest",
    "EditResult",
    "Finishing",
    "Framing",
    "Mask",
    "Painting",
    "Placing",
    "Preview",
    "Sentence",
    "Sides",
    "Size",
    "Start",
    "Task",
    "Turn",
    "View",
    "class_id",
    "class_names",
    "device_name",
    "followed",
    "load_request",
    "save_request",
    "written_number",
    "written_whole",
]
