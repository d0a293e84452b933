"""One model for everybody: swapped whole, one at a time, and never at the cost of the one that works."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core import BadRequest, CheckpointError
from core.models import converted_folder
from core.models.catalog import CATALOG
from editor.models import current as room
from editor.models import shelf
from editor.models.current import Models
from editor.settings import AppSettings
from tests.core.models.fake_hub import FakeHub, serve_from
from tests.editor.fakes import OTHER, FakeEngine
from tests.editor.published import GRID, NAME, PIXELS, one_published

SETTINGS = AppSettings(device="cpu")
BUNDLED = "scenes-128"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that offers one model."""
    with one_published(tmp_path, monkeypatch) as offered:
        yield offered


def working(engine: Any) -> Models:
    return Models(engine, SETTINGS)


def until(models: Models, done: Callable[[room.MenuState], object], seconds: float = 120.0) -> room.MenuState:
    """Look until something is so."""
    end = time.monotonic() + seconds
    while not done(state := models.state()):
        assert time.monotonic() < end, state
        time.sleep(0.03)
    return state


def settled(models: Models) -> room.MenuState:
    return until(models, lambda state: state.progress is None)


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What loading gives: `engine`, after `gate` is open, or `error`; `names` were asked for."""
    given: dict[str, Any] = {"engine": FakeEngine(spec=OTHER), "gate": threading.Event(), "error": None, "names": []}
    given["gate"].set()

    def load(name: str = "", **_: Any) -> Any:
        given["names"].append(name)
        assert given["gate"].wait(60)
        if given["error"] is not None:
            raise given["error"]
        return given["engine"]

    monkeypatch.setattr(shelf, "load_engine", load)
    return given


def test_a_model_is_fetched_converted_loaded_and_swapped_in(hub: FakeHub) -> None:
    old = FakeEngine()
    models = working(old)
    entry = next(entry for entry in models.state().entries if entry.key == NAME)
    assert (entry.here, entry.group) == ("no", "published")
    assert (
        models.state().computes == "fake-128 computes on the processor in 32-bit numbers, each variation on 1 thread."
    )
    hub.pause_s = 0.02
    models.choose(NAME, agreed=models.state().consents[NAME])
    stages: list[str] = []
    shares: list[float] = []

    def done(state: room.MenuState) -> bool:
        if state.progress is None:
            return True
        stages.append(state.progress.stage)
        shares.append(state.progress.done / state.progress.total)
        assert models.engine is old  # whoever edits meanwhile edits with the old one
        return False

    state = until(models, done)
    assert state.news is not None
    assert (state.news.level, state.working) == ("info", NAME), state.news
    assert list(dict.fromkeys(stages)) == ["download", "convert", "load"]
    assert shares == sorted(shares)
    spec = models.engine.spec
    assert (spec.name, spec.pixels, spec.grid, spec.null_class, len(spec.classes)) == (NAME, PIXELS, GRID, False, 1000)
    assert next(entry for entry in state.entries if entry.key == NAME).here == "ready"
    assert not list(converted_folder(NAME).glob("*.bin"))  # no pickle is left where models are loaded from


def test_a_cancelled_download_goes_on_where_it_stopped(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_convert", lambda *_: None)
    monkeypatch.setattr(shelf, "load_engine", lambda *_, **__: FakeEngine(spec=OTHER))
    models = working(FakeEngine())
    hub.pause_s = 0.05
    models.choose(NAME, agreed=models.state().consents[NAME])
    until(models, lambda state: state.progress and state.progress.done)
    models.cancel()
    state = models.state()
    assert state.progress is None
    assert state.working == "fake-128"
    assert 0 < state.reached[NAME] < state.entries[-1].bytes
    assert state.news is not None
    assert "go on where it stopped" in state.news.text
    hub.pause_s = 0.0
    models.choose(NAME, agreed=models.state().consents[NAME])
    assert settled(models).working == NAME
    assert not models.state().reached
    assert any(hub.gets())  # some request began in the middle of a file


def test_without_a_network_the_sentence_says_what_is_missing_and_where_to_put_it(
    hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_from(monkeypatch, "http://127.0.0.1:9")
    models = working(FakeEngine())
    models.choose(NAME, agreed=models.state().consents[NAME])
    state = settled(models)
    assert state.news is not None
    assert (state.news.level, state.working) == ("error", "fake-128")
    assert state.news.text.startswith(f"fake-128 goes on, {NAME} could not be had: tokenizer.bin cannot be fetched")
    assert "or put tokenizer.bin at" in state.news.text
    assert state.news.text.count(". ") == 0


def test_files_that_are_no_weights_are_refused_by_the_conversion(hub: FakeHub) -> None:
    """The child process is the real one; its sentence is what the person reads."""
    hub.files = dict.fromkeys(hub.files, b"no weights at all" * 100)
    models = working(FakeEngine())
    models.choose(NAME, agreed=models.state().consents[NAME])
    state = settled(models)
    assert state.news is not None
    assert state.news.level == "error"
    assert "tokenizer.bin" in state.news.text
    assert state.news.text.endswith(".")
    assert models.engine.spec.name == "fake-128"


def test_cancelling_ends_the_conversion(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[Any] = []
    half = converted_folder(NAME) / "tokenizer.safetensors.partial"
    real = room.subprocess.Popen

    def started(*given: Any, **named: Any) -> Any:
        converted_folder(NAME).mkdir(parents=True)
        half.write_bytes(b"half of it")
        children.append(real([room.sys.executable, "-c", "import time; time.sleep(600)"], **named))
        return children[0]

    monkeypatch.setattr(room.subprocess, "Popen", started)
    models = working(FakeEngine())
    models.choose(NAME, agreed=models.state().consents[NAME])
    until(models, lambda _: children)
    models.cancel()
    assert children[0].wait(30) < 0  # by a signal
    until(models, lambda _: not half.exists())
    assert models.engine.spec.name == "fake-128"
    for stream in (children[0].stdout, children[0].stderr):
        stream.close()


def test_a_download_needs_a_yes_to_its_size_and_licence(hub: FakeHub) -> None:
    models = working(FakeEngine())
    with pytest.raises(BadRequest, match=r"not on disk: agree to download .* under Apache-2.0 first"):
        models.choose(NAME)
    assert not hub.log


def test_one_at_a_time(loads: dict[str, Any]) -> None:
    loads["gate"].clear()
    models = working(FakeEngine())
    models.choose(BUNDLED)
    with pytest.raises(BadRequest, match=f"{BUNDLED} is on its way: cancel it first"):
        models.choose(BUNDLED)
    loads["gate"].set()
    assert settled(models).working == BUNDLED
    assert models.engine is loads["engine"]


def test_a_model_that_was_cancelled_while_it_was_loaded_is_not_swapped_in(loads: dict[str, Any]) -> None:
    loads["gate"].clear()
    old = FakeEngine()
    models = working(old)
    models.choose(BUNDLED)
    until(models, lambda _: loads["names"])
    models.cancel()
    loads["gate"].set()
    for thread in threading.enumerate():
        if thread.name == f"bring {BUNDLED}":
            thread.join(30)
    assert models.engine is old
    assert models.state().working == "fake-128"


@pytest.mark.parametrize("error", [CheckpointError("its file is broken: fetch it again."), RuntimeError("a bug")])
def test_a_model_that_cannot_be_loaded_leaves_the_old_one(loads: dict[str, Any], error: Exception) -> None:
    loads["error"] = error
    old = FakeEngine()
    models = working(old)
    models.choose(BUNDLED)
    state = settled(models)
    assert models.engine is old
    assert state.news is not None
    assert state.news.level == "error"
    assert state.news.text.startswith(f"fake-128 goes on, {BUNDLED} could not be had: ")
    assert ("its file is broken" in state.news.text) == isinstance(error, CheckpointError)


def test_choosing_what_works_changes_nothing(loads: dict[str, Any]) -> None:
    models = working(FakeEngine())
    models.choose("fake-128")
    assert models.state().progress is None
    assert not loads["names"]


@pytest.mark.parametrize("key", ["nothing", None, 7, ["scenes-128"]])
def test_what_is_not_there_is_refused(key: object) -> None:
    with pytest.raises(BadRequest, match="There is no model"):
        working(FakeEngine()).choose(key)


def test_a_fixed_model_is_kept() -> None:
    engine: Any = FakeEngine()
    models = Models(engine, AppSettings(fixed_model=True))
    with pytest.raises(BadRequest, match="keeps to fake-128"):
        models.choose(BUNDLED, agreed="yes")


def test_the_old_engine_goes_with_its_last_edit(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = AppSettings(device="cpu", model_folders=(tiny_model,), model="tiny")
    models = Models(shelf.start_engine(settings), settings)
    editing = models.engine
    gone = weakref.ref(editing._nets.transformer)
    monkeypatch.setattr(shelf, "load_engine", lambda *_, **__: FakeEngine(spec=OTHER))
    gc.disable()  # it goes at once, not when the collector comes by
    try:
        models.choose(BUNDLED)
        settled(models)
        assert gone() is editing._nets.transformer  # an edit under way keeps it
        del editing
        assert gone() is None
    finally:
        gc.enable()


def test_ones_own_model_is_loaded_from_its_folder(tiny_model: Path) -> None:
    engine: Any = FakeEngine()
    models = Models(engine, AppSettings(device="cpu", model_folders=(tiny_model,)))
    models.choose("tiny")
    assert settled(models).working == "tiny"
    assert models.engine.spec.pixels == 32
    assert "tiny" not in CATALOG
