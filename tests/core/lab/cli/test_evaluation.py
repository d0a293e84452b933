"""`python -m core.lab bench`: a table for people, a line of JSON for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.lab.cli import main
from core.lab.evaluation.machine.published import Cost
from tests.core.cli.speak import refusal, run


def test_bench_prints_a_table_and_json(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.lab.evaluation.machine.latency import Timing

    imports, edit = Timing("start: imports", {"total": 1.5}), Timing("edit", {"decode": 0.25, "total": 0.5})
    monkeypatch.setattr("core.lab.evaluation.machine.latency.measure_imports", lambda: imports)
    monkeypatch.setattr("core.lab.evaluation.machine.latency.measure_edits", lambda engine: [edit])
    facts = run("bench", "--model", tiny_model, capsys=capsys, door=main)
    assert facts["seconds"]["edit"] == {"decode": 0.25, "total": 0.5}
    assert facts["seconds"]["start: load model"]["total"] > 0
    assert main(["bench", "--model", str(tiny_model)]) == 0
    assert "| edit | 0.500 | decode 0.250 |" in capsys.readouterr().out


def test_bench_of_published_models_prints_their_costs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measure(name: str, **where: str) -> Cost:
        asked.append((name, where))
        return Cost(name, 9_000_000, 36.0, 2.0, 3.0, 60.0, 90.0, 12, 1.05, 1.25)

    monkeypatch.setattr("core.lab.evaluation.machine.published.measure_published", measure)
    facts = run("bench", "--published", "google-256", "valeo-256", "--dtype", "bf16", capsys=capsys, door=main)
    assert asked == [(name, {"device": "auto", "dtype": "bf16"}) for name in ("google-256", "valeo-256")]
    assert [cost["model"] for cost in facts["costs"]] == ["google-256", "valeo-256"]
    assert facts["costs"][0]["edit_peak"] == 1.25
    assert main(["bench", "--published", "google-256"]) == 0
    assert "| google-256 | 9 M | 36 | 2.0 (3.0) | 1.05 | 12 | 60.0 (90.0) | 1.25 |" in capsys.readouterr().out
    assert "--model x" in refusal("bench", "--published", "google-256", "--model", "x", capsys=capsys, door=main)
