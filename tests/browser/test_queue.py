"""Edits ordered while a run works: the list and its order, a stop, a reload, and where the results land."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from core.values import EditRequest
from editor import AppSettings, appearance, build_app
from tests.browser.gestures import state
from tests.browser.real_app import home, settle, stroke, wait
from tests.editor.fakes import FakeEngine

Visit = Callable[..., Page]
CUT_OFF = ("AbortError", "Connection errored out")
"""What Gradio says in the console of a run that a reload cuts off."""


class PatientEngine(FakeEngine):
    """Ends as many runs as the test lets it; until then a run repeats its first step."""

    def __init__(self) -> None:
        super().__init__(step_seconds=0.01)
        self.ends = threading.Semaphore(0)

    def stream(self, request: EditRequest, *, preview_budget_s: float = 0.1) -> Iterator[Any]:
        steps = super().stream(request, preview_budget_s=preview_budget_s)
        first = next(steps)
        while not self.ends.acquire(blocking=False):
            yield first
            time.sleep(0.2)
        yield from steps

    @property
    def runs(self) -> list[EditRequest]:
        """What was run, without the drafts of what was stopped."""
        return [request for request in self.asked if request.start is None]

    @property
    def seeds(self) -> list[int]:
        return [request.decoding.seed for request in self.runs]


@pytest.fixture
def engine() -> PatientEngine:
    return PatientEngine()


@pytest.fixture
def page(open_page: Visit, serve: Callable[..., str], engine: Any) -> Page:
    """The sample of a first visit, with a run of seed 1 under way."""
    address = serve(build_app(engine, AppSettings()), **appearance())
    page = open_page(address, allowed=CUT_OFF)
    wait(page, "s.width > 0 && s.painted > 0 && !s.restoring")
    page.evaluate("mgeStage.setMode('fill')")
    settle(page, variations=2, seed=1)
    page.keyboard.press("Enter")
    wait(page, "s.running && s.running.step >= 1")
    return page


def seeds(page: Page) -> list[int]:
    """Return the seeds of the edits that wait, the next one first."""
    return [each["settings"]["seed"] for each in state(page)["queue"]]


def order(page: Page, seed: int) -> None:
    """Order what is painted with another seed."""
    before = len(state(page)["queue"])
    settle(page, seed=seed)
    page.keyboard.press("Enter")
    wait(page, f"s.queue.length === {before + 1} && s.queue[{before}].settings")


def landed(page: Page, runs: int) -> None:
    wait(page, f"s.runs === {runs}")


def test_edits_wait_can_be_put_in_order_and_land_where_they_belong(page: Page, engine: PatientEngine) -> None:
    page.keyboard.press("Enter")
    page.locator(".mge-toast.mge-on", has_text="This very edit is on its way").wait_for()
    for seed in (2, 3):
        order(page, seed)
    page.keyboard.press("Delete")
    stroke(page, 0.6, 0.7)
    order(page, 4)
    rows = page.locator(".mge-queue-row")
    assert rows.all_inner_texts() == ["Fill · 2 variations\n↑\n↓\n×"] * 3
    assert page.locator(".mge-queue h2").inner_text() == "3 edits wait"
    rows.nth(2).locator("button").first.focus()
    page.keyboard.press("Enter")
    wait(page, "String(s.queue.map((each) => each.settings.seed)) === '2,4,3'")
    assert page.evaluate("document.activeElement.closest('li') === document.querySelectorAll('.mge-queue-row')[1]")
    rows.nth(2).drag_to(rows.nth(0))
    wait(page, "String(s.queue.map((each) => each.settings.seed)) === '3,2,4'")
    rows.nth(1).locator("button").last.click()
    wait(page, "s.queue.length === 2")
    assert seeds(page) == [3, 4]
    home(page)
    settle(page, seed=9, variations=1)  # of what comes later, not of what waits
    stroke(page, 0.3, 0.7)
    mask = page.evaluate("__mge.maskHash()")

    engine.ends.release()
    landed(page, 1)
    wait(page, "s.running && s.running.aside && s.queue.length === 1")
    assert state(page)["review"] is None
    assert page.evaluate("__mge.maskHash()") == mask
    page.locator(".mge-tile").first.click()  # choose of the first run, and keep, while the second works
    wait(page, "s.review && s.review.loaded")
    home(page)
    page.keyboard.press("Enter")
    wait(page, "s.version === 2 && !s.review")
    assert state(page)["running"]["aside"]

    engine.ends.release(2)
    landed(page, 3)
    wait(page, "!s.running")
    assert state(page)["review"] is None
    assert state(page)["version"] == 2
    assert page.locator(".mge-queue").is_hidden()
    assert engine.seeds == [1, 3, 4]
    assert [request.decoding.variations for request in engine.asked] == [2, 2, 2]
    assert (engine.asked[1].image == engine.asked[0].image).all()
    holes = [request.hole(32) for request in engine.asked]
    assert (holes[0] == holes[1]).all()
    assert (holes[0] != holes[2]).any()
    assert page.locator(".mge-group h2").all_inner_texts() == ["Run 1", "Run 2", "Run 3"]
    page.locator(".mge-group >> nth=2").locator(".mge-tile").first.click()
    wait(page, "s.version === 1 && s.review && s.review.loaded")  # the version that it was ordered for


def test_the_list_outlasts_a_reload_and_a_stop(page: Page, engine: PatientEngine) -> None:
    for seed in (2, 3):
        order(page, seed)
    wait(page, "s.saved")
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, "!s.restoring && s.running && s.running.step >= 1")  # what had not ended begins again
    assert seeds(page) == [2, 3]
    first = state(page)["running"]["run"]
    home(page)
    page.keyboard.press("Escape")
    landed(page, 1)  # the draft of what was stopped
    wait(page, f"s.running && s.running.run !== {first!r} && s.running.step >= 1")
    assert seeds(page) == [3]
    assert state(page)["review"] is None
    engine.ends.release(2)
    wait(page, "s.review && s.review.loaded && !s.running")  # nothing else was begun: the last one is shown
    assert state(page)["runs"] == 3
    assert engine.seeds == [1, 1, 2, 3]
