"""Turns at the engine: who waits is told so, who does not need the nets never waits, and a turn always comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import encode_png
from editor.documents import export
from editor.handlers import Handlers
from editor.handlers.drawing import Told
from editor.server.turns import OF_ONE, Turn, Turns
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import AXES, VALUES, event, run, visitor
from tests.editor.wire.sent import intent


@pytest.fixture
def turns(handlers: Handlers, monkeypatch: pytest.MonkeyPatch) -> Turns:
    """The engine's turns; who waits looks often."""
    monkeypatch.setattr("editor.handlers.waiting.LOOK_S", 0.01)
    monkeypatch.setattr("editor.server.turns.LOOK_S", 0.01)
    return handlers._desk.turns


@pytest.fixture
def others(handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path) -> dict[str, Any]:
    """The message that opened the photo for "bob"."""
    (tmp_path / "bob.png").write_bytes(encode_png(photo))
    return dict(handlers.opening.open_upload(str(tmp_path / "bob.png"), visitor("bob")).message or {})


def running(handlers: Handlers, opened: dict[str, Any], who: str, name: str, **changes: Any) -> Any:
    """Return a run that waits to be iterated, as Gradio does."""
    data = {**intent(None), "doc": opened["doc"], "run": name, **changes}
    return handlers.running.run(VALUES, AXES, event(data), visitor(who))


def free(turns: Turns) -> bool:
    """Whether a newcomer has a turn at once."""
    turn = turns.wait("newcomer")
    come = turn.done()
    turns.leave(turn)
    return come


def in_thread(told: Iterator[Told], heard: list[dict[str, Any]]) -> threading.Thread:
    """Iterate a run in a thread, as the server does."""

    def listen() -> None:
        heard.extend(each.message for each in told if each.message is not None)

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    return thread


def heard_of(heard: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Wait until a message of that kind has come."""
    for _ in range(2000):
        if found := [each for each in heard if each["kind"] == kind]:
            return found[-1]
        threading.Event().wait(0.01)
    raise AssertionError(heard)


def test_a_run_behind_another_is_told_its_place_and_then_drawn(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], others: dict[str, Any]
) -> None:
    first, heard = running(handlers, opened, "ann", "a"), list[dict[str, Any]]()
    assert next(first).message["kind"] == "step"
    thread = in_thread(running(handlers, others, "bob", "b"), heard)
    place = heard_of(heard, "waiting")
    assert (place["run"], place["before"]) == ("b", 1)
    assert place["seconds"] > 0
    list(first)
    thread.join(30)
    assert [each["kind"] for each in heard if each["kind"] != "waiting"] == ["step"] * 5 + ["result"]
    assert free(turns)


def test_the_next_has_its_turn_while_pictures_are_written(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, store = list[bool](), export.store_variation

    def watched(*given: Any) -> Any:
        seen.append(free(turns))
        return store(*given)

    monkeypatch.setattr("editor.handlers.drawing.export.store_variation", watched)
    run(handlers, opened)
    handlers.running.draft(event({"run": "r1", "variation": 0}), visitor())
    assert seen == [True] * 4


def test_a_turn_is_kept_while_others_fill_the_memory_with_results(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], others: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    written, store = threading.Event(), export.store_variation
    monkeypatch.setattr(
        "editor.handlers.drawing.export.store_variation", lambda *given: (written.wait(30), store(*given))[1]
    )
    heard = [list[dict[str, Any]]() for _ in range(3)]
    threads = [
        in_thread(running(handlers, opened if n % 2 else others, ("bob", "ann")[n % 2], f"r{n}"), each)
        for n, each in enumerate(heard)
    ]
    for each in heard:
        for _ in range(2000):
            if len([message for message in each if message["kind"] == "step"]) == 5:
                break
            threading.Event().wait(0.01)
    assert not free(turns), "two results are being written, and the third has room nowhere"
    written.set()
    for thread in threads:
        thread.join(30)
    assert all(each[-1]["kind"] == "result" for each in heard)
    assert free(turns)


def test_a_fill_is_drawn_between_two_cells_of_a_sweep(
    handlers: Handlers, opened: dict[str, Any], others: dict[str, Any], engine: FakeEngine
) -> None:
    sweep = running(handlers, opened, "ann", "s", mode="sweep")
    next(sweep)
    next(sweep)  # the first cell is there
    assert [each.message["kind"] for each in running(handlers, others, "bob", "b") if each.message] == [
        *["step"] * 5,
        "result",
    ]
    cells = [each for each in sweep if each.grid]
    assert len(cells) == 5
    assert len(engine.asked) == 7


def test_what_needs_no_nets_never_waits(handlers: Handlers, turns: Turns, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    at_work = turns.wait("bob")
    for wanted in ("png", "jpeg", "webp", "project"):
        asked = {"doc": opened["doc"], "version": 1, "format": wanted, "quality": 90, "state": {}}
        assert handlers.exporting.export(event(asked), visitor())["kind"] == "file"
    assert handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor()).message["kind"] == "head"
    assert handlers.reviewing.sources({"doc": opened["doc"], "version": 1})["whole"]
    assert "message" not in handlers.planning.plan({**intent(None), "doc": opened["doc"]})
    turns.leave(at_work)


def test_a_film_takes_a_turn_for_each_frame(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(handlers, opened)
    edit, order, asked_for = engine.edit, list[str](), SimpleQueue[Turn | None]()

    def drawn(request: Any) -> Any:
        asked_for.put(turns.wait("bob"))
        order.append("ann")
        return edit(request)

    def bob() -> None:
        while turn := asked_for.get():
            assert turn.come(30)
            order.append("bob")
            turns.leave(turn)

    monkeypatch.setattr(engine, "edit", drawn)
    thread = threading.Thread(target=bob, daemon=True)
    thread.start()
    asked = {"doc": opened["doc"], "format": "gif", "run": "r1", "variation": 0}
    assert handlers.exporting.export(event(asked), visitor())["kind"] == "file"
    asked_for.put(None)
    thread.join(30)
    assert order == ["ann", "bob"] * 5


def test_whoever_stops_or_leaves_waits_no_more(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], others: dict[str, Any], engine: FakeEngine
) -> None:
    run(handlers, others | {"doc": opened["doc"]})
    at_work, asked = turns.wait("cid"), len(engine.asked)
    ends: list[Callable[[], Any]] = [
        lambda: handlers.running.stop(visitor("bob"), "b"),
        lambda: handlers.opening.leave(visitor("bob")),
    ]
    for end in ends:
        heard: list[dict[str, Any]] = []
        thread = in_thread(running(handlers, others, "bob", "b"), heard)
        heard_of(heard, "waiting")
        end()
        thread.join(30)
        assert not thread.is_alive()
        assert {each["kind"] for each in heard} == {"waiting"}
    assert len(engine.asked) == asked, "nothing was drawn for nobody"
    turns.leave(at_work)
    assert free(turns)


def test_whoever_does_not_listen_any_more_leaves_the_line(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work = turns.wait("bob")
    monkeypatch.setattr("editor.handlers.waiting.still_there", lambda: False)
    assert list(running(handlers, opened, "ann", "a")) == []
    turns.leave(at_work)
    assert free(turns)


def test_a_turn_comes_back_after_an_error_and_after_a_closed_run(
    handlers: Handlers, turns: Turns, opened: dict[str, Any], engine: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(handlers, opened)
    with closing(running(handlers, opened, "ann", "closed")) as told:
        next(told)
        assert not free(turns)
    assert free(turns)

    def broken(*given: Any, **more: Any) -> Any:
        raise RuntimeError("the nets are broken")

    for name in ("stream", "edit", "edit_together", "alternatives"):
        monkeypatch.setattr(engine, name, broken)
    gestures: list[Callable[[], Any]] = [
        lambda: run(handlers, opened),
        lambda: run(handlers, opened, mode="sweep"),
        lambda: handlers.running.draft(event({"run": "r1", "variation": 0}), visitor()),
        lambda: handlers.exporting.export(event({"format": "gif", "run": "r1", "variation": 0}), visitor()),
    ]
    for gesture in gestures:
        gesture()
        assert free(turns)


def test_too_many_runs_of_one_visitor_are_refused_in_a_sentence(
    handlers: Handlers, turns: Turns, opened: dict[str, Any]
) -> None:
    waiting = [turns.wait("ann") for _ in range(1 + OF_ONE)]
    (only,) = running(handlers, opened, "ann", "a")
    assert (only.message["kind"], only.message["level"], only.message["run"]) == ("notice", "error", "a")
    assert "wait already" in only.message["message"]
    for turn in waiting:
        turns.leave(turn)
