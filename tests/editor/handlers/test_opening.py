"""Opening: what the stage learns of a picture, recipes, projects, the last visit, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import recipe_text
from core.pictures import PictureFile, encode_picture, encode_png, open_picture, read_picture, read_png_text
from core.recipe import RECIPE_KEY
from core.values import Box, EditRequest, Painting, View
from editor.handlers import Handlers, opening, sample_paths
from editor.settings import SAMPLES
from tests.editor.fakes import SPEC
from tests.editor.handlers.visits import VALUES, event, path_of, run, visitor


def test_opening_tells_the_stage_all_it_needs(opened: dict[str, Any], photo: NDArray[np.uint8]) -> None:
    assert (opened["kind"], opened["name"], opened["width"], opened["height"]) == ("open", "my photo", 64, 48)
    assert opened["model"] == {"pixels": 128, "grid": 16, "context": 2.0, "coverage": 0.0}
    assert (opened["format"], opened["version"], len(opened["tree"])) == ("png", 1, 1)
    assert np.array_equal(open_picture(path_of(opened["url"])), photo)


@pytest.mark.parametrize(("kind", "suffix"), [("jpeg", "jpg"), ("webp", "webp")])
def test_the_format_of_the_file_is_known(
    handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path, kind: str, suffix: str
) -> None:
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(encode_picture(photo, kind))
    message = handlers.opening.open_upload(str(path), visitor()).message
    assert message is not None
    assert message["format"] == kind


@pytest.mark.parametrize("data", [b"GIF89a nothing", b"PK\x03\x04 nothing", b""])
def test_a_broken_file_is_a_sentence(handlers: Handlers, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.png"
    path.write_bytes(data)
    answer = handlers.opening.open_upload(str(path), visitor())
    assert answer.message is not None
    assert (answer.message["kind"], answer.message["level"]) == ("notice", "error")
    assert answer.message["message"].endswith(".")
    assert answer.download is None


def test_the_first_visit_has_something_painted(handlers: Handlers) -> None:
    message = handlers.opening.open_first(visitor()).message
    assert message is not None
    assert message["mask"]["width"] == message["width"]
    assert "mode" not in message  # one that was chosen on an earlier visit stays
    assert 0 < max(message["mask"]["values"]) <= 255
    assert "painted over" in message["notice"]  # the note itself says how to run
    assert message["first"] is True
    assert handlers.opening.open_first(visitor()).message is None  # something is open already


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({}, "fill"),
        ({"mode": "replace", "box": [8, 8, 40, 40]}, "replace"),
        ({"mode": "extend", "mask": None, "extend": [8, 0, 0, 0]}, "extend"),
        ({"mode": "generate", "mask": None}, "generate"),
    ],
)
def test_a_picture_of_ours_brings_its_settings(
    handlers: Handlers, opened: dict[str, Any], changes: dict[str, Any], mode: str
) -> None:
    result = run(handlers, opened, {**VALUES, "class_id": 2, "schedule": "linear"}, **changes)[-1]
    file = path_of(result["variations"][1]["url"])
    answer = handlers.opening.open_upload(str(file), visitor("bob"))
    assert answer.message is not None
    assert answer.message["mode"] == mode
    # One of two that competed needs both to be drawn again.
    wanted = {"seed": 3, "variations": 2} if mode in ("fill", "extend") else {"seed": 4}
    assert {name: answer.values[name] for name in wanted} == wanted
    assert (answer.values["steps"], answer.values["schedule"]) == (5, "linear")
    assert answer.values["class_id"] == 2
    assert "settings" in answer.message["notice"]
    if mode == "fill":
        assert answer.message["mask"]["runs"] == [100, 20, 48 * 64 - 120]
    if mode == "replace":
        assert answer.message["box"] == [8, 8, 40, 40]
    # Opening it changes nothing: what would be downloaded still says how it was made.
    assert answer.download is not None
    assert read_png_text(Path(answer.download).read_bytes()) == read_png_text(file.read_bytes())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"weights": {"transformer.safetensors": "f" * 64}}, "drawn by other weights of this model"),
        ({"finish": 1}, "Another version finished it"),
    ],
)
def test_a_picture_that_would_differ_brings_its_settings_and_says_so(
    handlers: Handlers,
    opened: dict[str, Any],
    photo: NDArray[np.uint8],
    tmp_path: Path,
    changes: dict[str, Any],
    said: str,
) -> None:
    result = run(handlers, opened, {**VALUES, "schedule": "linear"})[-1]
    texts = read_png_text(path_of(result["variations"][0]["url"]).read_bytes())
    recipe = {**json.loads(texts[RECIPE_KEY]), **changes}
    file = tmp_path / "older.png"
    file.write_bytes(encode_png(photo, text={**texts, RECIPE_KEY: json.dumps(recipe)}))
    answer = handlers.opening.open_upload(str(file), visitor())
    assert answer.message is not None
    assert said in answer.message["notice"]
    assert answer.values["schedule"] == "linear"


def test_a_picture_says_which_of_its_settings_the_page_does_not_have(
    handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    request = EditRequest(
        photo, Box(8, 8, 24, 24), view=View(grow_tokens=2, refine=1), painting=Painting(detail="grain", blend="poisson")
    )
    file = tmp_path / "older.png"
    for texts in (recipe_text(SPEC, request), _renamed(recipe_text(SPEC, request), "another")):
        file.write_bytes(encode_png(photo, text=texts))
        answer = handlers.opening.open_upload(str(file), visitor())
        assert answer.message is not None
        said = answer.message["notice"]
        assert "drawn with grow 2 and refine 1 and detail grain and blend poisson" in said
        assert "python -m core edit --replay FILE" in said
        assert "Run to draw it again" not in said
        assert not {"grow", "refine", "detail", "blend"} & set(answer.values)


def _renamed(texts: dict[str, str], model: str) -> dict[str, str]:
    return {**texts, RECIPE_KEY: json.dumps({**json.loads(texts[RECIPE_KEY]), "model": model})}


def test_a_recipe_that_does_not_fit_leaves_the_picture(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    result = run(handlers, opened)[-1]
    texts = read_png_text(path_of(result["variations"][0]["url"]).read_bytes())
    for pixels, recipe in ((photo[:32], texts), (photo, {"maskgit-editor": "{}"}), (photo, {"maskgit-editor": "["})):
        (tmp_path / "cut.png").write_bytes(encode_png(pixels, text=recipe))
        answer = handlers.opening.open_upload(str(tmp_path / "cut.png"), visitor())
        assert answer.message is not None
        assert answer.message["kind"] == "open"
        assert answer.values == {}
        assert answer.message["notice"].startswith("The picture is open, but not")


def test_a_reload_finds_the_whole_tree(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor())
    handlers.opening.leave(visitor())
    again = handlers.opening.reopen(event({"doc": opened["doc"], "name": "my photo"}), visitor("ann, reloaded"))
    assert again.message is not None
    assert (again.message["kind"], again.message["doc"], again.message["version"]) == ("open", opened["doc"], 2)
    assert [node["version"] for node in again.message["tree"]] == [1, 2]
    moved = handlers.reviewing.goto(event({"version": 1}), visitor("ann, reloaded"))
    assert moved.message["url"] == opened["url"]
    assert handlers.reviewing.goto(event({"version": 1}), visitor()).message["kind"] == "notice"


@pytest.mark.parametrize("data", [None, "x", {}, {"doc": 5, "name": 7}, {"doc": "unknown", "name": "cat"}])
def test_what_is_gone_is_said_to_be_gone(handlers: Handlers, opened: dict[str, Any], data: Any) -> None:
    message = handlers.opening.reopen(event(data), visitor("bob")).message
    assert message is not None
    assert (message["kind"], message["gone"]) == ("notice", "document")


def test_the_first_sample_gives_way_to_the_last_visit(
    handlers: Handlers, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page asks for both at once; here the document of the last visit comes while the sample is being opened."""
    again = visitor("ann, reloaded")

    def meanwhile(path: Path) -> PictureFile:
        handlers.opening.reopen(event({"doc": opened["doc"], "name": ""}), again)
        return read_picture(path)

    monkeypatch.setattr(opening, "read_picture", meanwhile)
    assert handlers.opening.open_first(again).message is None
    moved = handlers.reviewing.goto(event({"version": 1}), again)
    assert moved.message["doc"] == opened["doc"]


def test_a_project_opens_as_it_was_saved(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened, mode="extend", mask=None, extend=[8, 4, 0, 0])
    handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor())
    handlers.reviewing.goto(event({"version": 1}), visitor())
    state = {"strokes": [1, 2, {"deep": None}]}
    file = handlers.exporting.export(event({"format": "project", "quality": 90, "state": state}), visitor())
    assert file["kind"] == "file"
    answer = handlers.opening.open_upload(str(path_of(file["url"])), visitor("bob"))
    assert answer.message is not None
    assert (answer.message["kind"], answer.message["version"], answer.message["state"]) == ("open", 1, state)
    assert [(n["version"], n["parent"], n["offset"]) for n in answer.message["tree"]] == [
        (1, None, [0, 0]),
        (2, 1, [8, 4]),
    ]
    before, after = (path_of(m["url"]) for m in (opened, answer.message))
    assert np.array_equal(open_picture(before), open_picture(after))


@pytest.mark.parametrize(
    ("root_path", "path", "prefix"),
    [
        ("", "/gradio_api/queue/join", ""),
        ("", "/tools/edit/gradio_api/queue/join", "/tools/edit"),
        ("/behind/proxy", "/gradio_api/queue/join", "/behind/proxy"),
        ("https://host.example/behind", "/gradio_api/queue/join", "/behind"),
    ],
)
def test_urls_carry_the_path_prefix(
    handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path, root_path: str, path: str, prefix: str
) -> None:
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    message = handlers.opening.open_upload(str(tmp_path / "p.png"), visitor(path=path, root_path=root_path)).message
    assert message is not None
    assert message["url"].startswith(f"{prefix}/gradio_api/file=/")
    assert message["tree"][0]["url"] == message["url"]


def test_every_sample_opens(handlers: Handlers) -> None:
    paths = sample_paths(SAMPLES)
    assert len(paths) >= 10
    assert sum(path.stat().st_size for path in paths) < 3_000_000
    message = handlers.opening.open_sample(event({"index": 0}), visitor()).message
    assert message is not None
    assert message["kind"] == "open"
    for index in (99, -1, "0", None, True):
        wrong = handlers.opening.open_sample(event({"index": index}), visitor()).message
        assert wrong is not None
        assert wrong["level"] == "error"
    told = (SAMPLES / "CREDITS.md").read_text("utf-8")
    assert all(path.name in told for path in paths)
