"""Masks in a real browser: soft, lassoed, grown, from files: Python gets what was painted, and cells show it."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from core.canvas.plan import plan
from core.values.geometry import Box
from core.values.groups import View
from core.values.region import Mask
from core.values.request import EditRequest
from tests.browser.gestures import (
    canvas,
    client,
    distances,
    drag,
    levels_of,
    opened,
    ran,
    runs_of,
    settle,
    state,
    wheel,
)
from tests.browser.stage_app import GRID, PIXELS, build, photo

Open = Callable[..., Page]
Points = list[tuple[float, float]]
Levels = NDArray[np.uint8]
LEVEL = 17


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=2))


# what should come out -------------------------------------------------------------------------------------------------
def cover(nearest: NDArray[np.float64], radius: float, hardness: float) -> Levels:
    """How much a brush covers at those distances: whole in the core, then a smoothstep down to the rim, 16 levels."""
    share = np.clip((radius - nearest) / (radius * (1 - hardness)), 0, 1)
    level = np.maximum(np.ceil(15 * share * share * (3 - 2 * share) - 1e-9), 1) * LEVEL
    return np.where(nearest <= radius, level, 0).astype(np.uint8)


def soft_stroke(size: tuple[int, int], points: Points, radius: float, hardness: float) -> tuple[Levels, Levels]:
    """Least and greatest levels of a soft stroke; they differ where rounding decides."""
    nearest = distances(size, points)
    low, high = cover(nearest + 1e-6, radius, hardness), cover(nearest - 1e-6, radius, hardness)
    for x, y in points:
        if 0 <= x < size[0] and 0 <= y < size[1]:
            low[int(y), int(x)] = high[int(y), int(x)] = 255
    return low, high


def inside(size: tuple[int, int], points: Points) -> NDArray[np.bool_]:
    """Which pixels' centres a closed outline goes round an odd number of times."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
    odd = np.zeros(x.shape, np.bool_)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        if ay != by:
            odd ^= ((y >= ay) != (y >= by)) & (x >= ax + (y - ay) * (bx - ax) / (by - ay))
    return odd


def now(page: Page) -> Levels:
    """The mask on the stage, as the intent would send it."""
    return levels_of(page.evaluate("mgeStage.intent().mask"))


def load(page: Page, levels: Levels) -> None:
    """Put a mask of 0s, 255s and levels between on the stage."""
    flat = levels.ravel()
    edges = np.flatnonzero(np.diff(flat.astype(np.int16))) + 1
    starts = np.concatenate([[0], edges])
    runs = np.diff(np.concatenate([starts, [flat.size]]))
    page.evaluate("([runs, values]) => __mge.loadMask(runs, values)", [runs.tolist(), flat[starts].tolist()])


def soften(page: Page, presses: int) -> float:
    for _ in range(presses):
        page.keyboard.press("Shift+BracketLeft")
    return float(state(page)["hardness"])


# brush ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("density", [1, 2])
@pytest.mark.parametrize("size", [(641, 479), (333, 500), (420, 420)])
def test_soft_stroke_and_lasso_reach_python_exactly(
    open_page: Open, address: str, size: tuple[int, int], density: int
) -> None:
    page = open_page(address, device_scale_factor=density)
    opened(page, *size)
    width, height = size
    hardness = soften(page, 6)
    assert hardness == pytest.approx(0.4)
    for zoom in (0, -500, 400):
        page.mouse.move(*client(page, width / 2, height / 2))
        if zoom:
            wheel(page, zoom)
        page.keyboard.press("Delete")
        page.keyboard.press("b")
        middle = [(width / 2 - 60, height / 2 - 20), (width / 2, height / 2 + 30), (width / 2 + 40, height / 2 - 30)]
        seen = drag(page, middle)
        page.keyboard.press("l")
        loop = [(-50, -60), (60, 50), (60, -50), (-60, 55), (-20, -70)]
        outline = drag(page, [(width / 2 + x, height / 2 + y) for x, y in loop])
        low, high = soft_stroke(size, seen, state(page)["size"] / 2, hardness)
        filled = inside(size, outline)
        low[filled] = high[filled] = 255
        got = now(page)
        assert got.shape == (height, width)
        assert (got == levels_of(page.evaluate("mgeStage.intent().mask"))).all()
        assert len(np.unique(got)) == 16
        assert ((low <= got) & (got <= high)).all()
        page.keyboard.press("Control+0")
    heard = levels_of(ran(page)["mask"])
    assert (heard == got).all()


def test_soft_strokes_add_up_erase_and_undo(open_page: Open, address: str) -> None:
    page = open_page(address)
    size = (400, 300)
    opened(page, *size)
    hardness = soften(page, 5)
    radius = state(page)["size"] / 2
    states = [now(page)]
    low, high = np.zeros((2, 300, 400), np.uint8)
    for points, button in (
        ([(80, 100), (160, 140)], "left"),
        ([(100, 150), (150, 90)], "left"),
        ([(120, 80), (120, 160)], "right"),
    ):
        seen = drag(page, points, button=button)
        least, most = soft_stroke(size, seen, radius, hardness)
        if button == "left":
            low, high = np.maximum(low, least), np.maximum(high, most)
        else:
            low, high = np.minimum(low, 255 - most), np.minimum(high, 255 - least)
        states.append(now(page))
        assert ((low <= states[-1]) & (states[-1] <= high)).all()
    page.keyboard.press("x")
    assert (now(page) == 255 - states[-1]).all()
    for expected in reversed(states):
        page.keyboard.press("Control+z")
        assert (now(page) == expected).all()
    for expected in states[1:]:
        page.keyboard.press("Control+Shift+z")
        assert (now(page) == expected).all()
    hash_ = page.evaluate("__mge.maskHash()")
    load(page, states[-1])
    assert page.evaluate("__mge.maskHash()") == hash_


def test_levels_between_are_rounded_but_never_to_nothing(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 64, 48)
    levels = np.random.default_rng(3).integers(0, 256, (48, 64), np.uint8)
    load(page, levels)
    got = now(page)
    assert (got % LEVEL == 0).all()
    assert ((got > 0) == (levels > 0)).all()
    assert (np.abs(got.astype(int) - levels) <= 16).all()
    before = page.evaluate("__mge.maskHash()")
    page.evaluate("__mge.loadMask([5, 5], undefined)")  # sums up to another picture
    assert page.evaluate("__mge.maskHash()") == before


POINTER = """([type, x, y, kind, pressure, buttons]) => {
    const view = document.querySelector(".mge-view");
    const { left, top } = view.getBoundingClientRect();
    view.dispatchEvent(new PointerEvent(type, {
        bubbles: true, pointerId: 7, pointerType: kind, isPrimary: true, pressure, button: 0, buttons,
        clientX: left + x, clientY: top + y,
    }));
}"""


def dab(page: Page, kind: str, pressure: float) -> float:
    """Area of a single touch in the middle of the view, in pixels."""
    page.keyboard.press("Delete")
    for event, buttons in (("pointerdown", 1), ("pointerup", 0)):
        page.evaluate(POINTER, [event, 500, 300, kind, pressure if buttons else 0, buttons])
    return float((now(page) > 0).sum())


def test_pen_pressure_is_width_and_a_mouse_always_presses_whole(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    whole = dab(page, "pen", 1.0)
    assert whole == pytest.approx(np.pi * (state(page)["size"] / 2) ** 2, rel=0.03)
    assert dab(page, "pen", 0.2) == pytest.approx(whole * 0.32**2, rel=0.12)
    for pressure in (0.0, 0.5):
        assert dab(page, "mouse", pressure) == pytest.approx(whole, rel=0.01)


# lasso ----------------------------------------------------------------------------------------------------------------
def test_lasso_erases_with_the_right_button_and_with_alt(open_page: Open, address: str) -> None:
    page = open_page(address)
    size = (400, 300)
    opened(page, *size)
    page.keyboard.press("l")
    expected = inside(size, drag(page, [(40, 40), (360, 60), (340, 260), (60, 250)]))
    expected &= ~inside(size, drag(page, [(80, 80), (160, 90), (120, 180)], button="right"))
    page.keyboard.down("Alt")
    expected &= ~inside(size, drag(page, [(220, 80), (300, 90), (260, 180)]))
    page.keyboard.up("Alt")
    got = now(page)
    assert expected.sum() > 10_000
    assert ((got == 255) == expected).all()
    assert (now(page)[~expected] == 0).all()
    drag(page, [(10, 10)])  # a click goes round nothing
    assert (now(page) == got).all()


def clicked(page: Page, points: Points, **how: Any) -> Points:
    """Click canvas positions; return those that the stage really saw."""
    clients = [client(page, *point) for point in points]
    for at in clients:
        page.mouse.click(*at, **how)
    return [canvas(page, at) for at in clients]


def test_corners_close_by_the_first_one_a_double_click_or_enter(open_page: Open, address: str) -> None:
    page = open_page(address)
    size = (400, 300)
    opened(page, *size)
    page.keyboard.press("l")
    page.keyboard.press("l")
    expect(page.locator(".mge-way:text-is('Corners')")).to_have_attribute("aria-checked", "true")

    corners = clicked(page, [(40, 40), (200, 30), (380, 280), (60, 250)])
    assert "Click the corners" in state(page)["status"]
    assert not state(page)["painted"]
    clicked(page, [(41, 39)])  # the first corner
    expected = inside(size, corners)
    assert ((now(page) == 255) == expected).all()
    assert state(page)["undo"] == 1

    page.keyboard.down("Alt")
    hole = clicked(page, [(80, 80), (160, 90)])
    page.keyboard.up("Alt")
    hole += clicked(page, [(120, 180)], click_count=2, delay=1)
    expected &= ~inside(size, hole)
    assert ((now(page) == 255) == expected).all()

    more = clicked(page, [(300, 20), (390, 20), (20, 290), (390, 100)])
    page.keyboard.press("Backspace")
    page.keyboard.press("Control+z")
    page.keyboard.press("Enter")  # two corners are no outline
    assert "three corners" in (page.text_content(".mge-toast.mge-on") or "")
    more = more[:2] + clicked(page, [(390, 100)])
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(".mge-toast.mge-on:text('The outline is not closed yet')")
    page.keyboard.press("Enter")
    expected |= inside(size, more)
    assert ((now(page) == 255) == expected).all()
    assert state(page)["undo"] == 3
    assert not state(page)["running"]

    for leaving in ("Escape", "b"):
        clicked(page, [(10, 10), (100, 10), (100, 100)])
        page.mouse.down()
        page.keyboard.press(leaving)
        page.mouse.up()
        assert "Click the corners" not in state(page)["status"]
    assert ((now(page) == 255) == expected).all()
    page.keyboard.press("Control+z")
    assert state(page)["undo"] == 2


def test_corners_on_a_result_go_on_from_it(open_page: Open, address: str) -> None:
    page = open_page(address)
    size = (400, 300)
    opened(page, *size)
    page.keyboard.press("r")
    drag(page, [(150, 100), (250, 200)])
    ran(page)
    page.keyboard.press("l")
    page.click("text=Corners")
    corners = clicked(page, [(40, 40), (200, 30), (60, 250)])
    assert state(page)["review"]
    page.keyboard.press("Enter")
    assert not state(page)["review"]
    assert ((now(page) == 255) == inside(size, corners)).all()
    page.keyboard.press("Control+z")
    page.wait_for_function("__mge.state().review?.loaded")


# the last mask again --------------------------------------------------------------------------------------------------
def test_the_mask_of_the_last_run_or_the_one_cleared_since_comes_back(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("a")
    page.wait_for_selector(".mge-toast.mge-on:text('There is no mask to bring back yet')")
    page.keyboard.press("r")
    drag(page, [(150, 100), (250, 200)])
    was_run = now(page)
    ran(page)
    page.keyboard.press("Escape")
    drag(page, [(20, 20), (60, 60)])
    page.keyboard.press("a")
    assert (now(page) == was_run).all()
    page.keyboard.press("Control+z")
    assert now(page)[30, 30] == 255  # one step

    page.keyboard.press("x")
    cleared = now(page)
    page.keyboard.press("Delete")
    assert not state(page)["painted"]
    page.click(".mge-opener")
    page.click("text=Last again")
    assert (now(page) == cleared).all()

    page.wait_for_function("__mge.state().saved")
    page.reload()
    page.wait_for_function("window.__mge?.state().width === 400 && !__mge.state().restoring")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.keyboard.press("a")
    assert (now(page) == cleared).all()
    opened(page, 300, 300)
    page.keyboard.press("a")
    page.wait_for_selector(".mge-toast.mge-on:text('There is no mask to bring back yet')")


# grow, shrink ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("soft", [False, True])
def test_grow_and_shrink_are_round_and_spare_the_border(open_page: Open, address: str, soft: bool) -> None:
    page = open_page(address)
    opened(page, 240, 180)
    random = np.random.default_rng(5)
    levels = np.zeros((180, 240), np.uint8)
    for _ in range(7):
        x, y = random.integers(0, 240), random.integers(0, 180)
        levels[y : y + 30, x : x + 25] = LEVEL * random.integers(3, 16) if soft else 255
    levels[0:40, 0:50] = 255
    load(page, levels)
    page.click(".mge-opener")
    for pixels, title in ((9, "Grow"), (14, "Shrink")):
        page.fill(".mge-number", str(pixels))
        page.click(f".mge-menu button:text-is('{title}')")
        y, x = np.mgrid[-pixels : pixels + 1, -pixels : pixels + 1]
        disc = (x * x + y * y <= pixels * pixels).astype(np.uint8)
        levels = (
            cv2.dilate(levels, disc, borderValue=0)
            if title == "Grow"
            else cv2.erode(levels, disc, borderType=cv2.BORDER_CONSTANT, borderValue=255)
        )
        assert (now(page) == levels).all()
    assert levels[0, 0] == 255
    page.evaluate("document.activeElement.blur()")
    page.fill(".mge-number", "64")
    while state(page)["painted"]:
        page.click(".mge-menu button:text-is('Shrink')")
    assert "Ctrl+Z" in (page.text_content(".mge-toast.mge-on") or "")


def test_a_frame_is_marked_added_and_taken_away(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 240, 180)
    load(page, np.pad(np.full((60, 80), 255, np.uint8), ((60, 60), (80, 80))))
    inner, button = now(page), page.locator(".mge-menu button:text-is('Frame')")
    page.click(".mge-opener")
    page.fill(".mge-number", "12")
    frame = np.pad(np.zeros((156, 216), np.uint8), 12, constant_values=255)
    button.click(modifiers=["Shift"])
    assert (now(page) == np.maximum(inner, frame)).all()
    button.click()
    assert (now(page) == frame).all()
    page.fill(".mge-number", "3")
    button.click(modifiers=["Alt"])
    assert (now(page)[3:-3, 3:-3] == frame[3:-3, 3:-3]).all()
    assert not now(page)[0].any()
    assert state(page)["undo"] == 3  # a step each


# files ----------------------------------------------------------------------------------------------------------------
def imported(page: Page, picture: Image.Image) -> None:
    held = io.BytesIO()
    picture.save(held, "png")
    page.evaluate(
        """async text => {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            await mgeStage.importMask(new File([bytes], "mask.png", { type: "image/png" }));
        }""",
        base64.b64encode(held.getvalue()).decode(),
    )


def test_mask_files_go_out_and_come_back(open_page: Open, address: str, tmp_path: Path) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    soften(page, 7)
    drag(page, [(80, 60), (200, 150), (300, 120)])
    painted = now(page)
    page.click(".mge-opener")
    with page.expect_download() as download:
        page.click(".mge-menu button:text-is('Save')")
    assert download.value.suggested_filename == "waves-mask.png"
    download.value.save_as(tmp_path / "mask.png")
    written = Image.open(tmp_path / "mask.png")
    assert (np.asarray(written.convert("L")) == painted).all()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Delete")
    imported(page, written)
    assert (now(page) == painted).all()
    page.keyboard.press("Control+z")
    assert state(page)["painted"] == 0


def test_a_mask_file_that_selects_nothing_leaves_what_is_painted(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 120, 90)
    drag(page, [(30, 30), (60, 40)])
    painted = now(page)
    for refused, why in (
        (Image.new("L", (120, 90), 0), "mask is empty"),
        (Image.new("L", (90, 120), 255), "mask is 90x120 px but the picture is 120x90 px"),
        (Image.fromarray(photo(120, 90)), "looks like a photo"),
    ):
        imported(page, refused)
        assert why in (page.text_content(".mge-toast.mge-on") or "")
        assert (now(page) == painted).all()
    ones = np.zeros((90, 120), np.uint8)
    ones[20:50, 30:80] = 1
    imported(page, Image.fromarray(ones))
    assert (now(page) == ones * 255).all()
    assert "14 % of the picture" in (page.text_content(".mge-toast.mge-on") or "")
    page.keyboard.press("Control+z")
    assert (now(page) == painted).all()


# token pen ------------------------------------------------------------------------------------------------------------
def shown(page: Page) -> dict[str, Any]:
    return dict(page.evaluate("__mge.cells()"))


def cell_middle(window: list[int], column: int, row: int) -> tuple[float, float]:
    cell = (window[2] - window[0]) / GRID
    return window[0] + (column + 0.5) * cell, window[1] + (row + 0.5) * cell


@pytest.mark.parametrize("size", [(640, 480), (100, 130), (257, 611)])
def test_token_pen_sets_exactly_the_cells_it_touches(open_page: Open, address: str, size: tuple[int, int]) -> None:
    page = open_page(address)
    opened(page, *size)
    page.keyboard.press("t")
    drag(page, [(size[0] / 2, size[1] / 2)])
    window = state(page)["window"]
    side = min(PIXELS, *size)
    assert window[2] - window[0] == window[3] - window[1] == side
    expected = np.array(shown(page)["cells"]).reshape(GRID, GRID)
    assert expected.sum() == 1
    row = int(np.flatnonzero(expected.any(1))[0])
    for column in range(2, 13):
        expected[row - 3, column] = 1
    drag(page, [cell_middle(window, 2, row - 3), cell_middle(window, 12, row - 3)])
    assert np.array(shown(page)["cells"]).reshape(GRID, GRID).tolist() == expected.tolist()
    expected[row - 3, 5:9] = 0  # the first touch is on a set cell, so this stroke clears
    expected[row - 4, 8] = 0
    drag(page, [cell_middle(window, 5, row - 3), cell_middle(window, 8, row - 3), cell_middle(window, 8, row - 4)])
    assert np.array(shown(page)["cells"]).reshape(GRID, GRID).tolist() == expected.tolist()
    intent = ran(page)
    assert intent["window"] == window
    assert state(page)["window"] == window


@pytest.mark.parametrize("size", [(640, 480), (257, 611), (90, 70)])
def test_overlay_through_a_pinned_window_equals_the_core(open_page: Open, address: str, size: tuple[int, int]) -> None:
    page = open_page(address)
    opened(page, *size)
    page.keyboard.press("t")
    drag(page, [(size[0] * 0.4, size[1] * 0.6)])
    left, top, right, bottom = window = state(page)["window"]
    random = np.random.default_rng(sum(size))
    for _ in range(8):
        settings = {
            "context": float(random.choice([1.0, 2.0])),
            "coverage": float(random.choice([0.0, 0.1, 0.55, 0.95])),
        }
        settle(page, mode="fill", **settings)
        mask = np.zeros(size[::-1], np.bool_)
        for _ in range(int(random.integers(1, 4))):
            x, y = random.integers(left, right), random.integers(top, bottom)
            mask[y : min(y + random.integers(1, 30), bottom), x : min(x + random.integers(1, 30), right)] = True
        page.evaluate("runs => __mge.loadMask(runs)", runs_of(mask))
        (only,) = plan(
            EditRequest(
                image=np.zeros((*size[::-1], 3), np.uint8),
                region=Mask(mask),
                view=View(window=Box(*window), **settings),
            ),
            PIXELS,
            GRID,
        )
        assert shown(page)["window"] == list(only.window) == window
        assert shown(page)["cells"] == only.unknown.astype(int).ravel().tolist(), settings
        # A cell that the pen sets counts, whatever share of it is asked for.
        free = np.flatnonzero(~only.unknown.ravel())
        if free.size:
            page.evaluate("document.activeElement.blur()")
            page.keyboard.press("t")
            cell = int(free[free.size // 2])
            drag(page, [cell_middle(window, cell % GRID, cell // GRID)])
            assert shown(page)["cells"][cell] == 1, settings


def test_the_pin_ends_with_clear_another_picture_or_paint_outside(open_page: Open, address: str) -> None:
    page = open_page(address)

    def pinned() -> bool:
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("t")
        drag(page, [(100, 100)])
        return bool(state(page)["window"])

    opened(page, 640, 480)
    assert pinned()
    drag(page, [(600, 460)])  # outside of the window: refused, and a sentence says why
    assert "window" in (page.text_content(".mge-toast.mge-on") or "")
    assert state(page)["window"]
    page.keyboard.press("Delete")
    assert state(page)["window"] is None
    assert pinned()
    page.keyboard.press("b")
    drag(page, [(90, 90), (110, 110)])
    page.evaluate("__mge.cells()")
    assert state(page)["window"]
    drag(page, [(500, 400), (520, 410)])
    page.evaluate("__mge.cells()")
    assert state(page)["window"] is None
    page.keyboard.press("Delete")
    assert pinned()
    opened(page, 500, 400)
    assert state(page)["window"] is None


def test_right_button_of_the_token_pen_clears(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("t")
    drag(page, [(200, 150)])
    window = state(page)["window"]
    at = canvas(page, client(page, 200, 150))
    cell = (window[2] - window[0]) / GRID
    column, row = int((at[0] - window[0]) // cell), int((at[1] - window[1]) // cell)
    drag(page, [cell_middle(window, column + 1, row), cell_middle(window, column + 3, row)])
    assert sum(shown(page)["cells"]) == 4
    drag(page, [cell_middle(window, column + 5, row), cell_middle(window, column + 2, row)], button="right")
    assert sum(shown(page)["cells"]) == 2
