"""The measured edits as requests, for every room of the evaluation.

Knows nothing of photos, figures or how an edit is done.
"""

from __future__ import annotations

from typing import Any

from core.lab.evaluation.cases import Case
from core.models.config import ModelSpec
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest

UNFINISHED = Painting(feather_px=0, match_colour=False, detail="none", blend="feather", finish="none")
"""How a request ends with the pixels that the model decoded."""


def edit(case: Case, **more: Any) -> EditRequest:
    """Make the request for a case's hole or borders; what is not given is as in the editor."""
    return EditRequest(case.given, Mask(case.mask) if case.is_hole else case.sides, **more)


def advised(spec: ModelSpec, **options: Any) -> dict[str, Any]:
    """Return the usual parts of an edit: the model's advice, and a class if it needs one."""
    # Of a model without a null class the first is asked for; which one it is does not matter to a comparison.
    class_id = None if spec.null_class else 0
    return {"class_id": class_id, "decoding": DecodeOptions(**{**spec.defaults.plain, **options})}
