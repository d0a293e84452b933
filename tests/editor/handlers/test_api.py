"""The ways in without the canvas: the form, and what programs call."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from gradio.utils import get_function_params
from numpy.typing import NDArray

from core.pictures import encode_png, open_picture
from editor.handlers import Handlers, api
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import VALUES

PICTURE, PAINTED = ["image: FileData"], ["detail: str = auto", "border: str = auto", "sharper: int = -1"]
DRAWN, ENDED = ["steps: int = -1", "seed: int = -1"], ["finish: str = auto", "follow: float = -1"]
EDGES = ["left: int = -1", "top: int = -1", "right: int = -1", "bottom: int = -1"]
FUNCTIONS = {
    "fill": [*PICTURE, "mask: FileData", "class_name: str = none", *DRAWN, *PAINTED, *ENDED],
    "replace": [*PICTURE, "class_name: str", *EDGES, *DRAWN, *PAINTED, "sharpen: float = -1"],
    "extend": [*PICTURE, *EDGES, *DRAWN, *PAINTED, *ENDED],
    "generate": ["class_name: str = none", *DRAWN, "sharpen: float = -1"],
    "sweep": [
        *(*PICTURE, "mask: FileData", "rows: str = schedule", "row_values: str = cosine, linear"),
        *("columns: str = steps", "column_values: str = 4, 8", "class_name: str = none", "seed: int = -1"),
    ],
}
"""What programs have written down: names, order, types and defaults of the arguments of each function."""


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


def call(handlers: Handlers, name: str, *values: Any, **named: Any) -> Any:
    """Call a function as a program does."""
    return handlers.api.functions()[name](*values, **named)


def pixels_of(file: gr.FileData) -> NDArray[np.uint8]:
    """Return the picture of an answer."""
    return open_picture(Path(file.path))


def test_each_function_draws(handlers: Handlers, files: tuple[Any, Any], photo: NDArray[np.uint8]) -> None:
    image, mask = files
    filled = pixels_of(call(handlers, "fill", image, mask, class_name="lake", seed=2))
    changed = (filled != photo).any(2)
    assert changed[8:16, 8:24].all()
    assert changed.sum() == 8 * 16
    replaced = pixels_of(call(handlers, "replace", image, "roses", left=40))
    assert ((replaced != photo).any(2)[:, 40:]).all()
    assert np.array_equal(replaced[:, :40], photo[:, :40])
    assert pixels_of(call(handlers, "extend", image, left=8, bottom=4)).shape == (52, 72, 3)
    assert pixels_of(call(handlers, "generate", "forest")).shape == (128, 128, 3)
    sheet, table = call(handlers, "sweep", image, mask)
    assert pixels_of(sheet).shape[2] == 3
    assert len(Path(table.path).read_text("utf-8").splitlines()) == 5


def test_programs_may_ask_for_what_no_control_says(
    handlers: Handlers, engine: FakeEngine, files: tuple[Any, Any]
) -> None:
    image, mask = files
    call(handlers, "fill", image, mask, detail="grain", border="poisson", sharper=2)
    call(handlers, "replace", image, "roses", left=40, detail="patches", border="feather", sharper=1)
    call(handlers, "extend", image, left=8)
    asked = [(each.painting.detail, each.painting.blend, each.view.refine) for each in engine.asked]
    assert asked == [("grain", "poisson", 2), ("patches", "feather", 1), ("auto", "auto", 0)]


def test_errors_are_sentences(handlers: Handlers, files: tuple[Any, Any]) -> None:
    image, mask = files
    for ask, sentence in (
        (lambda: call(handlers, "fill", image, mask, class_name="unicorn"), "unicorn"),
        (lambda: call(handlers, "replace", image, "none"), "needs a class"),
        (lambda: call(handlers, "replace", image, "roses", left=90), "box"),
        (lambda: call(handlers, "extend", image), "0 px"),
        (lambda: call(handlers, "sweep", image, mask, columns="schedule"), "both schedule"),
        (lambda: call(handlers, "sweep", image, mask, column_values="4, 1_0"), "1_0"),
        (lambda: call(handlers, "fill", image, mask, seed=-5), "seed is -5"),
        (lambda: call(handlers, "fill", image, mask, steps=-2), "steps T is -2"),
        (lambda: call(handlers, "fill", image, mask, sharper=-7), "refinements is -7"),
        (lambda: call(handlers, "fill", image, mask, detail="lace"), "detail 'lace' is unknown"),
        (lambda: call(handlers, "fill", image, mask, border="glue"), "blend 'glue' is unknown"),
        (lambda: call(handlers, "fill", image, mask, class_name="-3"), "class '-3' is unknown"),
        (lambda: call(handlers, "extend", image, left=-5), "border in pixels is -5"),
        (lambda: call(handlers, "fill", image, image), "looks like a photo"),
    ):
        with pytest.raises(gr.Error, match=sentence):
            ask()


def test_only_uploads_are_opened(handlers: Handlers, tmp_path: Path) -> None:
    outside = tmp_path / "private.png"
    outside.write_bytes(encode_png(np.zeros((20, 20, 3), np.uint8)))
    with pytest.raises(gr.Error, match="not uploaded"):
        call(handlers, "extend", {"path": str(outside)}, left=8)


def test_programs_see_the_arguments_that_they_know(handlers: Handlers) -> None:
    """By Gradio's own reading of a function's signature."""
    functions = handlers.api.functions()
    assert list(functions) == list(FUNCTIONS)
    for name, wanted in FUNCTIONS.items():
        read = get_function_params(functions[name])
        assert [f"{n}: {kind.__name__}{f' = {value}' if given else ''}" for n, given, value, kind in read] == wanted
        assert functions[name].__name__ == name


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_default_vanishes_from_the_description(handlers: Handlers, name: str) -> None:
    """Tools that describe an API leave out defaults that are false; every argument is described."""
    function = handlers.api.functions()[name]
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
