"""`python -m core convert`: one sentence for every mistake, one folder for everything else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from core.cli import main
from core.cli.outcome import EXIT_USER_ERROR
from core.models.checkpoints import TRANSFORMER_FILE
from tests.core.models import foreign


def test_convert_writes_a_folder_that_edits(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "half"
    assert main(["convert", str(tiny_model), "--out", str(out), "--dtype", "bf16", "--json"]) == 0
    sentence, facts = capsys.readouterr().out.splitlines()
    assert str(out) in sentence
    size = sum(path.stat().st_size for path in out.glob("*.safetensors"))
    assert json.loads(facts) == {"output": str(out), "model": "tiny", "family": "compact", "bytes": size, "told": []}
    assert load_file(out / TRANSFORMER_FILE)["head.bias"].dtype == torch.bfloat16
    picture = tmp_path / "p.png"
    words = ["generate", "--model", str(out), "--class", "sea", "--steps", "2", "--device", "cpu"]
    assert main([*words, "--output", str(picture)]) == 0
    assert picture.stat().st_size > 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{pickle}", "--out", "{out}"], "of no family known here"),
        (["{page}", "--out", "{out}"], "is a web page"),
        (["{absent}", "--out", "{out}"], "is missing"),
        (["{model}", "--out", "{page}"], "is a file: name a folder"),
        (["{model}", "--out", "{out}", "--dtype", "int8"], "number format 'int8' is unknown"),
        (["{model}"], "--out"),
    ],
)
def test_every_mistake_is_one_sentence_and_writes_nothing(
    words: list[str], sentence: str, tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {name: tmp_path / name for name in ("pickle", "page", "absent", "out")} | {"model": tiny_model}
    foreign.write_bare(places["pickle"], {"classifier.weight": torch.zeros(3)})
    places["page"].write_bytes(b"<html>")
    assert main(["convert", *(word.format(**places) for word in words)]) == EXIT_USER_ERROR
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not said.out
    assert not places["out"].exists()
