"""The README's pictures, made anew: the strip of edits by the bundled model, and the page at work. Run: make pictures.

What is shown is what comes with these seeds, looked at by nobody: look before you commit.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, sync_playwright

from core import Engine, load_engine
from core.pictures import open_picture
from core.values import Box, DecodeOptions, EditRequest, Mask, Sides, Task
from tests.browser.bench import editor, visit
from tests.browser.conftest import NO_CHROMIUM, chromium, launched
from tests.browser.gestures import client
from tests.browser.test_page import at_rest, paint, pick, set_number, wait

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "assets" / "samples"
SHOTS = ROOT / "assets" / "screenshots"
SEED = 7
BLENDING = 2.0
"""Guidance at which a fill or border of a class blends in."""

_TREE = (950, 370), (950, 590)
"""A stroke over the spruce in the autumn ridge, from and to, picture pixels."""
_LOOKED_AT = 950.5, 480.5
_LOADING_MS = 2_000
"""In which the pictures of the variations that are not shown arrive."""

_HIGH, _CAPTION, _GAP = 240, 22, 8
_WIDTH = 2000
_TINT = np.array((255, 140, 0))
_QUALITY = 88
_SMALL = 960, 600

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
        region: Mask | Box | Sides
        if self.task is Task.INPAINT:
            y, x = np.ogrid[:height, :width]
            region = Mask(((x - a) / c) ** 2 + ((y - b) / d) ** 2 < 1)
        else:
            region = (Box if self.task is Task.MANIPULATE else Sides)(*(round(n) for n in (a, b, c, d)))
        return EditRequest(picture, region, class_id, decoding=DecodeOptions(**advice))


SHOWN = (
    Show("remove a tree", "autumn_ridge.jpg", Task.INPAINT, (0.742, 0.545, 0.042, 0.16)),
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
        made = engine.edit(EditRequest(class_id=index, decoding=DecodeOptions(seed=SEED))).images[0]
        at = index * (side + _GAP)
        _said(sheet, name, (at, top))
        sheet.paste(_scaled(made, (side, side)), (at, top + _CAPTION))
    return sheet


def _asked(canvas: Picture, hidden: NDArray[np.bool_]) -> Picture:
    """Return the canvas with what is to be painted tinted."""
    shown = canvas[..., :3].copy()
    shown[hidden] = (shown[hidden] * 0.55 + _TINT * 0.45).round().astype(np.uint8)
    return shown


def _scaled(picture: Picture, size: tuple[int, int]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(picture[..., :3])).resize(size, Image.Resampling.LANCZOS)


def _said(sheet: Image.Image, text: str, at: tuple[int, int]) -> None:
    ImageDraw.Draw(sheet).text((at[0] + 1, at[1] + 2), text, "black", ImageFont.load_default(15))


# the page -------------------------------------------------------------------------------------------------------------
def page_shots(page: Page) -> None:
    """Write the four pictures: a tree removed and where a pixel came from, a daisy half way, a border, a sweep."""
    set_number(page, "mge-seed", SEED)
    _open(page, "autumn ridge", 1280, 852)
    page.mouse.move(*client(page, *_TREE[0]))
    page.mouse.down()
    page.mouse.move(*client(page, *_TREE[1]), steps=6)
    page.mouse.up()
    _run(page)
    page.keyboard.press("i")
    page.mouse.move(*client(page, *_LOOKED_AT))
    _shot(page, "page")
    _open(page, "dahlia", 640, 427)
    _mode(page, "Replace")
    _become(page, "daisy")
    paint(page, [(0.24, 0.12), (0.78, 0.85)])
    _run(page)
    page.locator("#mge-stage .mge-look[data-look=confidence]").click()
    page.evaluate("__mge.go(4)")
    _shot(page, "confidence", _SMALL)
    _open(page, "autumn ridge", 1280, 852)
    _mode(page, "Extend")
    for side, pixels in (("right", 420), ("top", 160)):
        set_number(page, f"mge-extend-{side}", pixels)
    page.wait_for_function("__mge.passes().length > 1")
    _shot(page, "extend", _SMALL)
    _open(page, "mountain trail", 1280, 960)
    _mode(page, "Sweep")
    _become(page, "daisy")
    page.locator("#mge-run").click()
    page.wait_for_function("() => !document.querySelector('#mge-sweep-sheet').disabled")
    _shot(page, "sweep", _SMALL)


def _open(page: Page, sample: str, width: int, height: int) -> None:
    pick(page, sample)
    wait(page, f"s.width === {width} && s.height === {height} && s.painted === 0")


def _mode(page: Page, name: str) -> None:
    page.locator("#mge-mode label", has_text=name).click()


def _become(page: Page, name: str) -> None:
    page.locator("#mge-class .pg-chip", has_text=name).click()


def _run(page: Page) -> None:
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    page.wait_for_timeout(_LOADING_MS)


def _shot(page: Page, name: str, size: tuple[int, int] | None = None) -> None:
    """Write a picture of the page at rest, scaled where a size is given."""
    page.wait_for_function("() => !document.querySelector('#mge-stage .mge-toast.mge-on')")
    at_rest(page)
    path = SHOTS / f"{name}.jpg"
    page.screenshot(path=path, type="jpeg", quality=_QUALITY)
    if size is not None:
        _scaled(open_picture(path), size).save(path, quality=_QUALITY)


def main() -> None:
    """Write what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("strip", "page"), help="without it, both are made")
    only = parser.parse_args().only
    if only in (None, "strip"):
        strip(load_engine()).save(SHOTS / "edits.jpg", quality=_QUALITY)
    if only in (None, "page"):
        path = chromium()
        if path is None:
            raise SystemExit(NO_CHROMIUM)
        with sync_playwright() as playwright, editor() as (address, _):
            browser = launched(playwright, path)
            page_shots(visit(browser, f"{address}?__theme=dark")[0])
            browser.close()


if __name__ == "__main__":
    main()
