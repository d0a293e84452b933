"""`python -m core sweep`: the sheet, the table and the cells."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from core.pictures.opening import open_picture
from core.pictures.pngtext import read_png_text
from tests.core.cli.speak import run


def test_sweep_writes_a_sheet_a_table_and_every_cell(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sweep"
    words = ("sweep", "--image", photo, "--mask", mask, "--output", folder, "--model", tiny_model, "--seed", 3)
    facts = run(*words, "--schedules", "cosine,linear", "--steps", "2,4", "--guidances", "1.5", capsys=capsys)
    with (folder / "sweep.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["schedule"], row["steps"]) for row in rows] == [
        (schedule, steps) for schedule in ("cosine", "linear") for steps in ("2", "4")
    ]
    assert {row["seed"] for row in rows} == {"3"}
    assert {row["guidance_scale"] for row in rows} == {"1.5"}
    assert open_picture(folder / "sheet.png").shape[2] == 3
    cells = sorted((folder / "cells").iterdir())
    assert len(cells) == 4
    assert sorted(facts["outputs"][2:]) == [str(path) for path in cells]
    assert facts["cells"][0]["settings"] == {"schedule": "cosine", "steps": 2}
    # A cell is an edit like any other and can be done again from its own text.
    assert "request" in json.loads(read_png_text(cells[0].read_bytes())["maskgit-editor"])
    again = tmp_path / "again.png"
    run("edit", "--replay", cells[0], "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == cells[0].read_bytes()


def test_sweep_over_classes_by_name(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sweep"
    words = ("sweep", "--image", photo, "--box", "0,0,20,20", "--output", folder, "--model", tiny_model)
    facts = run(*words, "--classes", "sea,forest", "--steps", "1", capsys=capsys)
    assert [cell["settings"] for cell in facts["cells"]] == [{"class_id": 1}, {"class_id": 0}]
