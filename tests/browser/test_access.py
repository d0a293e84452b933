"""Whether everybody can use the page: axe, which knows the rules of WCAG, finds nothing in any of its states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.real_app import App, home, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

GRADIOS_OWN = ".empty"
"""An image's place without an image, whose label stands on an element without a role."""


def faults(page: Page) -> list[str]:
    """Return what axe finds, a line for each element."""
    found = Axe().run(page, context={"exclude": [[GRADIOS_OWN]]}).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


def states(page: Page) -> Iterator[str]:
    """Go through the states of the page; each is named once it is there."""
    yield "a first visit"
    stroke(page, 0.45, 0.45)
    yield "painted"
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    yield "variations"
    for name, opens, shuts in (
        ("help", "?", "Escape"),
        ("export", "Control+s", "Escape"),
        ("history", "v", "v"),
        ("comparison", "c", "Escape"),
    ):
        home(page)
        page.keyboard.press(opens)
        yield name
        page.keyboard.press(shuts)
    home(page)
    page.keyboard.press("Escape")
    page.locator(".mge-tool[data-id=crop]").click()
    yield "crop"
    page.keyboard.press("Escape")
    for key in "wl":
        page.keyboard.press(key)
        yield f"tool {key}"
    page.locator(".pg-model").click()
    yield "models"
    page.keyboard.press("Escape")
    for mode in "2345":
        home(page)
        page.keyboard.press(mode)
        yield f"mode {mode}"
    page.get_by_role("tab", name="Form").click()
    yield "form"


PHONE = {"viewport": {"width": 412, "height": 915}, "has_touch": True, "is_mobile": True}
OTHER_THERE = {"a first visit", "variations", "crop", "form"}
"""States that look otherwise on a phone."""


@pytest.mark.parametrize(("theme", "settings"), [("light", {}), ("dark", PHONE)], ids=["desk", "phone"])
def test_axe_finds_nothing(open_page: Callable[..., Page], app: App, theme: str, settings: dict[str, Any]) -> None:
    page = open_page(f"{app.address}?__theme={theme}", **settings)
    wait(page, "s.width > 0")
    for name in states(page):
        if settings and name not in OTHER_THERE:
            continue
        page.wait_for_timeout(400)  # until what fades in can be read
        assert not faults(page), name
