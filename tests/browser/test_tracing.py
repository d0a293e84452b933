"""Where a pixel came from, on the real `app.py`: the inspector's line, beside Extend, versions and a reload."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from core.pictures import encode_png, open_picture
from tests.browser.gestures import client
from tests.browser.real_app import App, home, open_file, run, settle, state, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]
Pixel = tuple[int, int]


@pytest.fixture(scope="module")
def photo() -> NDArray[np.uint8]:
    """Soft texture in which no two places look alike, (192, 256, 3)."""
    noise = np.random.default_rng(5).normal(size=(192, 256, 3)).astype(np.float32)
    soft = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return np.clip(128 + 45 * soft / soft.std(), 0, 255).astype(np.uint8)


@pytest.fixture
def page(open_page: Visit, app: App, photo: NDArray[np.uint8], tmp_path: Path) -> Page:
    """The photo with a filled stroke, under review; the inspector is in hand."""
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    page = open_page(app.address)
    wait(page, "s.width > 0")
    settle(page, steps=2, variations=1)
    open_file(page, tmp_path / "photo.png", 256, 192)
    stroke(page, 0.45, 0.5)
    run(page)
    page.keyboard.press("i")
    return page


def hole_of(page: Page) -> NDArray[np.bool_]:
    """Return what is painted."""
    now, runs = state(page), page.evaluate("__mge.maskRuns()")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(now["height"], now["width"])


def origin(page: Page, pixel: Pixel) -> tuple[str, Pixel]:
    """Return what the inspector knows of a pixel (x, y): how it came about, and where it was copied from."""
    told = page.evaluate("([x, y]) => __mge.origin(x + 0.5, y + 0.5)", list(pixel))
    return told["kind"], (pixel[0] + told["way"][0], pixel[1] + told["way"][1])


def kept(page: Page) -> None:
    """Keep what is under review."""
    versions = len(state(page)["versions"])
    home(page)
    page.keyboard.press("Enter")
    wait(page, f"!s.review && s.versions.length === {versions + 1}")


def test_a_pixel_shows_what_it_was_copied_from(page: Page, photo: NDArray[np.uint8]) -> None:
    hole = hole_of(page)
    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    result = open_picture(Path(loading.value.path()))
    places = [(int(x), int(y)) for y, x in np.argwhere(hole)[::37]]
    found = [origin(page, place) for place in places]
    assert {kind for kind, _ in found} == {"copied"}
    assert all(0 <= x < 256 and 0 <= y < 192 and not hole[y, x] for _, (x, y) in found)
    apart = [
        np.abs(result[y, x].astype(int) - photo[v, u]).mean() for (x, y), (_, (u, v)) in zip(places, found, strict=True)
    ]
    assert np.median(apart) < 12  # colours of chance lie 50 apart
    assert origin(page, (2, 2)) == ("photo", (2, 2))
    assert origin(page, (-3, 2))[0] == "nothing"


def test_the_line_follows_the_pointer_and_is_said(page: Page) -> None:
    hole = hole_of(page)
    y, x = (int(each) for each in np.argwhere(hole)[hole.sum() // 2])
    _, source = origin(page, (x, y))
    view = page.locator("#mge-stage .mge-view")
    page.mouse.move(*client(page, 2, 2))

    def seen() -> NDArray[np.uint8]:
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return open_picture(view.screenshot())[..., :3]

    before = seen()
    page.mouse.move(*client(page, x + 0.5, y + 0.5))
    changed = (seen() != before).any(2)
    box = view.bounding_box()
    assert box is not None
    for place in ((x, y), source, ((x + source[0]) / 2, (y + source[1]) / 2)):
        u, v = client(page, place[0] + 0.5, place[1] + 0.5)
        row, column = round(v - box["y"]), round(u - box["x"])
        assert changed[max(row - 12, 0) : row + 12, max(column - 12, 0) : column + 12].any(), place
    page.mouse.click(*client(page, x + 0.5, y + 0.5))
    page.wait_for_selector(".mge-patch")  # the cell's other codes, as before
    page.locator(".mge-live", has_text="Copied from").wait_for(state="attached")


def test_versions_borders_and_a_reload_keep_it(page: Page) -> None:
    y, x = (int(each) for each in np.argwhere(hole_of(page))[40])
    first = origin(page, (x, y))
    kept(page)
    assert origin(page, (x, y)) == first
    page.locator("#mge-mode label", has_text="Extend").click()
    settle(page, **{"extend-left": 40})
    wait(page, "s.extend[0] === 40")
    run(page)
    assert origin(page, (x, y)) == first  # on the grown picture as on the one before
    kind, (u, _) = origin(page, (-20, 90))
    assert kind == "copied"
    assert u >= 0
    kept(page)
    wait(page, "s.width === 296 && s.saved")
    moved = ("copied", (first[1][0] + 40, first[1][1]))
    assert origin(page, (x + 40, y)) == moved
    assert origin(page, (20, 90)) == (kind, (u + 40, origin(page, (20, 90))[1][1]))
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, "!s.restoring && s.doc && !s.opening && s.width === 296")
    assert origin(page, (x + 40, y)) == moved


def test_what_the_model_painted_is_called_its_own(page: Page) -> None:
    before = state(page)["review"]["run"]
    page.locator("#mge-mode label", has_text="Generate").click()
    page.locator("#mge-run").click()
    wait(page, f"s.review && s.review.loaded && s.review.run !== '{before}'")
    assert origin(page, (60, 60))[0] == "model"
    page.mouse.click(*client(page, 60, 60))
    page.locator(".mge-live", has_text="Painted by the model").wait_for(state="attached")
