"""Exports: every format, its size told beforehand, and what a format cannot hold."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.pictures import encode_png, open_picture, read_png_text
from editor.handlers import Handlers
from tests.editor.handlers.visits import event, path_of, run, visitor


def exported(handlers: Handlers, kind: Any, **more: Any) -> dict[str, Any]:
    """Export and return the message."""
    return handlers.exporting.export(event({"format": kind, **more}), visitor())


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "project"])
def test_the_size_is_that_of_the_file(handlers: Handlers, opened: dict[str, Any], kind: str) -> None:
    run(handlers, opened)
    told = exported(handlers, kind, run="r1", variation=1)
    file = path_of(told["url"])
    assert (told["kind"], told["format"], told["bytes"], told["name"]) == (
        "file",
        kind,
        file.stat().st_size,
        file.name,
    )
    assert file.suffix == {"jpeg": ".jpg", "project": ".zip"}.get(kind, f".{kind}")
    assert ("notice" in told) == (kind == "jpeg")


def test_a_png_is_exact_and_has_its_recipe(handlers: Handlers, opened: dict[str, Any]) -> None:
    result = run(handlers, opened)[-1]
    file = path_of(exported(handlers, "png", run="r1", variation=1)["url"])
    assert file == path_of(result["variations"][1]["url"])
    assert "maskgit-editor" in read_png_text(file.read_bytes())
    assert path_of(exported(handlers, "png")["url"]) == path_of(opened["url"])  # what is shown


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_lossy_files_carry_the_recipe_as_a_comment(handlers: Handlers, opened: dict[str, Any], kind: str) -> None:
    result = run(handlers, opened)[-1]
    texts = read_png_text(path_of(result["variations"][0]["url"]).read_bytes())
    fine = exported(handlers, kind, quality=95, run="r1", variation=0)
    with Image.open(path_of(fine["url"])) as image:
        exif = image.getexif()
        assert exif.get_ifd(0x8769)[0x9286] == b"ASCII\0\0\0" + texts["maskgit-editor"].encode()
        assert exif[0x010E] == texts["parameters"]
    assert exported(handlers, kind, quality=5, run="r1", variation=0)["bytes"] < fine["bytes"]


def test_what_a_jpeg_loses_is_said(handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path) -> None:
    clear = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    noise = "".join(map(str, np.random.default_rng(0).integers(0, 10, 70_000)))
    recipe = {"maskgit-editor": noise, "parameters": "x"}
    (tmp_path / "clear.png").write_bytes(encode_png(clear, text=recipe))
    handlers.opening.open_upload(str(tmp_path / "clear.png"), visitor())
    told = exported(handlers, "jpeg")
    assert "transparency" in told["notice"]
    assert "left out" in told["notice"]
    assert (open_picture(path_of(told["url"])) > 250).all()
    kept = exported(handlers, "webp")
    assert "transparency" not in kept["notice"]
    assert "levels" not in kept["notice"]
    assert np.array_equal(open_picture(path_of(kept["url"])), clear)
    changed = exported(handlers, "webp", quality=80)
    lost = np.abs(open_picture(path_of(changed["url"])).astype(int) - clear).max()
    assert f"by up to {lost} of 255 levels" in changed["notice"]


def test_a_film_has_a_frame_a_step_and_ends_on_the_result(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    file = path_of(exported(handlers, "gif", run="r1", variation=0)["url"])
    with Image.open(file) as film:
        frames = getattr(film, "n_frames", 0)
        assert 2 <= frames <= 5  # equal ones share a frame, and its time
        assert film.size == (64, 48)
        times = []
        for frame in range(frames):
            film.seek(frame)
            times.append(film.info["duration"])
    assert sum(times) == 5 * 250 + 2000, "five steps and what was made of them"
    assert times[-1] >= 2000
    told = exported(handlers, "gif")
    assert (told["kind"], "Run" in told["message"]) == ("notice", True)


def test_a_project_holds_every_version(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    for variation in (0, 1):
        handlers.reviewing.accept(event({"run": "r1", "variation": variation}), visitor())
    file = path_of(exported(handlers, "project", state={"a": 1})["url"])
    with zipfile.ZipFile(file) as archive:
        assert archive.namelist() == ["project.json", "versions/1.png", "versions/2.png", "versions/3.png"]


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"format": "bmp"},
        {"format": ["png"]},
        {"format": "jpeg", "quality": 0},
        {"format": "jpeg", "quality": "90"},
        {"format": "png", "run": "unknown", "variation": 0},
        {"format": "png", "run": "r1", "variation": 7},
        {"format": "png", "run": "r1"},
        {"format": "project", "state": [1]},
        {"format": "project", "state": {"a": "x" * 17_000_000}},
    ],
)
def test_nonsense_is_a_sentence(handlers: Handlers, opened: dict[str, Any], data: Any) -> None:
    run(handlers, opened)
    told = handlers.exporting.export(event(data), visitor())
    assert (told["kind"], told["level"]) == ("notice", "error")
    assert "log" not in told["message"], "an apology where a sentence was due"
