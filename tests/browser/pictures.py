"""The README's pictures, made anew: the strip of edits by the bundled model, and the page at work. Run: make pictures.

What is shown is what comes with these seeds, looked at by nobody: look before you commit.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright

from core import Box, DecodeOptions, EditRequest, Engine, Sides, Task, load_engine, open_picture
from tests.browser.bench import editor, visit
from tests.browser.conftest import SWITCHES, chromium
from tests.browser.test_page import at_rest, paint, pick, set_number, wait

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "assets" / "samples"
SHOTS = ROOT / "assets" / "screenshots"
SEED = 7
BLENDING = 2.0
"""Guidance at which a fill or border of a class blends in."""

_HIGH, _CAPTION, _GAP = 240, 22, 8
_WIDTH = 2000
_TINT = np.array((255, 140, 0))
_QUALITY = 88

Picture = NDArray[np.uint8]


# the strip ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Show:
    """One edit of the strip, in shares of the photo's width and height.

    Attributes:
        caption: what was asked.
        photo: a sample's name.
        task: what is done.
        place: middle x, y and radii of an ellipse to fill; left, top, right, bottom of a box; of a border its sides.
        class_name: what it is to be, if anything.
    """

    caption: str
    photo: str
    task: Task
    place: tuple[float, float, float, float]
    class_name: str | None = None

    def request(self, engine: Engine) -> EditRequest:
        """Return the edit: four variations, as the page asks for."""
        picture = open_picture(SAMPLES / self.photo)
        height, width = picture.shape[:2]
        a, b, c, d = np.multiply(self.place, (width, height, width, height))
        class_id = None if self.class_name is None else engine.spec.classes.index(self.class_name)
        advice = vars(engine.spec.defaults) | {"seed": SEED, "variations": 4}
        if self.task is not Task.MANIPULATE:
            advice["guidance_scale"] = BLENDING
        shared: dict[str, Any] = {"class_id": class_id, "options": DecodeOptions(**advice)}
        if self.task is Task.EXTRAPOLATE:
            return EditRequest(self.task, picture, extend=Sides(*(round(n) for n in (a, b, c, d))), **shared)
        if self.task is Task.MANIPULATE:
            return EditRequest(self.task, picture, box=Box(*(round(n) for n in (a, b, c, d))), **shared)
        y, x = np.ogrid[:height, :width]
        return EditRequest(self.task, picture, ((x - a) / c) ** 2 + ((y - b) / d) ** 2 < 1, **shared)


SHOWN = (
    Show("remove a rock", "mountain_trail.jpg", Task.INPAINT, (0.79, 0.91, 0.08, 0.09)),
    Show("fill: forest", "forest_stream.jpg", Task.INPAINT, (0.5, 0.25, 0.13, 0.16), "forest"),
    Show("extend the sky", "autumn_ridge.jpg", Task.EXTRAPOLATE, (0, 0.3, 0, 0), "mountain"),
    Show("box to daisy", "dahlia.jpg", Task.MANIPULATE, (0.22, 0.1, 0.8, 0.9), "daisy"),
    Show("box to sunflowers", "dahlia.jpg", Task.MANIPULATE, (0.22, 0.1, 0.8, 0.9), "sunflowers"),
)


def strip(engine: Engine) -> Image.Image:
    """Return what was asked above, the first ranked of four below it, and one generated picture of each class."""
    columns = []
    for show in SHOWN:
        request = show.request(engine)
        result = engine.edit(request)
        columns.append((show.caption, _asked(result.base, result.canvas_mask), result.image(result.ranking[0])))
    wide = sum(round(_HIGH * above.shape[1] / above.shape[0]) for _, above, _ in columns)
    high = round(_HIGH * (_WIDTH - _GAP * (len(columns) - 1)) / wide)
    side = (_WIDTH - _GAP * (len(engine.spec.classes) - 1)) // len(engine.spec.classes)
    sheet = Image.new("RGB", (_WIDTH, 2 * _CAPTION + 2 * high + 2 * _GAP + side), "white")
    left = 0
    for caption, above, below in columns:
        width = round(high * above.shape[1] / above.shape[0])
        _said(sheet, caption, (left, 0))
        for row, picture in enumerate((above, below)):
            sheet.paste(_scaled(picture, (width, high)), (left, _CAPTION + row * (high + _GAP)))
        left += width + _GAP
    top = _CAPTION + 2 * (high + _GAP)
    for index, name in enumerate(engine.spec.classes):
        advice = DecodeOptions(**vars(engine.spec.defaults) | {"seed": SEED})
        made = engine.edit(EditRequest(Task.GENERATE, class_id=index, options=advice)).images[0]
        at = index * (side + _GAP)
        _said(sheet, name, (at, top))
        sheet.paste(_scaled(made, (side, side)), (at, top + _CAPTION))
    return sheet


def _asked(canvas: Picture, hidden: NDArray[np.bool_]) -> Picture:
    """Return the canvas with what is to be painted tinted as in the editor; a new border is grey."""
    shown = canvas[..., :3].copy()
    mixed = (shown[hidden] * 0.55 + _TINT * 0.45).round().astype(np.uint8)
    shown[hidden] = np.where((shown[hidden] == 0).all(1, keepdims=True), np.uint8(225), mixed)
    return shown


def _scaled(picture: Picture, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture[..., :3])).resize(size, Image.Resampling.LANCZOS)


def _said(sheet: Image.Image, text: str, at: tuple[int, int]) -> None:
    ImageDraw.Draw(sheet).text((at[0] + 1, at[1] + 2), text, "black", ImageFont.load_default(15))


# the page -------------------------------------------------------------------------------------------------------------
def page_shots(page: Page) -> None:
    """Write the four pictures of the page: a finished fill, its confidence half way, a planned border, a sweep."""
    pick(page, "mountain trail")
    paint(page, [(0.7, 0.83), (0.75, 0.86), (0.79, 0.85)])
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    at_rest(page)
    _shot(page, "page")
    page.locator("#mge-stage button", has_text="Confidence").click()
    page.locator("#mge-stage .mge-step").nth(3).click()
    at_rest(page)
    _shot(page, "confidence")
    page.locator("#mge-stage button", has_text="Drop").click()
    wait(page, "!s.review")
    page.keyboard.press("Delete")
    pick(page, "autumn ridge")
    _mode(page, "Extend")
    for side, pixels in (("right", 420), ("top", 160)):
        set_number(page, f"mge-extend-{side}", pixels)
    wait(page, "s.plan && s.plan.windows > 1")
    at_rest(page)
    _shot(page, "extend")
    _mode(page, "Sweep")
    page.locator("#mge-run").click()
    page.wait_for_selector("#mge-sweep-files:not([hidden])", timeout=240_000)
    at_rest(page)
    _shot(page, "sweep")


def _mode(page: Page, name: str) -> None:
    page.locator("#mge-mode label", has_text=name).click()


def _shot(page: Page, name: str) -> None:
    path = SHOTS / f"{name}.jpg"
    page.screenshot(path=path, type="jpeg", quality=_QUALITY)


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=("strip", "page"), default=("strip", "page"))
    wanted = parser.parse_args().what
    if "strip" in wanted:
        strip(load_engine()).save(SHOTS / "edits.jpg", quality=_QUALITY)
    if "page" in wanted:
        path = chromium()
        if path is None:
            raise SystemExit("no Chromium found: install it (apt-get install chromium) or set CHROMIUM to its path.")
        with sync_playwright() as playwright, editor() as (address, _):
            browser = playwright.chromium.launch(executable_path=path, args=SWITCHES, headless=True)
            page_shots(visit(browser, address)[0])
            browser.close()


if __name__ == "__main__":
    main()
