"""What leaves the page by hand: the clipboard's copies of picture, variation and mask, and what a drag carries out."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from tests.browser.gestures import drag, opened, ran
from tests.browser.stage_app import build

Open = Callable[..., Page]
CLIPBOARD = """async () => {
    const [item] = await navigator.clipboard.read();
    const bytes = new Uint8Array(await (await item.getType('image/png')).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ''));
}"""
CARRIED = """() => {
    window.carried = null;
    document.addEventListener('dragstart', (e) => {
        window.carried = ['DownloadURL', 'text/uri-list'].map((type) => e.dataTransfer.getData(type));
    });
}"""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.01, steps=4))


def clipboard(page: Page) -> NDArray[np.uint8]:
    """Return the clipboard's picture, (H, W, 3)."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(page.evaluate(CLIPBOARD)))).convert("RGB"))


def copied(page: Page, keys: str, said: str) -> NDArray[np.uint8]:
    page.keyboard.press(keys)
    page.locator(".mge-toast.mge-on", has_text=said).wait_for()
    return clipboard(page)


def served(page: Page, url: str) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(page.request.get(url).body())).convert("RGB"))


def dragged(page: Page, selector: str) -> list[str]:
    """Pull an element over the canvas and return what the drag carries; nothing is to be opened of it."""
    page.locator(selector).hover()
    page.mouse.down()
    box: Any = page.locator(".mge-view").bounding_box()
    for part in (0.4, 0.5):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + part * box["height"])
    page.wait_for_function("window.carried")
    assert page.locator(".mge-dropping").count() == 0
    page.mouse.up()
    return list(page.evaluate("window.carried"))


def test_copies_are_what_is_shown_and_a_field_keeps_its_own(open_page: Open, address: str) -> None:
    page = open_page(address, permissions=["clipboard-read", "clipboard-write"])
    opened(page, 400, 300)
    page.keyboard.press("Control+Shift+C")
    page.locator(".mge-toast.mge-on", has_text="mask is empty").wait_for()
    drag(page, [(100, 100), (180, 160)])
    picture = copied(page, "Control+c", "The picture is on the clipboard")
    assert picture.shape == (300, 400, 3)
    mask = copied(page, "Control+Shift+C", "The mask")
    assert set(np.unique(mask)) >= {0, 255}
    assert mask[130, 140].tolist() == [255, 255, 255]
    assert mask[10, 10].tolist() == [0, 0, 0]
    page.click("#command textarea")
    page.keyboard.type("kept")
    page.keyboard.press("Control+a")
    page.keyboard.press("Control+c")
    page.wait_for_function("navigator.clipboard.readText().then((text) => text === 'kept')")
    page.fill("#command textarea", "")
    ran(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function("__mge.state().review.index === 1 && __mge.state().review.loaded")
    variation = copied(page, "Control+c", "Variation B")
    page.evaluate(CARRIED)
    download, link = dragged(page, ".mge-tile >> nth=1")
    assert download == f"image/png:{link.rsplit('/', 1)[1]}:{link}"
    assert np.array_equal(served(page, link), variation)
    assert (variation[mask[..., 0] == 0] == picture[mask[..., 0] == 0]).all()
    page.keyboard.press("v")
    page.evaluate(CARRIED)
    assert np.array_equal(served(page, dragged(page, ".mge-version >> nth=0")[1]), picture)
    assert page.evaluate("__mge.state().width") == 400
