"""Times that a person feels: start to usable page, frames at 12 MP, painting to answer. Run: make bench-page.

Knows nothing of pass and fail: figures depend on the machine, so they are printed, never asserted.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from core.pictures import encode_png
from tests.browser.conftest import SWITCHES, chromium

ROOT = Path(__file__).resolve().parents[2]
PORT = 7871
ADDRESS = f"http://127.0.0.1:{PORT}"
ROUNDS = 3


def start() -> tuple[subprocess.Popen[bytes], float]:
    """Start the editor and return it with the seconds until it answers."""
    began = time.perf_counter()
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(PORT)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(ADDRESS, timeout=1).close()
            return process, time.perf_counter() - began
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"the editor stopped with status {process.returncode}") from None
            time.sleep(0.05)


def visit(browser: Browser) -> tuple[Page, float]:
    """Open the page and return it with the seconds until a sample photo can be painted on."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    began = time.perf_counter()
    page.goto(ADDRESS)
    page.wait_for_selector("#mge-stage [data-ready]")
    page.wait_for_function("__mge.state().width > 0")
    return page, time.perf_counter() - began


def frames(page: Page) -> tuple[float, float]:
    """Return average and worst milliseconds of the frames since the last reset."""
    counted = page.evaluate("__mge.frames()")
    return counted["total"] / max(1, counted["count"]), counted["worst"]


def painted(page: Page) -> tuple[float, float]:
    """Return frame times while a stroke is painted."""
    page.evaluate("__mge.resetFrames()")
    page.mouse.move(500, 400)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(500 + 4 * i, 400 + round(60 * math.sin(i / 6)))
        time.sleep(0.008)
    page.mouse.up()
    return frames(page)


def zoomed(page: Page) -> tuple[float, float]:
    """Return frame times while the wheel zooms in and out."""
    page.evaluate("__mge.resetFrames()")
    for i in range(20):
        page.mouse.wheel(0, -60 if i < 10 else 60)
        time.sleep(0.02)
    return frames(page)


def edited(page: Page) -> tuple[float, float]:
    """Return seconds from Run to the first step shown, and to the result."""
    began = time.perf_counter()
    page.evaluate("window.mgeStage.run()")
    page.wait_for_function("__mge.state().review || (__mge.state().running && __mge.state().running.step)")
    first = time.perf_counter() - began
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded", timeout=120_000)
    return first, time.perf_counter() - began


def main() -> int:
    """Print the table."""
    path = chromium()
    if path is None:
        sys.stderr.write("no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path.\n")
        return 2
    os.environ["HF_HUB_OFFLINE"] = "1"
    rows: list[tuple[str, str]] = []
    process, seconds = start()
    rows.append(("command to first answer", f"{seconds:.1f} s"))
    try:
        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
            browser = playwright.chromium.launch(executable_path=path, args=SWITCHES, headless=True)
            visits = [visit(browser) for _ in range(ROUNDS)]
            rows.append(("address to usable page", f"{statistics.median(s for _, s in visits):.2f} s"))
            page = visits[-1][0]
            painted(page)
            first, whole = edited(page)
            rows.append(("Run to first step", f"{first:.2f} s"))
            rows.append(("Run to result", f"{whole:.2f} s"))
            large = Path(folder) / "large.png"
            y, x = np.mgrid[0:3072, 0:4096]
            large.write_bytes(encode_png(np.stack([x // 16, y // 12, (x + y) // 28], -1).astype(np.uint8)))
            page = visits[0][0]
            page.locator("#mge-upload input[type=file]").set_input_files(large)
            page.wait_for_function("__mge.state().width === 4096", timeout=60_000)
            for name, measure in (("painting at 12 MP", painted), ("zooming at 12 MP", zoomed)):
                average, worst = (
                    statistics.median(v) for v in zip(*(measure(page) for _ in range(ROUNDS)), strict=True)
                )
                rows.append((f"frame while {name}", f"{average:.1f} ms, worst {worst:.1f} ms"))
            browser.close()
    finally:
        process.terminate()
        process.wait(10)
    sys.stdout.write("| what | median |\n| --- | ---: |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
