"""A form in, a PNG out; every step on the way; refusals, turns, and senders who leave."""

from __future__ import annotations

import asyncio
import base64

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import open_picture, read_png_text
from editor.programs import call
from tests.editor.handlers.visits import AXES, VALUES, event, visitor
from tests.editor.programs.conftest import Answer, Programs
from tests.editor.wire.sent import intent


def test_each_call_answers_with_a_png(programs: Programs, photo: NDArray[np.uint8]) -> None:
    image = {"image": programs.files["image"]}
    filled = programs.ask("inpaint", {**programs.files, "class_name": "lake", "seed": "2"})
    assert (filled.status, filled.headers["content-type"]) == (200, "image/png")
    changed = (open_picture(filled.body) != photo).any(2)
    assert changed[8:16, 8:24].all()
    assert changed.sum() == 8 * 16
    replaced = open_picture(programs.ask("replace", {**image, "class_name": "roses", "left": "40"}).body)
    assert np.array_equal(replaced[:, :40], photo[:, :40])
    assert open_picture(programs.ask("extend", {**image, "left": "8", "bottom": "4"}).body).shape == (52, 72, 3)
    assert open_picture(programs.ask("generate", {}).body).shape == (128, 128, 3)


def test_the_best_of_several_comes_with_its_seed_and_its_recipe(programs: Programs) -> None:
    answer = programs.ask("inpaint", {**programs.files, "variations": "3", "seed": "5", "finish": "none"})
    told = {name: value for name, value in answer.headers.items() if name.startswith("maskgit")}
    best = int(told["maskgit-variation"])
    assert told == {
        "maskgit-seed": str(4 + best),
        "maskgit-variation": str(best),
        "maskgit-variations": "3",
        "maskgit-model": "fake-128",
    }
    assert best == 2  # the fake engine's own ranking
    assert f"seed {4 + best}" in read_png_text(answer.body)["parameters"]


def test_a_stream_tells_every_step_and_gives_every_variation(programs: Programs) -> None:
    asked = {**programs.files, "variations": "2", "seed": "5", "steps": "3", "finish": "none"}
    answer = programs.ask("inpaint?stream=1", asked)
    assert answer.headers["content-type"] == "text/event-stream"
    events = answer.events
    assert [name for name, _ in events] == ["begin", "step", "step", "step", "result", "picture", "picture"]
    data = [data for _, data in events]
    facts = {"task": "inpaint", "model": "fake-128", "told": []}
    assert data[0] == {**facts, "variations": 2, "seed": 5, "steps": 3}
    assert [(each["step"], each["steps"]) for each in data[1:4]] == [(1, 3), (2, 3), (3, 3)]
    assert all(url.startswith("data:image/webp") for url in data[1]["previews"])
    assert len(data[1]["previews"]) == 2
    assert (data[4]["variations"], data[4]["seeds"]) == (2, [5, 6])
    alone = [programs.ask("inpaint", {**asked, "variations": "1", "seed": seed}).body for seed in ("5", "6")]
    assert [base64.b64decode(each["png"]) for each in data[5:]] == alone


REFUSED = {
    "nothing": ({}, 400, "field image is missing"),
    "unknown": ({"prompt": "a cat"}, 400, "no field 'prompt' here: give image, mask"),
    "no file": ({"image": "photo.png"}, 400, "-F image=@FILE"),
    "a file": ({"steps": b"8"}, 400, "steps is a file"),
    "no number": ({"steps": "1_0"}, 400, "'1_0' is not a whole number"),
    "no share": ({"follow": "much"}, 400, "'much' is not a number"),
    "out of range": ({"steps": "1000"}, 400, "steps T is 1000"),
    "class": ({"class_name": "unicorn"}, 400, "unicorn"),
    "many": ({"variations": "99"}, 400, "variations is 99"),
    "no picture": ({"image": b"PNG"}, 400, "picture"),
    "photo as mask": ({"mask": None}, 400, "looks like a photo"),
}


@pytest.mark.parametrize(("changes", "status", "sentence"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("query", ["", "?stream=1"])
def test_refusals_are_one_sentence(
    programs: Programs, changes: dict[str, str | bytes | None], status: int, sentence: str, query: str
) -> None:
    fields = {**programs.files, **changes} if changes else {}
    fields = {name: programs.files["image"] if value is None else value for name, value in fields.items()}
    answer = programs.ask(f"inpaint{query}", fields)
    assert answer.status == status
    assert sentence in answer.said
    assert answer.headers["content-type"] == "application/json"


def test_what_is_no_form_and_no_call_is_refused(programs: Programs) -> None:
    assert programs.ask("inpaint", {}, method="GET").status == 405
    assert programs.ask("inpaint?stream=yes", {}).status == 400
    assert programs.ask("inpaint", {}, body=b"no form").said.startswith("This form cannot be read")
    nothing = programs.ask("upscale", {})
    assert (nothing.status, nothing.said[:32]) == (404, "There is no call /api/v1/upscale")
    twice = programs.ask("generate", {}, body=form_twice())
    assert "comes twice" in twice.said


def form_twice() -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="seed"\r\n\r\n1\r\n'
    return part * 2 + b"--x--\r\n"


def test_a_run_that_breaks_says_so_after_its_steps(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("editor.handlers.calls.encode_png", broken)
    name, data = programs.ask("generate?stream=1", {"steps": "2"}).events[-1]
    assert (name, "the disk is full" in data["detail"]) == ("error", True)
    plain = programs.ask("generate", {"steps": "2"})
    assert (plain.status, "the disk is full" in plain.said) == (507, True)


@pytest.mark.parametrize("query", ["", "?stream=1"])
def test_a_sender_who_leaves_ends_the_run(programs: Programs, query: str) -> None:
    engine = programs.engine

    def gone(answer: Answer) -> bool:
        return engine.streamed >= 2

    programs.together(lambda: programs.answer(f"generate{query}", {"steps": "200"}, gone=gone))
    assert engine.closed == 1
    assert engine.streamed < 20
    assert programs.ask("generate", {"steps": "2"}).status == 200


def test_calls_wait_for_their_turn_and_leave_while_they_wait(programs: Programs) -> None:
    turns = programs.handlers._desk.turns
    page = turns.wait("page")

    async def work() -> tuple[Answer, Answer]:
        waiting = asyncio.create_task(programs.answer("generate", {"steps": "2"}))
        leaving = asyncio.create_task(programs.answer("generate", {"steps": "2"}, gone=lambda answer: True))
        left = await leaving
        assert programs.engine.streamed == 0
        assert not waiting.done()
        turns.leave(page)
        return await waiting, left

    waited, left = programs.together(work)
    assert (waited.status, left.status) == (200, 0)
    assert programs.engine.closed == 1


def test_a_call_waits_for_the_run_of_the_page_and_goes_on_when_its_visitor_leaves(programs: Programs) -> None:
    run = programs.handlers.running.run(VALUES, AXES, event({**intent(None), "mode": "generate"}), visitor())
    next(run)

    async def work() -> Answer:
        waiting = asyncio.create_task(programs.answer("generate", {"steps": "2"}))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        assert len(programs.engine.asked) == 1
        run.close()
        return await waiting

    assert programs.together(work).status == 200
    assert len(programs.engine.asked) == 2


def test_too_many_calls_are_asked_to_come_again(programs: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "_MOST_CALLS", 1)
    page = programs.handlers._desk.turns.wait("page")

    async def work() -> tuple[Answer, Answer]:
        first = asyncio.create_task(programs.answer("generate", {"steps": "2"}))
        await asyncio.sleep(0.05)
        second = await programs.answer("generate", {"steps": "2"})
        programs.handlers._desk.turns.leave(page)
        return await first, second

    first, second = programs.together(work)
    assert (first.status, second.status, second.headers["retry-after"]) == (200, 503, "5")


def test_the_description_has_every_argument(programs: Programs) -> None:
    described = programs.together(lambda: programs.answer("openapi.json", {}, method="GET"))
    assert described.status == 200
    text = described.body.decode()
    for name in ("inpaint", "replace", "extend", "generate", "class_name", "variations", "follow", "bottom", "binary"):
        assert f'"{name}"' in text or f"/{name}" in text
