"""The model menu's gestures, and that no edit, and nothing that goes on from one, ever mixes two models."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pytest
from numpy.typing import NDArray

from core import read_recipe
from core.pictures import encode_png, read_png_text
from editor.handlers import Handlers
from editor.models import shelf
from editor.models.current import Models
from editor.settings import AppSettings
from editor.wire.requests import model_id
from tests.editor.fakes import OTHER, SPEC, FakeEngine
from tests.editor.handlers.visits import AXES, VALUES, event, origin, path_of, run, told, visitor
from tests.editor.wire.sent import intent

OTHERS = {**VALUES, "class_id": 1}


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """What the bundled model's name loads: an engine of another grid, whose model needs a class."""
    engine = FakeEngine(spec=OTHER)
    monkeypatch.setattr(shelf, "load_engine", lambda *_, **__: engine)
    return engine


def swap(handlers: Handlers, key: str = "scenes-128") -> dict[str, Any]:
    """Choose a model and wait until it works."""
    state = handlers.choosing.choose({"key": key})
    end = time.monotonic() + 60
    while state["progress"]:
        assert time.monotonic() < end
        time.sleep(0.01)
        state = handlers.choosing.look()
    assert state["working"] == key, state
    return state


def recipe_of(message: dict[str, Any]) -> Any:
    return read_recipe(read_png_text(path_of(message["variations"][0]["url"]).read_bytes()))


def test_the_menu_tells_what_there_is_and_what_works(handlers: Handlers) -> None:
    state = handlers.choosing.look({})
    json.dumps(state)
    assert (state["working"], state["model"], state["progress"]) == ("fake-128", model_id(SPEC), None)
    by_key = {model["key"]: model for model in state["models"]}
    assert by_key["fake-128"]["place"] == "in use"
    google = by_key["google-256"]
    assert google["facts"] == "256 px · 16×16 cells · 227 M parameters"
    assert (google["needs"], google["short"]) == ("needs a class", "Apache-2.0")
    assert google["place"] == "0.91 GB"
    assert google["order"] == "Download 0.91 GB"
    assert "github.com/hmorimitsu/maskgit-torch" in google["question"]
    assert by_key["halton-256-tiny"]["licence"] == "MIT (tokenizer: MIT, LlamaGen)"


@pytest.mark.parametrize(
    "data", [None, {}, {"key": "nothing"}, {"key": ["x"]}, {"key": "google-256", "agreed": 1}, "x"]
)
def test_a_bad_choice_is_answered_with_a_sentence(handlers: Handlers, data: object) -> None:
    state = handlers.choosing.choose(data)
    assert state["refused"].endswith(".")
    assert state["progress"] is None


def test_fitting_tells_the_stage_the_cells_of_the_model_that_works(handlers: Handlers, other: FakeEngine) -> None:
    swap(handlers)
    message, spec = handlers.choosing.fit(visitor())
    assert spec == OTHER
    assert (message["pixels"], message["grid"], message["id"]) == (96, 12, model_id(OTHER))


def test_an_edit_keeps_its_engine_to_the_end(
    handlers: Handlers, engine: FakeEngine, other: FakeEngine, opened: dict[str, Any]
) -> None:
    data = {**intent(None), "doc": opened["doc"]}
    running = handlers.running.run(VALUES, AXES, event(data), visitor())
    first = next(running)
    assert first.message is not None
    swap(handlers)
    messages = [first.message, *(each.message for each in running if each.message is not None)]
    assert [message["kind"] for message in messages] == ["step"] * 5 + ["result"]
    assert all(message["grid"] == SPEC.grid for message in messages[:-1])
    assert recipe_of(messages[-1]).model == "fake-128"
    assert not other.asked
    after = run(handlers, opened, OTHERS, run="r2")
    assert recipe_of(after[-1]).model == "other-96"
    assert after[0]["grid"] == OTHER.grid
    assert len(engine.asked) == 1


def test_more_of_a_run_keeps_its_engine_to_the_end(
    handlers: Handlers, engine: FakeEngine, other: FakeEngine, opened: dict[str, Any]
) -> None:
    run(handlers, opened)
    data = {**intent(None), "doc": opened["doc"], "run": "r2", "from": origin("more")}
    running = handlers.running.run(VALUES, AXES, event(data), visitor())
    next(running)
    swap(handlers)
    *_, message = [each.message for each in running if each.message is not None]
    assert recipe_of(message).model == "fake-128"
    assert not other.asked


def test_a_sweep_keeps_its_engine_to_the_end(handlers: Handlers, other: FakeEngine, opened: dict[str, Any]) -> None:
    data = {**intent(None), "doc": opened["doc"], "mode": "sweep"}
    running = handlers.running.run(VALUES, AXES, event(data), visitor())
    next(running)
    swap(handlers)
    list(running)
    assert not other.asked
    adopted = handlers.sweeping.adopt(event({"run": "r1", "row": 1, "column": 2, "what": "picture"}), visitor())
    assert recipe_of(adopted.message).model == "fake-128"  # its picture is one of the model that drew it
    refused = handlers.sweeping.adopt(event({"run": "r1", "row": 1, "column": 2, "what": "settings"}), visitor())
    assert "fake-128 made these variations and other-96 works now" in refused.message["message"]
    assert not refused.values


@pytest.mark.parametrize("how", ["branch", "weakest", "pins", "more", "baseline"])
def test_nothing_goes_on_from_a_run_of_another_model(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any], how: str
) -> None:
    run(handlers, opened)
    swap(handlers)
    (message,) = run(handlers, opened, OTHERS, run="r2", **{"from": origin(how)})
    assert (message["kind"], message["level"]) == ("notice", "error")
    assert message["message"] == (
        "fake-128 made these variations and other-96 works now: choose fake-128 in the model menu, or press Run."
    )
    assert not other.asked


def test_the_rest_of_a_run_of_another_model_is_refused_but_its_pictures_stay(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any]
) -> None:
    data = {**intent(None), "doc": opened["doc"], "run": "stopped"}
    running = handlers.running.run(VALUES, AXES, event(data), visitor())
    next(running)
    handlers.running.stop(visitor())
    running.close()
    run(handlers, opened)
    swap(handlers)
    cell = {"run": "r1", "variation": 0, "cell": [1, 1], "pins": []}
    hole = handlers._desk.documents.of_run("r1", "ann").runs.find("r1").traced().hole
    cell["cell"] = [int(places[0]) for places in np.nonzero(hole)]
    for answer in (
        handlers.reviewing.inspect(event(cell), visitor()),
        handlers.exporting.export(event({"format": "gif", "quality": 90, "run": "r1", "variation": 0}), visitor()),
        handlers.running.draft(event({"run": "stopped", "variation": 0}), visitor()),
    ):
        assert answer["kind"] == "notice"
        assert "fake-128 made these variations" in answer["message"]
    assert not other.asked
    png = handlers.exporting.export(event({"format": "png", "quality": 90, "run": "r1", "variation": 0}), visitor())
    assert png["kind"] == "file"
    assert handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor()).message["kind"] == "head"


def test_a_run_can_be_gone_on_from_when_its_model_is_back(
    handlers: Handlers, engine: FakeEngine, other: FakeEngine, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(handlers, opened)
    swap(handlers)
    monkeypatch.setattr(shelf, "load_engine", lambda *_, **__: engine)
    swap(handlers, "fake-128")
    messages = run(handlers, opened, run="r2", **{"from": origin("weakest")})
    assert messages[-1]["kind"] == "result"


def test_a_page_with_another_models_controls_runs_nothing(
    handlers: Handlers, engine: FakeEngine, other: FakeEngine, opened: dict[str, Any]
) -> None:
    assert run(handlers, opened, model=model_id(SPEC))[-1]["kind"] == "result"
    swap(handlers)
    (message,) = run(handlers, opened, OTHERS, run="r2", model=model_id(SPEC))
    assert message["message"].startswith("other-96 works on this server now")
    plan = handlers.planning.plan({**intent(None), "doc": opened["doc"], "model": model_id(SPEC)})
    assert plan["windows"] == []
    assert not other.asked
    assert run(handlers, opened, OTHERS, run="r3", model=model_id(OTHER))[-1]["kind"] == "result"


def test_a_model_that_needs_a_class_says_so_before_anything_runs(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any]
) -> None:
    swap(handlers)
    for mode in ("fill", "extend", "generate"):
        (message,) = run(handlers, opened, mode=mode, extend=[0, 0, 16, 0] if mode == "extend" else [0, 0, 0, 0])
        assert message["message"] == "other-96 paints with a class only: choose one, then press Run."
    assert not other.asked
    plan = handlers.planning.plan({**intent(None), "doc": opened["doc"]})
    assert plan["windows"]  # which cells it would be needs no class
    swept = told(handlers, opened, VALUES, mode="sweep", mask=None)
    assert not any(each.message and each.message["kind"] == "notice" for each in swept)  # the class may be an axis


def test_the_models_own_steps_are_counted_for_edits_only(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any]
) -> None:
    swap(handlers)
    values = {name: value for name, value in OTHERS.items() if name != "steps"}
    run(handlers, opened, values)
    run(handlers, opened, values, mode="generate", run="r2")
    run(handlers, opened, {**OTHERS, "steps": 1}, run="r3")
    asked = [each.decoding for each in other.asked]
    assert [(options.steps, options.start_step) for options in asked] == [(12, 2), (12, 0), (1, 0)]
    assert {(options.schedule, options.order) for options in asked} == {("arccos", "halton")}


def test_a_picture_of_another_model_keeps_its_mask_and_says_so(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any], tmp_path: Path
) -> None:
    (*_, result) = run(handlers, opened)
    path = tmp_path / "dropped.png"
    path.write_bytes(path_of(result["variations"][0]["url"]).read_bytes())
    same = handlers.opening.open_upload(str(path), visitor())
    assert same.message is not None
    assert same.values["steps"] == 5
    swap(handlers)
    answer = handlers.opening.open_upload(str(path), visitor())
    assert answer.message is not None
    assert answer.message["mask"] == same.message["mask"]
    assert "it was made with fake-128 and other-96 works now" in answer.message["notice"]
    assert answer.values["mode"] == "fill"
    assert not {"steps", "schedule", "class_id", "guidance"} & set(answer.values)


def test_programs_get_one_model_as_well(
    handlers: Handlers, other: FakeEngine, opened: dict[str, Any], photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    swap(handlers)
    files = [tmp_path / "image.png", tmp_path / "mask.png"]
    files[0].write_bytes(encode_png(photo))
    files[1].write_bytes(encode_png(np.full_like(photo, 255)))
    path = handlers.api.form({**OTHERS, "mode": "fill"}, *map(str, files))
    assert path is not None
    assert read_recipe(read_png_text(Path(path).read_bytes())).model == "other-96"
    with pytest.raises(gr.Error, match="other-96 works on this server now"):
        handlers.api.form({**OTHERS, "mode": "fill"}, *map(str, files), model=model_id(SPEC))


def test_a_fixed_model_is_all_that_the_menu_shows(engine: Any, settings: AppSettings, documents: Any) -> None:

    fixed = replace(settings, fixed_model=True)
    handlers = Handlers(Models(engine, fixed), fixed, documents)
    state = handlers.choosing.look()
    assert [model["key"] for model in state["models"]] == ["fake-128"]
    assert "keeps to fake-128" in handlers.choosing.choose({"key": "scenes-128"})["refused"]
