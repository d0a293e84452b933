"""`python -m core batch`: a folder of pictures, stopped and gone on with; a line of the manifest for each."""

from __future__ import annotations

import contextlib
import csv
import json
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core.serve
from core.cli import main
from core.engine import Engine
from core.pictures.encoding import encode_picture, encode_png
from core.pictures.opening import open_picture
from tests.core.cli.speak import HEIGHT, WIDTH, refusal, run

COUNT, STOPPED_AT = 50, 20


def fill(folder: Path, count: int) -> list[Path]:
    """Write so many pictures, each of its own."""
    folder.mkdir()
    paths = [folder / f"{i:03}.png" for i in range(count)]
    for i, path in enumerate(paths):
        path.write_bytes(encode_png(np.random.default_rng(i).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)))
    return paths


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def edits(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """List the requests that are made from now on."""
    made: list[Any] = []
    edit = Engine.edit
    monkeypatch.setattr(Engine, "edit", lambda engine, request: made.append(request) or edit(engine, request))
    return made


KILLED = f"""
import os, signal, sys
from core.cli import main
from core.engine import Engine
left, edit = [None] * {STOPPED_AT}, Engine.edit
def counted(engine, request):
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left.pop()
    return edit(engine, request)
Engine.edit = counted
main(sys.argv[1:])
"""


def test_a_batch_that_was_killed_goes_on_where_it_was_and_gives_what_single_edits_give(
    tiny_model: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], edits: list[Any]
) -> None:
    paths, output = fill(tmp_path / "photos", COUNT), tmp_path / "out"
    settings = ("--model", tiny_model, "--steps", 2, "--seed", 5, "--dtype", "fp32")
    words = ("batch", "--images", tmp_path / "photos", "--masks", mask, "--output", output, *settings)
    killed = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("*.png")}
    assert sorted(before) == [path.name for path in paths[:STOPPED_AT]]
    assert len(manifest(output)) == STOPPED_AT
    with (output / "manifest.csv").open("a") as file:
        file.write("020.png,mask.p")  # as if it had been killed within a line

    facts = run(*words, capsys=capsys)
    assert (facts["made"], facts["kept"], facts["failed"]) == (COUNT - STOPPED_AT, STOPPED_AT, 0)
    assert len(edits) == COUNT - STOPPED_AT
    assert {name: (output / name).stat().st_mtime_ns for name in before} == before
    rows = manifest(output)
    assert [row["outputs"] for row in rows] == [path.name for path in paths]
    assert {(row["status"], row["mask"]) for row in rows} == {("made", "mask.png")}
    assert all(float(row["seconds"]) > 0 for row in rows)
    alone = tmp_path / "alone.png"
    for path in (paths[0], paths[STOPPED_AT], paths[-1]):
        run("edit", "--image", path, "--mask", mask, "--output", alone, *settings, capsys=capsys)
        assert alone.read_bytes() == (output / path.name).read_bytes()

    (output / "manifest.csv").unlink()
    assert run(*words, capsys=capsys)["kept"] == COUNT
    assert [row["status"] for row in manifest(output)] == ["made"] * COUNT


def test_a_bad_file_is_a_line_and_the_others_are_made(
    tiny_model: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, masks, output = tmp_path / "photos", tmp_path / "masks", tmp_path / "out"
    paths = fill(photos, 5)
    masks.mkdir()
    for i in (0, 2, 4):
        (masks / f"{i:03}.png").write_bytes(mask.read_bytes())
    paths[0].write_bytes(b"no picture")
    paths[2].write_bytes(encode_png(np.zeros((64, 64, 3), np.uint8)))
    for ending in (".png", ".webp"):
        (masks / "003").with_suffix(ending).write_bytes(mask.read_bytes())
    (masks / "003.png").rename(masks / "003.tif")
    (photos / "notes.txt").write_text("no picture, and not taken for one")
    (photos / "004.JPG").write_bytes(encode_picture(open_picture(paths[4]), ".jpg"))

    words = ("batch", "--images", photos, "--masks", masks, "--output", output, "--model", tiny_model, "--steps", 1)
    status = main([*map(str, words), "--json"])
    caught = capsys.readouterr()
    assert status == 2
    assert caught.err.splitlines()[-1] == f"4 of 6 pictures failed: {output / 'manifest.csv'} says why of each."
    facts = json.loads(caught.out.splitlines()[-1])
    assert (facts["made"], facts["kept"], facts["failed"]) == (2, 0, 4)
    rows = {row["image"]: row for row in manifest(output)}
    made = {name: row["outputs"] for name, row in rows.items() if row["status"] == "made"}
    assert made == {"004.JPG": "004.JPG.png", "004.png": "004.png.png"}
    for name, why in {
        "000.png": "file is not a picture that can be read here",
        "001.png": "001.png has no mask in",
        "002.png": "mask is 48x40 px but the picture is 64x64 px",
        "003.png": "003.png has 2 masks (003.tif, 003.webp) in",
    }.items():
        assert (rows[name]["status"], rows[name]["outputs"]) == ("failed", "")
        assert why in rows[name]["told"]

    (masks / "001.png").write_bytes(mask.read_bytes())
    assert main([*map(str, words)]) == 2
    assert "1 made, 2 there before, 3 failed" in capsys.readouterr().out
    assert [row["status"] for row in manifest(output)] == ["failed", "made", "failed", "failed", "made", "made"]


def test_a_batch_grows_pictures_and_never_replaces_one_of_another_request(
    tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], edits: list[Any]
) -> None:
    paths, output = fill(tmp_path / "photos", 2), tmp_path / "out"
    words = ("batch", "--images", tmp_path / "photos", "--output", output, "--model", tiny_model, "--steps", 1)
    run(*words, "--aspect", "2:1", "--variations", 2, capsys=capsys)
    names = [f"{path.stem}-{i}.png" for path in paths for i in (1, 2)]
    assert sorted(path.name for path in output.glob("*.png")) == names
    assert all(open_picture(output / name).shape[:2] == (HEIGHT, 2 * HEIGHT) for name in names)
    assert [row["outputs"] for row in manifest(output)] == ["000-1.png; 000-2.png", "001-1.png; 001-2.png"]
    assert all(row["best"] in row["outputs"].split("; ") for row in manifest(output))
    (output / names[1]).unlink()
    assert run(*words, "--aspect", "2:1", "--variations", 2, capsys=capsys)["kept"] == 1
    before = {name: (output / name).read_bytes() for name in names}
    assert len(edits) == 3

    assert main([*map(str, words), "--left", "9", "--variations", "2"]) == 2
    assert "000-1.png is there and of another request: choose another --output" in capsys.readouterr().err
    assert {name: (output / name).read_bytes() for name in names} == before
    assert len(edits) == 3


def test_words_that_cannot_be_meant_are_refused_before_anything_is_made(
    tiny_model: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, output = tmp_path / "photos", tmp_path / "out"
    fill(photos, 1)
    given = ("batch", "--images", photos, "--model", tiny_model)
    words = (*given, "--output", output)
    assert "give either --masks or how far" in refusal(*words, capsys=capsys)
    assert "give either --masks or how far" in refusal(*words, "--masks", mask, "--left", 9, capsys=capsys)
    assert "--masks nowhere is not there" in refusal(*words, "--masks", "nowhere", capsys=capsys)
    assert "is the folder of --images" in refusal(*given, "--left", 9, "--output", photos, capsys=capsys)
    assert "is a file: name a folder" in refusal(*given, "--left", 9, "--output", mask, capsys=capsys)
    assert "'zigzag' is unknown" in refusal(*words, "--left", 9, "--schedule", "zigzag", capsys=capsys)
    assert not output.exists()
    (photos / "000.png").unlink()
    assert "holds no pictures" in refusal(*words, "--left", 9, capsys=capsys)


def test_on_a_cluster_it_is_the_same_folder(
    tiny_model: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What crosses to other processes can be pickled, and does not hang on the folder where the command was given."""
    paths, opened = fill(tmp_path / "photos", 3), []

    def spread(opens: Any, jobs: list[Any], *, gpus: float) -> Iterator[Any]:
        assert gpus == 0.0
        with contextlib.chdir(tmp_path.parent):
            opened.append(pickle.loads(pickle.dumps(opens))())
            done = [pickle.loads(pickle.dumps(opened[0](pickle.loads(pickle.dumps(job))))) for job in reversed(jobs)]
        yield from done

    monkeypatch.setattr(core.serve, "spread", spread, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "torn.png").write_bytes(b"no picture")
    settings = ("--model", tiny_model, "--steps", 2, "--seed", 5, "--device", "cpu", "--dtype", "fp32")
    words = ("batch", "--images", "photos", "--masks", mask, "--output")
    assert main([*map(str, (*words, "out", *settings, "--ray"))]) == 2
    assert len(opened) == 1
    capsys.readouterr()
    assert main([*map(str, (*words, "here", *settings))]) == 2
    for name in (path.name for path in paths):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    rows, others = manifest(tmp_path / "out"), manifest(tmp_path / "here")
    assert [row["status"] for row in rows] == ["made", "made", "made", "failed"]
    assert [{**row, "seconds": ""} for row in rows] == [{**row, "seconds": ""} for row in others]
