"""Nothing a visitor made is lost: undo over results, the tree of versions, and what a reload brings back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.gestures import asking, drag, heard, opened, order, ran, settle, state
from tests.browser.stage_app import build

Open = Callable[..., Page]
SIZE = (400, 300)


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.01, steps=3))


def kept(page: Page, count: int) -> None:
    """Paint, run, keep what is shown, and wait until there are so many versions."""
    if state(page)["mode"] == "fill":
        drag(page, [(100, 100), (180, 160)])
    ran(page)
    page.keyboard.press("Enter")
    page.wait_for_function(f"__mge.state().versions.length === {count} && !__mge.state().review")


def painted(page: Page) -> str:
    return str(page.evaluate("__mge.maskHash()"))


def at_version(page: Page, version: int) -> None:
    page.wait_for_function(f"__mge.state().version === {version}")


def test_undo_of_a_result_brings_mask_and_variations_back(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (180, 160)])
    first = painted(page)
    ran(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("__mge.state().versions.length === 2 && !__mge.state().review")
    drag(page, [(250, 200), (300, 220)])
    second = painted(page)
    page.keyboard.press("Control+z")
    assert state(page)["painted"] == 0  # what was painted for the result is done
    page.keyboard.press("Control+z")
    assert heard(page, "goto") == {"version": 0}
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert state(page)["version"] == 1
    assert state(page)["review"]["index"] == 1
    assert state(page)["review"]["count"] == 4
    assert painted(page) == first
    page.keyboard.press("Control+z")
    assert state(page)["painted"] == 0
    for _ in range(2):
        page.keyboard.press("Control+Shift+z")
    at_version(page, 2)
    assert state(page)["painted"] == 0
    assert state(page)["review"] is None
    page.keyboard.press("Control+y")
    assert painted(page) == second


def test_set_aside_is_not_lost(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (180, 160)])
    ran(page)
    page.keyboard.press("Escape")
    assert state(page)["review"] is None
    page.click(".mge-tile >> nth=0")
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert page.locator(".mge-tile").count() == 4


def test_tree_shows_branches_and_goes_anywhere(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    kept(page, 2)
    kept(page, 3)
    page.keyboard.press("v")
    items = page.locator(".mge-version")
    assert items.count() == 3
    assert items.nth(2).get_attribute("aria-selected") == "true"
    assert page.evaluate("document.activeElement.dataset.version") == "3"
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.version") == "2"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert heard(page, "goto") == {"version": 0}
    at_version(page, 1)
    page.keyboard.press("Escape")
    assert not page.is_visible(".mge-drawer")
    kept(page, 4)
    assert [each["parent"] for each in state(page)["versions"]] == [None, 1, 2, 1]
    page.click(".mge-tool[data-id=history]")
    levels = [node.get_attribute("aria-level") for node in items.all()]
    assert levels == ["1", "2", "2", "1"]  # the older line branches off, the newest goes straight on
    page.click(".mge-version[data-version='3']")
    at_version(page, 3)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")  # a click in the tree can be undone as well
    at_version(page, 4)


def test_grown_picture_shifts_the_mask_and_comes_back(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (180, 160)])
    before = painted(page)
    settle(page, mode="extend")
    page.evaluate("mgeStage.setExtend([40, 0, 24, 0])")
    kept(page, 2)
    assert state(page)["width"] == 464
    assert state(page)["painted"]
    page.keyboard.press("Control+z")
    at_version(page, 1)
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert state(page)["width"] == 400
    assert painted(page) == before


def worked(page: Page) -> dict[str, Any]:
    """Open, paint, keep, paint more, draw a box; return what must come back."""
    opened(page, *SIZE)
    kept(page, 2)
    drag(page, [(250, 200), (300, 220)])
    settle(page, mode="replace")
    drag(page, [(60, 60), (120, 110)])
    page.wait_for_function("__mge.state().box && __mge.state().saved")
    return {"mask": painted(page), **{key: state(page)[key] for key in ("box", "mode", "version", "width", "height")}}


def comes_back(page: Page, before: dict[str, Any]) -> None:
    page.wait_for_selector(".mge-restored:not([hidden])")
    now = state(page)
    assert {key: now[key] for key in before if key != "mask"} == {k: v for k, v in before.items() if k != "mask"}
    assert painted(page) == before["mask"]
    assert [each["parent"] for each in now["versions"]] == [None, 1]


def test_reload_restores_everything(open_page: Open, address: str) -> None:
    page = open_page(address)
    before = worked(page)
    page.reload()
    comes_back(page, before)
    assert heard(page, "reopen") == {}
    assert all(each["here"] for each in state(page)["versions"])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("v")
    page.click(".mge-version[data-version='1']")
    at_version(page, 1)


def test_browsers_own_copy_stands_in_for_a_server_that_forgot(open_page: Open, address: str) -> None:
    page = open_page(address)
    before = worked(page)
    order(page, forget=True)
    page.locator(".mge-toast.mge-on", has_text="Forgotten").wait_for()
    page.reload()
    comes_back(page, before)
    versions = state(page)["versions"]
    assert [each["here"] for each in versions] == [True, True]  # the whole tree went up again
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("v")
    page.click(".mge-version[data-version='1']")
    at_version(page, 1)


def test_start_fresh_forgets(open_page: Open, address: str) -> None:
    page = open_page(address)
    worked(page)
    page.reload()
    page.wait_for_selector(".mge-restored:not([hidden])")
    with page.expect_navigation():
        page.click("text=Start fresh")
    page.wait_for_selector("#mge-stage [data-ready]")
    page.wait_for_function("typeof __mge === 'object' && !__mge.state().restoring && __mge.state().doc === null")
    assert page.is_visible(".mge-empty")


def test_a_full_browser_is_said_once_and_survived(open_page: Open, address: str) -> None:
    page = open_page(address)
    page.evaluate(
        """() => {
            window.tries = 0;
            IDBObjectStore.prototype.put = () => {
                window.tries++;
                throw new DOMException("full", "QuotaExceededError");
            };
        }"""
    )
    opened(page, *SIZE)
    page.wait_for_function("document.querySelector('.mge-toast').textContent.includes('no room')")
    page.evaluate("document.querySelector('.mge-toast').textContent = ''")
    drag(page, [(100, 100), (180, 160)])
    page.wait_for_function("window.tries >= 2")
    assert page.text_content(".mge-toast") == ""
    ran(page)
    assert state(page)["review"]["count"] == 4


def test_open_message_brings_mask_box_and_mode(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (180, 160)])
    mask = page.evaluate("mgeStage.intent().mask")
    hashed = painted(page)
    page.evaluate("mgeStage.export()")
    page.check(".mge-export [value=project]")
    page.wait_for_function("/^waves.zip · /.test(document.querySelector('.mge-about').textContent)")
    project = heard(page, "export")["state"]
    assert project["masks"] == [[0, mask]]
    page.keyboard.press("Escape")
    picture = state(page)
    before = picture["doc"]
    page.keyboard.press("Delete")
    message = {
        "kind": "open",
        "doc": "another",
        "version": 0,
        "name": "dropped.png",
        "url": page.evaluate(
            "performance.getEntriesByType('resource').map(each => each.name).find(each => /file=.*png$/.test(each))"
        ),
        "width": picture["width"],
        "height": picture["height"],
        "tree": [],
        "mask": mask,
        "notice": "Its recipe was read.",
    }
    asking(page, message=message)
    page.wait_for_function("__mge.state().doc === 'another'")
    assert painted(page) == hashed
    assert "recipe" in (page.text_content(".mge-toast.mge-on") or "")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.wait_for_function(f"__mge.state().doc === '{before}'")  # opening is a step as any other
    assert state(page)["painted"] == 0
