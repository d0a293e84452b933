"""Which schedules and steps the curves of a sweep show while its axes are still being typed."""

from __future__ import annotations

import pytest

from editor.axes import swept_schedules
from tests.editor.fakes import SPEC


@pytest.mark.parametrize(
    ("texts", "schedules", "steps"),
    [
        (("schedule", "cosine, linear", "steps", "4, 8"), ("cosine", "linear"), (4, 8)),
        (("steps", "4, 8, 8", "seed", "0, 1"), ("arccos",), (4, 8)),
        (("seed", "0", "schedule", "linear"), ("linear",), (6,)),
        (("seed", "0", "class_id", "none"), ("arccos",), (6,)),
        (("schedule", "cosine, cos", "steps", "4, 0, 99"), ("cosine",), (4,)),
        (("schedule", "", "steps", "four"), ("arccos",), (6,)),
        (("schedule", "nothing of it", "steps", ""), ("arccos",), (6,)),
    ],
)
def test_what_cannot_be_read_yet_is_left_out(
    texts: tuple[str, ...], schedules: tuple[str, ...], steps: tuple[int, ...]
) -> None:
    assert swept_schedules(texts, "arccos", 6, SPEC) == (schedules, steps)
