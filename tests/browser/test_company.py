"""Several visitors at one server, in real browsers: who waits sees the place fall, and leaves the line by Esc.

On the fake engine, whose steps take long enough to be behind.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from editor import AppSettings, appearance, build_app
from tests.browser.test_page import opened, state, wait
from tests.editor.fakes import FakeEngine

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def launched(serve: Callable[..., str]) -> str:
    """Return the address of the page."""
    engine: Any = FakeEngine(step_seconds=1.0)
    return serve(build_app(engine, AppSettings()), **appearance())


def run(page: Page) -> None:
    """Press Enter on the sample of a first visit, which is painted on already."""
    wait(page, "s.painted > 0")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    wait(page, "s.running")


def test_who_waits_sees_the_place_fall_and_leaves_the_line_by_esc(open_page: Visit, launched: str) -> None:
    first, second, third = (opened(open_page(launched)) for _ in range(3))
    run(first)
    wait(first, "/^Step/.test(s.status)")
    run(second)
    wait(second, "/^1 before you/.test(s.status)")
    run(third)
    wait(third, "/^2 before you, about [1-9][0-9]* s$/.test(s.status)")
    second.keyboard.press("Escape")
    wait(second, "!s.running")
    wait(third, "/^1 before you/.test(s.status)")
    assert "before you" in state(third)["status"]
    first.keyboard.press("Escape")
    wait(third, "/^Step 1 /.test(s.status)")
    assert not state(second)["review"]
