"""The lab's door: one sentence for a mistake, help without torch, and the names that its commands had before."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import core.cli
from core.cli.moved import MOVED
from core.lab.cli import main
from tests.core.cli.speak import refusal

ROOT = Path(__file__).resolve().parents[4]


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ([], "COMMAND"),
        (["edit"], "python -m core.lab --help"),
        (["train-tokenizer", "--data", "{absent}", "--out", "{d}"], "absent.png"),
        (["train-mvtm", "--data", "{absent}", "--tokenizer", "{here}", "--out", "{d}"], "absent.png"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--preset", "huge"], "huge"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--set", "magic=1"], "magic"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--minutes", "0"], "minutes"),
        (["train-mvtm", "--data", "{notes}", "--tokenizer", "{here}", "--out", "{d}"], "zip"),
        (["evaluate", "--data", "{here}", "--report", "{d}", "--limit", "1"], "at least 2"),
        (["evaluate", "--data", "{here}", "--report", "{d}"], "no photos in"),
    ],
)
def test_every_mistake_is_one_sentence_and_writes_nothing(
    words: list[str], part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    places = {name: tmp_path / name for name in ("absent.png", "notes.txt", "made")}
    filled = {"absent": places["absent.png"], "notes": places["notes.txt"], "d": places["made"], "here": tmp_path}
    assert part in refusal(*(word.format(**filled) for word in words), capsys=capsys, door=main)
    assert [path.name for path in tmp_path.rglob("*")] == ["notes.txt"]


def test_the_module_runs_and_help_names_every_command_without_torch() -> None:
    program = (
        "import sys, runpy\n"
        "sys.argv = ['core.lab', '--help']\n"
        "try:\n"
        "    runpy.run_module('core.lab', run_name='__main__')\n"
        "finally:\n"
        "    print('torch' in sys.modules, file=sys.stderr)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (finished.returncode, finished.stderr) == (0, "False\n")
    for name in MOVED:
        assert re.search(rf"^    {name}\s", finished.stdout, re.M)


@pytest.mark.parametrize("name", MOVED)
def test_an_old_name_says_the_new_one_and_does_the_same(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--no-such-word"]) == 2
    here = capsys.readouterr()
    assert core.cli.main([name, "--no-such-word"]) == 2
    there = capsys.readouterr()
    told = f"`python -m core {name}` is now `python -m core.lab {name}`: the old name goes with the next release.\n"
    assert (there.out, there.err) == ("", told + here.err)
