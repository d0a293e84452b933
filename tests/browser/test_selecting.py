"""Smart select in a real browser: each gesture asks for what it means, and the answer is one step of the mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route

from tests.browser import real_app
from tests.browser.gestures import canvas, client, drag, levels_of, opened, state
from tests.browser.stage_app import build
from tests.core.canvas.objects import outlined, overlap

Open = Callable[..., Page]
SIZE = (400, 300)
ASKING = "**/component_server**"
TOLERANCE = 24


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=2))


@pytest.fixture
def page(open_page: Open, address: str) -> Page:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("w")
    assert state(page)["tool"] == "select"
    return page


def painted(page: Page) -> NDArray[np.bool_]:
    return levels_of(page.evaluate("mgeStage.intent().mask")) == 255


def rectangle(left: float, top: float, right: float, bottom: float) -> NDArray[np.bool_]:
    mask = np.zeros(SIZE[::-1], np.bool_)
    mask[int(top) : int(bottom), int(left) : int(right)] = True
    return mask


def around(points: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """What a box from one corner to another touches."""
    (ax, ay), (bx, by) = points[0], points[-1]
    return rectangle(min(ax, bx), min(ay, by), np.floor(max(ax, bx)) + 1, np.floor(max(ay, by)) + 1)


def steps(page: Page, count: int) -> None:
    """Wait until so many steps can be taken back."""
    page.wait_for_function(f"__mge.state().undo === {count}")


def hold(page: Page) -> list[Route]:
    """Keep the answers to what is asked by Smart select back; returns what waits."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:
        if route.request.post_data_json["fn_name"] == "select":
            waiting.append(route)
        else:
            route.continue_()

    page.route(ASKING, keep)
    return waiting


def answered(page: Page, waiting: list[Route]) -> None:
    """Let what waits be answered, and the page hear it."""
    for route in waiting:
        with page.expect_response(lambda response, route=route: response.request == route.request):
            route.continue_()
    page.wait_for_timeout(100)


def asked(page: Page, waiting: list[Route]) -> None:
    """Wait until the page has asked."""
    while not waiting:
        page.wait_for_timeout(20)


def test_a_box_selects_shift_adds_alt_takes_away_each_one_step(page: Page) -> None:
    first = around(drag(page, [(50, 60), (120, 140)]))
    steps(page, 1)
    np.testing.assert_array_equal(painted(page), first)

    page.keyboard.down("Shift")
    second = around(drag(page, [(300, 200), (200, 100)]))
    page.keyboard.up("Shift")
    steps(page, 2)
    np.testing.assert_array_equal(painted(page), first | second)

    page.keyboard.down("Alt")
    third = around(drag(page, [(80, 80), (250, 160)]))
    page.keyboard.up("Alt")
    steps(page, 3)
    np.testing.assert_array_equal(painted(page), (first | second) & ~third)

    fourth = around(drag(page, [(10, 200), (60, 280)]))
    steps(page, 4)
    np.testing.assert_array_equal(painted(page), fourth)

    for mask in ((first | second) & ~third, first | second, first):
        page.keyboard.press("Control+z")
        np.testing.assert_array_equal(painted(page), mask)


def test_a_click_takes_like_colours_whatever_a_drag_draws(page: Page) -> None:
    for count, way in enumerate(("Box", "Scribble", "Like colours"), 1):
        page.wait_for_selector(f".mge-options .mge-way[aria-checked=true]:text-is('{way}')")
        [(x, y)] = drag(page, [(60 * count + 60, 150)])
        steps(page, count)
        x, y = np.floor((x, y))
        want = rectangle(x - TOLERANCE, y - TOLERANCE, x + TOLERANCE, y + TOLERANCE)
        np.testing.assert_array_equal(painted(page), want)
        page.keyboard.press("w")


def test_a_drag_to_the_side_changes_how_like_colours_have_to_be(page: Page) -> None:
    page.click("text=Like colours")
    at = client(page, 200, 150)
    page.mouse.move(*at)
    page.mouse.down()
    page.wait_for_function("__mge.state().painted > 0")
    page.mouse.move(at[0] + 30, at[1])
    side = 2 * (TOLERANCE + 10)
    page.wait_for_function(f"__mge.state().painted === {side * side}")
    assert state(page)["undo"] == 0
    page.mouse.up()
    steps(page, 1)
    assert page.input_value(".mge-options input[aria-label=Tolerance]") == str(TOLERANCE + 10)
    x, y = np.floor(canvas(page, at))
    by = TOLERANCE + 10
    np.testing.assert_array_equal(painted(page), rectangle(x - by, y - by, x + by, y + by))
    page.keyboard.press("Control+z")
    assert not state(page)["painted"]


def test_giving_up_such_a_drag_leaves_mask_and_tolerance(page: Page) -> None:
    drag(page, [(50, 60), (120, 140)])
    steps(page, 1)
    before = page.evaluate("__mge.maskHash()")
    page.click("text=Like colours")
    at = client(page, 200, 150)
    page.mouse.move(*at)
    page.mouse.down()
    page.wait_for_function("before => __mge.maskHash() !== before", arg=before)
    page.mouse.move(at[0] + 60, at[1])
    page.keyboard.press("Escape")
    page.mouse.up()
    assert page.evaluate("__mge.maskHash()") == before
    assert page.input_value(".mge-options input[aria-label=Tolerance]") == str(TOLERANCE)
    assert state(page)["undo"] == 1


def test_a_scribble_is_asked_with_all_its_points(page: Page) -> None:
    page.keyboard.press("w")
    line = np.floor(drag(page, [(60, 80), (100, 150), (180, 110)]))
    steps(page, 1)
    (left, top), (right, bottom) = line.min(0), line.max(0)
    np.testing.assert_array_equal(painted(page), rectangle(left, top, right, bottom))


def test_painting_goes_on_meanwhile_and_the_late_answer_is_dropped(page: Page) -> None:
    waiting = hold(page)
    drag(page, [(50, 60), (120, 140)])
    asked(page, waiting)
    assert "Selecting" in state(page)["status"]
    page.keyboard.press("r")
    stroke = around(drag(page, [(200, 100), (260, 160)]))
    steps(page, 1)
    answered(page, waiting)
    np.testing.assert_array_equal(painted(page), stroke)
    assert state(page)["undo"] == 1


@pytest.mark.parametrize("key", ["Escape", "x", "4"])
def test_what_else_is_done_meanwhile_ends_the_wait(page: Page, key: str) -> None:
    waiting = hold(page)
    drag(page, [(50, 60), (120, 140)])
    asked(page, waiting)
    if key == "4":
        page.evaluate("mgeStage.setMode('generate')")
    else:
        page.keyboard.press(key)
    before = page.evaluate("__mge.maskHash()")
    answered(page, waiting)
    assert page.evaluate("__mge.maskHash()") == before


def test_of_two_gestures_the_later_counts(page: Page) -> None:
    waiting = hold(page)
    drag(page, [(50, 60), (120, 140)])
    asked(page, waiting)
    second = around(drag(page, [(200, 100), (260, 160)]))
    while len(waiting) < 2:
        page.wait_for_timeout(20)
    answered(page, waiting[::-1])
    steps(page, 1)
    np.testing.assert_array_equal(painted(page), second)


def test_what_is_found_without_drawing_replaces_or_with_shift_adds(page: Page) -> None:
    first = around(drag(page, [(50, 160), (120, 240)]))
    steps(page, 1)
    page.click(".mge-opener")
    page.click(".mge-menu button:text-is('Sky')", modifiers=["Shift"])
    steps(page, 2)
    np.testing.assert_array_equal(painted(page), first | rectangle(0, 0, 400, 100))
    page.click(".mge-menu button:text-is('Sky')")
    steps(page, 3)
    np.testing.assert_array_equal(painted(page), rectangle(0, 0, 400, 100))
    page.click(".mge-menu button:text-is('Rim')")
    page.wait_for_selector(".mge-toast.mge-on:text('Nothing stands out here.')")
    assert state(page)["undo"] == 3


def test_why_nothing_is_found_is_said_and_the_mask_stays(page: Page) -> None:
    drag(page, [(50, 60), (120, 140)])
    steps(page, 1)
    before = page.evaluate("__mge.maskHash()")
    drag(page, [(2, 150), (12, 160)])
    page.wait_for_selector(".mge-toast.mge-on:text('Nothing stands out here.')")
    assert page.evaluate("__mge.maskHash()") == before


def test_a_server_that_does_not_answer_is_said(open_page: Open, address: str) -> None:
    page = open_page(address, allowed=("Failed to load resource",))
    opened(page, *SIZE)
    page.keyboard.press("w")
    page.route(ASKING, lambda route: route.abort())
    drag(page, [(50, 60), (120, 140)])
    page.wait_for_selector(".mge-toast.mge-on:text('The server did not answer')")
    assert not state(page)["painted"]


def test_the_real_server_finds_a_flower_by_one_box(open_page: Open, app: real_app.App, samples: Path) -> None:
    page = open_page(app.address)
    real_app.wait(page, "s.doc && !s.opening")
    real_app.open_file(page, samples / "dahlia.jpg", 640, 427)
    real_app.home(page)
    page.keyboard.press("w")
    before = state(page)["undo"]
    drag(page, [(160, 76), (456, 368)])
    steps(page, before + 1)
    assert overlap(painted(page), outlined("dahlia")[1]) > 0.95
    tint = "document.querySelector('canvas[data-layer=tint]').toDataURL()"
    page.evaluate("document.querySelector('#mge-mode input[value=replace]').click()")
    page.wait_for_function("__mge.state().mode === 'replace'")
    before = page.evaluate(tint)
    page.fill("#mge-feather input[type=range]", "40")
    page.wait_for_function(f"before => {tint} !== before", arg=before)
    page.wait_for_function(f"before => {tint} === before", arg=before)
