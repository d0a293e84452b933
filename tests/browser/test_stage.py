"""The stage in a real browser: what is painted is what Python gets, and what is shown is what the core will do."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page

from core.canvas.plan import Pass, plan
from core.values.geometry import Box
from tests.browser.gestures import canvas, client, drag, opened, ran, received, runs_of, settle, state, stroke, wheel
from tests.browser.stage_app import GRID, PIXELS, build, mask_of, photo, request_of

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=4))


@pytest.fixture(scope="module")
def slow_address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.3, steps=10))


# painting -------------------------------------------------------------------------------------------------------------
def test_stroke_past_the_border_is_cut_not_lost(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 320, 240)
    seen = drag(page, [(-15, 100), (60, 120), (150, 245), (200, 230)])
    expected, near = stroke((320, 240), seen, state(page)["size"] / 2)
    got = received(page)
    assert expected[:, 0].any()
    assert expected[-1].any()
    assert not ((got != expected) & ~near).any()


def test_one_pixel_stroke_never_vanishes(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 1200, 900)
    for _ in range(60):
        page.keyboard.press("[")
    assert state(page)["size"] == 1
    (x, y), *_ = drag(page, [(611, 402)])
    cells = page.evaluate("__mge.cells()")
    assert sum(cells["cells"]) >= 1
    got = received(page)
    assert got.sum() == 1
    assert got[int(y), int(x)]


def test_eraser_right_button_and_rectangle(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("r")
    a, b = drag(page, [(50, 40), (250, 200)])
    expected = np.zeros((300, 400), np.bool_)
    expected[int(a[1]) : int(b[1]) + 1, int(a[0]) : int(b[0]) + 1] = True
    page.keyboard.press("e")
    seen = drag(page, [(100, 100), (140, 120)])
    erased, near = stroke((400, 300), seen, state(page)["size"] / 2)
    page.keyboard.press("b")
    seen = drag(page, [(200, 150), (220, 170)], button="right")
    erased_right, near_right = stroke((400, 300), seen, state(page)["size"] / 2)
    expected &= ~erased & ~erased_right
    got = received(page)
    assert not ((got != expected) & ~near & ~near_right).any()


def test_undo_redo_clear_invert(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 300, 200)
    hashes = [page.evaluate("__mge.maskHash()")]
    drag(page, [(50, 50), (100, 90)])
    hashes.append(page.evaluate("__mge.maskHash()"))
    drag(page, [(150, 50), (200, 90)])
    hashes.append(page.evaluate("__mge.maskHash()"))
    page.keyboard.press("x")
    assert state(page)["painted"] == 300 * 200 - sum(page.evaluate("__mge.maskRuns()")[0::2]) > 0
    hashes.append(page.evaluate("__mge.maskHash()"))
    page.keyboard.press("Delete")
    assert state(page)["painted"] == 0
    hashes.append(page.evaluate("__mge.maskHash()"))
    assert hashes[4] == hashes[0]
    assert len(set(hashes)) == 4
    for expected in reversed(hashes[:-1]):
        page.keyboard.press("Control+z")
        assert page.evaluate("__mge.maskHash()") == expected
    for expected in hashes[1:]:
        page.keyboard.press("Control+Shift+z")
        assert page.evaluate("__mge.maskHash()") == expected
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    assert page.evaluate("__mge.maskHash()") == hashes[-1]


def test_two_hundred_steps_of_undo(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 300, 200)
    x, y = client(page, 100, 100)
    page.mouse.move(x, y)
    for i in range(205):
        page.evaluate("document.querySelector('.mge-tool[data-id=invert]').click()")
        if i == 4:
            fifth = page.evaluate("__mge.maskHash()")
    assert state(page)["undo"] == 200
    for _ in range(210):
        page.evaluate("document.querySelector('.mge-tool[data-id=undo]').click()")
    assert page.evaluate("__mge.maskHash()") == fifth
    assert state(page)["redo"] == 200


# the overlay ----------------------------------------------------------------------------------------------------------
def blobs(random: np.random.Generator, width: int, height: int) -> NDArray[np.bool_]:
    y, x = np.mgrid[0:height, 0:width]
    mask = np.zeros((height, width), np.bool_)
    for _ in range(int(random.integers(1, 5))):
        cx, cy = random.uniform(0, width), random.uniform(0, height)
        rx, ry = random.uniform(0.6, width / 6), random.uniform(0.6, height / 6)
        mask |= ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1
    mask[int(random.integers(height)), int(random.integers(width))] = True
    return mask


@pytest.mark.parametrize("size", [(640, 480), (90, 70), (257, 611), (500, 500)])
def test_overlay_equals_the_core(open_page: Open, address: str, size: tuple[int, int]) -> None:
    page = open_page(address)
    opened(page, *size)
    random = np.random.default_rng(sum(size))
    for round_ in range(12):
        settings = {
            "context": float(random.choice([1.0, 1.3, 2.0, 3.7])),
            "coverage": float(random.choice([0.0, 0.1, 0.55, 0.9])),
        }
        settle(page, mode="fill", **settings)
        mask = blobs(random, *size) if round_ else np.ones(size[::-1], np.bool_)
        page.evaluate("runs => __mge.loadMask(runs)", runs_of(mask))
        intent = page.evaluate("mgeStage.intent()")
        assert (mask_of(intent["mask"]) == mask).all()
        passes = plan(request_of(intent, size, settings), PIXELS, GRID)
        overlaid(page, passes)
        if not maybe_several(mask, settings["context"]):  # then nobody was asked
            (only,) = passes
            shown = page.evaluate("__mge.cells()")
            assert shown["window"] == list(only.window)
            assert shown["cells"] == only.unknown.astype(int).ravel().tolist(), settings


def maybe_several(mask: NDArray[np.bool_], context: float) -> bool:
    """Return whether the stage asks the server for windows: where none could show the hole, or one only coarsely."""
    box = Box.around(mask)
    assert box is not None
    longer = max(box.size)
    return longer > min(mask.shape) or longer * context > 1.5 * PIXELS


def overlaid(page: Page, passes: Sequence[Pass]) -> None:
    """Wait until the overlay shows exactly a plan, its own or the server's."""
    wanted = [[list(each.window), each.unknown.astype(int).ravel().tolist()] for each in passes]
    page.wait_for_function(
        "wanted => JSON.stringify(__mge.passes().map(({ window, cells }) => [window, cells])) === wanted",
        arg=json.dumps(wanted, separators=(",", ":")),
    )


def far_apart() -> NDArray[np.bool_]:
    mask = np.zeros((700, 1200), np.bool_)
    mask[60:110, 40:120] = mask[600:640, 600:660] = True
    return mask


def long_and_thin() -> NDArray[np.bool_]:
    mask = np.zeros((700, 1200), np.bool_)
    for x in range(100, 500):
        mask[300 + x // 20 : 312 + x // 20, x] = True
    return mask


@pytest.mark.parametrize(("made", "windows"), [(far_apart, 2), (long_and_thin, None)])
def test_holes_of_several_windows_are_the_servers(
    open_page: Open, address: str, made: Callable[[], NDArray[np.bool_]], windows: int | None
) -> None:
    page = open_page(address)
    mask = made()
    opened(page, 1200, 700)
    settle(page, mode="fill", context=2.0, coverage=0.1)
    page.evaluate("runs => __mge.loadMask(runs)", runs_of(mask))
    # One window is there at once, whatever the server says later.
    assert page.evaluate("__mge.cells().passes") == 1
    intent = page.evaluate("mgeStage.intent()")
    passes = plan(request_of(intent, (1200, 700), {"coverage": 0.1}), PIXELS, GRID)
    assert len(passes) == windows if windows else len(passes) > 1
    overlaid(page, passes)
    assert f"{len(passes)} windows" in state(page)["status"]
    page.wait_for_function("__mge.state().status.includes('about')")


def test_the_scale_is_said(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 1200, 700)
    mask = np.zeros((700, 1200), np.bool_)
    mask[200:450, 300:550] = True
    settle(page, mode="fill", context=2.0, coverage=0.0)
    page.evaluate("runs => __mge.loadMask(runs)", runs_of(mask))
    page.wait_for_function("__mge.state().status.includes('500 px seen at 128 px (×0.26)')")


def test_overlay_of_a_box_equals_the_core(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 640, 480)
    settle(page, mode="replace")
    assert state(page)["tool"] == "box"
    drag(page, [(100, 100), (180, 160), (260, 233)])
    intent = page.evaluate("mgeStage.intent()")
    assert intent["mask"] is None
    assert intent["mode"] == "replace"
    (only,) = plan(request_of(intent, (640, 480)), PIXELS, GRID)
    shown = page.evaluate("__mge.cells()")
    assert shown["window"] == list(only.window)
    assert shown["cells"] == only.unknown.astype(int).ravel().tolist()
    before = intent["box"]
    page.keyboard.press("ArrowRight")
    assert page.evaluate("mgeStage.intent().box") == [before[0] + 1, before[1], before[2] + 1, before[3]]
    drag(page, [(before[2] + 1, before[3]), (300, 300)])
    resized_box = page.evaluate("mgeStage.intent().box")
    assert resized_box[:2] == [before[0] + 1, before[1]]
    assert abs(resized_box[2] - 300) <= 2
    for _ in range(2):
        page.keyboard.press("Control+z")
    assert page.evaluate("mgeStage.intent().box") == before


def test_border_handles_and_the_servers_plan(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 320, 240)
    settle(page, mode="extend")
    drag(page, [(320, 120), (380, 120), (420, 120)])
    drag(page, [(0, 0), (-30, -20)])
    extend = page.evaluate("mgeStage.intent().extend")
    assert abs(extend[2] - 100) <= 2
    assert extend[3] == 0
    assert abs(extend[0] - 30) <= 2
    assert abs(extend[1] - 20) <= 2
    passes = plan(request_of(page.evaluate("mgeStage.intent()"), (320, 240)), PIXELS, GRID)
    page.wait_for_function(f"__mge.passes().length === {len(passes)}")
    for shown, each in zip(page.evaluate("__mge.passes()"), passes, strict=True):
        assert shown["window"] == list(each.window.shifted(-extend[0], -extend[1]))
        assert shown["cells"] == each.unknown.astype(int).ravel().tolist()
    intent = ran(page)
    assert intent["extend"] == extend
    assert intent["mask"] is None
    page.keyboard.press("Enter")
    page.wait_for_function(f"!__mge.state().review && __mge.state().width === {320 + extend[0] + extend[2]}")
    assert state(page)["extend"] == [0, 0, 0, 0]
    page.keyboard.press("Control+z")
    page.wait_for_function("__mge.state().width === 320 && __mge.state().height === 240")


def test_little_context_is_said_for_a_border_too(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 100, 80)
    settle(page, mode="extend")
    for sides, far in (
        ([100, 80, 0, 0], False),
        ([101, 0, 0, 0], True),
        ([0, 81, 0, 0], True),
        ([20, 0, 0, 20], False),
    ):
        page.evaluate("sides => mgeStage.setExtend(sides)", sides)
        passes = plan(request_of(page.evaluate("mgeStage.intent()"), (100, 80)), PIXELS, GRID)
        # Those that grow within the picture's own size see the photo itself.
        page.wait_for_function(f"__mge.passes().length === {len(passes)}")
        page.wait_for_function(f"__mge.state().status.includes('little context far out') === {str(far).lower()}")


def test_the_plan_is_never_asked_for_a_mask_that_has_changed_since(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 300, 200)
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.post_data or "") if "component_server" in sent.url else None)
    page.evaluate(
        """async () => {
            const frame = window.requestAnimationFrame;
            const press = (id) => document.querySelector(`.mge-tool[data-id=${id}]`).click();
            press("invert"); // all of it: several windows, so the server is asked a moment after the next frame
            await new Promise((done) => frame(() => frame(done)));
            const due = [];
            window.requestAnimationFrame = (draw) => due.push(draw);
            press("undo"); // nothing is painted any more, and no frame has seen that yet
            await new Promise((done) => setTimeout(done, 80)); // later than the stage's own timer
            window.requestAnimationFrame = frame;
            due.forEach((draw) => frame(draw));
        }"""
    )
    page.wait_for_function("__mge.passes().length === 0")
    assert all('"runs":[60000]' not in each for each in asked)


# running --------------------------------------------------------------------------------------------------------------
def test_streaming_never_touches_what_was_painted(open_page: Open, slow_address: str) -> None:
    page = open_page(slow_address)
    opened(page, 400, 300)
    drag(page, [(100, 100), (180, 160)])
    before = page.evaluate("__mge.maskHash()")
    page.keyboard.press("Enter")
    page.wait_for_function("(__mge.state().running || {}).step >= 1")
    assert page.evaluate("__mge.maskHash()") == before
    drag(page, [(250, 100), (280, 160)])  # painting goes on meanwhile
    during = page.evaluate("__mge.maskHash()")
    assert during != before
    page.wait_for_function("__mge.state().review && __mge.state().review.loaded")
    assert page.evaluate("__mge.maskHash()") == during
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert state(page)["review"]["index"] == 2
    page.keyboard.press("Escape")
    assert state(page)["review"] is None
    assert page.evaluate("__mge.maskHash()") == during


def test_run_without_paint_says_what_to_do(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    page.keyboard.press("Enter")
    assert "brush" in (page.text_content(".mge-toast.mge-on") or "")
    assert page.input_value("#heard textarea") == ""


# keys, view, access ---------------------------------------------------------------------------------------------------
def test_keys_choose_tools_and_sizes_but_not_while_typing(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    for key, tool in (("e", "eraser"), ("r", "rectangle"), ("h", "hand"), ("b", "brush")):
        page.keyboard.press(key)
        assert state(page)["tool"] == tool
        assert page.get_attribute(f".mge-tool[data-id={tool}]", "aria-pressed") == "true"
    size = state(page)["size"]
    page.keyboard.press("]")
    assert state(page)["size"] > size
    page.keyboard.press("g")
    assert state(page)["gridOn"]
    page.click("#command textarea")
    page.keyboard.type("ehg[")
    assert state(page)["tool"] == "brush"
    assert state(page)["gridOn"]


def test_zoom_keeps_the_point_under_the_pointer_and_keys_fit(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 800, 600)
    fit = state(page)["view"]
    at = client(page, 200, 150)
    page.mouse.move(*at)
    before = canvas(page, at)
    wheel(page, -600)
    assert state(page)["view"]["scale"] > 1.3 * fit["scale"]
    assert np.allclose(canvas(page, at), before, atol=1.0)
    page.keyboard.press("Control+1")
    assert state(page)["view"]["scale"] == pytest.approx(1)
    page.keyboard.down(" ")
    page.mouse.down()
    page.mouse.move(at[0] + 40, at[1] + 25)
    page.mouse.up()
    page.keyboard.up(" ")
    assert state(page)["painted"] == 0
    page.keyboard.press("Control+0")
    assert state(page)["view"] == fit


def test_hold_shows_the_original_and_tab_still_leaves_by_keyboard(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    drag(page, [(100, 100), (120, 120)])
    page.keyboard.down("Tab")
    assert state(page)["comparing"]
    page.keyboard.up("Tab")
    assert not state(page)["comparing"]
    page.evaluate("document.activeElement.blur()")
    page.focus(".mge-view")
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.classList.contains('mge-view')")


def test_names_for_screen_readers(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    assert page.get_attribute(".mge-view", "role") == "application"
    assert page.get_attribute(".mge-view", "aria-label")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('.mge button')].filter(b => !b.ariaLabel && !b.textContent.trim()).length"
    )
    assert unnamed == 0
    drag(page, [(100, 100), (180, 160)])
    cells = sum(page.evaluate("__mge.cells().cells"))
    page.wait_for_function(f"document.querySelector('.mge-live').textContent === '{cells} of 256 cells selected'")


def test_reduced_motion(open_page: Open, address: str) -> None:
    calm = open_page(address, reduced_motion="reduce")
    assert state(calm)["calm"]
    durations = "getComputedStyle(document.querySelector('.mge-toast')).transitionDuration"
    assert calm.evaluate(durations) == "0s"
    assert open_page(address).evaluate(durations) != "0s"


def test_one_finger_paints_two_fingers_zoom(open_page: Open, address: str) -> None:
    page = open_page(address, viewport={"width": 412, "height": 915}, has_touch=True, device_scale_factor=2)
    opened(page, 400, 300)
    page.evaluate("scrollTo(0, 0)")
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[int, int]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]},
        )

    x, y = client(page, 150, 120)
    send("touchStart", (x, y))
    send("touchMove", (x + 20, y + 40))
    send("touchMove", (x + 40, y + 80))
    send("touchEnd")
    painted = state(page)["painted"]
    assert painted > 100
    assert page.evaluate("scrollY") == 0
    scale = state(page)["view"]["scale"]
    send("touchStart", (x, y))
    send("touchStart", (x, y), (x + 60, y))
    send("touchMove", (x - 30, y), (x + 90, y))
    send("touchMove", (x - 50, y), (x + 110, y))
    send("touchEnd")
    assert state(page)["view"]["scale"] > 1.5 * scale
    assert state(page)["painted"] == painted


def test_dropped_file_is_opened_by_the_page(open_page: Open, address: str, tmp_path: Path) -> None:
    page = open_page(address)
    Image.fromarray(photo(210, 130)).save(tmp_path / "dropped.png")
    data = list((tmp_path / "dropped.png").read_bytes())
    page.evaluate(
        """bytes => {
            const file = new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" });
            const carrier = new DataTransfer();
            carrier.items.add(file);
            const drop = new DragEvent("drop", { dataTransfer: carrier, bubbles: true, cancelable: true });
            document.querySelector(".mge").dispatchEvent(drop);
        }""",
        data,
    )
    page.wait_for_function("__mge.state().width === 210 && __mge.state().height === 130")
