"""The real `app.py` in a process of its own, to be killed and started again, and a visitor's gestures on its page."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
_START_S = 120.0


class App:
    """`app.py` on a port that stays the same over restarts."""

    def __init__(self, folder: Path, *, checkout: Path = ROOT) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        self._folder, self._checkout = folder, checkout
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs, and wait until its page can be asked for."""
        if self._process is not None and self._process.poll() is None:
            return
        environment = {**os.environ, "GRADIO_TEMP_DIR": str(self._folder), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "app.py", "--port", str(self.port)]
        with (self._folder / "log.txt").open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self._checkout, env=environment, stdout=log, stderr=log)
        ending = time.monotonic() + _START_S
        while True:
            try:
                with urllib.request.urlopen(self.address, timeout=5):
                    return
            except OSError:
                assert self._process.poll() is None, (self._folder / "log.txt").read_text()
                assert time.monotonic() < ending
                time.sleep(0.1)

    def kill(self) -> None:
        """End it as a crash does, without a word to anybody."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


def state(page: Page) -> dict[str, Any]:
    """Return what the stage says of itself, and its mask."""
    return dict(page.evaluate("() => ({ ...__mge.state(), mask: __mge.maskHash() })"))


def wait(page: Page, condition: str, timeout: float | None = None) -> None:
    """Wait until a condition on the stage's state `s` holds."""
    page.wait_for_function(f"() => {{ const s = window.__mge.state(); return {condition}; }}", timeout=timeout)


def open_file(page: Page, path: Path, width: int, height: int) -> None:
    """Open a file by the page's own button, and wait until it is on the stage."""
    before = state(page)["doc"]
    page.locator("#mge-upload input[type=file]").set_input_files(path)
    wait(page, f"s.doc && s.doc !== {before!r} && s.width === {width} && s.height === {height}".replace("None", "null"))


def stroke(page: Page, x: float, y: float, dx: float = 0.06, dy: float = 0.0) -> None:
    """Paint a stroke that begins at a share of the viewport."""
    box = page.locator("#mge-stage .mge-view").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + (x + dx) * box["width"], box["y"] + (y + dy) * box["height"], steps=4)
    page.mouse.up()


def home(page: Page) -> None:
    """Give the canvas the keys."""
    page.evaluate("document.activeElement.blur()")


def settle(page: Page, **numbers: float) -> None:
    """Type into number fields of the inspector, by the ends of their ids."""
    for name, value in numbers.items():
        field = page.locator(f"#mge-{name} input[type=number]")
        field.fill(str(value))
        field.press("Tab")
    home(page)


def run(page: Page) -> None:
    """Run and wait for the result."""
    home(page)
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded && !s.running")


def run_and_keep(page: Page) -> None:
    """Run, keep the best, and wait until it is a version."""
    versions = len(state(page)["versions"])
    run(page)
    page.keyboard.press("Enter")
    wait(page, f"!s.review && s.versions.length === {versions + 1}")


def saved(page: Page) -> None:
    """Wait until the browser has written what there is to write."""
    wait(page, "s.saved")
