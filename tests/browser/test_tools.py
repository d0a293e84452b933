"""Keys, the sheet that lists them, comparing, the overlay and the rail, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from editor import appearance
from tests.browser.gestures import client, drag, opened, ran, settle, state, stroke
from tests.browser.stage_app import build, mask_of

Open = Callable[..., Page]
SIZE = (400, 300)


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=2), theme=appearance()["theme"])


def drawn(page: Page, layer: str, x: float, y: float) -> list[int]:
    """Red, green, blue, alpha that a layer of the canvas shows at a canvas position, after the next frame."""
    return list(
        page.evaluate(
            """([layer, x, y]) => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => {
                const { view } = __mge.state();
                const pen = document.querySelector(`canvas[data-layer=${layer}]`).getContext("2d");
                const at = [x * view.scale + view.x, y * view.scale + view.y].map((v) => Math.round(v * view.dpr));
                resolve([...pen.getImageData(at[0], at[1], 1, 1).data]);
            })))""",
            [layer, x, y],
        )
    )


def on_screen(page: Page, layer: str, x: float, y: float) -> list[int]:
    """The same at a position in CSS pixels of the viewport."""
    view = state(page)["view"]
    return drawn(page, layer, (x - view["x"]) / view["scale"], (y - view["y"]) / view["scale"])


def reviewed(page: Page) -> None:
    """Open a picture, paint a large part of it and run."""
    opened(page, *SIZE)
    page.keyboard.press("r")
    drag(page, [(20, 20), (380, 280)])
    ran(page)


# keys -----------------------------------------------------------------------------------------------------------------
def test_the_sheet_lists_every_key_and_hears_none_of_them(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("?")
    page.wait_for_selector("dialog.mge-help[open]")
    listed = page.eval_on_selector_all(".mge-help kbd", "nodes => nodes.map((node) => node.textContent)")
    asked = "B E R L M T H I Space [ ] Shift+[ Shift+] X Delete G O Tab C D U 1 2 3 4 5 Enter Shift+Enter Esc , ."
    asked += " Left Right Ctrl+Z Ctrl+Shift+Z Ctrl+Y Ctrl+0 Ctrl+1 Ctrl+S Ctrl+V ?"
    assert set(asked.split()) <= set(listed)
    assert len(listed) == len(set(listed))
    assert page.get_attribute("dialog.mge-help", "aria-label")
    page.keyboard.press("e")
    assert state(page)["tool"] == "brush"
    page.keyboard.press("Escape")
    assert page.locator("dialog.mge-help[open]").count() == 0
    page.keyboard.press("e")
    assert state(page)["tool"] == "eraser"
    page.click(".mge-tool[data-id=help]")
    page.click("dialog.mge-help button")
    assert page.locator("dialog.mge-help[open]").count() == 0


def test_a_key_can_be_another_one(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("?")
    told, brush = page.locator(".mge-help-told"), page.get_by_role("button", name="B", exact=True)
    brush.click()
    page.keyboard.press("e")
    expect(told).to_contain_text("E is taken (Eraser)")
    page.keyboard.press("1")
    expect(told).to_contain_text("letter or a sign")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="P", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    opened(page, 400, 300)
    expect(page.locator(".mge-tool[data-id=brush]")).to_have_attribute("title", "Brush (P)")
    for key, tool in (("r", "rectangle"), ("b", "rectangle"), ("p", "brush")):
        page.keyboard.press(key)
        assert state(page)["tool"] == tool
    page.keyboard.press("?")
    page.get_by_role("button", name="P", exact=True).click()
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    expect(page.locator(".mge-tool[data-id=brush]")).to_have_attribute("title", "Brush (B)")
    page.keyboard.press("r")
    page.keyboard.press("b")
    assert state(page)["tool"] == "brush"


def test_every_key_has_its_button_too(open_page: Open, address: str) -> None:
    """Tools, undo, fit and the like are all reachable without a keyboard."""
    page = open_page(address)
    opened(page, *SIZE)
    for tool, key in (
        ("lasso", "l"),
        ("token", "t"),
        ("rectangle", "r"),
        ("eraser", "e"),
        ("hand", "h"),
        ("brush", "b"),
    ):
        page.click(f".mge-tool[data-id={tool}]")
        assert state(page)["tool"] == tool
        page.keyboard.press("b" if tool != "brush" else "e")
        page.keyboard.press(key)
        assert state(page)["tool"] == tool


def test_hardness_by_keys_and_slider(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("Shift+BracketLeft")
    page.keyboard.press("Shift+BracketLeft")
    assert state(page)["hardness"] == pytest.approx(0.8)
    assert page.input_value("[aria-label='Brush hardness']") == "80"
    size = state(page)["size"]
    page.keyboard.press("Shift+BracketRight")
    assert state(page)["hardness"] == pytest.approx(0.9)
    assert state(page)["size"] == size
    page.fill("[aria-label='Brush hardness']", "25")
    assert state(page)["hardness"] == pytest.approx(0.25)
    page.keyboard.press("l")  # a slider takes no letters
    assert state(page)["tool"] == "lasso"


def test_keys_do_nothing_while_someone_types(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (150, 150)])
    painted = state(page)["painted"]
    page.click(".mge-opener")
    page.fill(".mge-number", "")
    page.type(".mge-number", "12lxt?")
    assert state(page)["tool"] == "brush"
    assert state(page)["painted"] == painted
    assert page.locator("dialog[open]").count() == 0
    page.keyboard.press("Backspace")
    assert state(page)["painted"] == painted


# the overlay ----------------------------------------------------------------------------------------------------------
def test_overlay_hides_while_a_key_is_held_and_takes_opacity_and_colour(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("r")
    drag(page, [(100, 100), (300, 200)])

    def tints() -> Any:
        """Alpha and colour, hatch included, in the middle of what is painted."""
        return np.array([drawn(page, "tint", 150 + i, 150) for i in range(12)])

    usual = tints()
    assert (usual[:, 3] > 100).all()
    assert len(np.unique(usual[:, 2])) > 1  # hatched, for whoever sees no colours
    page.keyboard.down("o")
    assert (tints() == 0).all()
    assert drawn(page, "guides", 100, 150)[3] == 0
    page.keyboard.up("o")
    assert (tints() == usual).all()
    page.evaluate("mgeStage.setOverlay(0.25)")
    assert (tints()[:, 3] < usual[:, 3]).all()
    page.click(".mge-opener")
    assert page.input_value("[aria-label='Overlay opacity']") == "25"
    page.fill("[aria-label='Overlay opacity']", "100")
    assert (tints()[:, 3] == 255).all()
    before = tints()
    page.click(".mge-swatch >> nth=3")
    after = tints()
    assert (after[:, 1] > before[:, 1]).all()
    assert (after[:, 0] < before[:, 0]).all()


def test_a_feather_shows_its_soft_edge_while_it_is_chosen(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("r")
    drag(page, [(100, 60), (300, 240)])

    def strength(x: float, y: float) -> int:
        return drawn(page, "tint", x, y)[3]

    hard = [strength(x, 150.5) for x in (104.5, 200.5)]
    page.evaluate("mgeStage.showFeather(30, true)")  # in Fill, which ends with the photo's own pixels
    page.wait_for_selector(".mge-toast.mge-on:text('need no feather')")
    assert [strength(x, 150.5) for x in (104.5, 200.5)] == hard
    page.evaluate("mgeStage.showFeather(30, false)")
    edge, middle = (strength(x, 150.5) for x in (104.5, 200.5))
    assert (edge < hard[0] / 3, middle) == (True, hard[1])
    page.evaluate("mgeStage.showFeather(null, false)")
    assert [strength(x, 150.5) for x in (104.5, 200.5)] == hard
    page.evaluate("mgeStage.setMode('replace')")
    drag(page, [(40, 40), (200, 250)])
    assert strength(44.5, 150.5) == 0  # a box has no tint of its own
    page.evaluate("mgeStage.showFeather(30, true)")
    assert 0 < strength(44.5, 150.5) < strength(120.5, 150.5)


# comparing ------------------------------------------------------------------------------------------------------------
def test_slider_shows_before_on_its_left_and_after_on_its_right(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    after = [drawn(page, "picture", x, 150) for x in (100, 300)]
    page.keyboard.down("\\")
    before = [drawn(page, "picture", x, 150) for x in (100, 300)]
    page.keyboard.up("\\")
    assert before[0] != after[0]
    assert before[1] != after[1]
    page.keyboard.press("c")
    assert state(page)["compare"] == "slider"
    assert [drawn(page, "picture", x, 150) for x in (100, 300)] == [before[0], after[1]]
    line = page.locator(".mge-split")
    assert line.get_attribute("role") == "slider"
    assert line.get_attribute("aria-valuenow") == "50"
    box = line.bounding_box()
    assert box is not None
    assert box["width"] >= 44
    page.mouse.move(box["x"] + 22, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(client(page, 40, 0)[0], box["y"] + 210)
    page.mouse.up()
    assert [drawn(page, "picture", x, 150) for x in (100, 300)] == after
    assert line.get_attribute("aria-valuenow") == "10"
    page.keyboard.press("Shift+ArrowRight")
    assert line.get_attribute("aria-valuenow") == "20"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowLeft")
    assert line.get_attribute("aria-valuenow") == "18"
    assert state(page)["review"]["index"] == 0
    page.keyboard.press("Escape")
    assert state(page)["compare"] == ""
    assert state(page)["review"]  # Esc ended the comparison, not the review
    assert [drawn(page, "picture", x, 150) for x in (100, 300)] == after


def test_difference_is_eight_times_and_black_where_nothing_changed(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    spots = [(10, 10), (150, 100), (200, 150), (250, 200)]
    after = np.array([drawn(page, "picture", *at) for at in spots], int)[:, :3]
    page.keyboard.down("\\")
    before = np.array([drawn(page, "picture", *at) for at in spots], int)[:, :3]
    page.keyboard.up("\\")
    page.keyboard.press("d")
    shown = np.array([drawn(page, "picture", *at) for at in spots], int)
    assert (shown[:, 3] == 255).all()
    assert (shown[:, :3] == np.minimum(8 * np.abs(after - before), 255)).all()
    assert (shown[0, :3] == 0).all()
    assert shown[1:, :3].any()
    page.keyboard.press("d")
    assert state(page)["compare"] == ""


@pytest.mark.parametrize("viewport", [(1440, 900), (412, 915)])
def test_side_by_side_shows_the_same_place_twice(open_page: Open, address: str, viewport: tuple[int, int]) -> None:
    page = open_page(address, viewport={"width": viewport[0], "height": viewport[1]})
    reviewed(page)
    after = drawn(page, "picture", 200, 150)
    page.keyboard.down("\\")
    before = drawn(page, "picture", 200, 150)
    page.keyboard.up("\\")
    page.keyboard.press("u")
    view = page.evaluate(
        "(({width, height}) => [width, height])(document.querySelector('.mge-view').getBoundingClientRect())"
    )
    middle = np.array(view) / 2
    apart = np.array([view[0] / 4, 0]) if view[0] >= view[1] else np.array([0, view[1] / 4])

    def close(one: list[int], other: list[int]) -> bool:
        return int(np.abs(np.array(one) - other).max()) <= 12  # another zoom, other pixels beside it

    assert close(on_screen(page, "picture", *(middle - apart)), before)
    assert close(on_screen(page, "picture", *(middle + apart)), after)
    view_before = state(page)["view"]
    left, top = page.evaluate(
        "(({left, top}) => [left, top])(document.querySelector('.mge-view').getBoundingClientRect())"
    )
    page.mouse.move(left + middle[0] + apart[0], top + middle[1] + apart[1])
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"__mge.state().view.scale > {view_before['scale']} * 1.2")
    assert close(on_screen(page, "picture", *(middle - apart)), before)  # zoomed about the point in both
    assert close(on_screen(page, "picture", *(middle + apart)), after)
    page.click(".mge-way[aria-label='Stop comparing']")
    assert state(page)["compare"] == ""


def test_without_a_result_there_is_nothing_to_compare_and_it_says_so(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.keyboard.press("c")
    page.wait_for_selector(".mge-toast.mge-on")
    assert "run something first" in (page.text_content(".mge-toast.mge-on") or "")
    assert state(page)["compare"] == ""


def test_a_tool_ends_the_comparison_and_drags_only_move_the_view(open_page: Open, address: str) -> None:
    page = open_page(address)
    reviewed(page)
    painted = page.evaluate("__mge.maskHash()")
    page.keyboard.press("d")
    view = state(page)["view"]
    drag(page, [(100, 100), (150, 130)])
    assert page.evaluate("__mge.maskHash()") == painted
    assert state(page)["view"]["x"] != view["x"]
    page.keyboard.press("b")
    assert state(page)["compare"] == ""


# the box, by keyboard -------------------------------------------------------------------------------------------------
def test_arrows_move_the_box_by_pixels_and_by_cells(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    settle(page, mode="replace")
    drag(page, [(100, 100), (160, 150)])
    page.focus(".mge-view")
    box = state(page)["box"]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    cells = page.evaluate("__mge.cells()")
    cell = round((cells["window"][2] - cells["window"][0]) / cells["grid"])
    assert state(page)["box"] == [box[0] + cell, box[1] + 1, box[2] + cell, box[3] + 1]


# the crosshair --------------------------------------------------------------------------------------------------------
def test_keys_alone_draw(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    width, height = SIZE

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)

    page.focus(".mge-view")
    press("k", "ArrowRight", "Shift+ArrowUp")
    x, y = state(page)["aim"]
    assert x == width // 2 + 1
    assert y < height // 2 - 1  # a cell is several pixels
    press("Space")
    dab, edge = stroke(SIZE, [(x + 0.5, y + 0.5)], state(page)["size"] / 2)
    assert ((mask_of(page.evaluate("mgeStage.intent().mask")) == dab) | edge).all()
    page.keyboard.down("Space")
    press("Shift+ArrowLeft", "Shift+ArrowLeft")
    page.keyboard.up("Space")
    assert state(page)["undo"] == 2  # a stroke is one step
    assert state(page)["painted"] > dab.sum()
    press("Delete", "r", "Space", *("ArrowRight",) * 3, *("ArrowDown",) * 2, "Space")
    assert state(page)["painted"] == 4 * 3
    press("Delete", "t", "Space")
    assert sum(page.evaluate("__mge.cells().cells")) == 1
    press("Escape")
    assert state(page)["aim"] is None
    press("Delete")

    settle(page, mode="replace")
    page.focus(".mge-view")
    press("Enter")  # nothing is marked
    assert "A box is in the middle" in (page.text_content(".mge-toast.mge-on") or "")
    assert state(page)["box"] == [width // 4, height // 4, 3 * width // 4, 3 * height // 4]
    assert state(page)["running"] is None
    press("Delete", "k")
    x, y = state(page)["aim"]
    press("Space", *("ArrowRight",) * 20, *("ArrowDown",) * 16, "Space")
    assert state(page)["box"] == [x, y, x + 21, y + 17]

    press("Enter")
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert state(page)["aim"] is None
    index = state(page)["review"]["index"]
    press("ArrowRight")
    page.wait_for_function(f"__mge.state().review.index !== {index}")
    shown = state(page)["review"]["index"]
    press("k", "ArrowRight")
    assert state(page)["aim"] == [x + 21, y + 16]
    assert state(page)["review"]["index"] == shown


# looks ----------------------------------------------------------------------------------------------------------------
def test_on_a_phone_the_rail_is_one_row_of_large_buttons(open_page: Open, address: str) -> None:
    page = open_page(address, viewport={"width": 412, "height": 915}, has_touch=True, is_mobile=True)
    opened(page, *SIZE)
    boxes = page.eval_on_selector_all(
        ".mge-rail .mge-tool:not([hidden])",
        "nodes => nodes.map((n) => (({top, width, height}) => [top, width, height])(n.getBoundingClientRect()))",
    )
    assert len(boxes) > 10
    assert len({round(top) for top, _, _ in boxes}) == 1
    assert all(width >= 44 and height >= 44 for _, width, height in boxes)
    rail = page.evaluate(
        "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('.mge-rail'))"
    )
    assert rail[0] > rail[1]
    assert page.evaluate("document.documentElement.scrollWidth") <= 412
    page.tap(".mge-opener")
    menu = page.locator(".mge-menu").bounding_box()
    assert menu is not None
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 412


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_the_stage_has_contrast(open_page: Open, address: str, scheme: str) -> None:
    page = open_page(f"{address}?__theme={scheme}")
    reviewed(page)
    page.keyboard.press("u")
    page.keyboard.press("?")
    # What a colour becomes over what lies below it: painted once, and read back.
    ratios = page.evaluate(
        """() => {
            const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
            const linear = (v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            const light = () => {
                const [r, g, b] = pen.getImageData(0, 0, 1, 1).data;
                return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
            };
            const lay = (colour) => ((pen.fillStyle = colour), pen.fillRect(0, 0, 1, 1));
            const nodes = [...document.querySelectorAll(".mge *")].filter((node) =>
                [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()) &&
                node.checkVisibility({ visibilityProperty: true }) && !node.disabled && !node.closest(".mge-live"));
            return nodes.map((node) => {
                const below = [];
                for (let at = node; at; at = at.parentElement) below.unshift(getComputedStyle(at).backgroundColor);
                lay("white");
                below.forEach(lay);
                const ground = light();
                lay(getComputedStyle(node).color);
                const text = light();
                const [high, low] = [Math.max(ground, text), Math.min(ground, text)];
                return [node.className + ": " + node.textContent.slice(0, 30), (high + 0.05) / (low + 0.05)];
            });
        }"""
    )
    assert len(ratios) > 40
    weak = {name: round(ratio, 2) for name, ratio in ratios if ratio < 4.5}
    assert not weak, json.dumps(weak, ensure_ascii=False)


# what the page around the stage has -----------------------------------------------------------------------------------
PAGE_PARTS = """() => {
    const parts = document.createElement("div");
    parts.innerHTML = `<div id="mge-tabs"><button role="tab" aria-selected="false">Edit</button>
        <button role="tab" aria-selected="true">API</button></div><button id="mge-dice">dice</button>
        <div id="mge-seed"><input value="7"></div><div id="mge-mode"><input type="radio" value="fill">
        <input type="radio" value="replace"><input type="radio" value="extend"><input type="radio" value="generate">
        <input type="radio" value="sweep"></div>`;
    document.body.append(parts);
    window.clicked = [];
    for (const node of parts.querySelectorAll("[role=tab], [type=radio]")) {
        node.addEventListener("click", () => window.clicked.push(node.value || node.textContent));
    }
    const seed = parts.querySelector("#mge-seed input");
    parts.querySelector("#mge-dice").addEventListener("click", () => setTimeout(() => (seed.value = "12345"), 120));
}"""


def test_shift_enter_takes_the_pages_next_seed_before_it_runs(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    drag(page, [(100, 100), (160, 150)])
    page.evaluate(PAGE_PARTS)
    page.keyboard.press("Shift+Enter")
    assert not state(page)["running"]  # the seed is not there yet
    page.wait_for_function("__mge.state().running || __mge.state().review")
    assert page.input_value("#mge-seed input") == "12345"
    page.wait_for_function("__mge.state().review")


def test_number_keys_press_what_the_page_has_for_the_modes(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.evaluate(PAGE_PARTS)
    for key in "12345":
        page.keyboard.press(key)
    assert page.evaluate("clicked.filter((each) => each !== 'Edit')") == [
        "fill", "replace", "extend", "generate", "sweep",
    ]  # fmt: skip
    assert page.evaluate("clicked[0]") == "Edit"
