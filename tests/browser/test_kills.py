"""Twenty kills at random moments: no edit that the page showed as kept is lost. Takes minutes: run by -m slow -rP."""

from __future__ import annotations

import contextlib
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Error as Broken
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as Waited

from core.pictures import encode_png
from tests.browser.real_app import App, home, open_file, state, stroke, wait
from tests.browser.test_lost import WENT_AWAY, visited

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'"),
]

KILLS = 20
LATEST = 2.0
"""In edits' time, as this machine takes now: a kill falls before an edit, into its run, its keeping, or after it."""

KEPT = """async () => {
    const opening = indexedDB.open("mge-sessions");
    await new Promise((done) => (opening.onsuccess = done));
    const store = opening.result.transaction("pictures").objectStore("pictures");
    const ask = (wanted) => new Promise((done) => (wanted.onsuccess = () => done(wanted.result)));
    const range = IDBKeyRange.bound([__mge.state().session, 0], [__mge.state().session, Infinity]);
    const [keys, values] = await Promise.all([ask(store.getAllKeys(range)), ask(store.getAll(range))]);
    const found = {};
    for (const [i, [, version]] of keys.entries()) {
        const digest = await crypto.subtle.digest("SHA-256", await values[i].blob.arrayBuffer());
        found[version] = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    }
    opening.result.close();
    return found;
}"""
"""The pictures of the work on the stage by version, as this browser keeps them, each by its hash."""


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """The editor, running."""
    started = App(tmp_path)
    started.start()
    yield started
    started.kill()


def edit(page: Page, chance: random.Random, patience_s: float) -> None:
    """Paint, run and keep; whatever of it still works, each within some seconds."""
    versions = len(state(page)["versions"])
    stroke(page, chance.uniform(0.4, 0.55), chance.uniform(0.35, 0.6), 0.05, 0.03)
    home(page)
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded", timeout=1000 * patience_s)
    page.keyboard.press("Enter")
    wait(page, f"s.versions.length > {versions} && !s.review", timeout=1000 * patience_s)


def test_no_kept_edit_is_lost(open_page: Callable[..., Page], app: App, tmp_path: Path) -> None:
    chance = random.Random(24)
    photo = tmp_path / "a photo. of 2026.png"
    photo.write_bytes(encode_png(np.random.default_rng(1).integers(0, 256, (192, 256, 3), np.uint8)))
    page = visited(open_page(app.address, allowed=WENT_AWAY))
    open_file(page, photo, 256, 192)
    began = time.perf_counter()
    edit(page, chance, 60.0)
    latest = LATEST * (time.perf_counter() - began)
    known: dict[str, str] = {}
    edits = 0
    for kill in range(KILLS):
        killer = threading.Timer(chance.uniform(0, latest), app.kill)
        killer.start()
        with contextlib.suppress(Waited):  # the server was gone before the edit was through
            edit(page, chance, latest)
        killer.join()
        shown = {each["id"]: each["parent"] for each in state(page)["versions"]}
        app.start()
        with contextlib.suppress(Broken):  # by Gradio, which loads the page anew when its server is back
            page.reload()
        page.wait_for_selector("#mge-stage [data-ready]")
        wait(page, "!s.restoring && s.doc && !s.opening && s.saved", timeout=30_000)
        back = {each["id"]: each["parent"] for each in state(page)["versions"] if each["here"]}
        assert back.items() >= shown.items()
        edits = len(back) - 1
        kept = page.evaluate(KEPT)
        assert kept.items() >= known.items()  # and no picture became another
        assert set(kept) == {str(version) for version in back}
        known = kept
        sys.stdout.write(f"kill {kill + 1}: {len(shown) - 1} edits shown, {edits} back\n")
    sys.stdout.write(f"{KILLS} kills, {edits} edits kept, 0 lost\n")
    assert edits > KILLS / 4
