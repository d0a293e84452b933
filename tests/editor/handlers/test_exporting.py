"""Exports: every format, its size told beforehand, and what a format cannot hold."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from psd_tools import PSDImage

from core.pictures import encode_png, open_picture, read_png_text
from editor.documents.export import resized
from editor.documents.layers import patch
from editor.handlers import Handlers
from tests.editor.handlers.visits import event, path_of, run, visitor


def exported(handlers: Handlers, kind: Any, **more: Any) -> dict[str, Any]:
    """Export and return the message."""
    return handlers.exporting.export(event({"format": kind, **more}), visitor())


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp", "gif", "ora", "psd", "project"])
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


def shown_together(file: Path) -> NDArray[np.uint8]:
    """Lay the layers of an OpenRaster file over one another, as a painting program does."""
    with zipfile.ZipFile(file) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type, archive.read(first)) == ("mimetype", 0, b"image/openraster")
        image = ElementTree.fromstring(archive.read("stack.xml"))
        canvas = Image.new("RGBA", (int(image.attrib["w"]), int(image.attrib["h"])))
        for layer in reversed(image[0]):
            if layer.attrib["visibility"] == "visible":
                place = int(layer.attrib["x"]), int(layer.attrib["y"])
                with archive.open(layer.attrib["src"]) as png:
                    canvas.alpha_composite(Image.open(png).convert("RGBA"), place)
    return np.asarray(canvas)


def names_of(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return [each.attrib["name"] for each in ElementTree.fromstring(archive.read("stack.xml"))[0]]


def merged(file: Path) -> bytes:
    with zipfile.ZipFile(file) as archive:
        return archive.read("mergedimage.png")


@pytest.mark.parametrize("changes", [{}, {"mode": "extend", "extend": [8, 0, 0, 4]}, {"mode": "generate"}], ids=str)
def test_an_openraster_has_a_layer_for_each_variation_and_shows_the_chosen_one(
    handlers: Handlers, opened: dict[str, Any], changes: dict[str, Any]
) -> None:
    result = run(handlers, opened, **changes)[-1]
    for variation in (0, 1):
        file = path_of(exported(handlers, "ora", run="r1", variation=variation)["url"])
        png = path_of(result["variations"][variation]["url"])
        assert merged(file) == png.read_bytes()
        together = shown_together(file)
        assert np.array_equal(together[..., :3], open_picture(png))
        assert (together[..., 3] == 255).all()
    source = [] if changes.get("mode") == "generate" else ["Source"]
    assert names_of(file) == ["Variation 2, seed 4", "Variation 1, seed 3", *source]


def test_an_openraster_of_a_version_has_a_layer_for_each_edit(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    head = handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor()).message
    run(handlers, opened, run="r2", mode="extend", extend=[8, 0, 0, 4], version=head["version"])
    handlers.reviewing.accept(event({"run": "r2", "variation": 1}), visitor())
    file = path_of(exported(handlers, "ora")["url"])
    assert names_of(file) == ["Edit 2", "Edit 1", "Source"]
    assert np.array_equal(shown_together(file)[..., :3], open_picture(merged(file)))


@pytest.mark.parametrize("alpha", [False, True])
def test_a_photoshop_file_has_the_same_layers(handlers: Handlers, tmp_path: Path, alpha: bool) -> None:
    photo = np.random.default_rng(3).integers(0, 256, (48, 64, 4 if alpha else 3)).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(encode_png(photo))
    opened = handlers.opening.open_upload(str(tmp_path / "a.png"), visitor(), "a").message
    assert opened is not None
    result = run(handlers, opened)[-1]
    file = path_of(exported(handlers, "psd", run="r1", variation=1)["url"])
    png = open_picture(path_of(result["variations"][1]["url"]))
    made = PSDImage.open(file)
    assert [(each.name, each.visible) for each in made] == [
        ("Source", not alpha),  # where something becomes transparent a variation stands alone
        ("Variation 1, seed 3", False),
        ("Variation 2, seed 4", True),
    ]
    assert alpha or np.array_equal(np.asarray(made.topil()), png)  # for who only looks
    assert made[2].has_mask() is not alpha
    assert np.array_equal(np.asarray(made[0].topil())[..., : photo.shape[2]], photo)
    together = np.asarray(made.composite(force=True))
    off = abs(together[..., :3].astype(int) - png[..., :3])[png[..., -1] > 0]
    assert off.max() <= int(alpha)  # psd-tools blends in floating point


def test_where_photoshop_files_cannot_be_written_it_is_said(
    handlers: Handlers, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editor.handlers.exporting.CAN_WRITE", False)
    told = exported(handlers, "psd")
    assert (told["kind"], "OpenRaster" in told["message"]) == ("notice", True)


def test_what_becomes_transparent_is_a_layer_alone() -> None:
    before = np.full((20, 20, 4), 255, np.uint8)
    after = before.copy()
    after[4:8, 4:8, 3] = 100
    layer = patch("Edit 1", before, after)
    assert (layer.alone, layer.pixels.shape) == (True, (20, 20, 4))
    after[4:8, 4:8] = (1, 2, 3, 255)
    layer = patch("Edit 1", before, after)
    assert (layer.alone, layer.pixels.shape, layer.place) == (False, (4, 4, 4), (4, 4))
    assert patch("Edit 1", before, before).pixels.shape == (1, 1, 4)


def test_before_and_after_stand_side_by_side(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    assert "no before and after" in exported(handlers, "pair")["message"]
    result = run(handlers, opened)[-1]
    told = exported(handlers, "pair", run="r1", variation=1)
    both = open_picture(path_of(told["url"]))
    after = open_picture(path_of(result["variations"][1]["url"]))
    assert (told["name"].endswith("-before-after.png"), "notice" in told) == (True, False)
    assert np.array_equal(both[:, :64], photo)
    assert (both[:, 64] == 255).all()
    assert np.array_equal(both[:, 65:], after)
    small = exported(handlers, "pair", run="r1", variation=1, longest=60)
    assert max(open_picture(path_of(small["url"])).shape) <= 60
    assert "smaller" in small["notice"]


def test_before_lies_where_it_is_on_a_wider_after(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    run(handlers, opened, mode="extend", extend=[8, 0, 0, 4])
    handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor())
    both = open_picture(path_of(exported(handlers, "pair")["url"]))
    assert both.shape == (52, 72 + 1 + 72, 4)
    assert np.array_equal(both[:48, 8:72, :3], photo)
    assert (both[:, :8, 3] == 0).all()


def test_what_was_opened_is_turned_and_cropped_with_what_became_of_it(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    run(handlers, opened)
    edited = handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor()).message
    frame = {"doc": opened["doc"], "version": edited["version"], "turn": 4}
    turned = handlers.reviewing.frame(event({**frame, "box": [0, 0, 64, 40]}), visitor()).message
    before = photo[:40, ::-1]
    both = open_picture(path_of(exported(handlers, "pair")["url"]))
    assert np.array_equal(both[:, :64, :3], before)
    assert np.array_equal(both[:, 65:], open_picture(path_of(turned["url"])))
    file = path_of(exported(handlers, "ora")["url"])
    assert names_of(file) == ["Edit 1", "Source"]
    assert np.array_equal(shown_together(file)[..., :3], open_picture(merged(file)))
    assert exported(handlers, "png")["name"].endswith("-crop.png")
    straight = {**frame, "version": turned["version"], "turn": 0, "degrees": 1.5}
    handlers.reviewing.frame(event(straight), visitor())
    assert "begin anew where a picture was straightened" in exported(handlers, "pair")["message"]
    assert names_of(path_of(exported(handlers, "ora")["url"])) == ["Source"]
    handlers.reviewing.goto(event({"version": 1}), visitor())
    handlers.reviewing.frame(event({**frame, "version": 1}), visitor())
    assert "no before and after" in exported(handlers, "pair")["message"]


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_a_picture_is_made_smaller_without_its_recipe(handlers: Handlers, opened: dict[str, Any], kind: str) -> None:
    run(handlers, opened)
    told = exported(handlers, kind, run="r1", variation=0, longest=32)
    data = path_of(told["url"]).read_bytes()
    assert open_picture(data).shape == (24, 32, 3)
    assert "32x24 px" in told["notice"]
    assert "maskgit-editor" not in read_png_text(data)
    same = exported(handlers, kind, run="r1", variation=0, longest=64)
    assert open_picture(path_of(same["url"])).shape == (48, 64, 3)


def test_clear_pixels_do_not_bleed_when_a_picture_is_made_smaller() -> None:
    clear = np.zeros((64, 64, 4), np.uint8)
    clear[:, 31:] = (200, 100, 50, 255)
    small = resized(clear, 16)
    seen = small[small[..., 3] > 64]  # those that are clearer still have few levels left
    assert np.abs(seen[:, :3].astype(int) - (200, 100, 50)).max() <= 12


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        {"format": "bmp"},
        {"format": ["png"]},
        {"format": "jpeg", "quality": 0},
        {"format": "jpeg", "quality": "90"},
        {"format": "png", "longest": 0},
        {"format": "png", "longest": 20_000},
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
