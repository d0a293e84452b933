"""What published models take: measured on a small one in a process of its own, tabled, and refused by name."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from core.errors import BadRequest, UnknownModel
from core.lab.evaluation.machine.published import Cost, markdown, measure_published
from core.models.families import count_parameters
from core.models.presets import PRESETS
from tests.core.models import foreign


def test_a_model_of_random_weights_is_loaded_and_edits(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer, transformer = foreign.CONFIGS["google"]
    spec = replace(
        PRESETS["google-256"],
        name="small",
        tokenizer=asdict(tokenizer),
        transformer=asdict(replace(transformer, classes=1000)),
        pixels=64,
        grid=4,
        codebook_size=32,
        defaults=replace(PRESETS["google-256"].defaults, steps=3, start_step=1),
    )
    monkeypatch.setitem(PRESETS, "small", spec)
    cost = measure_published("small", device="cpu", dtype="fp32")
    assert (cost.model, cost.steps, cost.parameters) == ("small", 3, count_parameters(spec))
    assert cost.weights_mb == pytest.approx(cost.parameters * 4 / 1e6)
    assert cost.load_s > 0
    assert cost.edit_s > 0
    assert cost.load_cpu_s > 0
    assert cost.edit_cpu_s > 0
    assert cost.load_peak is None or cost.load_peak >= 0
    assert cost.edit_peak is None or cost.edit_peak >= 1


def test_what_cannot_be_measured_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.lab.evaluation.machine.published.save_nets", lambda *parts: pytest.fail("written"))
    with pytest.raises(UnknownModel, match="'google-1024' is not published: choose one of google-256, "):
        measure_published("google-1024")
    with pytest.raises(BadRequest, match="number format 'int3' is unknown"):
        measure_published("google-256", device="cpu", dtype="int3")


def test_the_table_has_a_line_for_each() -> None:
    table = markdown(
        [
            Cost("a", 1_500_000, 6.0, 0.25, 0.5, 1.5, 3, 8, 1.062, 1.5),
            Cost("b", 9_000_000, 36.0, 2, 3, 60, 90, 12, None, None),
        ]
    )
    assert table.splitlines()[2:] == [
        "| a | 2 M | 6 | 0.2 (0.5) | 1.06 | 8 | 1.5 (3.0) | 1.50 |",
        "| b | 9 M | 36 | 2.0 (3.0) | - | 12 | 60.0 (90.0) | - |",
    ]
