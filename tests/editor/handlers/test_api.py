"""The ways in without the canvas: the form, and what programs call."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import encode_png, open_picture
from editor.handlers import Handlers, api
from tests.editor.handlers.visits import VALUES

FUNCTIONS = ("fill", "replace", "extend", "generate", "sweep")


@pytest.fixture
def files(
    tmp_path: Path, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, str], dict[str, str]]:
    """The photo and a mask, uploaded."""
    monkeypatch.setattr(api, "get_upload_folder", lambda: str(tmp_path))
    mask = np.zeros((48, 64, 3), np.uint8)
    mask[8:16, 8:24] = 255
    for name, pixels in (("photo", photo), ("mask", mask)):
        (tmp_path / f"{name}.png").write_bytes(encode_png(pixels))
    return {"path": str(tmp_path / "photo.png")}, {"path": str(tmp_path / "mask.png")}


def pixels_of(file: gr.FileData) -> NDArray[np.uint8]:
    """Return the picture of an answer."""
    return open_picture(Path(file.path))


def test_each_function_draws(handlers: Handlers, files: tuple[Any, Any], photo: NDArray[np.uint8]) -> None:
    image, mask = files
    filled = pixels_of(handlers.api.fill(image, mask, class_name="lake", seed=2))
    changed = (filled != photo).any(2)
    assert changed[8:16, 8:24].all()
    assert changed.sum() == 8 * 16
    replaced = pixels_of(handlers.api.replace(image, "roses", left=40))
    assert ((replaced != photo).any(2)[:, 40:]).all()
    assert np.array_equal(replaced[:, :40], photo[:, :40])
    assert pixels_of(handlers.api.extend(image, left=8, bottom=4)).shape == (52, 72, 3)
    assert pixels_of(handlers.api.generate("forest")).shape == (128, 128, 3)
    sheet, table = handlers.api.sweep(image, mask)
    assert pixels_of(sheet).shape[2] == 3
    assert len(Path(table.path).read_text("utf-8").splitlines()) == 5


def test_errors_are_sentences(handlers: Handlers, files: tuple[Any, Any]) -> None:
    image, mask = files
    for call, sentence in (
        (lambda: handlers.api.fill(image, mask, class_name="unicorn"), "unicorn"),
        (lambda: handlers.api.replace(image, "none"), "needs a class"),
        (lambda: handlers.api.replace(image, "roses", left=90), "box"),
        (lambda: handlers.api.extend(image), "0 px"),
        (lambda: handlers.api.sweep(image, mask, columns="schedule"), "both schedule"),
        (lambda: handlers.api.sweep(image, mask, column_values="4, 1_0"), "1_0"),
        (lambda: handlers.api.fill(image, mask, seed=-5), "seed is -5"),
        (lambda: handlers.api.fill(image, mask, steps=-2), "steps T is -2"),
        (lambda: handlers.api.fill(image, mask, sharper=-7), "refinements is -7"),
        (lambda: handlers.api.fill(image, mask, class_name="-3"), "class '-3' is unknown"),
        (lambda: handlers.api.extend(image, left=-5), "border in pixels is -5"),
        (lambda: handlers.api.fill(image, image), "looks like a photo"),
    ):
        with pytest.raises(gr.Error, match=sentence):
            call()


def test_only_uploads_are_opened(handlers: Handlers, tmp_path: Path) -> None:
    outside = tmp_path / "private.png"
    outside.write_bytes(encode_png(np.zeros((20, 20, 3), np.uint8)))
    with pytest.raises(gr.Error, match="not uploaded"):
        handlers.api.extend({"path": str(outside)}, left=8)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_default_vanishes_from_the_description(handlers: Handlers, name: str) -> None:
    """Tools that describe an API leave out defaults that are false; every argument is described."""
    function = getattr(handlers.api, name)
    said = inspect.getdoc(function) or ""
    for argument in inspect.signature(function).parameters.values():
        assert argument.default is inspect.Parameter.empty or argument.default
        assert f"{argument.name}: " in said


def test_the_form_runs_the_mode_of_the_controls(handlers: Handlers, files: tuple[Any, Any]) -> None:
    image, mask = (file["path"] for file in files)
    path = handlers.api.form({**VALUES, "mode": "fill"}, image, mask)
    assert path is not None
    assert open_picture(Path(path)).shape == (48, 64, 3)
    with pytest.raises(gr.Error, match="Nothing is painted"):
        handlers.api.form(VALUES, image, None)
