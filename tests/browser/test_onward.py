"""Painting on a shown result goes on from it, as if it had been kept; nothing of what it was made of is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser import real_app
from tests.browser.gestures import client, drag, heard, levels_of, opened, order, ran, settle, state, stroke
from tests.browser.stage_app import build, photo

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Open = Callable[..., Page]
SIZE = (400, 300)
STROKE = [(250.0, 200.0), (300.0, 220.0)]


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.01, steps=3))


def mask(page: Page) -> str:
    return str(page.evaluate("__mge.maskHash()"))


def reviewed(page: Page) -> dict[str, Any]:
    """Paint, run and look at the second variation; return the state."""
    opened(page, *SIZE)
    drag(page, [(100, 100), (180, 160)])
    ran(page)
    page.keyboard.press("ArrowRight")
    shown(page, 1)
    return {**state(page), "mask": mask(page)}


def shown(page: Page, index: int) -> None:
    page.wait_for_function(f"(r => r && r.loaded && r.index === {index})(__mge.state().review)")


def told(page: Page, version: int) -> None:
    """Wait until the page knows by what number the server calls the version that is shown."""
    page.wait_for_function(
        "number => (s => s.versions.some(v => v.id === s.version && v.version === number))(__mge.state())", arg=version
    )


def test_the_first_stroke_keeps_what_is_shown_and_undo_goes_back(open_page: Open, address: str) -> None:
    page = open_page(address)
    before = reviewed(page)
    seen = drag(page, STROKE)
    assert state(page)["review"] is None
    assert state(page)["view"] == before["view"]
    expected, near = stroke(SIZE, seen, state(page)["size"] / 2)
    painted = levels_of(page.evaluate("mgeStage.intent().mask")) == 255
    np.testing.assert_array_equal(painted | near, expected | near)
    second = mask(page)
    assert "goes back to all 4" in (page.text_content(".mge-toast.mge-on") or "")
    assert heard(page, "accept")["variation"] == 1
    told(page, 1)
    drag(page, [(40, 40), (60, 50)])
    for _ in range(2):
        page.keyboard.press("Control+z")
    shown(page, 1)
    assert state(page)["review"]["count"] == 4
    assert mask(page) == before["mask"]
    page.keyboard.press("Control+Shift+z")
    page.wait_for_function("__mge.state().version === 2 && !__mge.state().review")
    assert mask(page) == second
    intent = ran(page)
    assert intent["version"] == 1
    assert state(page)["version"] == 2


def test_a_stroke_given_up_leaves_the_choice_as_it_was(open_page: Open, address: str) -> None:
    page = open_page(address)
    before = reviewed(page)
    page.mouse.move(*client(page, *STROKE[0]))
    page.mouse.down()
    page.mouse.move(*client(page, *STROKE[1]))
    assert state(page)["review"] is None
    page.keyboard.press("Escape")
    page.mouse.up()
    shown(page, 1)
    now = {**state(page), "mask": mask(page)}
    for name in ("mask", "versions", "undo", "view", "review", "timeline"):
        assert now[name] == before[name], name
    page.keyboard.press("ArrowRight")
    shown(page, 2)
    page.keyboard.press("Enter")
    page.wait_for_function("!__mge.state().review && __mge.state().versions.length === 2")


def test_the_eraser_corrects_what_the_result_was_made_of(open_page: Open, address: str) -> None:
    page = open_page(address)
    before = reviewed(page)
    drag(page, [(150, 130), (180, 160)], button="right")
    assert state(page)["review"] == before["review"]
    assert 0 < state(page)["painted"] < before["painted"]
    drag(page, STROKE)  # and what is painted then belongs to the correction
    assert state(page)["review"] == before["review"]
    assert ran(page)["version"] == 0
    assert len(state(page)["versions"]) == 1


def test_a_box_on_a_result_is_a_new_one_and_undo_brings_the_old_one(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    settle(page, mode="replace")
    drag(page, [(60, 60), (160, 150)])
    first = state(page)["box"]
    ran(page)
    page.mouse.click(*client(page, 300, 200))
    assert state(page)["review"]
    assert state(page)["box"] == first
    drag(page, [(250, 160), (330, 240)])
    assert state(page)["review"] is None
    assert state(page)["box"] not in (None, first)
    told(page, 1)
    page.keyboard.press("Control+z")
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert state(page)["box"] == first
    assert state(page)["version"] == 1


def test_on_a_grown_result_the_stroke_lies_where_it_is_drawn(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    settle(page, mode="extend")
    page.evaluate("mgeStage.setExtend([120, 0, 0, 0])")
    ran(page)
    settle(page, mode="fill")
    where = client(page, -60, 150)
    page.mouse.move(*where)
    page.mouse.down()
    page.mouse.move(where[0] + 8, where[1])
    page.mouse.up()
    now = state(page)
    assert (now["width"], now["review"]) == (520, None)
    at = client(page, 60, 150)
    assert max(abs(at[0] - where[0]), abs(at[1] - where[1])) <= 1
    told(page, 1)
    page.keyboard.press("Control+z")
    page.wait_for_function("__mge.state().width === 400 && __mge.state().review && __mge.state().review.loaded")
    assert state(page)["extend"] == [120, 0, 0, 0]


def test_a_result_that_the_server_forgot_is_gone_on_from_all_the_same(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    order(page, forget=True)
    page.wait_for_selector(".mge-toast.mge-on:has-text('Forgotten')")
    drag(page, STROKE)
    assert state(page)["review"] is None
    painted = mask(page)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert [each["here"] for each in state(page)["versions"]] == [True, True]
    assert mask(page) == painted


def test_it_outlives_a_reload_on_the_real_page(open_page: Open, app: real_app.App, tmp_path: Path) -> None:
    Image.fromarray(photo(160, 120)).save(tmp_path / "small.png")
    page = open_page(app.address)
    real_app.wait(page, "s.width > 0")
    real_app.open_file(page, tmp_path / "small.png", 160, 120)
    real_app.settle(page, steps=2, variations=2)
    real_app.stroke(page, 0.5, 0.4)
    real_app.run(page)
    real_app.stroke(page, 0.4, 0.6)
    real_app.wait(page, "!s.review && s.versions.length === 2 && s.versions[1].version !== null")
    before = real_app.state(page)
    first = before["versions"][0]["id"]
    real_app.saved(page)
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    real_app.wait(page, "!s.restoring && s.doc && !s.opening")
    now = real_app.state(page)
    for name in ("mask", "version", "versions", "undo"):
        assert now[name] == before[name], name
    real_app.home(page)
    page.keyboard.press("Control+z")
    real_app.wait(page, f"s.version === {first} && s.review && s.review.loaded && s.review.count === 2")
    page.keyboard.press("Control+Shift+z")
    real_app.wait(page, f"s.version === {before['version']} && !s.review")
    assert real_app.state(page)["mask"] == before["mask"]
    real_app.run(page)
    assert real_app.state(page)["version"] == before["version"]
