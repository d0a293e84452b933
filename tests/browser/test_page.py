"""The whole page in a real browser: open, paint, run, compare, keep, undo, download, stop, sweep.

On the bundled model where it is there, otherwise on the fake engine; the stage's own behaviour is tested beside it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core import load_engine, read_recipe
from core.models import list_models
from core.pictures import encode_png, open_picture, read_png_text
from core.values import Painting
from editor import AppSettings, appearance, build_app
from tests.editor.fakes import FakeEngine

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "assets" / "models" / "scenes-128" / "config.json"
Visit = Callable[..., Page]

SIZES = {"1440x900": (1440, 900), "1024x768": (1024, 768), "412x915": (412, 915)}


@pytest.fixture(scope="module")
def launched(serve: Callable[..., str]) -> str:
    """Return the address of the editor."""
    engine: Any = load_engine("scenes-128") if MODEL.exists() else FakeEngine(step_seconds=0.12)
    return serve(build_app(engine, AppSettings()), **appearance(), max_file_size="32mb")


@pytest.fixture(scope="module")
def quick(serve: Callable[..., str]) -> str:
    """Return the address of the editor without nets, for what has nothing to do with what is painted."""
    engine: Any = FakeEngine(step_seconds=0.12)
    return serve(build_app(engine, AppSettings()), **appearance())


@pytest.fixture
def first_visit(open_page: Visit, launched: str) -> Page:
    """Return the page as it greets a new visitor: a sample open, something painted over already."""
    return opened(open_page(launched))


@pytest.fixture
def page(first_visit: Page) -> Page:
    """Return the page with another sample open, 600 x 400, nothing painted."""
    pick(first_visit, "coffee")
    wait(first_visit, "s.width === 600 && s.height === 400 && s.painted === 0")
    return first_visit


def opened(page: Page) -> Page:
    """Wait until a picture is on the stage."""
    page.wait_for_function("() => window.__mge.state().width > 0")
    return page


def pick(page: Page, sample: str) -> None:
    """Press the thumbnail of a sample."""
    page.locator(f"#mge-samples button[title='{sample}']").click()


def state(page: Page) -> dict[str, Any]:
    """Return what the stage says of itself."""
    return page.evaluate("() => window.__mge.state()")  # type: ignore[no-any-return]


def wait(page: Page, condition: str) -> None:
    """Wait until a condition on the stage's state `s` holds."""
    page.wait_for_function(f"() => {{ const s = window.__mge.state(); return {condition}; }}")


def paint(page: Page, points: list[tuple[float, float]]) -> None:
    """Drag the mouse through points given as shares of the viewport of the stage."""
    box = page.locator("#mge-stage .mge-view").bounding_box()
    assert box is not None
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def painted_mask(page: Page) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the mask as the browser holds it."""
    now = state(page)
    runs = page.evaluate("() => window.__mge.maskRuns()")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(now["height"], now["width"])


def at_rest(page: Page) -> None:
    """Wait until nothing moves any more and what is there has been drawn."""
    page.wait_for_function("() => document.getAnimations().every((each) => each.playState !== 'running')")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def set_number(page: Page, control: str, value: float) -> None:
    """Type into the number field of a control."""
    field = page.locator(f"#{control} input[type=number]")
    field.fill(str(value))
    field.press("Tab")


def test_a_first_visit_by_touch_is_told_to_tap_and_the_photo_has_room(open_page: Visit, quick: str) -> None:
    page = opened(open_page(quick, viewport={"width": 412, "height": 915}, has_touch=True, is_mobile=True))
    expect(page.locator("#mge-samples")).to_be_hidden()
    view = page.locator("#mge-stage .mge-view").bounding_box() or {}
    assert view["height"] >= 0.6 * 915
    hint = page.locator("#mge-stage .mge-hint")
    assert "Tap Run" in hint.inner_text()
    hint.get_by_text("Run", exact=True).tap()
    hint.wait_for(state="hidden")
    wait(page, "s.running || s.review")
    page.locator("#mge-stage .mge-tile").first.wait_for()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.locator("#mge-stage .mge-view").bounding_box() == view  # the dock takes the room under the photo
    dock, place = page.locator("#mge-stage .mge-strip").bounding_box() or {}, state(page)["view"]
    assert dock["y"] + dock["height"] <= view["y"] + view["height"]
    assert view["y"] + place["y"] + 427 * place["scale"] <= dock["y"]
    status, track = (page.locator(f"#mge-stage {name}").bounding_box() or {} for name in (".mge-hud", ".mge-dock"))
    assert status["height"] + track["height"] <= 80


def test_a_first_visit_needs_one_key(first_visit: Page) -> None:
    page = first_visit
    now = state(page)
    assert (now["width"], now["height"]) == (640, 427)
    assert 0 < now["painted"] < 0.2 * 640 * 427
    assert page.locator("#mge-samples button").count() >= 10
    assert page.locator("#mge-curve rect").count() == 8  # a bar for each step
    hint = page.locator("#mge-stage .mge-hint")
    assert "Press Enter" in hint.inner_text()
    page.wait_for_timeout(5000)  # longer than a passing notice stays
    told, stage, view = hint.bounding_box(), page.locator("#mge-stage .mge-view").bounding_box(), state(page)["view"]
    assert told
    assert stage
    assert stage["y"] + view["y"] + 427 * view["scale"] <= told["y"]  # what it speaks of is in sight
    page.keyboard.press("Enter")
    hint.wait_for(state="hidden")
    wait(page, "s.review && s.review.loaded")
    assert "0 px changed outside" in page.locator("#mge-stage .mge-badge").inner_text()


def test_paint_run_keep_undo_download(page: Page, samples: Path, tmp_path: Path) -> None:
    paint(page, [(0.42, 0.45), (0.5, 0.5), (0.55, 0.48)])
    mask = painted_mask(page)
    assert mask.any()
    first = state(page)["version"]
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    assert state(page)["timeline"]["length"] > 8  # every step came, then the finish getting finer
    assert state(page)["review"]["count"] == 4
    assert np.array_equal(painted_mask(page), mask)  # no server event rewrote what was painted
    tiles = page.locator("#mge-stage .mge-tile")
    assert tiles.count() == 4
    tiles.nth(1).click()
    wait(page, "s.review.index === 1")
    assert "0 px changed outside" in page.locator("#mge-stage .mge-badge").inner_text()
    page.locator("#mge-stage button", has_text="Keep").click()
    wait(page, f"!s.review && s.version !== {first}")

    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    edited_file = tmp_path / "edited.png"
    loading.value.save_as(edited_file)
    assert loading.value.suggested_filename.startswith("coffee-inpaint")
    original, edited = open_picture(samples / "coffee.jpg"), open_picture(edited_file)
    assert edited.shape == original.shape
    changed = (edited != original).any(2)
    assert not (changed & ~mask).any()
    assert (changed & mask).any()
    asked = read_recipe(read_png_text(edited_file.read_bytes())).request["decoding"]
    assert (asked["seed"], asked["only"]) == (0, 1)  # variation B of those that competed

    page.keyboard.press("Control+z")
    wait(page, f"s.version === {first} && s.review")
    assert np.array_equal(painted_mask(page), mask)  # undoing a result brings its mask back
    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    shown_file = tmp_path / "shown.png"
    loading.value.save_as(shown_file)
    assert np.array_equal(open_picture(shown_file), edited)  # the variations are shown again, and what is shown comes


def test_stop_takes_effect_within_a_step(page: Page) -> None:
    set_number(page, "mge-steps", 32)
    set_number(page, "mge-variations", 2)
    paint(page, [(0.45, 0.45), (0.5, 0.5)])
    before = page.evaluate("() => window.__mge.maskHash()")
    page.locator("#mge-run").click()
    wait(page, "s.running && s.running.step >= 2")
    step = page.evaluate(
        "() => { const { step } = __mge.state().running; document.getElementById('mge-stop').click(); return step; }"
    )
    wait(page, "s.review && s.review.loaded")  # the best frame so far, as a draft
    assert step <= state(page)["timeline"]["length"] <= step + 1
    assert "draft" in state(page)["status"]
    assert page.evaluate("() => window.__mge.maskHash()") == before
    draft = state(page)["review"]["run"]
    set_number(page, "mge-steps", 2)
    page.locator("#mge-run").click()  # the lane is free again
    wait(page, f"s.review && s.review.loaded && s.review.run !== '{draft}'")
    assert state(page)["timeline"]["length"] > 2


def test_what_cannot_be_done_is_said_and_the_picture_stays(page: Page, tmp_path: Path) -> None:
    page.locator("#mge-run").click()
    page.locator("#mge-stage .mge-toast.mge-on", has_text="Nothing is painted").wait_for()
    assert state(page)["running"] is None
    # a broken file
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnonsense")
    page.locator("#mge-upload input[type=file]").set_input_files(tmp_path / "broken.png")
    page.locator("#mge-stage .mge-toast", has_text="damaged").wait_for()
    assert state(page)["width"] == 600
    # Replace without a class
    page.locator("#mge-mode label", has_text="Replace").click()
    wait(page, "s.mode === 'replace'")
    paint(page, [(0.4, 0.4), (0.6, 0.6)])
    page.locator("#mge-run").click()
    page.locator("#mge-stage .mge-toast", has_text="needs a class").wait_for()
    wait(page, "!s.running")


def test_files_and_samples_open_at_full_size(first_visit: Page, tmp_path: Path) -> None:
    page = first_visit
    photo = np.random.default_rng(1).integers(0, 256, (333, 517, 3), np.uint8)
    (tmp_path / "odd size.png").write_bytes(encode_png(photo))
    page.locator("#mge-upload input[type=file]").set_input_files(tmp_path / "odd size.png")
    wait(page, "s.width === 517 && s.height === 333")
    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    assert np.array_equal(open_picture(Path(loading.value.path())), photo)
    pick(page, "mountain trail")
    wait(page, "s.width === 1280 && s.height === 960")


def test_extend_by_typed_pixels_then_generate_and_undo(page: Page) -> None:
    page.locator("#mge-mode label", has_text="Extend").click()
    wait(page, "s.mode === 'extend'")
    set_number(page, "mge-extend-left", 96)
    wait(page, "s.extend[0] === 96")
    set_number(page, "mge-variations", 1)
    set_number(page, "mge-steps", 1)
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    page.locator("#mge-stage button", has_text="Keep").click()
    wait(page, "!s.review && s.width === 696 && s.height === 400")
    # a generated picture replaces it, and undo brings it back
    page.locator("#mge-mode label", has_text="Generate").click()
    wait(page, "s.mode === 'generate'")
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    page.locator("#mge-stage button", has_text="Keep").click()
    side = next(spec for spec in list_models() if spec.name == "scenes-128").new_side(Painting.sharpen)
    wait(page, f"s.width === {side} && s.height === {side}")
    page.locator("#mge-stage button[data-id=undo]").click()
    wait(page, "s.width === 696")


def test_sweep_fills_and_can_be_saved(page: Page, tmp_path: Path) -> None:
    paint(page, [(0.45, 0.45), (0.5, 0.5)])
    page.locator("#mge-mode label", has_text="Sweep").click()
    wait(page, "s.mode === 'sweep'")
    page.locator("#mge-sweep-row-values textarea, #mge-sweep-row-values input").fill("cosine, linear")
    page.locator("#mge-sweep-column-values textarea, #mge-sweep-column-values input").fill("1, 2")
    page.locator("#mge-run").click()
    cells = page.locator("#mge-sweep-grid td img")
    page.wait_for_function("() => document.querySelectorAll('#mge-sweep-grid td img').length === 4")
    assert cells.count() == 4
    assert page.locator("#mge-sweep-grid thead").inner_text().split()[-4:] == ["T", "1", "T", "2"]
    assert page.locator("#mge-sweep-grid tbody th").all_inner_texts() == ["cosine", "linear"]
    page.wait_for_function("() => !document.querySelector('#mge-sweep-sheet').disabled")
    for button, name in (("mge-sweep-sheet", "sweep.png"), ("mge-sweep-csv", "sweep.csv")):
        with page.expect_download() as loading:
            page.locator(f"#{button}").click()
        loading.value.save_as(tmp_path / name)
    assert open_picture(tmp_path / "sweep.png").shape[2] == 3
    assert len((tmp_path / "sweep.csv").read_text("utf-8").splitlines()) == 5
    wait(page, "!s.running")


def test_form_works_without_the_canvas_and_leaves_its_mode_alone(
    first_visit: Page, samples: Path, tmp_path: Path
) -> None:
    page = first_visit
    original = open_picture(samples / "coffee.jpg")
    mask = np.zeros(original.shape[:2], np.uint8)
    mask[150:220, 200:300] = 255
    (tmp_path / "mask.png").write_bytes(encode_png(mask))
    page.locator("#mge-tabs button[role=tab]", has_text="Form").click()
    page.locator("#mge-form-image input[type=file]").set_input_files(samples / "coffee.jpg")
    page.locator("#mge-form-image", has_text="coffee").wait_for()
    page.locator("#mge-form-mask input[type=file]").set_input_files(tmp_path / "mask.png")
    page.locator("#mge-form-mask", has_text="mask").wait_for()
    page.locator("#mge-form-run").click()
    page.locator("#mge-form-result img").wait_for()
    source = page.locator("#mge-form-result img").get_attribute("src")
    assert source is not None
    result = open_picture(page.request.get(source).body())
    changed = (result != original).any(2)
    assert changed.any()
    assert not (changed & (mask == 0)).any()
    edit, form = (page.locator("#mge-tabs button[role=tab]", has_text=name) for name in ("Edit", "Form"))
    edit.click()
    page.locator("#mge-stage .mge-view").click(position={"x": 5, "y": 5})
    page.keyboard.press("3")
    wait(page, "s.mode === 'extend'")
    assert page.locator("#mge-extend-left input").is_visible()
    form.click()
    page.locator("#mge-form-run").wait_for()
    edit.click()
    page.locator("#mge-extend-left input").wait_for()
    assert state(page)["mode"] == "extend"


@pytest.mark.parametrize(("size", "theme"), [("1440x900", "light"), ("1024x768", "dark"), ("412x915", "dark")])
def test_nothing_hangs_over_or_jumps(open_page: Visit, quick: str, tmp_path: Path, size: str, theme: str) -> None:
    width, height = SIZES[size]
    page = opened(open_page(f"{quick}?__theme={theme}", viewport={"width": width, "height": height}))
    shots = Path(os.environ.get("MGE_SCREENSHOTS", tmp_path))

    def places() -> Any:
        return page.evaluate(
            "() => ['mge-head', 'mge-stage', 'mge-side', 'mge-run'].map((id) => {"
            " const r = document.getElementById(id).getBoundingClientRect();"
            " return [r.left, r.top, r.width, r.height].map(Math.round); })"
        )

    at_rest(page)
    page.screenshot(path=shots / f"page-{size}-{theme}.png")
    before = places()
    assert before[3][1] + before[3][3] <= height  # Run is in sight
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    stage = before[1]
    assert stage[2] * stage[3] > 0.5 * width * height  # the stage dominates
    assert page.evaluate("() => document.documentElement.scrollHeight") <= height
    paint(page, [(0.42, 0.45), (0.5, 0.5), (0.55, 0.48)])
    page.locator("#mge-run").click()
    wait(page, "s.running && s.running.step >= 3 || s.review")
    page.screenshot(path=shots / f"running-{size}-{theme}.png")
    wait(page, "s.review && s.review.loaded")
    at_rest(page)
    page.screenshot(path=shots / f"result-{size}-{theme}.png")
    assert places() == before
