"""What a visitor made is not lost, on the real `app.py`: crashes, other pictures, blocked stores, large files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page

from core.pictures import encode_picture, encode_png
from tests.browser.real_app import App, home, open_file, run_and_keep, saved, settle, state, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]

WENT_AWAY = ("Failed to load", "Failed to fetch", "ERR_CONNECTION", "ERR_INCOMPLETE", "network error", "errored out")
"""What a browser writes to its console while there is no server."""


@pytest.fixture
def page(open_page: Visit, app: App) -> Page:
    """A first visit, quick settings."""
    return visited(open_page(app.address, allowed=WENT_AWAY))


def visited(page: Page) -> Page:
    """Wait for the first sample, and choose one variation of two steps."""
    wait(page, "s.width > 0")
    settle(page, steps=2, variations=1)
    return page


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two small photos, under the names that people give their files."""
    folder = tmp_path_factory.mktemp("photos")
    rows, columns = np.indices((192, 256))
    first = np.stack([rows, columns, rows ^ columns], -1).astype(np.uint8)
    second = first[:120, :200, ::-1].copy()
    files = {
        "写真 Café.JPG": encode_picture(first, "jpeg"),
        "photo.2026.05.01": encode_png(first),
        "photo.png": encode_png(first),
        "other.png": encode_png(second),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


def came_back(page: Page, before: dict[str, Any]) -> None:
    """Assert that picture, mask, versions, tree, undo and mode are what they were."""
    wait(page, f"!s.restoring && s.doc && !s.opening && s.width === {before['width']}")
    after = state(page)
    for name in ("width", "height", "mask", "version", "undo", "mode"):
        assert after[name] == before[name], name
    tree = [[(each["id"], each["parent"]) for each in told["versions"]] for told in (before, after)]
    assert tree[0] == tree[1]
    assert all(each["here"] for each in after["versions"])


def test_everything_is_back_after_a_crash(open_page: Visit, app: App, photos: dict[str, Path]) -> None:
    pages, before = [], []
    for name in ("写真 Café.JPG", "photo.2026.05.01"):
        page = visited(open_page(app.address, allowed=WENT_AWAY))
        open_file(page, photos[name], 256, 192)
        stroke(page, 0.42, 0.4)
        run_and_keep(page)
        stroke(page, 0.5, 0.6)
        saved(page)
        pages.append(page)
        before.append(state(page))
    app.kill()
    app.start()
    page, still = pages
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    came_back(page, before[0])
    assert page.locator("#mge-steps input[type=number]").input_value() == "2"
    run_and_keep(page)  # what came back can be gone on with
    assert len(state(page)["versions"]) == 3
    # Whoever does not even reload notices as little: the edit is run on the copy that the page brings along.
    run_and_keep(still)
    assert len(state(still)["versions"]) == 3
    assert state(still)["doc"] != before[1]["doc"]


def test_what_cannot_be_restored_is_said_and_can_be_saved(
    page: Page, app: App, photos: dict[str, Path], tmp_path: Path
) -> None:
    open_file(page, photos["photo.png"], 256, 192)
    stroke(page, 0.42, 0.4)
    run_and_keep(page)
    stroke(page, 0.5, 0.6)
    saved(page)
    before = state(page)
    # As after a restart: no server knows the document of this page.
    page.evaluate(
        """() => new Promise((done) => {
            const opening = indexedDB.open("mge-sessions");
            opening.onsuccess = () => {
                const store = opening.result.transaction("sessions", "readwrite").objectStore("sessions");
                store.getAll().onsuccess = ({ target }) => {
                    for (const each of target.result) store.put({ ...each, doc: "gone" });
                    store.transaction.oncomplete = done;
                };
            };
        })"""
    )
    page.route("**/gradio_api/upload*", lambda route: route.fulfill(status=500, body="no"))
    page.reload()
    offer = page.locator(".mge-restored:not([hidden]) button", has_text="Save the copy")
    offer.wait_for()
    assert "still in this browser" in page.locator(".mge-restored").inner_text()
    with page.expect_download() as loading:
        offer.click()
    copy = tmp_path / loading.value.suggested_filename
    loading.value.save_as(copy)
    page.unroute("**/gradio_api/upload*")
    page.locator(".mge-restored button", has_text="Try again").click()  # nothing wrote over what was kept
    came_back(page, before)
    page.locator("#mge-upload input[type=file]").set_input_files(copy)
    wait(page, f"s.doc !== '{state(page)['doc']}' && s.versions.length === 2")
    assert state(page)["mask"] == before["mask"]


def test_work_that_a_page_still_holds_comes_back_when_it_lets_go(page: Page, app: App, photos: dict[str, Path]) -> None:
    open_file(page, photos["photo.png"], 256, 192)
    stroke(page, 0.42, 0.4)
    saved(page)
    before = state(page)
    other = page.context.new_page()  # stands for a page that takes its time to end
    other.goto(f"{app.address}theme.css")
    tab = page.evaluate("() => navigator.locks.query().then(({ held }) => held.map(({ name }) => name))")
    assert len(tab) == 1
    other.evaluate("name => void navigator.locks.request(name, () => new Promise(() => {}))", tab[0])
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, "!s.restoring && s.doc && !s.opening")
    assert state(page)["width"] == 640  # the sample of a first visit, so that nobody waits before an empty stage
    other.close()
    came_back(page, before)


def test_opening_is_a_step_and_recent_work_stays_in_reach(page: Page, photos: dict[str, Path]) -> None:
    open_file(page, photos["photo.png"], 256, 192)
    stroke(page, 0.42, 0.4)
    run_and_keep(page)
    stroke(page, 0.5, 0.6)
    first = state(page)
    open_file(page, photos["other.png"], 200, 120)
    stroke(page, 0.5, 0.5)
    second = state(page)
    for _ in range(2):
        page.keyboard.press("Control+z")
    wait(page, "s.width === 256 && !s.opening")
    came_back(page, first)
    page.keyboard.press("Control+Shift+z")
    wait(page, "s.width === 200 && !s.opening")
    page.keyboard.press("Control+Shift+z")
    assert state(page)["mask"] == second["mask"]
    home(page)
    page.keyboard.press("v")
    recent = page.locator(".mge-recent-row")
    recent.first.wait_for()
    assert recent.count() == 1
    assert "photo" in recent.inner_text()
    assert recent.locator("img").evaluate("(each) => each.decode().then(() => each.naturalWidth)") > 0
    recent.locator(".mge-version").click()
    wait(page, "s.width === 256 && !s.opening")
    came_back(page, first)
    recent.filter(has_text="other").locator(".mge-forget").click()
    page.wait_for_function("() => !document.querySelector('.mge-recent-row')")


def test_opening_stops_the_run(page: Page, photos: dict[str, Path]) -> None:
    open_file(page, photos["photo.png"], 256, 192)
    settle(page, steps=32)
    stroke(page, 0.42, 0.4)
    home(page)
    page.keyboard.press("Enter")
    wait(page, "s.running && s.running.step >= 2")
    open_file(page, photos["other.png"], 200, 120)
    settle(page, steps=2)
    page.wait_for_timeout(1500)  # whatever the old run still had to say
    now = state(page)
    assert (now["width"], now["height"], now["review"], now["running"]) == (200, 120, None, None)
    assert len(now["versions"]) == 1
    stroke(page, 0.5, 0.5)
    run_and_keep(page)
    assert (state(page)["width"], state(page)["height"]) == (200, 120)


def test_undo_outlives_a_reload_and_what_is_painted_over_a_run_is_still_to_be_done(
    page: Page, photos: dict[str, Path]
) -> None:
    open_file(page, photos["photo.png"], 256, 192)
    blank = state(page)["mask"]
    for i in range(10):
        stroke(page, 0.35 + 0.03 * i, 0.3, 0.0, 0.1)
    saved(page)
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, "!s.restoring && s.doc && !s.opening")
    home(page)
    for _ in range(10):
        page.keyboard.press("Control+z")
    assert state(page)["mask"] == blank
    for _ in range(10):
        page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Enter")
    stroke(page, 0.5, 0.75)
    whole = state(page)["painted"]
    wait(page, "s.review && s.review.loaded && !s.running")
    page.locator("#mge-stage .mge-primary", has_text="Keep").click()
    wait(page, "!s.review && s.versions.length === 2")
    assert 0 < state(page)["painted"] < whole / 2  # the last stroke alone, in the wider brush that the dock leaves


REFUSED = "{ get() { throw new DOMException('refused', 'SecurityError'); } }"
WITHOUT = {
    "indexedDB": f"Object.defineProperty(window, 'indexedDB', {REFUSED});",
    "localStorage, sessionStorage, navigator.locks": (
        f"for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(window, name, {REFUSED});"
        "Object.defineProperty(navigator, 'locks', { value: undefined });"
    ),
}


@pytest.mark.parametrize("blocked", WITHOUT)
def test_without_a_store_everything_works_and_is_said(
    open_page: Visit, app: App, photos: dict[str, Path], blocked: str
) -> None:
    page = open_page(app.address, allowed=WENT_AWAY, script=WITHOUT[blocked])
    told = page.locator(".mge-restored:not([hidden])")
    told.wait_for()
    assert "keep" in told.inner_text()
    visited(page)
    open_file(page, photos["photo.png"], 256, 192)
    stroke(page, 0.42, 0.4)
    run_and_keep(page)
