"""Running: what the stage hears, what is kept, going on from a run, stopping, drafts, and what never happens."""

from __future__ import annotations

import resource
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import load_engine, read_recipe
from core.pictures import encode_png, open_picture, read_png_text
from core.values.saved import load_request
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from editor.models.current import Models
from editor.settings import AppSettings
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import AXES, VALUES, event, origin, path_of, run, told, visitor
from tests.editor.wire.sent import AREA, intent


def test_run_streams_each_step_then_the_result(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]) -> None:
    *steps, result = run(handlers, opened)
    assert [(m["kind"], m["step"], m["steps"]) for m in steps] == [("step", i, 5) for i in range(1, 6)]
    assert all(len(m["urls"]) == 2 and max(map(len, m["urls"])) <= 20_000 for m in steps)
    assert all(m["urls"][0].startswith("data:image/webp;base64,") for m in steps)
    assert (result["kind"], result["branchable"], result["draft"]) == ("result", True, False)
    assert [(v["seed"], v["seam"], v["shift"]) for v in result["variations"]] == [(3, 1.0, 2.0), (4, 1.125, 3.0)]
    assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    assert (result["settings"]["steps"], result["settings"]["class_name"]) == (5, "none")
    assert "from" not in result
    assert engine.closed == 1


def test_result_is_a_png_that_only_changed_inside_and_knows_its_recipe(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    result = run(handlers, opened)[-1]
    file = path_of(result["variations"][1]["url"])
    pixels = open_picture(file)
    inside = (np.arange(AREA) // 20 == 5).reshape(48, 64)  # as the intent says: pixels 100 to 119
    assert np.array_equal(pixels[~inside], photo[~inside])
    assert not np.array_equal(pixels[inside], photo[inside])
    recipe = read_recipe(read_png_text(file.read_bytes()))
    assert recipe.model == "fake-128"
    replayed = load_request(recipe.request, photo)
    assert (replayed.decoding.drawn_seed, replayed.decoding.only, replayed.decoding.variations) == (4, 1, 2)


def test_a_finish_is_shown_after_the_steps_and_each_picture_says_what_it_follows(
    settings: AppSettings, documents: Documents, tmp_path: Path, photo: Any
) -> None:
    engine: Any = FakeEngine(finishing=True)
    handlers = Handlers(Models(engine, settings), settings, documents)
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened = handlers.opening.open_upload(str(tmp_path / "p.png"), visitor()).message
    heard = [each.message for each in told(handlers, opened) if each.message is not None]
    assert [message["kind"] for message in heard].count("alive") == 1, "nothing to show, but Stop is heard"
    *steps, frame, result = [message for message in heard if message["kind"] != "alive"]
    assert [step["finish"] for step in steps] == [False] * 5
    assert (frame["finish"], frame["step"], frame["steps"], frame["window"]) == (True, 5, 5, steps[-1]["window"])
    assert len(frame["urls"]) == 2
    assert frame["urls"] != steps[-1]["urls"]
    assert frame["confidence"] == steps[-1]["confidence"], "the cells are what the last step made them"
    assert [v["note"] for v in result["variations"]] == ["follows the photo", "follows the model"]
    run_ = documents.of_run("r1", "ann").runs.find("r1")
    assert [each.decoding.seed for each in run_.requests] == [3, 4], "what goes on from a variation has its tokens"
    assert run_.traced().last == 5
    *_, frame, _ = run(handlers, opened, run="r2", mode="extend", mask=None, extend=[0, 0, 200, 0])
    assert (frame["finish"], frame["urls"]) == (True, []), "no one window shows all of it"


def test_a_leak_is_counted_not_hidden(settings: AppSettings, documents: Documents, tmp_path: Path, photo: Any) -> None:
    leaky: Any = FakeEngine(leak=True)
    handlers = Handlers(Models(leaky, settings), settings, documents)
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened = handlers.opening.open_upload(str(tmp_path / "p.png"), visitor()).message
    assert [v["changed_outside"] for v in run(handlers, opened)[-1]["variations"]] == [2, 2]


def test_another_visitor_cannot_run(handlers: Handlers, opened: dict[str, Any]) -> None:
    data = {**intent(None), "doc": opened["doc"]}
    (only,) = handlers.running.run(VALUES, AXES, event(data), visitor("bob"))
    assert only.message is not None
    assert only.message["level"] == "error"


def test_extend_says_where_the_old_picture_lies(handlers: Handlers, opened: dict[str, Any]) -> None:
    *steps, result = run(handlers, opened, mode="extend", mask=None, extend=[64, 0, 0, 16])
    assert (steps[0]["canvas"], steps[0]["offset"]) == ([128, 64], [64, 0])
    assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    assert result["branchable"] == (steps[0]["passes"] == 1)


def test_generate_works_without_a_picture(handlers: Handlers) -> None:
    *_, result = run(handlers, None, mode="generate", mask=None)
    accepted = handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor()).message
    assert (result["canvas"], accepted["width"], accepted["parent"]) == ([128, 128], 128, None)


# going on -------------------------------------------------------------------------------------------------------------
def test_a_branch_goes_on_at_its_step(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    sent = origin("branch", variation=1, step=3)
    *steps, result = run(handlers, opened, {**VALUES, "seed": 40}, run="r2", mask=None, **{"from": sent})
    assert [m["step"] for m in steps] == [4, 5]
    assert result["from"] == {"run": "r1", "variation": 1, "step": 3, "how": "branch"}
    asked = engine.asked[-1]
    assert asked.start is not None
    assert (asked.start.step, asked.decoding.seed, asked.mask is None) == (3, 40, False)
    # The steps before are still there, so that the branch can be branched again.
    again = run(handlers, opened, run="r3", **{"from": origin("branch", run="r2", step=2)})
    assert [m["step"] for m in again[:-1]] == [3, 4, 5]


def test_a_branch_stays_on_the_picture_of_its_run(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor())
    run(handlers, opened, run="r2", **{"from": origin("branch", step=2)})
    accepted = handlers.reviewing.accept(event({"run": "r2", "variation": 0}), visitor()).message
    assert (accepted["version"], accepted["parent"]) == (3, 1)


def test_the_weakest_are_drawn_again_under_a_schedule_of_their_own(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    run(handlers, opened)
    run(handlers, opened, run="r2", **{"from": origin("weakest", share=0.5)})
    start = engine.asked[-1].start
    assert start is not None
    hole = engine.plan(engine.asked[0])[0].unknown
    open_cells = hole & (start.tokens < 0)
    assert (start.step, int(open_cells.sum())) == (0, round(hole.sum() / 2))
    assert np.flatnonzero(open_cells).min() > np.flatnonzero(hole & ~open_cells).max()  # the fake doubts the last
    run(handlers, opened, run="r3", **{"from": origin("branch", run="r2", step=2)})
    again = engine.asked[-1].start
    assert again is not None
    assert again.step == 0  # its steps are not those of a run of the whole hole


def test_pins_are_drawn_without_steps_and_inherit_the_doubts(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    run(handlers, opened)
    row, column = (int(i[0]) for i in np.nonzero(engine.plan(engine.asked[0])[0].unknown))
    *steps, result = run(handlers, opened, run="r2", **{"from": origin("pins", pins=[[row * 16 + column, 9]])})
    assert steps == []
    assert len(result["variations"]) == 1
    start = engine.asked[-1].start
    assert start is not None
    assert start.tokens[row, column] == 9
    run(handlers, opened, run="r3", **{"from": origin("weakest", run="r2", share=0.5)})
    last = engine.asked[-1].start
    assert last is not None
    assert last.tokens[row, column] == 9  # the first cell is the one that the fake was surest of


def test_more_brings_other_temperatures_of_one_seed_and_no_steps(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    run(handlers, opened)
    messages = run(handlers, opened, {**VALUES, "variations": 3}, run="r2", **{"from": origin("more", variation=1)})
    *steps, result = messages
    assert {each["kind"] for each in steps} == {"alive"}  # so that the page knows that the run goes on
    assert [v["seed"] for v in result["variations"]] == [4, 4, 4]
    assert [v["note"] for v in result["variations"]] == [f"token temperature {t:.2f}" for t in (0.8, 0.9, 1.1)]
    assert len({path_of(v["url"]).read_bytes() for v in result["variations"]}) == 3
    recipe = read_recipe(read_png_text(path_of(result["variations"][2]["url"]).read_bytes()))
    assert recipe.request["decoding"]["token_temperature"] == pytest.approx(1.1)
    assert engine.closed == 4
    run(handlers, opened, run="r3", **{"from": origin("branch", run="r2", variation=2, step=2)})
    assert engine.asked[-1].start is not None


def test_the_baseline_is_the_same_seed_in_raster_order(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    run(handlers, opened)
    *steps, result = run(handlers, opened, run="r2", **{"from": origin("baseline", variation=1)})
    assert steps
    assert [v["seed"] for v in result["variations"]] == [4]
    assert result["settings"]["order"] == "raster"


def test_a_run_of_several_windows_cannot_be_branched(handlers: Handlers, opened: dict[str, Any]) -> None:
    *steps, result = run(handlers, opened, mode="extend", mask=None, extend=[0, 0, 200, 0])
    assert steps[0]["passes"] > 1
    assert result["branchable"] is False
    (message,) = run(handlers, opened, run="r2", **{"from": origin("branch", step=1)})
    assert "several windows" in message["message"]


# stopping -------------------------------------------------------------------------------------------------------------
def stopped_after(handlers: Handlers, opened: dict[str, Any], steps: int, **changes: Any) -> dict[str, Any]:
    """Run some steps and stop; returns the message."""
    data = {**intent(None), "doc": opened["doc"], **changes}
    stream = handlers.running.run(VALUES, AXES, event(data), visitor())
    for _ in range(steps):
        next(stream)
    message = handlers.running.stop(visitor())
    stream.close()  # type: ignore[attr-defined]
    return message


def test_stopping_closes_the_engine_and_says_how_far(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    message = stopped_after(handlers, opened, 2)
    assert (message["kind"], message["run"], message["draft"]) == ("stopped", "r1", True)
    assert "step 2 of 5" in message["message"]
    assert engine.closed == 1
    assert handlers.running.stop(visitor())["kind"] == "notice"


def test_a_stopped_run_leaves_a_draft(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]) -> None:
    stopped_after(handlers, opened, 2)
    draft = handlers.running.draft(event({"run": "r1", "variation": 1}), visitor())
    assert (draft["kind"], draft["draft"], draft["run"], len(draft["variations"])) == ("result", True, "r1", 2)
    assert all(asked.start is not None and (asked.start.tokens >= 0).all() for asked in engine.asked[-2:])
    accepted = handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor()).message
    assert accepted["kind"] == "head"
    # The steps that were seen are kept, and what is drawn from them on is a run like any other.
    *steps, _ = run(handlers, opened, run="r2", **{"from": origin("branch", step=2)})
    assert [m["step"] for m in steps] == [3, 4, 5]


@pytest.mark.parametrize("data", [{}, None, {"run": "unknown"}, {"run": 5}])
def test_no_draft_of_nothing(handlers: Handlers, opened: dict[str, Any], data: Any) -> None:
    assert handlers.running.draft(event(data), visitor())["kind"] == "notice"


def test_no_draft_of_several_windows(handlers: Handlers, opened: dict[str, Any]) -> None:
    message = stopped_after(handlers, opened, 2, mode="extend", mask=None, extend=[0, 0, 200, 0])
    assert message["draft"] is False


def test_a_crash_is_an_apology_and_the_next_run_works(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(engine, "stream", broken)
    (message,) = run(handlers, opened)
    assert (message["kind"], message["level"]) == ("notice", "error")
    assert "log" in message["message"]
    monkeypatch.undo()
    assert run(handlers, opened)[-1]["kind"] == "result"


def test_the_real_engine_takes_what_the_page_sends(
    tiny_model: Path, settings: AppSettings, documents: Documents, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu", dtype="fp32")
    handlers = Handlers(Models(engine, settings), settings, documents)
    (tmp_path / "p.png").write_bytes(encode_png(photo))
    opened = handlers.opening.open_upload(str(tmp_path / "p.png"), visitor()).message
    assert opened is not None
    values = {**VALUES, "finish": "none"}
    for changes in (
        {"mode": "extend", "mask": None, "extend": [9, 0, 0, 5]},
        {"mode": "generate", "mask": None},
        {},
    ):
        *steps, result = run(handlers, opened, values, **changes)
        assert steps
        assert steps[0]["kind"] == "step"
        assert [v["changed_outside"] for v in result["variations"]] == [0, 0]
    for number, way in enumerate(("weakest", "pins", "more", "baseline")):
        *_, last = run(handlers, opened, run=f"w{number}", **{"from": origin(way, share=0.5)})
        assert last["kind"] == "result", last
    # A branch with nothing changed is the run itself, to the last byte, where nothing competes with it.
    *_, branch = run(handlers, opened, values, run="b", **{"from": origin("branch", step=2)})
    first, again = (open_picture(path_of(each["variations"][0]["url"])) for each in (result, branch))
    assert np.array_equal(first, again)
    swept = told(handlers, opened, mode="sweep", run="s")
    assert max(each.grid.count("<img") for each in swept if each.grid) == 6
    film = handlers.exporting.export(event({"format": "gif", "quality": 90, "run": "r1", "variation": 1}), visitor())
    assert film["kind"] == "file", film
    plan = {**intent(None), "doc": opened["doc"], "mode": "extend", "mask": None, "extend": [9, 0, 0, 5]}
    assert handlers.planning.plan(plan)["windows"]
    cell = np.argwhere(documents.current("ann").runs.find("r1").traced().hole)[0].tolist()  # type: ignore[union-attr]
    looked = handlers.reviewing.inspect(event({"run": "r1", "variation": 0, "cell": cell}), visitor())
    assert len(looked["list"]) == 5, looked


# judging --------------------------------------------------------------------------------------------------------------
def test_a_result_says_which_variation_fits_best(
    handlers: Handlers, engine: FakeEngine, opened: dict[str, Any]
) -> None:
    result = run(handlers, opened, {**VALUES, "variations": 4, "class_id": 1})[-1]
    drawn = engine.edit(engine.asked[-1])
    assert result["ranking"] == list(drawn.ranking) != [0, 1, 2, 3]
    assert drawn.fits is not None
    assert drawn.class_fits is not None
    assert [v["fit"] for v in result["variations"]] == [round(fit, 4) for fit in drawn.fits]
    assert [v["class_fit"] for v in result["variations"]] == [round(fit, 4) for fit in drawn.class_fits]
    alone = run(handlers, opened, {**VALUES, "variations": 1}, run="r2")[-1]
    assert (alone["ranking"], alone["variations"][0]["fit"]) == (None, None)


def test_a_disk_that_is_full_is_told_as_such_and_costs_nothing(handlers: Handlers, opened: dict[str, Any]) -> None:
    """The limit is the kernel's, and so is the error: no file may grow beyond a few bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
        told = run(handlers, opened)[-1]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert (told["kind"], told["level"]) == ("notice", "error")
    assert "the disk is full" in told["message"]
    assert run(handlers, opened, run="r2")[-1]["kind"] == "result"
