"""Several visitors at one server, in real browsers: who waits sees the place fall, and leaves the line by Esc.

On the fake engine, whose steps take long enough to be behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.test_page import opened, state, wait
from tests.server.company import PROGRAM
from tests.server.running import started

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the page."""
    place = tmp_path_factory.mktemp("served") / "tmp"
    with started(place, "--nets", "1.0", "--port", "0", program=PROGRAM) as app:
        yield f"http://127.0.0.1:{app.port}/"


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
