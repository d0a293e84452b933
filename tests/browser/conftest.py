"""A real browser, pages served on a free port, and the rules all keep: no console errors, no foreign requests."""

from __future__ import annotations

import os

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported anywhere

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from playwright.sync_api import Error as Broken

from tests.browser.real_app import App

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


PATIENCE_S = 170
"""Seconds that a page may take for anything that is waited for: a fill beside other work took 60 on a slow machine."""

NO_CHROMIUM = "no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path."


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    wanted = os.environ.get("CHROMIUM")
    return wanted or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launched(playwright: Playwright, path: str) -> Browser:
    """Return a headless Chromium, started."""
    return playwright.chromium.launch(executable_path=path, args=SWITCHES, headless=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Warnings of the web server's own libraries are not ours, and as errors they would end requests in its threads.

    A test waits several times, so that its own end comes late enough for the one that fails to be named.
    """
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings("default"))
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(4 * PATIENCE_S))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, and fail where CI=true."""
    path = chromium()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_CHROMIUM)
        sys.stderr.write(NO_CHROMIUM + "\n")
        pytest.skip(NO_CHROMIUM)
    expect.set_options(timeout=1000 * PATIENCE_S)
    with sync_playwright() as playwright:
        started = launched(playwright, path)
        yield started
        started.close()


@pytest.fixture(scope="session")
def the_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The one `app.py` of a worker, which starts once a test needs it."""
    made = App(tmp_path_factory.mktemp("served"))
    yield made
    made.kill()


@pytest.fixture
def app(the_app: App) -> App:
    """The real `app.py`, running, whatever the test before did to it."""
    the_app.start()
    return the_app


@pytest.fixture(scope="session")
def serve() -> Iterator[Callable[..., str]]:
    """Return a function that launches Blocks on a free port and returns the address."""
    started: list[gr.Blocks] = []

    def launch(app: gr.Blocks, **settings: Any) -> str:
        # Nothing leaves the machine, and the browser finds its pages without a proxy.
        app.launch(
            server_name="127.0.0.1",
            server_port=None,
            prevent_thread_lock=True,
            quiet=True,
            inbrowser=False,
            run_history=False,
            **settings,
        )
        started.append(app)
        return str(app.local_url)

    yield launch
    for app in started:
        app.close()


def _foreign(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme not in ("data", "blob", "about") and parts.hostname not in ("127.0.0.1", "localhost")


class Watch:
    """What a page must not do, noted while it runs."""

    def __init__(self, page: Page, allowed: tuple[str, ...]) -> None:
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._page, self._allowed = page, allowed
        self._heard: dict[Any, Callable[[Any], None]] = {
            "console": lambda message: self.errors.append(message.text) if message.type == "error" else None,
            "pageerror": lambda error: self.errors.append(str(error)),
            "request": lambda request: self.foreign.append(request.url) if _foreign(request.url) else None,
        }
        for event, hear in self._heard.items():
            page.on(event, hear)

    def end(self) -> None:
        """Note nothing more."""
        for event, hear in self._heard.items():
            self._page.remove_listener(event, hear)

    def check(self) -> None:
        """Fail on a console error that is not allowed, and on any request to another host."""
        errors = [error for error in self.errors if not any(part in error for part in self._allowed)]
        assert not errors, errors
        assert not self.foreign, self.foreign


NUMBERS = "try { localStorage.getItem('mge-numbers') ?? localStorage.setItem('mge-numbers', 'on') } catch {}\n"
"""Shows the numbers of an edit, which tests read, as if someone had asked for them before."""


class Room:
    """The tab in which a worker's tests open their first page, one after the other.

    It keeps what the server let it keep and the process that knows the scripts, which makes a visit a third of what it
    costs elsewhere, and nothing else: no document, cookie or store outlasts the test that made it.
    """

    def __init__(self, browser: Browser) -> None:
        self.context = browser.new_context()
        self.taken = False
        self._origins: set[str] = set()
        self._open()

    def _open(self) -> None:
        self._page = self.context.new_page()
        self._tools = self.context.new_cdp_session(self._page)
        self._tools.send("Page.enable")
        self._script = ""

    def enter(self, address: str, viewport: dict[str, int], script: str) -> Page:
        """Return its page, still empty, for an address that is about to be visited with a script before its own."""
        parts = urlsplit(address)
        self._origins.add(f"{parts.scheme}://{parts.netloc}")
        self._page.set_viewport_size(viewport)  # type: ignore[arg-type]
        told = self._tools.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        self._script, self.taken = told["identifier"], True
        return self._page

    def clear(self) -> None:
        """Leave what is open, and forget what it stored."""
        for page in self.context.pages:
            if page is not self._page:
                page.close()
        try:
            self._leave()
        except Broken:  # closed by the test, or held by what it asks before it goes
            self._page.close()
            self._open()
        self.context.clear_cookies()
        for origin in self._origins:
            self._tools.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        self._origins.clear()
        self.taken = False

    def _leave(self) -> None:
        if not self.taken:
            return
        self._page.unroute_all()
        self._page.evaluate("try { sessionStorage.clear() } catch {}")
        self._page.mouse.move(-1, -1)
        self._page.goto("about:blank")
        self._tools.send("Page.removeScriptToEvaluateOnNewDocument", {"identifier": self._script})


@pytest.fixture(scope="session")
def room(browser: Browser) -> Iterator[Room]:
    made = Room(browser)
    yield made
    made.context.close()


@pytest.fixture
def open_page(browser: Browser, room: Room) -> Iterator[Callable[..., Page]]:
    """Return a function that opens an address as a new visitor; every page is checked at the end of the test."""
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def visit(address: str, *, allowed: tuple[str, ...] = (), script: str = "", **settings: Any) -> Page:
        viewport = settings.pop("viewport", {"width": 1440, "height": 900})
        if settings or room.taken:  # a browser of another kind, or a second visitor
            context = browser.new_context(viewport=viewport, **settings)
            contexts.append(context)
            page = context.new_page()
            page.add_init_script(NUMBERS + script)
        else:
            page = room.enter(address, viewport, NUMBERS + script)
        page.context.set_default_timeout(1000 * PATIENCE_S)
        watches.append(Watch(page, allowed))
        page.goto(address)
        page.wait_for_selector("#mge-stage [data-ready]")
        return page

    yield visit
    for watch in watches:
        watch.end()
    room.clear()
    for context in contexts:
        context.close()
    for watch in watches:
        watch.check()


@pytest.fixture(scope="session")
def samples() -> Path:
    """The sample photos that come with the project."""
    return Path(__file__).parents[2] / "assets" / "samples"
