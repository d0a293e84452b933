"""`python -m core bench`: a table for people, a line of JSON for programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli import main
from tests.core.cli.speak import run


def test_bench_prints_a_table_and_json(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.evaluation.latency import Timing

    monkeypatch.setattr("core.evaluation.latency.measure_imports", lambda: Timing("start: imports", {"total": 1.5}))
    monkeypatch.setattr(
        "core.evaluation.latency.measure_edits", lambda engine: [Timing("edit", {"decode": 0.25, "total": 0.5})]
    )
    facts = run("bench", "--model", tiny_model, capsys=capsys)
    assert facts["seconds"]["edit"] == {"decode": 0.25, "total": 0.5}
    assert facts["seconds"]["start: load model"]["total"] > 0
    assert main(["bench", "--model", str(tiny_model)]) == 0
    assert "| edit | 0.500 | decode 0.250 |" in capsys.readouterr().out
