"""Gestures of the whole page that once went wrong, each once: borders, keys, pens, classes, downloads."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from core.pictures import encode_png, open_picture
from editor import AppSettings, appearance, build_app
from tests.browser.real_app import App
from tests.browser.test_inspector import engine
from tests.browser.test_page import opened, paint, state, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def launched(serve: Callable[..., str]) -> str:
    """Return the address of the editor without nets: all but one test do without."""
    return serve(build_app(engine(), AppSettings()), **appearance(), max_file_size="32mb")


@pytest.fixture
def page(open_page: Visit, launched: str, tmp_path: Path) -> Page:
    """Return the page without nets, its picture open."""
    return ready(opened(open_page(launched)), tmp_path)


def ready(visited: Page, tmp_path: Path) -> Page:
    """Open a picture of 256 x 192, nothing painted, and choose two steps and two variations a run."""
    y, x = np.mgrid[0:192, 0:256]
    pixels = np.stack([120 + y // 3, 90 + x // 4, 200 - y // 2], -1).astype(np.uint8)
    path = tmp_path / "写真 Café.png"
    path.write_bytes(encode_png(pixels))
    visited.locator("#mge-upload input[type=file]").set_input_files(path)
    wait(visited, "s.width === 256 && s.height === 192 && s.painted === 0")
    for name, value in (("steps", 2), ("variations", 2)):
        field = visited.locator(f"#mge-{name} input[type=number]")
        field.fill(str(value))
        field.press("Tab")
    visited.evaluate("document.activeElement.blur()")
    return visited


def mode(page: Page, name: str) -> None:
    """Press a mode's radio."""
    page.locator("#mge-mode label", has_text=name).click()
    wait(page, f"s.mode === '{name.lower()}'")


def result(page: Page) -> None:
    """Wait for a result, and set it aside."""
    wait(page, "s.review && s.review.loaded && !s.running")
    page.keyboard.press("Escape")
    wait(page, "!s.review")


def test_a_border_follows_the_pointer_pixel_for_pixel(page: Page) -> None:
    mode(page, "Extend")
    view = page.locator("#mge-stage .mge-view").bounding_box()
    assert view is not None
    seen = state(page)["view"]
    x, y = view["x"] + seen["x"] + 256 * seen["scale"], view["y"] + seen["y"] + 96 * seen["scale"]
    page.mouse.move(x, y)
    page.mouse.down()
    widths = []
    for moved in range(7, 71, 7):
        page.mouse.move(x + moved, y)
        page.wait_for_timeout(60)
        widths.append(state(page)["extend"][2])
    page.wait_for_timeout(400)  # what the fields say back comes late
    page.mouse.up()
    page.wait_for_timeout(400)
    expected = [moved / seen["scale"] for moved in range(7, 71, 7)]
    assert np.abs(np.array(widths) - expected).max() <= 1
    assert state(page)["extend"] == [0, 0, widths[-1], 0]
    assert page.locator("#mge-extend-right input").input_value() == str(widths[-1])
    after = state(page)["view"]
    assert after["x"] + (256 + widths[-1]) * after["scale"] < view["width"]


def test_enter_runs_wherever_the_pointer_was_last(page: Page) -> None:
    paint(page, [(0.4, 0.5), (0.45, 0.5)])
    for place in ("#mge-theme", "#mge-tabs button[role=tab]", "#mge-seed input", "#mge-schedule input"):
        page.locator(place).first.click()
        page.keyboard.press("Enter")
        wait(page, "s.running || s.review")
        result(page)
    chip = page.locator("#mge-class .pg-chip").first
    chip.click()
    page.keyboard.press("Enter")
    wait(page, "s.running || s.review")
    assert chip.get_attribute("aria-pressed") == "true"
    result(page)
    page.locator("#mge-theme").click()
    page.keyboard.press("Delete")
    wait(page, "s.painted === 0")


def test_keys_go_by_their_place_where_their_letter_is_another(page: Page) -> None:
    def press(key: str, code: str, **more: bool) -> None:
        page.evaluate(
            "details => document.dispatchEvent(new KeyboardEvent('keydown', details))",
            {"key": key, "code": code, "bubbles": True, **more},
        )

    press("\u0443", "KeyE")  # Cyrillic u
    wait(page, "s.tool === 'eraser'")
    press("и", "KeyB")
    wait(page, "s.tool === 'brush'")
    press("ק", "KeyE")
    wait(page, "s.tool === 'eraser'")
    before = state(page)["size"]
    press("ü", "BracketLeft")
    wait(page, f"s.size < {before}")
    press("+", "BracketRight")
    wait(page, f"s.size >= {before - 1}")
    press("é", "Digit2")
    wait(page, "s.mode === 'replace'")
    press("!", "Digit1", shiftKey=True)
    assert state(page)["mode"] == "replace"


def test_the_wheel_scrolls_and_changes_no_number(page: Page) -> None:
    seed = page.locator("#mge-seed input")
    seed.fill("41")
    seed.click()
    for turn in (120, -240):
        page.mouse.wheel(0, turn)
        page.wait_for_timeout(60)
    assert seed.input_value() == "41"


def test_a_pen_paints_beside_a_palm(page: Page) -> None:
    view = page.locator("#mge-stage .mge-view").bounding_box()
    assert view is not None

    def touch(kind: str, pointer: int, who: str, x: float, y: float) -> None:
        page.evaluate(
            "([kind, details]) => document.querySelector('.mge-view').dispatchEvent(new PointerEvent(kind, details))",
            [
                kind,
                {
                    "pointerId": pointer,
                    "pointerType": who,
                    "clientX": x,
                    "clientY": y,
                    "pressure": 0.5,
                    "button": 0,
                    "buttons": 1,
                    "bubbles": True,
                },
            ],
        )

    x, y = view["x"] + 0.5 * view["width"], view["y"] + 0.5 * view["height"]
    touch("pointerdown", 7, "touch", x + 150, y + 150)
    touch("pointermove", 7, "touch", x + 151, y + 151)
    touch("pointerdown", 8, "pen", x, y)
    touch("pointerdown", 9, "touch", x + 170, y + 120)
    touch("pointermove", 8, "pen", x + 60, y)
    touch("pointermove", 7, "touch", x + 140, y + 140)
    touch("pointerup", 8, "pen", x + 60, y)
    touch("pointerup", 7, "touch", x + 140, y + 140)
    wait(page, "s.painted > 0")
    box = page.evaluate("(() => { const [r] = __mge.passes(); return r.window; })()")
    assert box
    assert state(page)["undo"] == 1


def test_each_mode_has_its_class_and_a_cleared_field_has_none(page: Page) -> None:
    field = page.locator("#mge-class-field")
    mode(page, "Replace")
    page.locator("#mge-class .pg-chip").first.click()
    name = field.input_value()
    assert name != "none"
    mode(page, "Fill")
    page.wait_for_function("() => document.querySelector('#mge-class-field').value === 'none'")
    mode(page, "Replace")
    page.wait_for_function("name => document.querySelector('#mge-class-field').value === name", arg=name)
    field.click()
    field.fill("")
    field.press("Tab")
    page.wait_for_function("() => document.querySelector('#mge-class-field').value === 'none'")
    mode(page, "Fill")
    paint(page, [(0.4, 0.5), (0.45, 0.5)])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded && !s.running")
    assert page.evaluate("() => __mge.state().review.count") == 2


def test_the_download_is_what_is_shown_and_the_first_is_the_best(page: Page) -> None:
    paint(page, [(0.4, 0.5), (0.5, 0.5)])
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded && !s.running")
    with page.expect_download() as saved:
        page.locator("#mge-download").click()
    before = open_picture(Path(saved.value.path()))
    name = saved.value.suggested_filename
    assert page.locator("#mge-stage .mge-tile[aria-checked=true] [data-medal='1']").count() == 1
    page.keyboard.press("Enter")
    wait(page, "!s.review && s.versions.length === 2")
    with page.expect_download() as kept:
        page.locator("#mge-download").click()
    assert np.array_equal(open_picture(Path(kept.value.path())), before)
    assert name.startswith("写真 Café")


def dropped(page: Page, name: str, data: bytes, *, mask: bool = False) -> str:
    """Drop a file of no type on the photo's or on the mask's side of the stage; return what is said."""
    page.evaluate("document.querySelector('.mge-toast').textContent = ''")
    page.evaluate(
        """([name, text, side]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))], name));
            const view = document.querySelector('.mge-view');
            const { left, top, width } = view.getBoundingClientRect();
            const at = { clientX: left + side * width, clientY: top + 60, dataTransfer: transfer };
            const how = { bubbles: true, cancelable: true, ...at };
            for (const kind of ['dragover', 'drop']) view.dispatchEvent(new DragEvent(kind, how));
        }""",
        [name, base64.b64encode(data).decode(), 0.9 if mask else 0.1],
    )
    page.wait_for_function("() => document.querySelector('.mge-toast').textContent")
    return page.locator(".mge-toast").text_content() or ""


def encoded(pixels: NDArray[np.uint8], kind: str) -> bytes:
    """Return a file of a kind that only other programs write."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def test_files_are_judged_by_what_is_in_them_and_answered_in_our_words(
    open_page: Visit, app: App, tmp_path: Path
) -> None:
    page = ready(opened(open_page(app.address)), tmp_path)
    hole = np.zeros((192, 256), np.uint8)
    hole[64:128, 96:160] = 1
    assert "8.3 % of the picture" in dropped(page, "mask", encode_png(hole), mask=True)
    wait(page, "s.painted === 4096")
    assert "mask is empty" in dropped(page, "black.png", encode_png(0 * hole), mask=True)
    for data, name in ((encoded(hole * 255, "BMP"), "a BMP"), (b"8BPS" + bytes(64), "a Photoshop file")):
        for mask in (False, True):
            said = dropped(page, "photo.jpg", data, mask=mask)
            assert said.startswith(f"file is {name}: give a PNG, JPEG, WebP")
    assert state(page)["painted"] == 4096
    photo = np.random.default_rng(0).integers(90, 160, (120, 160, 3), np.uint8)
    dropped(page, "photo.2026.jfif", encoded(photo, "JPEG"))
    wait(page, "s.width === 160 && s.height === 120")
    cut = np.dstack([photo, np.full((120, 160), 255, np.uint8)])
    cut[40:80, 50:110, 3] = 0
    dropped(page, "no ending", encode_png(cut))
    page.locator("button.mge-part").click()
    wait(page, "s.painted === 2400")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded && !s.running")
    page.keyboard.press("Enter")
    wait(page, "!s.review && s.versions.length === 2")
    with page.expect_download() as kept:
        page.locator("#mge-download").click()
    made = open_picture(Path(kept.value.path()))
    assert made.shape[2] == 3 or (made[..., 3] == 255).all()
    assert np.array_equal(made[:40, :, :3], photo[:40])
