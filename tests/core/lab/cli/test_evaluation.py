"""`python -m core.lab bench`: a table for people, a line of JSON for programs; questions chosen by their beginnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from core.engine import Engine
from core.errors import BadRequest
from core.lab.cli import main
from core.lab.cli.questions import chosen
from core.lab.evaluation.machine.watching import Timing
from tests.core.cli.speak import refusal, run

NAMES = ("hole: object", "hole: thin strokes", "growth to 16:9", "sizes")


def test_questions_are_chosen_by_their_beginnings_and_keep_their_order() -> None:
    assert chosen(NAMES, ["sizes", "hole"]) == (*NAMES[:2], "sizes")
    assert chosen(NAMES, ["growth to 16:9"]) == NAMES[2:3]
    assert chosen(NAMES, None) == NAMES
    with pytest.raises(BadRequest, match=r"question 'holes' is unknown: .* hole-object"):
        chosen(NAMES, ["hole", "holes"])


def test_bench_prints_a_table_and_json(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    imports, edit = Timing("start: imports", {"total": 1.5}), Timing("edit", {"decode": 0.25, "total": 0.5})
    stream = Timing("stream", {"first preview": 0.125, "total": 0.75})
    monkeypatch.setattr("core.lab.evaluation.machine.edits.measure_imports", lambda: imports)
    monkeypatch.setattr("core.lab.evaluation.machine.edits.measure_edits", lambda engine: [edit])
    monkeypatch.setattr("core.lab.evaluation.machine.edits.measure_stream", lambda engine: stream)
    facts = run("bench", "--model", tiny_model, capsys=capsys, door=main)
    by_name = {timing["name"]: timing for timing in facts["timings"]}
    assert by_name["edit"]["seconds"] == {"decode": 0.25, "total": 0.5}
    assert by_name["stream"]["seconds"] == {"first preview": 0.125, "total": 0.75}
    assert by_name["start: load model"]["seconds"]["total"] > 0
    assert main(["bench", "--model", str(tiny_model)]) == 0
    assert "| edit | 0.500 |  |  |  | decode 0.250 |" in capsys.readouterr().out


def test_bench_of_sizes_hands_over_the_model(
    tiny_model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(load_model: Callable[[], Engine]) -> list[Timing]:
        return [Timing(load_model().spec.name, {"total": 1.0})]

    monkeypatch.setattr("core.lab.evaluation.machine.edits.measure_loads", measure)
    facts = run("bench", "--sizes", "--model", tiny_model, capsys=capsys, door=main)
    assert [timing["name"] for timing in facts["timings"]] == ["tiny"]


def test_bench_of_published_models_prints_their_costs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measure(name: str, **where: str) -> tuple[Timing, Timing]:
        asked.append((name, where))
        return Timing(f"{name}, load", {"total": 2.0}, 3.0), Timing(f"{name}, edit", {"total": 60.0}, 90.0)

    monkeypatch.setattr("core.lab.evaluation.machine.published.measure_published", measure)
    facts = run("bench", "--published", "google-256", "valeo-256", "--dtype", "bf16", capsys=capsys, door=main)
    assert asked == [(name, {"device": "auto", "dtype": "bf16"}) for name in ("google-256", "valeo-256")]
    assert [timing["name"] for timing in facts["timings"][2:]] == ["valeo-256, load", "valeo-256, edit"]
    assert main(["bench", "--published", "google-256"]) == 0
    assert "| google-256, edit | 60.000 | 90.000 |" in capsys.readouterr().out
    for other in (["--model", "x"], ["--sizes"]):
        assert " ".join(other) in refusal("bench", "--published", "google-256", *other, capsys=capsys, door=main)
