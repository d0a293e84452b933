"""Runs in a real browser: the timeline of their steps, what is made from them, cells, and choosing among variations."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.gestures import client, drag, heard, opened, order, ran, state
from tests.browser.stage_app import GRID, build

Open = Callable[..., Page]
STEPS = 8


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=STEPS))


@pytest.fixture(scope="module")
def slow_address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.3, steps=STEPS))


def reviewed(page: Page, width: int = 640, height: int = 480) -> dict[str, Any]:
    """Open a picture, paint, run; return the intent."""
    opened(page, width, height)
    drag(page, [(250, 180), (330, 260), (380, 190)])
    return ran(page)


def marked_with_ranking(page: Page) -> None:
    """Open a picture and paint, with C the best of the four variations that a run will draw."""
    opened(page, 640, 480)
    order(page, ranking=[2, 0, 3, 1])
    page.wait_for_selector("text=Ranked.")
    drag(page, [(250, 180), (330, 260), (380, 190)])


def at_home(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


def counted(page: Page, count: int) -> None:
    page.wait_for_function(f"(__mge.state().review || {{}}).count === {count} && __mge.state().review.loaded")


def said(page: Page, event: str, how: str) -> dict[str, Any]:
    """Return the intent of a run of that kind, once Python has it."""
    page.wait_for_function(
        """([event, how]) => {
            const heard = JSON.parse(document.querySelector('#heard textarea').value || '{}');
            return heard.event === event && heard.data.from && heard.data.from.how === how;
        }""",
        arg=[event, how],
    )
    return heard(page, event)


# the timeline ---------------------------------------------------------------------------------------------------------
def test_every_step_is_kept_and_can_be_gone_back_to(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    steps = [each["step"] for each in page.evaluate("__mge.timeline().steps")]
    assert steps == list(range(1, STEPS + 1))
    assert state(page)["timeline"]["position"] is None
    at_home(page)
    for expected in (STEPS - 1, STEPS - 2):
        page.keyboard.press(",")
        page.wait_for_function("__mge.state().timeline.layers === 1")
        assert state(page)["timeline"]["position"] == expected
    assert "Step 6 of 8" in (page.text_content(".mge-step-text") or "")
    page.keyboard.press(".")
    page.keyboard.press(".")
    assert state(page)["timeline"]["position"] is None
    track = page.locator(".mge-track")
    box = track.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 2, box["y"] + 20)
    page.mouse.up()
    assert state(page)["timeline"]["position"] == 0
    assert track.get_attribute("aria-valuenow") == "0"
    track.focus()
    page.keyboard.press("ArrowRight")
    assert state(page)["timeline"]["position"] == 1
    page.keyboard.press("End")
    assert state(page)["timeline"]["position"] is None


def test_nothing_jumps_when_steps_and_result_arrive(open_page: Open, slow_address: str) -> None:
    page = open_page(slow_address)
    opened(page, 640, 480)
    drag(page, [(250, 180), (330, 260)])
    place = """() => ['.mge-view', '.mge-strip', '.mge-dock', '.mge-hud', '.mge-rail'].map(each => {
        const {x, y, width, height} = document.querySelector(each).getBoundingClientRect();
        return [x, y, width, height];
    })"""
    page.keyboard.press("Enter")  # which makes room for the dock
    page.wait_for_function("__mge.state().running && document.querySelector('.mge-tile')")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before, view = page.evaluate(place), state(page)["view"]
    page.wait_for_function("(__mge.state().running || {}).step >= 2")
    assert page.evaluate(place) == before
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert page.evaluate(place) == before
    assert state(page)["view"] == view


def test_order_and_confidence_are_those_of_the_steps(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    cells = page.evaluate("__mge.cells().cells")
    order = page.evaluate("__mge.timeline().order")
    assert len(order) == GRID * GRID
    assert [value >= 0 for value in order] == [bool(cell) for cell in cells]
    assert max(order) == 1
    sureness = page.evaluate("__mge.timeline().sureness")
    assert all((value >= 0) == bool(cell) for value, cell in zip(sureness, cells, strict=True))
    page.evaluate("__mge.go(3)")
    early = page.evaluate("__mge.timeline().order")
    assert 0 < sum(value >= 0 for value in early) < sum(cells)
    pixels = """() => {
        const guides = document.querySelector('[data-layer=guides]');
        return Array.from(guides.getContext('2d').getImageData(0, 0, guides.width, guides.height).data)
            .reduce((sum, value, i) => sum + value * (i % 251), 0);
    }"""
    seen = set()
    for look in ("picture", "order", "confidence"):
        page.click(f"[data-look={look}]")
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        assert page.get_attribute(f"[data-look={look}]", "aria-checked") == "true"
        seen.add(page.evaluate(pixels))
        assert page.is_visible(".mge-legend") == (look != "picture")
    assert len(seen) == 3


def test_branch_takes_the_step_over(open_page: Open, address: str) -> None:
    page = open_page(address)
    intent = reviewed(page)
    branch = page.locator("text=Branch here")
    assert branch.get_attribute("aria-disabled") == "true"
    assert "go back" in (branch.get_attribute("title") or "")
    at_home(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press(",")
    page.keyboard.press(",")
    page.keyboard.press(",")
    branch.click()
    sent = said(page, "run", "branch")
    assert sent["v"] == 2
    assert sent["mask"] is None
    assert sent["from"] == {"run": intent["run"], "variation": 1, "step": STEPS - 3, "how": "branch"}
    counted(page, 6)
    assert state(page)["review"]["index"] == 4  # what was there stays, the new ones join it
    steps = page.evaluate("__mge.timeline().steps")
    assert [each["step"] for each in steps] == list(range(1, STEPS + 1))
    assert [each["run"] == intent["run"] for each in steps] == [True] * (STEPS - 3) + [False] * 3


def test_weakest_cells_more_and_the_sequential_lane(open_page: Open, address: str) -> None:
    page = open_page(address)
    intent = reviewed(page)
    page.fill(".mge-share", "35")
    page.click("text=Re-roll weakest 35 %")
    assert said(page, "run", "weakest")["from"]["share"] == 0.35
    counted(page, 6)
    page.click(".mge-tile >> nth=0")
    page.click("text=More like this")
    assert said(page, "run", "more")["from"] == {"run": intent["run"], "variation": 0, "step": 0, "how": "more"}
    counted(page, 8)
    page.click(".mge-tile >> nth=0")
    page.wait_for_function("__mge.state().review.index === 0")
    page.click("text=Sequential")
    assert said(page, "run", "baseline")["from"]["run"] == intent["run"]
    counted(page, 9)
    assert state(page)["review"]["index"] == 0  # it decodes beside, not instead
    assert page.locator(".mge-lane-beside .mge-knob").count() == STEPS + 1
    assert page.is_visible(".mge-inset")
    page.evaluate("__mge.go(2)")
    here = page.locator(".mge-lane-beside [data-at=here]")
    assert here.evaluate("node => [...node.parentNode.children].indexOf(node)") == 2


def test_runs_of_several_windows_say_why_they_cannot_branch(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 900, 200)
    page.keyboard.press("r")
    drag(page, [(20, 60), (860, 130)])
    ran(page)
    assert state(page)["timeline"]["length"] > STEPS
    page.keyboard.press(",")
    for text in ("Branch here", "Re-roll weakest"):
        node = page.locator(f".mge-dock button:has-text('{text}')")
        assert node.get_attribute("aria-disabled") == "true"
        assert "one window" in (node.get_attribute("title") or "")
    page.click("text=Branch here", force=True)
    assert "one window" in (page.text_content(".mge-toast.mge-on") or "")


# cells ----------------------------------------------------------------------------------------------------------------
def test_a_cell_shows_what_else_fits_and_keeps_a_pin(open_page: Open, address: str) -> None:
    page = open_page(address)
    intent = reviewed(page)
    at_home(page)
    page.keyboard.press("i")
    assert state(page)["tool"] == "inspect"
    shown = page.evaluate("__mge.cells()")
    cell = shown["cells"].index(1)
    left, top, right, _ = shown["window"]
    side = (right - left) / GRID
    at = (left + (cell % GRID + 0.5) * side, top + (cell // GRID + 0.5) * side)
    page.mouse.click(*client(page, 5, 5))
    assert "not regenerated" in (page.text_content(".mge-toast.mge-on") or "")
    page.mouse.click(*client(page, *at))
    asked = heard(page, "inspect")
    assert asked == {"run": intent["run"], "variation": 0, "cell": [cell // GRID, cell % GRID], "pins": []}
    page.wait_for_selector(".mge-patch")
    assert page.locator(".mge-patch").count() == 5
    assert "60 %" in (page.get_attribute(".mge-patch", "aria-label") or "")
    page.click(".mge-patch >> nth=2")
    sent = said(page, "run", "pins")
    assert sent["from"]["pins"] == [[cell, 102]]
    counted(page, 5)
    assert state(page)["review"]["index"] == 4
    page.click("text=Re-roll weakest 20 %")
    assert said(page, "run", "weakest")["from"]["pins"] == [[cell, 102]]
    counted(page, 7)
    page.mouse.click(*client(page, *at))
    page.wait_for_selector(".mge-patch[aria-pressed=true]")
    page.click("text=Unpin this cell")
    page.click("text=Re-roll weakest 20 %")
    page.wait_for_function(
        "(() => { const {data} = JSON.parse(document.querySelector('#heard textarea').value);"
        " return data.from && data.from.how === 'weakest' && !data.from.pins; })()"
    )


# variations -----------------------------------------------------------------------------------------------------------
def test_arrows_flip_in_the_order_asked_for(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    assert "#1" in (page.get_attribute(".mge-tile >> nth=0", "title") or "")
    page.select_option(".mge-order", "seam")
    expect(page.locator(".mge-tile b")).to_have_text(["D", "C", "B", "A"])
    assert "seam 1.00" in (page.get_attribute(".mge-tile >> nth=0", "title") or "")
    at_home(page)
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("__mge.state().review.index === 1")
    status = page.text_content(".mge-status") or ""
    assert "Variation B of 4" in status
    assert "seed 8" in status
    assert page.text_content(".mge-badge") == "0 px changed outside"
    assert page.text_content(".mge-seam") == "seam 1.40"


def test_numbers_are_shown_to_who_asks_and_stay_so(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    button, status, tile = page.locator(".mge-numbers"), page.locator(".mge-status"), page.locator(".mge-tile").first
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(page.locator(".mge-seam")).to_be_hidden()
    expect(page.locator(".mge-shift")).to_be_hidden()
    expect(page.locator(".mge-badge")).to_have_text("0 px changed outside")
    expect(status).not_to_contain_text("seed")
    expect(tile).not_to_have_attribute("title", re.compile("seam|score"))
    page.wait_for_function("__mge.state().saved")
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    expect(button).to_have_attribute("aria-pressed", "false")
    counted(page, 4)
    at_home(page)
    page.keyboard.press("Escape")
    drag(page, [(100, 100), (150, 130)])
    expect(status).to_contain_text("of 256 cells")
    expect(status).not_to_contain_text("context")
    page.keyboard.press("n")
    expect(status).to_contain_text("% context")


def test_the_best_is_shown_first_and_the_strip_stays_as_drawn(open_page: Open, address: str) -> None:
    page = open_page(address)
    marked_with_ranking(page)
    ran(page)
    counted(page, 4)
    assert state(page)["review"]["index"] == 2
    assert page.locator(".mge-tile b").all_text_contents() == ["A", "B", "C", "D"]
    assert page.locator(".mge-tile small").all_text_contents() == ["2", "", "1", "3"]
    assert page.locator(".mge-order option").all_text_contents() == ["As drawn", "Best first", "By seam"]
    page.select_option(".mge-order", "best")
    expect(page.locator(".mge-tile b")).to_have_text(["C", "A", "D", "B"])
    assert page.locator(".mge-tile small").all_text_contents() == ["1", "2", "3", ""]
    assert "fit -2.50" in (page.locator(".mge-tile").first.get_attribute("title") or "")
    # What a branch draws was compared among itself; a single picture with nothing, so that it comes last.
    page.click("text=Sequential")
    counted(page, 5)
    expect(page.locator(".mge-tile b")).to_have_text(["C", "A", "D", "B", "E"])


def test_who_looks_at_another_while_it_decodes_keeps_it(open_page: Open, slow_address: str) -> None:
    page = open_page(slow_address)
    marked_with_ranking(page)
    page.keyboard.press("Enter")
    page.click(".mge-tile >> nth=1")
    counted(page, 4)
    assert state(page)["review"]["index"] == 1


def test_a_dropped_variation_comes_back_by_undo(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    page.focus(".mge-tile >> nth=0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    painted = state(page)["painted"]
    expect(page.locator(".mge-tile b")).to_have_text(["A", "C", "D"])
    assert painted  # Delete was the tile's, not the mask's
    at_home(page)
    page.keyboard.press("Control+z")
    counted(page, 4)
    assert state(page)["review"]["index"] == 1
    assert state(page)["painted"] == painted


def test_enter_on_a_tile_keeps_it(open_page: Open, address: str) -> None:
    page = open_page(address)
    intent = reviewed(page)
    page.focus(".mge-tile >> nth=0")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert heard(page, "accept") == {"run": intent["run"], "variation": 2}
    page.wait_for_function("__mge.state().versions.length === 2")
    assert page.text_content(".mge-seam") == "seam 1.20"


def test_stop_leaves_a_draft(open_page: Open, slow_address: str) -> None:
    page = open_page(slow_address)
    opened(page, 400, 300)
    drag(page, [(100, 100), (180, 160)])
    page.keyboard.press("Enter")
    page.wait_for_function("(__mge.state().running || {}).step >= 2")
    run = state(page)["running"]["run"]
    before = page.evaluate("__mge.maskHash()")
    page.keyboard.press("Escape")
    assert state(page)["running"] is None
    assert state(page)["review"] is None
    assert page.evaluate("__mge.maskHash()") == before
    assert heard(page, "draft") == {"run": run, "variation": 0}
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert "draft" in (page.text_content(".mge-status") or "")
    assert 2 <= state(page)["timeline"]["length"] < STEPS


# export ---------------------------------------------------------------------------------------------------------------
def test_export_shows_the_size_before_the_download(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("Control+s")
    page.wait_for_selector(".mge-export[open]")
    assert page.is_checked(".mge-export [value=png]")
    assert page.is_disabled(".mge-export [value=mask]")
    assert page.is_disabled(".mge-export [value=gif]")
    page.wait_for_function("/^waves.png · [0-9]+ kB$/.test(document.querySelector('.mge-about').textContent)")
    page.check(".mge-export [value=jpeg]")
    page.wait_for_function("/^waves.jpg · /.test(document.querySelector('.mge-about').textContent)")
    assert heard(page, "export")["quality"] == 95
    large = page.text_content(".mge-about")
    page.fill(".mge-quality input", "50")
    page.wait_for_function(
        "old => ![old, 'Preparing the file …'].includes(document.querySelector('.mge-about').textContent)", arg=large
    )
    assert heard(page, "export")["quality"] == 50
    with page.expect_download() as download:
        page.click(".mge-export .mge-primary")
    assert download.value.suggested_filename == "waves.jpg"
    assert not page.is_visible(".mge-export")


def test_export_of_the_mask_is_made_here_and_escape_closes(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    drag(page, [(100, 100), (180, 160)])
    page.evaluate("mgeStage.export()")
    page.check(".mge-export [value=mask]")
    page.wait_for_function("/^waves-mask.png · /.test(document.querySelector('.mge-about').textContent)")
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = "[null, document.body].includes(document.activeElement) || !!document.activeElement.closest('dialog')"
        assert page.evaluate(inside)
    page.keyboard.press("Escape")
    page.wait_for_selector(".mge-export", state="hidden")
    assert state(page)["painted"]
