"""Whether everybody can use the page: axe, which knows the rules of WCAG, finds nothing in any of its states."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.real_app import ROOT, App, home, settle, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

SAMPLE = ROOT / "assets" / "samples" / "forest_stream.jpg"
GRADIOS_OWN = ".empty"
"""An image's place without an image, whose label stands on an element without a role."""


def faults(page: Page, place: str) -> list[str]:
    """Return what axe finds below a place, a line for each element."""
    context = {"include": [[place]], "exclude": [[GRADIOS_OWN]]}
    found = Axe().run(page, context=context).response["violations"]
    return [f"{rule['id']}: {node['target']} {node['failureSummary']}" for rule in found for node in rule["nodes"]]


WHOLE, STAGE, SIDE = "html", "#mge-stage", "#mge-side"


def states(page: Page) -> Iterator[tuple[str, str]]:
    """Go through the states of the page; each is named once it is there, with the part that is another in it."""
    yield "a first visit", WHOLE
    stroke(page, 0.45, 0.45)
    yield "painted", STAGE
    settle(page, steps=2, variations=2)
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    yield "variations", WHOLE
    for name, place, opens, shuts in (
        ("help", ".mge-help", "?", "Escape"),
        ("export", ".mge-export", "Control+s", "Escape"),
        ("history", ".mge-drawer", "v", "v"),
        ("comparison", STAGE, "c", "Escape"),
    ):
        home(page)
        page.keyboard.press(opens)
        yield name, place
        page.keyboard.press(shuts)
    page.locator("#mge-folder button").click()
    page.locator(".pg-folder input[type=file]").last.set_input_files(SAMPLE)
    yield "folder", ".pg-folder"
    page.keyboard.press("Escape")
    home(page)
    page.keyboard.press("Escape")
    page.locator(".mge-tool[data-id=crop]").click()
    yield "crop", STAGE
    page.keyboard.press("Escape")
    for key in "wl":
        page.keyboard.press(key)
        yield f"tool {key}", STAGE
    page.locator(".pg-model").click()
    yield "models", "#mge-models"
    page.keyboard.press("Escape")
    for mode in "2345":
        home(page)
        page.keyboard.press(mode)
        yield f"mode {mode}", SIDE
    page.get_by_role("tab", name=re.compile("^Form")).click()
    yield "form", WHOLE


PHONE = {"viewport": {"width": 412, "height": 915}, "has_touch": True, "is_mobile": True, "locale": "de-DE"}
"""The narrowest page, with the longest words."""
OTHER_THERE = {"a first visit", "variations", "crop", "form"}
"""States that look otherwise on a phone."""


@pytest.mark.parametrize(("theme", "settings"), [("light", {}), ("dark", PHONE)], ids=["desk", "phone"])
def test_axe_finds_nothing(open_page: Callable[..., Page], app: App, theme: str, settings: dict[str, Any]) -> None:
    page = open_page(f"{app.address}?__theme={theme}", **settings)
    wait(page, "s.width > 0")
    for name, place in states(page):
        if settings and name not in OTHER_THERE:
            continue
        page.wait_for_timeout(400)  # until what fades in can be read
        assert page.locator(place).first.is_visible(), name
        assert not faults(page, place), name
