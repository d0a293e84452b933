"""Crop, turn, straighten on the real `app.py`: pixels that remain are the same, edits go on, nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page

from core.pictures import encode_png, open_picture
from tests.browser.gestures import client
from tests.browser.real_app import App, home, open_file, run_and_keep, saved, settle, state, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]
WIDTH, HEIGHT = 320, 240


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    """A photo whose pixels all differ from their neighbours."""
    rows, columns = np.indices((HEIGHT, WIDTH))
    return np.stack([columns % 251, rows, (3 * rows) ^ columns], -1).astype(np.uint8)


def opened(page: Page, photo: NDArray[np.uint8], folder: Path) -> Page:
    """Open a photo, and choose one variation of two steps."""
    (folder / "photo.png").write_bytes(encode_png(photo))
    wait(page, "s.width > 0")
    settle(page, steps=2, variations=1)
    open_file(page, folder / "photo.png", WIDTH, HEIGHT)
    return page


def shown(page: Page) -> NDArray[np.uint8]:
    """Download the picture that is shown."""
    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    return open_picture(Path(loading.value.path()))


def painted(page: Page) -> NDArray[np.uint8]:
    """Return the mask on the stage."""
    runs, now = page.evaluate("__mge.maskRuns()"), state(page)
    return np.repeat(np.arange(len(runs)) % 2, runs).reshape(now["height"], now["width"]).astype(np.uint8)


def pulled(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one canvas position to another."""
    page.mouse.move(*client(page, *start))
    page.mouse.down()
    page.mouse.move(*client(page, *end), steps=3)
    page.mouse.up()


def crop_of(page: Page) -> dict[str, Any]:
    return dict(state(page)["crop"])


def is_version(page: Page, version: int, width: int, height: int) -> None:
    """Wait until a version is shown and has a size."""
    wait(page, f"s.version === {version} && s.width === {width} && s.height === {height} && !s.pending")


def test_a_cropped_picture_is_turned_edited_and_comes_back(
    open_page: Visit, app: App, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    page = opened(open_page(app.address), photo, tmp_path)
    stroke(page, 0.45, 0.45)
    mask, first = painted(page), state(page)["version"]
    page.keyboard.press("Shift+C")
    assert crop_of(page)["box"] == [0, 0, WIDTH, HEIGHT]
    pulled(page, (0, 0), (40, 30))
    pulled(page, (WIDTH, 135), (WIDTH - 60, 135))
    left, top, right, bottom = crop_of(page)["box"]
    assert abs(np.array([left, top, right, bottom]) - (40, 30, WIDTH - 60, HEIGHT)).max() <= 1
    grip = page.locator(".mge-grip[data-grip=s]")
    grip.focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")  # an edge moves one way only
    bottom -= 11
    assert crop_of(page)["box"] == [left, top, right, bottom]
    home(page)
    page.keyboard.press("ArrowRight")
    assert crop_of(page)["box"] == [left + 1, top, right + 1, bottom]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    width, height = right - left, bottom - top
    is_version(page, first + 1, width, height)
    assert (state(page)["tool"], state(page)["crop"]) == ("brush", None)
    cropped = photo[top:bottom, left:right]
    assert np.array_equal(shown(page), cropped)
    along = mask[top:bottom, left:right]  # the mask went along, and is where it was on the picture before
    assert along.any()
    assert np.array_equal(painted(page), along)

    # turned at once; the frame goes along, and Escape leaves the tool with nothing else done
    page.locator(".mge-tool[data-id=crop]").click()
    pulled(page, (0, height / 2), (50, height / 2))
    page.get_by_role("button", name="Turn right").click()
    is_version(page, first + 2, height, width)
    assert abs(np.array(crop_of(page)["box"]) - (0, 50, height, width)).max() <= 1
    page.keyboard.press("Escape")
    assert (state(page)["crop"], state(page)["version"]) == (None, first + 2)
    assert np.array_equal(shown(page), np.rot90(cropped, -1))
    assert np.array_equal(painted(page), np.rot90(along, -1))
    page.keyboard.press("Control+z")
    is_version(page, first + 1, width, height)
    page.keyboard.press("Control+z")
    is_version(page, first, WIDTH, HEIGHT)
    assert np.array_equal(painted(page), mask)
    page.keyboard.press("Control+y")
    is_version(page, first + 1, width, height)

    # what is filled and extended there lies there
    before = painted(page).astype(bool)
    run_and_keep(page)
    filled = shown(page)
    assert (filled[before] != cropped[before]).any()
    assert np.array_equal(filled[~before], cropped[~before])
    page.keyboard.press("3")
    wait(page, "s.mode === 'extend'")
    settle(page, **{"extend-left": 24, "extend-bottom": 16})
    wait(page, "s.extend.join() === '24,0,0,16'")
    run_and_keep(page)
    assert np.array_equal(shown(page)[:height, 24:], filled)
    page.keyboard.press("c")
    wait(page, "s.compare === 'slider'")
    page.keyboard.press("Escape")
    saved(page)
    was = state(page)
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, f"!s.restoring && !s.opening && s.version === {was['version']}")
    parents = {each["id"] - first: each["parent"] for each in state(page)["versions"]}
    assert parents == {0: None, 1: first, 2: first + 1, 3: first + 1, 4: first + 3}
    for undone in range(1, 4):
        home(page)
        page.keyboard.press("Control+z")
        wait(page, f"!s.pending && s.undo === {was['undo'] - undone}")
    assert state(page)["redo"] > 0


def test_a_picture_is_straightened_mirrored_and_kept_to_a_shape(
    open_page: Visit, app: App, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    page = opened(open_page(app.address), photo, tmp_path)
    stroke(page, 0.45, 0.45)
    mask, first = state(page)["mask"], state(page)["version"]
    page.keyboard.press("Shift+C")
    page.get_by_label("Shape").select_option("1:1")
    assert crop_of(page)["box"] == [40, 0, 280, 240]
    slider = page.get_by_role("slider", name="Straighten")
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    crop = crop_of(page)
    left, top, right, bottom = crop["box"]
    assert (crop["degrees"], right - left) == (2, bottom - top)
    assert 220 < right - left < 240
    page.keyboard.press("Enter")
    is_version(page, first + 1, right - left, bottom - top)
    page.wait_for_function("document.querySelector('.mge-toast')?.innerText.includes('computed anew')")
    assert state(page)["painted"] == 0
    straight = shown(page)
    assert abs(straight[8:-8, 8:-8, 1].astype(int).mean() - photo[..., 1].mean()) < 3
    page.keyboard.press("Shift+C")
    page.get_by_role("button", name="Mirror left to right").click()
    is_version(page, first + 2, right - left, bottom - top)
    home(page)
    page.keyboard.press("Enter")  # nothing is cropped: it says so, and makes no version
    page.wait_for_function("document.querySelector('.mge-toast')?.innerText.includes('holds all of the picture')")
    page.keyboard.press("Escape")
    assert np.array_equal(shown(page), straight[:, ::-1])
    for version in (first + 1, first):
        page.keyboard.press("Control+z")
        wait(page, f"s.version === {version} && !s.pending")
    assert state(page)["mask"] == mask  # it stayed with the version that it was painted on
