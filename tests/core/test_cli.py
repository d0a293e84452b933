"""The command line as other programs see it: files, the JSON line, exit statuses and sentences."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cli import EXIT_INTERRUPTED, main
from core.engine import load_engine
from core.geometry import Size
from core.pictures import encode_png, open_mask, open_picture, read_png_text
from core.recipe import recipe_text
from core.request import EditRequest, Start, Task

WIDTH, HEIGHT = 48, 40
THREE_AXES = ("--steps", "1,2", "--seeds", "1,2", "--schedules", "cosine,linear")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    path = tmp_path / "photo.png"
    path.write_bytes(encode_png(pixels))
    return path


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    path = tmp_path / "mask.png"
    path.write_bytes(encode_png(np.where(hole(), 255, 0).astype(np.uint8)))
    return path


def hole() -> NDArray[np.bool_]:
    marked = np.zeros((HEIGHT, WIDTH), bool)
    marked[12:24, 16:30] = True
    return marked


def run(*words: object, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run a command that must succeed and return its JSON line."""
    status = main([*map(str, words), "--json"])
    caught = capsys.readouterr()
    assert status == 0, caught.err
    line: dict[str, Any] = json.loads(caught.out.splitlines()[-1])
    return line


def refusal(*words: object, capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail and return its one sentence."""
    status = main([*map(str, words)])
    caught = capsys.readouterr()
    assert status == 2
    assert caught.out == ""
    assert caught.err.endswith("\n")
    assert caught.err.count("\n") == 1
    assert "Traceback" not in caught.err
    return caught.err.strip()


def test_edit_changes_the_hole_alone_and_says_what_it_did(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.png"
    words = ("edit", "--image", photo, "--mask", mask, "--output", output, "--model", tiny_model, "--device", "cpu")
    facts = run(*words, "--class", "sea", "--steps", 3, "--seed", 5, capsys=capsys)

    before, after = open_picture(photo), open_picture(output)
    assert (before == after)[~hole()].all()
    assert (before != after)[hole()].any()
    assert facts["outputs"] == [str(output)]
    assert facts["model"] == "tiny"
    assert facts["device"] == "cpu"
    assert facts["passes"] == 1
    assert facts["forwards"] == 3
    assert 0 < facts["unknown_tokens"] <= 64
    assert set(facts["seconds"]) >= {"plan", "encode", "transformer", "decode", "composite", "total"}
    request = EditRequest.from_dict(facts["request"], before)
    assert request.class_id == 1
    assert (request.options.steps, request.options.seed) == (3, 5)


def test_replay_gives_the_same_bytes_for_every_variation(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--output", tmp_path / "o.png", "--model", tiny_model)
    facts = run(*words, "--variations", 3, "--steps", 2, "--temperature", 6, "--feather", 2, capsys=capsys)
    made = [tmp_path / f"o-{i}.png" for i in (1, 2, 3)]
    assert facts["outputs"] == [str(path) for path in made]
    assert len({path.read_bytes() for path in made}) == 3
    for path in made:
        again = tmp_path / "again.png"
        run("edit", "--replay", path, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
        assert again.read_bytes() == path.read_bytes()


def test_edit_looks_through_the_window_that_is_given(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("edit", "--image", photo, "--mask", mask, "--model", tiny_model, "--steps", 2)
    planned, pinned, again = tmp_path / "planned.png", tmp_path / "pinned.png", tmp_path / "again.png"
    run(*words, "--output", planned, capsys=capsys)
    side = min(WIDTH, HEIGHT)
    facts = run(*words, "--output", pinned, "--window", f"0,0,{side},{side}", capsys=capsys)
    assert facts["request"]["window"] == [0, 0, side, side]
    assert pinned.read_bytes() != planned.read_bytes()
    run("edit", "--replay", pinned, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == pinned.read_bytes()
    assert "window 0,0,2,2" in refusal(*words, "--output", again, "--window", "0,0,2,2", capsys=capsys)


def test_replay_of_a_branch_gives_the_same_bytes(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu")
    tokens = np.random.default_rng(0).integers(-1, 32, (8, 8))
    request = EditRequest(Task.INPAINT, open_picture(photo), hole(), start=Start(tokens, 3))
    made, again = tmp_path / "made.png", tmp_path / "again.png"
    made.write_bytes(encode_png(engine.edit(request).images[0], text=recipe_text(engine.spec, request)))
    run("edit", "--replay", made, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == made.read_bytes()


def test_replay_of_generate_and_extend(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, grown, again = tmp_path / "made.png", tmp_path / "grown.png", tmp_path / "again.png"
    run("generate", "--class", "forest", "--output", made, "--model", tiny_model, "--steps", 2, capsys=capsys)
    assert open_picture(made).shape == (32, 32, 3)
    run("edit", "--replay", made, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == made.read_bytes()

    words = ("extend", "--image", photo, "--output", grown, "--left", 9, "--bottom", 4, "--model", tiny_model)
    run(*words, "--steps", 2, capsys=capsys)
    before, after = open_picture(photo), open_picture(grown)
    assert after.shape == (HEIGHT + 4, WIDTH + 9, 3)
    assert (after[:HEIGHT, 9:] == before).all()
    run("edit", "--replay", grown, "--image", photo, "--output", again, "--model", tiny_model, capsys=capsys)
    assert again.read_bytes() == grown.read_bytes()


def test_replay_refuses_another_picture_and_further_settings(
    tiny_model: Path, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output, other = tmp_path / "o.png", tmp_path / "other.png"
    base = ("--output", output, "--model", tiny_model)
    run("edit", "--image", photo, "--mask", mask, *base, "--steps", 1, capsys=capsys)
    other.write_bytes(encode_png(np.zeros((HEIGHT, WIDTH, 3), np.uint8)))
    replay = ("edit", "--replay", output, *base)
    assert "not the picture" in refusal(*replay, "--image", other, capsys=capsys)
    assert "--steps and --seed" in refusal(*replay, "--image", photo, "--steps", 2, "--seed", 1, capsys=capsys)
    assert "no recipe" in refusal("edit", "--replay", photo, "--image", photo, *base, capsys=capsys)


def test_box_becomes_a_class_and_width_and_height_are_sizes(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "o.png"
    words = ("edit", "--image", photo, "--box", "10,5,20,30", "--class", "2", "--output", output, "--model", tiny_model)
    facts = run(*words, "--steps", 1, capsys=capsys)
    assert facts["request"]["task"] == "manipulate"
    assert facts["request"]["box"] == [10, 5, 30, 35]
    changed = (open_picture(photo) != open_picture(output)).any(2)
    changed[5:35, 10:30] = False
    assert not changed.any()


def test_other_formats_and_the_alpha_of_a_mask(
    tiny_model: Path, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clear = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    clear[3:9, 4:12, 3] = 255
    path = tmp_path / "alpha.png"
    path.write_bytes(encode_png(clear))
    assert open_mask(path, Size(WIDTH, HEIGHT)).sum() == 48
    for ending in ("jpg", "webp"):
        output = tmp_path / f"o.{ending}"
        words = ("edit", "--image", photo, "--mask", path, "--output", output, "--model", tiny_model, "--steps", 1)
        run(*words, capsys=capsys)
        assert open_picture(output).shape == (HEIGHT, WIDTH, 3)


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


def test_reconstruct_and_models(
    tiny_model: Path,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "o.png"
    facts = run("reconstruct", "--image", photo, "--output", output, "--model", tiny_model, capsys=capsys)
    assert facts["outputs"] == [str(output)]
    assert open_picture(output).shape == (HEIGHT, WIDTH, 3)

    monkeypatch.setattr("core.engine.BUNDLED", tiny_model.parent)
    assert run("models", capsys=capsys)["models"][0]["classes"] == ["forest", "sea", "street"]
    assert main(["models"]) == 0
    assert "tiny" in capsys.readouterr().out
    assert "choose one of tiny" in refusal("generate", "--output", output, "--model", "nope", capsys=capsys)


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
        (["edit", "--image", "{photo}", "--mask", "{mask}", "--output", "{o}", "--class", "3"], "3"),
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
        (["train-tokenizer", "--data", "{absent}", "--metrics", "{here}", "--out", "{d}"], "effnet"),
        (["train-mvtm", "--data", "{absent}", "--tokenizer", "{here}", "--out", "{d}"], "absent.png"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--preset", "huge"], "huge"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--set", "magic=1"], "magic"),
        (["train-mvtm", "--data", "{here}", "--tokenizer", "{here}", "--out", "{d}", "--minutes", "0"], "minutes"),
        (["train-mvtm", "--data", "{notes}", "--tokenizer", "{here}", "--out", "{d}"], "zip"),
        (["evaluate", "--data", "{here}", "--report", "{d}", "--limit", "1"], "at least 2"),
        (["evaluate", "--data", "{here}", "--metrics", "{here}", "--report", "{d}"], "missing"),
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


def test_training_commands_hand_over_recipe_photos_and_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("sea", "forest"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "a.png").write_bytes(encode_png(np.zeros((40, 40, 3), np.uint8)))
    (tmp_path / "effnet_lite0_fp16.npz").write_bytes(b"")
    calls: list[tuple[Any, ...]] = []

    def train(recipe: Any, photos: Any, folder: Path, limits: Any, **parts: Any) -> None:
        calls.append((recipe, photos.classes, len(photos), folder, limits.minutes, parts))

    monkeypatch.setattr("core.training.train_tokenizer.train_tokenizer", train)
    monkeypatch.setattr("core.training.train_mvtm.train_mvtm", train)
    shared = ["--data", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--device", "cpu", "--minutes", "2.5"]
    assert main(["train-tokenizer", *shared, "--metrics", str(tmp_path), "--set", "batch=3"]) == 0
    assert main(["train-mvtm", *shared, "--tokenizer", "tok", "--resume", "--set", "net.width=64"]) == 0
    first, second = calls
    assert (first[0].batch, first[1], first[2], first[4]) == (3, ("forest", "sea"), 2, 2.5)
    assert first[5]["metric_net"] == tmp_path / "effnet_lite0_fp16.npz"
    assert first[5]["resume"] is False
    assert (second[0].net.width, second[3]) == (64, tmp_path / "run")
    assert (second[5]["tokenizer"], second[5]["resume"]) == (Path("tok"), True)
    assert capsys.readouterr().err == ""


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


def test_a_failing_write_leaves_the_old_output(
    tiny_model: Path,
    photo: Path,
    mask: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "o.png"
    output.write_bytes(b"old")

    def fail(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    words = ("edit", "--image", photo, "--mask", mask, "--output", output, "--model", tiny_model, "--steps", 1)
    assert "no space left" in refusal(*words, capsys=capsys)
    assert output.read_bytes() == b"old"
    assert not list(tmp_path.glob("*.part"))


def test_interruption_is_no_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.engine.list_models", interrupted)
    assert main(["models"]) == EXIT_INTERRUPTED
    assert capsys.readouterr().err == "stopped.\n"


def test_a_bug_of_ours_stays_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("core.engine.list_models", broken)
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
    for name in ("edit", "extend", "generate", "sweep", "models", "download", "reconstruct", "evaluate", "bench"):
        assert name in finished.stdout
