"""Every command alike: one sentence for a mistake, an interruption without a traceback, help without torch."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.cli.outcome import EXIT_INTERRUPTED
from core.pictures.encoding import encode_png
from tests.core.cli.speak import HEIGHT, WIDTH, refusal

THREE_AXES = ("--steps", "1,2", "--seeds", "1,2", "--schedules", "cosine,linear")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["edit"], "--output"),
        (["edit", "--output", "o.png"], "--image"),
        ([], "COMMAND"),
        (["paint"], "paint"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--colour", "red"], "--colour"),
        (["edit", "--image", "{photo}", "--output", "{o}"], "--mask or --box"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--box", "1,1,2,2", "--output", "{o}"], "--mask or --box"),
        (["edit", "--image", "{photo}", "--box", "1,1,2", "--output", "{o}"], "LEFT,TOP,WIDTH,HEIGHT"),
        (["edit", "--image", "{photo}", "--box", "1,1,90,9", "--class", "0", "--output", "{o}"], "48x40"),
        (["edit", "--image", "{photo}", "--box", "1,1,9,9", "--task", "inpaint", "--output", "{o}"], "manipulate"),
        (["edit", "--image", "{photo}", "--box", "1,1,9,9", "--output", "{o}"], "class"),
        (["edit", "--image", "{absent}", "--mask", "{mask}", "--output", "{o}"], "absent.png"),
        (["edit", "--image", "{photo}", "--mask", "{absent}", "--output", "{o}"], "absent.png"),
        (["edit", "--image", "{notes}", "--mask", "{mask}", "--output", "{o}"], "picture"),
        (["edit", "--image", "{photo}", "--mask", "{small}", "--output", "{o}"], "20x20"),
        (["edit", "--image", "{photo}", "--mask", "{black}", "--output", "{o}"], "empty"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--steps", "many"], "'many'"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--steps", "0"], "steps"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--steps", "257"], "257"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--temperature", "nan"], "nan"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--temperature", "-1"], "-1"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--schedule", "sine"], "sine"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--order", "spiral"], "spiral"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class", "unicorn"], "unicorn"),
        (
            ["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class", "11"],
            "class id 11 is unknown: choose one of forest, sea, street, or an id from 0 to 2",
        ),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class", "3"], "class id 3"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class=-1"], "'-1'"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class", "_1_"], "'_1_'"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--seed", "1_0"], "'1_0'"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--guidance", "1_0"], "'1_0'"),
        (["edit", "--image", "{photo}", "--box", "1,1,1_0,9", "--output", "{o}"], "1_0"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--device", "abacus"], "abacus"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--model", "nope"], "nope"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--task", "extend"], "extend"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}.gif"], ".gif"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{here}"], "ending"),
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{here}/none/o.png"], "no folder"),
        (["edit", "--replay", "{absent}", "--image", "{photo}", "--output", "{o}"], "absent.png"),
        (["extend", "--image", "{photo}", "--output", "{o}"], "no border"),
        (["extend", "--image", "{photo}", "--output", "{o}", "--left", "-4"], "-4"),
        (["extend", "--image", "{photo}", "--output", "{o}", "--left", "99999"], "99999"),
        (["generate", "--output", "{o}", "--variations", "17"], "17"),
        (["sweep", "--image", "{photo}", "--mask", "{mask}", "--output", "{photo}", "--steps", "1"], "folder"),
        (["sweep", "--image", "{photo}", "--mask", "{mask}", "--output", "{d}", "--steps", "1,x"], "'x'"),
        (["sweep", "--image", "{photo}", "--mask", "{mask}", "--output", "{d}", "--steps", "4,4"], "twice"),
        (
            ["sweep", "--image", "{photo}", "--mask", "{mask}", "--output", "{d}", "--seed", "1", "--seeds", "1"],
            "twice",
        ),
        (
            ["sweep", "--image", "{photo}", "--mask", "{mask}", "--output", "{d}", *THREE_AXES],
            "at most two",
        ),
    ],
)
def test_every_mistake_is_one_sentence_and_writes_nothing(
    words: list[str],
    part: str,
    tiny_model: Path,
    photo: Path,
    mask: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes.txt").write_text("not a picture")
    (tmp_path / "small.png").write_bytes(encode_png(np.full((20, 20), 255, np.uint8)))
    (tmp_path / "black.png").write_bytes(encode_png(np.zeros((HEIGHT, WIDTH), np.uint8)))
    places = {
        "photo": photo,
        "mask": mask,
        "o": tmp_path / "o.png",
        "d": tmp_path / "made",
        "absent": tmp_path / "absent.png",
        "notes": tmp_path / "notes.txt",
        "small": tmp_path / "small.png",
        "black": tmp_path / "black.png",
        "here": tmp_path,
    }
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    filled = [word.format(**places) for word in words]
    if words and words[0] in ("edit", "extend", "generate", "sweep") and "--model" not in words:
        filled += ["--model", str(tiny_model)]
    assert part in refusal(*filled, capsys=capsys)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_interruption_is_no_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.models.bundled.list_models", interrupted)
    assert main(["models"]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == "stopped.\n"


def test_a_bug_of_ours_stays_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("core.models.bundled.list_models", broken)
    with pytest.raises(ValueError, match="a bug"):
        main(["models"])


def test_the_module_runs_and_help_needs_no_torch() -> None:
    program = (
        "import sys, runpy\n"
        "sys.argv = ['core', '--help']\n"
        "try:\n"
        "    runpy.run_module('core', run_name='__main__')\n"
        "finally:\n"
        "    print('torch' in sys.modules, file=sys.stderr)\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert finished.returncode == 0
    assert finished.stderr == "False\n"
    for name in ("edit", "extend", "generate", "sweep", "models", "download", "convert", "reconstruct", "suggest"):
        assert re.search(rf"^    {name}\s", finished.stdout, re.M)
    assert "python -m core.lab --help" in finished.stdout
