"""What the editor may cost a person, and what it does cost here: start, frames, transfers, memory. Run: make bench.

Each budget of the design has its row, the rest is for information. Figures depend on the machine and what else it does:
they are printed and judged, never asserted.
"""

from __future__ import annotations

import gzip
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # before gradio is imported anywhere
os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
from playwright.sync_api import Browser, Page, Response, sync_playwright

from core.pictures import encode_png
from editor import AppSettings, appearance, build_app
from editor.page.component import script
from tests.browser.conftest import NO_CHROMIUM, PATIENCE_S, Watch, chromium, launched
from tests.editor.fakes import FakeEngine

ROOT = Path(__file__).resolve().parents[2]
PORT = 7871
ROUNDS = 3
STEP_S = 0.1
"""What a step of the fake engine takes; the rest of the time between two steps is the editor's own."""

READY_S = 2.5
FRAME_MS, WORST_FRAME_MS = 8.0, 16.0
PLAN_MS = 50.0
MASK_KB, MASK_MS = 100.0, 60.0
STEP_OVERHEAD_MS = 40.0
STOP_S = 0.5
SCRIPT_KB = 110.0
TAB_MB = 600.0


@dataclass(frozen=True)
class Row:
    """One figure; a budget of None is none."""

    name: str
    measured: float
    unit: str
    budget: float | None = None

    def __str__(self) -> str:
        decimals = 0 if self.measured >= 100 or self.unit == "requests" else 2 if self.unit == "s" else 1
        verdict = "" if self.budget is None else "ok" if self.measured <= self.budget else "over"
        budget = "" if self.budget is None else f"{self.budget:g} {self.unit}"
        return f"| {self.name} | {budget} | {self.measured:.{decimals}f} {self.unit} | {verdict} |"


# servers --------------------------------------------------------------------------------------------------------------
@contextmanager
def editor() -> Iterator[tuple[str, float]]:
    """Start app.py as a person does; gives its address and the seconds until it answers."""
    address = f"http://127.0.0.1:{PORT}"
    began = time.perf_counter()
    command = [sys.executable, str(ROOT / "app.py"), "--port", str(PORT)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(address, timeout=1).close()
                break
            except OSError:
                if process.poll() is not None:
                    raise SystemExit(f"the editor stopped with status {process.returncode}") from None
                time.sleep(0.05)
        yield address, time.perf_counter() - began
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def served(engine: Any) -> Iterator[str]:
    """Serve the page over an engine from this process; gives its address."""
    app = build_app(engine, AppSettings())
    quiet: dict[str, Any] = {"prevent_thread_lock": True, "quiet": True, "inbrowser": False, "run_history": False}
    app.launch(server_name="127.0.0.1", **quiet, **appearance())
    try:
        yield str(app.local_url)
    finally:
        app.close()


# what a hand does -----------------------------------------------------------------------------------------------------
def visit(browser: Browser, address: str) -> tuple[Page, float]:
    """Open the page; gives it and the seconds until a sample photo can be painted on."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.set_default_timeout(1000 * PATIENCE_S)
    began = time.perf_counter()
    page.goto(address)
    page.wait_for_selector("#mge-stage [data-ready]")
    page.wait_for_function("__mge.state().width > 0")
    return page, time.perf_counter() - began


def upload(page: Page, folder: Path, width: int, height: int) -> float:
    """Open a picture of that size; gives the seconds until it is on the stage."""
    path = folder / f"{width}x{height}.png"
    y, x = np.mgrid[0:height, 0:width]
    path.write_bytes(encode_png(np.stack([x // 16, y // 12, (x + y) // 28], -1).astype(np.uint8)))
    began = time.perf_counter()
    page.locator("#mge-upload input[type=file]").set_input_files(path)
    page.wait_for_function(f"__mge.state().width === {width}")
    return time.perf_counter() - began


def stroke(page: Page) -> None:
    """Paint a wave over the middle of the stage."""
    page.mouse.move(500, 400)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(500 + 4 * i, 400 + round(60 * math.sin(i / 6)))
        page.evaluate("new Promise(requestAnimationFrame)")  # a hand waits for the screen
    page.mouse.up()


def wheel(page: Page) -> None:
    """Zoom in and out again."""
    for i in range(20):
        page.mouse.wheel(0, -60 if i < 10 else 60)
        page.evaluate("new Promise(requestAnimationFrame)")


def scribble(page: Page) -> None:
    """Paint from one edge of the picture to the other, so that it takes several windows."""
    page.keyboard.press("Delete")
    page.keyboard.press("Control+0")
    view = page.evaluate("({ ...__mge.state().view, width: __mge.state().width, height: __mge.state().height })")
    box = page.locator(".mge-view").bounding_box()
    assert box is not None
    left, top = box["x"] + view["x"], box["y"] + view["y"]
    across, down = view["width"] * view["scale"], view["height"] * view["scale"]
    page.mouse.move(left + 0.05 * across, top + 0.5 * down)
    page.mouse.down()
    for i in range(60):
        page.mouse.move(left + (0.05 + 0.015 * i) * across, top + (0.5 + 0.3 * math.sin(i / 4)) * down)
    page.mouse.up()


# what it costs --------------------------------------------------------------------------------------------------------
def frames(page: Page, gesture: Callable[[Page], None]) -> tuple[float, float]:
    """Return the average and worst milliseconds of a frame during a gesture, medians of some rounds."""
    found = []
    for _ in range(ROUNDS):
        page.evaluate("__mge.resetFrames()")
        gesture(page)
        counted = page.evaluate("__mge.frames()")
        found.append((counted["total"] / max(1, counted["count"]), counted["worst"]))
    return statistics.median(average for average, _ in found), statistics.median(worst for _, worst in found)


def planned(page: Page) -> tuple[float, float]:
    """Return the bytes of a plan's question, mask included, and the milliseconds until it is answered; medians."""
    found = []

    def asks(response: Response) -> bool:
        return "component_server" in response.url

    for _ in range(ROUNDS):
        with page.expect_response(asks) as answer:
            scribble(page)
        answer.value.finished()
        request = answer.value.request
        found.append((len(request.post_data_buffer or b""), request.timing["responseEnd"]))
    return statistics.median(size for size, _ in found), statistics.median(took for _, took in found)


STEPS_SEEN = """() => new Promise((done) => {
    const seen = [];
    const look = (now) => {
        const { running, review } = __mge.state();
        const step = review ? (review.loaded ? Infinity : 0) : running ? running.step : 0;
        if (step && (!seen.length || seen[seen.length - 1][0] < step)) seen.push([step, now]);
        if (step === Infinity) done(seen.map(([, at]) => at));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""
"""Times at which the page showed each step of the run under way, and at last the result, ms."""


def edited(page: Page) -> tuple[float, float, float]:
    """Return seconds from Run to the first step shown, from the last step to the result, and from Run to the result."""
    began = page.evaluate("performance.now()")
    page.evaluate("mgeStage.run()")
    seen = page.evaluate(STEPS_SEEN)
    return (seen[0] - began) / 1e3, (seen[-1] - seen[-2]) / 1e3, (seen[-1] - began) / 1e3


def streamed(page: Page) -> float:
    """Return the milliseconds that a streamed step takes beyond the engine's own."""
    page.evaluate("mgeStage.run()")
    seen = page.evaluate(STEPS_SEEN)
    return (seen[-2] - seen[0]) / (len(seen) - 2) - 1e3 * STEP_S if len(seen) > 2 else math.nan


def stopped(page: Page, engine: FakeEngine) -> float:
    """Return the seconds from Stop to the engine's end, less one step."""
    page.evaluate("mgeStage.run()")
    page.wait_for_function("(__mge.state().running || {}).step >= 2")
    engine.ended.clear()
    began = time.perf_counter()
    page.evaluate("mgeStage.stop()")
    engine.ended.wait(30)
    return time.perf_counter() - began - STEP_S


def tab_megabytes(browser: Browser) -> float:
    """Return the memory of the largest tab: its share of what it maps."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = []
    for process in found:
        if process["type"] == "renderer":
            rollup = Path(f"/proc/{process['id']}/smaps_rollup").read_text().splitlines()
            sizes.append(sum(int(line.split()[1]) for line in rollup if line.startswith("Pss:")) / 1e3)
    return max(sizes)


# the table ------------------------------------------------------------------------------------------------------------
def on_the_editor(start: Callable[[], Browser], folder: Path) -> Iterator[Row]:
    """Measure the editor as it is started, with its model."""
    browser = start()
    with editor() as (address, seconds):
        yield Row("command to first answer", seconds, "s")
        visits = [visit(browser, address) for _ in range(ROUNDS)]
        yield Row("page ready", statistics.median(took for _, took in visits), "s", READY_S)
        page = visits[-1][0]
        watch = Watch(page, ())
        first, last, whole = edited(page)
        yield Row("Run to first step", first, "s")
        yield Row("last step to result, four PNGs", last, "s")
        yield Row("Run to result", whole, "s")
        yield Row("12 MP: file to picture on the stage", upload(page, folder, 4096, 3072), "s")
        average, worst = frames(page, stroke)
        yield Row("12 MP: frame of a stroke, average", average, "ms", FRAME_MS)
        yield Row("12 MP: frame of a stroke, worst", worst, "ms", WORST_FRAME_MS)
        average, worst = frames(page, wheel)
        yield Row("12 MP: frame of a zoom, average", average, "ms")
        yield Row("12 MP: plan, asked and answered", planned(page)[1], "ms", PLAN_MS)
        upload(page, folder, 3000, 2000)
        size, took = planned(page)
        yield Row("6 MP: mask, size", size / 1e3, "kB", MASK_KB)
        yield Row("6 MP: mask, sent and answered", took, "ms", MASK_MS)
        page.keyboard.press("Escape")
        large = start()
        page, _ = visit(large, address)
        foreign = Watch(page, ())
        upload(page, folder, 6000, 4000)
        stroke(page)
        yield Row("24 MP: memory of the tab", tab_megabytes(large), "MB", TAB_MB)
        yield Row("requests to other hosts", len(watch.foreign) + len(foreign.foreign), "requests", 0)


def on_a_fake(start: Callable[[], Browser]) -> Iterator[Row]:
    """Measure what the editor adds to an engine whose steps take a known time."""
    engine: Any = FakeEngine(step_seconds=STEP_S)
    with served(engine) as address:
        page, _ = visit(start(), address)
        yield Row("a streamed step, beyond the engine's own", streamed(page), "ms", STEP_OVERHEAD_MS)
        page.keyboard.press("Escape")
        page.wait_for_function("!__mge.state().review")
        yield Row("Stop, beyond one step", stopped(page, engine), "s", STOP_S)


def main() -> int:
    """Print the table, each row as it is measured."""
    path = chromium()
    if path is None:
        sys.stderr.write(NO_CHROMIUM + "\n")
        return 2

    def say(line: object) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:

        def start() -> Browser:
            return launched(playwright, path)

        say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before\n")
        say("| what | budget | measured | |\n| --- | ---: | ---: | --- |")
        say(Row("the stage's script, compressed", len(gzip.compress(script().encode())) / 1e3, "kB", SCRIPT_KB))
        for row in on_the_editor(start, Path(folder)):
            say(row)
        for row in on_a_fake(start):
            say(row)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
