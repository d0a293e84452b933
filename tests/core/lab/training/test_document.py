"""docs/training.md as a cloner follows it: its commands are read out of it, and the first of them are run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import core.cli
import core.lab.cli
from core.models.checkpoints import read_spec
from core.pictures.opening import open_picture

ROOT = Path(__file__).resolve().parents[4]
PHOTOS = ("cat_small.jpg", "two_dogs_portrait.jpg", "dahlia.jpg", "dandelion_meadow.jpg", "coffee.jpg")


def blocks(section: str) -> list[list[str]]:
    """Return what follows `python -m` of our commands below a heading of docs/training.md: a door and its words."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", text, re.M | re.S)
    lines = "".join(line[4:] + "\n" for line in found.splitlines() if line.startswith("    ")).replace("\\\n", " ")
    ours = [line for line in lines.splitlines() if re.search(r" -m core(\.lab)? ", line)]
    commands = [shlex.split(line, comments=True) for line in ours]
    return [words[words.index("-m") + 1 :] for words in commands]


def every_command() -> list[list[str]]:
    """Return all commands of the document but those that leave words out."""
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    found = [words for section in re.findall(r"^## (.+)$", text, re.M) for words in blocks(re.escape(section))]
    return [words for words in found if "..." not in words]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_is_understood(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Alone, each gets as far as missing the photos, the model or the teacher that come before it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    main = {"core": core.cli.main, "core.lab": core.lab.cli.main}[words[0]]
    assert main(words[1:]) == 2
    wanted = r"no training data at photos|model 'runs/\w+/model' is unknown|realesr\S+ or its \.param is missing"
    assert re.match(wanted, capsys.readouterr().err)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_ten_photos_become_a_model_and_a_picture(tmp_path: Path) -> None:
    """Word for word, in a copy of what git holds, with nothing else of this machine."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), str(clone)], check=True)
    for name in PHOTOS:
        for class_name in ("cats", "others"):
            (clone / "photos" / class_name).mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / "assets" / "samples" / name, clone / "photos" / class_name / name)
    for words in blocks("In three minutes, to see it work"):
        command = [sys.executable, "-m", *words]
        finished = subprocess.run(command, cwd=clone, capture_output=True, text=True, check=False)
        assert finished.returncode == 0, f"{words}: {finished.stderr}"
    assert read_spec(clone / "runs" / "try" / "model").classes == ("cats", "others")
    assert open_picture(clone / "cat.png").shape == (64, 64, 3)
