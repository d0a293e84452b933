"""The inspector in a real browser: modes, class menu, Extend's shapes, presets, what is kept between visits, the theme.

On the fake engine with the bundled model's classes; nothing here depends on what is decoded.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI, Response
from playwright.sync_api import Page, expect

from core.values.labels import search_classes
from editor import AppSettings, appearance, build_app
from tests.editor.fakes import FakeEngine

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

ROOT = Path(__file__).parents[2]
CLASSES = tuple(json.loads((ROOT / "assets" / "models" / "scenes-128" / "config.json").read_text("utf-8"))["classes"])
Visit = Callable[..., Page]
QUERIES = ("ocean", "city", "SEA", "rose", "sun", "woodl", "ice", "a", "tre", "mount", "daisies", "glacer", "xyz")


def engine() -> Any:
    """Return the fake engine with the bundled model's classes, and advice of its own for pictures from nothing."""
    made = FakeEngine(step_seconds=0.01)
    defaults = replace(made.spec.defaults, guidance_scale=5.0, token_temperature=0.85)
    advice = {"guidance_scale": 3.0, "guidance_ramp": "linear", "token_temperature": 1.0}
    made.spec = replace(made.spec, classes=CLASSES, defaults=defaults, from_nothing=advice)
    return made


@pytest.fixture(scope="module")
def launched(serve: Callable[..., str]) -> str:
    """Return the address of the page."""
    return serve(build_app(engine(), AppSettings()), **appearance())


@pytest.fixture
def page(open_page: Visit, launched: str) -> Page:
    """Return the page with its sample open."""
    return opened(open_page(launched))


def opened(page: Page) -> Page:
    """Wait until a picture is on the stage and the page's own script has started."""
    page.wait_for_function("() => window.mgePage && window.__mge?.state().width > 0")
    return page


def press(page: Page, key: str) -> None:
    """Press a key on the stage."""
    page.locator("#mge-stage .mge-view").focus()
    page.keyboard.press(key)


def wait(page: Page, condition: str) -> None:
    """Wait until a condition on the stage's state `s` holds."""
    page.wait_for_function(f"() => {{ const s = window.__mge.state(); return {condition}; }}")


def kept(page: Page, condition: str) -> None:
    """Wait until a condition on the kept settings `k` holds."""
    page.wait_for_function(
        f"() => {{ const k = JSON.parse(localStorage['mge-settings'] ?? '{{}}'); return {condition}; }}"
    )


def at_home(page: Page) -> None:
    """Wait until the canvas has the focus."""
    page.wait_for_function("() => document.activeElement.classList.contains('mge-view')")


def set_number(page: Page, control: str, value: float) -> None:
    """Type into the number field of a control."""
    field = page.locator(f"#{control} input[type=number]")
    field.fill(str(value))
    field.press("Tab")


def test_keys_1_to_5_choose_the_mode_and_its_rows(page: Page) -> None:
    extend, sweep = page.locator("#mge-extend-left input"), page.locator("#mge-sweep-rows input")
    rows = ("feather", "follow", "sharpen")
    feather, follow, sharpen = (page.locator(f"#mge-{name} input[type=range]") for name in rows)
    page.locator("#mge-more > button").click()
    expect(follow).to_be_visible()
    expect(sharpen).to_be_hidden()  # from the start, before any mode was chosen
    for key, mode in zip("54321", ("sweep", "generate", "extend", "replace", "fill"), strict=True):
        press(page, key)
        wait(page, f"s.mode === '{mode}'")
        expect(page.locator("#mge-mode label.selected")).to_have_text(mode.capitalize())
        assert extend.is_visible() == (mode == "extend")
        assert sweep.is_visible() == (mode == "sweep")
        assert feather.is_visible() == (mode != "generate")
        assert follow.is_visible() == (mode not in ("replace", "generate"))  # which end with the model's own pixels
        assert sharpen.is_visible() == (mode in ("replace", "generate", "sweep"))
        shown = page.locator("#mge-hints p").evaluate_all(
            "all => all.filter((p) => getComputedStyle(p).visibility === 'visible').map((p) => p.dataset.mode)"
        )
        assert shown == [mode]


def test_the_class_menu_ranks_as_the_core_does(page: Page) -> None:
    field, options = page.locator("#mge-class-field"), page.locator("#mge-class-options li[data-id]")
    for query in QUERIES:
        field.fill(query)
        found = options.evaluate_all("all => all.map((option) => Number(option.dataset.id))")
        expected = search_classes(CLASSES, query)
        assert found[:1] == list(expected[:1]), query
    assert page.locator("#mge-class-options .pg-option-none").is_visible()  # for the last, which is nothing
    field.fill("")
    assert options.first.get_attribute("data-id") == "-1"  # none is always the first
    assert options.count() == len(CLASSES) + 1


def test_a_class_is_chosen_by_keyboard_chip_and_star_and_remembered(page: Page) -> None:
    field = page.locator("#mge-class-field")
    field.click()
    page.keyboard.type("ocean")
    expect(page.locator("#mge-class-options li")).to_have_text(["seaocean★"])
    page.keyboard.press("Enter")
    expect(field).to_have_value("sea")
    assert page.locator("#mge-class-options").is_hidden()
    kept(page, "k.modes.fill.class_id === 4")
    for key in ("ArrowDown", "ArrowUp", "Escape"):
        field.press(key)
    expect(field).to_have_value("sea")
    at_home(page)

    chips = page.locator("#mge-class .pg-chip")
    expect(chips).to_have_text(list(CLASSES))
    chips.filter(has_text="forest").click()
    expect(field).to_have_value("forest")
    kept(page, "k.modes.fill.class_id === 1")
    page.locator("#mge-class .pg-combo > .pg-star").click()
    expect(chips.first).to_have_text("forest")
    chips.first.click()  # the pressed chip takes its class off again
    expect(field).to_have_value("none")
    chips.first.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(field).to_have_value(CLASSES[-1])
    page.keyboard.press("Space")
    expect(field).to_have_value("none")

    field.click()
    page.locator("#mge-class-options li", has_text="tulips").click()
    kept(page, "k.modes.fill.class_id === 10")
    page.reload()
    opened(page)
    expect(field).to_have_value("tulips")
    expect(page.locator("#mge-class .pg-chip.pg-favourite")).to_have_text(["forest"])
    expect(page.locator("#mge-class .pg-chip", has_text="tulips")).to_have_attribute("aria-pressed", "true")


def test_each_mode_keeps_its_class_and_guidance(page: Page) -> None:
    field, guidance = page.locator("#mge-class-field"), page.locator("#mge-guidance input[type=number]")
    advised = page.locator("#mge-advised")

    def shows(key: str, class_name: str, scale: str) -> None:
        press(page, key)
        expect(field).to_have_value(class_name)
        expect(guidance).to_have_value(scale)

    shows("2", "none", "5")
    page.locator("#mge-class .pg-chip", has_text="daisy").click()
    shows("1", "none", "2")
    expect(advised).to_be_disabled()
    page.locator("#mge-class .pg-chip", has_text="forest").click()
    set_number(page, "mge-guidance", 3)
    shows("2", "daisy", "5")
    shows("4", "none", "3")
    expect(advised).to_have_attribute("data-advice", "1 → 3")
    for key in "4321545":  # faster than the controls follow
        press(page, key)
    shows("5", "none", "2")  # something is painted, so that a sweep fills
    press(page, "Delete")
    expect(guidance).to_have_value("3")  # now it makes pictures from nothing
    shows("1", "forest", "3")
    kept(page, "k.modes.fill.guidance === 3 && k.modes.fill.class_id === 1 && k.modes.replace.class_id === 6")
    page.reload()
    opened(page)
    expect(field).to_have_value("forest")
    expect(guidance).to_have_value("3")
    shows("2", "daisy", "5")
    shows("1", "forest", "3")
    expect(advised).to_have_attribute("data-advice", "2")
    advised.click()
    expect(guidance).to_have_value("2")
    field.click()
    field.fill("")
    page.keyboard.press("Enter")
    expect(field).to_have_value("none")
    kept(page, "!('guidance' in k.modes.fill) && !('class_id' in k.modes.fill)")


def test_each_mode_keeps_its_token_temperature(page: Page) -> None:
    token = page.locator("#mge-token input[type=number]")

    def shows(key: str, value: str) -> None:
        press(page, key)
        expect(token).to_have_value(value)

    press(page, "5")
    wait(page, "s.mode === 'sweep'")
    press(page, "Delete")  # nothing is painted, so that a sweep makes pictures from nothing
    page.locator("#mge-more > button").click()
    expect(token).to_have_value("1")
    shows("2", "0.85")
    shows("4", "1")
    set_number(page, "mge-token", 0.7)
    shows("1", "0.85")
    kept(page, "k.modes.generate.token_temperature === 0.7 && !('token_temperature' in k.modes.fill)")
    page.reload()
    opened(page)
    page.locator("#mge-more > button").click()
    shows("4", "0.7")
    page.locator("#mge-reset").click()
    expect(token).to_have_value("1")
    expect(page.locator("#mge-guidance input[type=number]")).to_have_value("3")
    kept(page, "!('token_temperature' in k.modes.generate)")


def test_the_chosen_class_reaches_the_request(page: Page) -> None:
    press(page, "2")
    wait(page, "s.mode === 'replace'")
    box = page.locator("#mge-stage .mge-view").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=4)
    page.mouse.up()
    page.locator("#mge-class .pg-chip", has_text="glacier").click()
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")  # Replace refuses to run without a class


def test_what_is_pressed_gives_the_keys_back_to_the_canvas(page: Page) -> None:
    for place in (
        "#mge-mode label:has-text('Replace')",
        "#mge-class .pg-chip >> nth=2",
        "#mge-steps input[type=range]",
        "#mge-match input",
        "#mge-more > button",
        "#mge-dice",
        ".mge-tool[data-id=lasso]",
    ):
        page.evaluate("document.activeElement.blur()")
        page.locator(place).click()
        at_home(page)
    page.locator("#mge-schedule input").click()
    page.locator("#mge-schedule [role=option]", has_text="linear").first.click()
    expect(page.locator("#mge-schedule input")).not_to_be_focused()
    for key in ("Escape", "Enter"):
        page.locator("#mge-class-field").press(key)
        at_home(page)
    page.locator("#mge-seed input").click()
    page.keyboard.type("7")
    page.keyboard.press("Escape")
    at_home(page)
    wait(page, "!s.running && !s.review")
    chip = page.locator("#mge-class .pg-chip").first
    chip.focus()
    page.keyboard.press("Space")
    expect(chip).to_have_attribute("aria-pressed", "true")
    expect(chip).to_be_focused()  # whoever comes by keys stays


def test_presets_show_which_one_the_steps_are(page: Page) -> None:
    chosen = page.locator("#mge-presets label.selected")
    expect(chosen).to_have_text("Balanced 8")
    page.locator("#mge-presets label", has_text="Best").click()
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("16")
    expect(page.locator("#mge-curve rect")).to_have_count(16)
    set_number(page, "mge-steps", 7)
    expect(chosen).to_have_count(0)
    set_number(page, "mge-steps", 4)
    expect(chosen).to_have_text("Draft 4")


def test_shapes_grow_the_border_round_the_anchor(page: Page) -> None:
    press(page, "3")
    wait(page, "s.mode === 'extend'")
    width, height = 640, 427
    page.locator("#mge-extend-tools [data-aspect='16:9']").click()
    wait(page, "String(s.extend) === '60,0,59,0'")
    expect(page.locator("#mge-extend-left input")).to_have_value("60")
    expect(page.locator("#mge-extend-size")).to_have_text("640 × 427 → 759 × 427 px")
    page.locator("#mge-extend-tools [data-anchor='0,2']").click()  # the photo at the left: all of it grows to the right
    wait(page, "String(s.extend) === '0,0,119,0'")
    page.locator("#mge-extend-tools [data-aspect='1:1']").click()
    wait(page, "String(s.extend) === '0,213,0,0'")  # and at the bottom: it grows upwards
    page.locator("#mge-extend-tools [data-reset]").click()
    wait(page, "String(s.extend) === '0,0,0,0'")
    page.locator("#mge-extend-tools [data-grow]").click()
    across, down = round(width / 10), round(height / 10)
    wait(page, f"String(s.extend) === '{across},{down},{across},{down}'")
    expect(page.locator("#mge-extend-bottom input")).to_have_value(str(down))
    press(page, "Control+z")
    expect(page.locator("#mge-extend-bottom input")).to_have_value("0")


def test_settings_survive_a_reload_and_go_back_to_the_advice(page: Page) -> None:
    set_number(page, "mge-steps", 12)
    set_number(page, "mge-feather", 20)
    page.locator("#mge-match input").uncheck()
    page.locator("#mge-seed input").fill("77")
    press(page, "4")
    kept(page, "k.steps === 12 && k.feather === 20 && !k.match_colour && k.seed === 77 && k.mode === 'generate'")
    page.reload()
    opened(page)
    wait(page, "s.mode === 'generate'")
    expect(page.locator("#mge-presets label.selected")).to_have_text("Quality 12")
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("12")
    press(page, "1")
    expect(page.locator("#mge-feather input[type=number]")).to_have_value("20")
    expect(page.locator("#mge-match input")).not_to_be_checked()
    page.locator("#mge-more > button").click()
    page.locator("#mge-reset").click()
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("8")
    expect(page.locator("#mge-feather input[type=number]")).to_have_value("8")
    expect(page.locator("#mge-match input")).to_be_checked()
    expect(page.locator("#mge-seed input")).to_have_value("77")  # what was asked for stays, only how goes back
    kept(page, "k.steps === 8 && k.seed === 77")


def test_coverage_and_context_belong_to_the_overlay(page: Page) -> None:
    wait(page, "s.model.coverage === 0 && s.model.context === 2")
    page.locator("#mge-more > button").click()
    set_number(page, "mge-coverage", 0.5)
    wait(page, "s.model.coverage === 0.5")
    set_number(page, "mge-context", 3)
    wait(page, "s.model.context === 3")
    kept(page, "k.coverage === 0.5 && k.context === 3")
    page.locator("#mge-reset").click()
    wait(page, "s.model.coverage === 0 && s.model.context === 2")
    kept(page, "k.coverage === 0 && k.context === 2")


def test_settings_get_names_come_back_by_them_and_go(page: Page) -> None:
    steps, feather = (page.locator(f"#mge-{name} input[type=number]") for name in ("steps", "feather"))
    guidance, own = page.locator("#mge-guidance input[type=number]"), page.locator("#mge-own")
    page.locator("#mge-more > button").click()
    own.get_by_role("button", name="Save").click()
    expect(page.locator(".mge-toast")).to_contain_text("no name yet")
    set_number(page, "mge-steps", 12)
    set_number(page, "mge-guidance", 3.5)
    set_number(page, "mge-feather", 20)
    kept(page, "k.steps === 12 && k.feather === 20")
    own.get_by_role("textbox").fill("  dunes ")
    own.get_by_role("textbox").press("Enter")
    expect(own.locator("select")).to_have_value("dunes")
    page.locator("#mge-reset").click()
    expect(steps).to_have_value("8")
    set_number(page, "mge-seed", 41)
    page.reload()
    opened(page)
    page.locator("#mge-more > button").click()
    own.locator("select").select_option("dunes")
    expect(steps).to_have_value("12")
    expect(feather).to_have_value("20")
    expect(guidance).to_have_value("3.5")
    expect(page.locator("#mge-seed input")).to_have_value("41")  # a preset says how, not what
    expect(page.locator("#mge-advised")).to_be_enabled()
    own.get_by_role("button", name="Delete").click()
    expect(own.locator("select")).to_be_disabled()
    expect(steps).to_have_value("12")
    assert page.evaluate("localStorage['mge-presets']") == "{}"


def test_what_was_kept_by_another_model_is_not_taken(page: Page) -> None:
    junk = {
        "steps": 99,
        "schedule": "none of ours",
        "modes": {"fill": {"class_id": 500}},
        "mode": 3,
        "seed": None,
        "feather": 5,
    }
    page.evaluate("(junk) => { localStorage['mge-settings'] = JSON.stringify(junk); }", {**junk, "match_colour": "yes"})
    page.evaluate("() => { localStorage['mge-classes'] = '[7'; }")
    page.reload()
    opened(page)
    expect(page.locator("#mge-feather input[type=number]")).to_have_value("5")
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("8")
    expect(page.locator("#mge-class-field")).to_have_value("none")
    expect(page.locator("#mge-mode label.selected")).to_have_text("Fill")
    expect(page.locator("#mge-match input")).to_be_checked()


def test_the_theme_is_the_addresss_then_the_last_chosen(open_page: Visit, launched: str) -> None:
    page = opened(open_page(launched, color_scheme="light"))
    is_dark = "() => document.body.classList.contains('dark')"
    assert not page.evaluate(is_dark)
    page.locator("#mge-theme").click()
    page.wait_for_function(is_dark)
    page.reload()
    opened(page)
    assert page.evaluate(is_dark)
    page.goto(f"{launched}?__theme=light")
    opened(page)
    assert not page.evaluate(is_dark)


def test_the_sweep_shows_what_its_schedules_reveal(page: Page) -> None:
    press(page, "5")
    plots = page.locator("#mge-sweep-curves figure")
    expect(plots).to_have_count(9)
    page.locator("#mge-sweep-row-values textarea, #mge-sweep-row-values input").fill("cosine, lin")
    expect(plots).to_have_count(3)  # what is not a schedule yet is left out
    page.locator("#mge-sweep-row-values textarea, #mge-sweep-row-values input").fill("cosine, linear")
    expect(plots).to_have_count(6)


def test_a_cell_of_a_sweep_offers_its_settings_and_its_picture(page: Page) -> None:
    press(page, "5")
    page.locator("#mge-sweep-row-values textarea, #mge-sweep-row-values input").fill("cosine, linear")
    page.locator("#mge-sweep-column-values textarea, #mge-sweep-column-values input").fill("1, 3")
    page.locator("#mge-run").click()
    cells = page.locator("#mge-sweep-grid td button img")
    expect(cells).to_have_count(4)
    wait(page, "!s.running")
    page.locator("#mge-sweep-grid [data-large]").click()
    large = page.locator("#mge-sweep-grid .pg-sweep").bounding_box()
    assert large is not None
    assert large["width"] > 900
    cells.nth(3).click()
    expect(page.locator(".pg-choice button")).to_have_text(["Use these settings", "Take this picture"])
    page.keyboard.press("Escape")
    expect(page.locator(".pg-choice")).to_be_hidden()
    page.keyboard.press("Escape")
    small = page.locator("#mge-sweep-grid .pg-sweep").bounding_box()
    assert small is not None
    assert small["width"] < 340
    cells.nth(3).click()
    page.keyboard.press("Enter")  # the first: its settings
    expect(page.locator("#mge-schedule input")).to_have_value("linear")
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("3")
    wait(page, "s.mode === 'fill'")  # Run now draws what the cell shows
    press(page, "5")
    cells.nth(0).click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    wait(page, "s.review && s.review.loaded && s.review.count === 1")


def test_on_a_phone_the_inspector_is_a_sheet_and_run_is_always_there(open_page: Visit, launched: str) -> None:
    page = opened(open_page(launched, viewport={"width": 412, "height": 915}, has_touch=True, is_mobile=True))

    def top(name: str) -> float:
        box = page.locator(name).bounding_box()
        assert box is not None
        return box["y"]

    def run_is_reachable() -> bool:
        return bool(
            page.evaluate(
                "() => { const r = document.getElementById('mge-run').getBoundingClientRect();"
                " const hit = document.elementFromPoint(r.left + r.width / 2, r.top + r.height / 2);"
                " return r.bottom <= innerHeight && hit?.closest('#mge-run') !== null; }"
            )
        )

    shut = top("#mge-side")
    stage = page.locator("#mge-stage").bounding_box()
    assert stage is not None
    assert stage["height"] > 0.55 * 915
    assert stage["y"] + stage["height"] <= shut
    assert run_is_reachable()
    handle = page.locator("#mge-drawer button")
    handle.tap()
    page.wait_for_function("() => document.getElementById('mge-side').getBoundingClientRect().top < 320")
    assert handle.get_attribute("aria-expanded") == "true"
    assert run_is_reachable()
    assert page.locator("#mge-stage").bounding_box() == stage  # the sheet lies over it, nothing moves
    handle.tap()
    page.wait_for_function(
        f"() => Math.abs(document.getElementById('mge-side').getBoundingClientRect().top - {shut}) < 1"
    )
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 412
    brand = page.locator("#mge-brand").bounding_box()
    assert brand is not None
    assert brand["width"] <= 1
    for name in ("#mge-upload", "#mge-download", "#mge-export", "#mge-theme", "#mge-help"):
        box = page.locator(name).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 412


@pytest.fixture
def mounted() -> Iterator[str]:
    """Return the address of the page below a path of another app."""
    host = FastAPI()
    host.get("/favicon.ico")(lambda: Response(status_code=204))  # asked of the host by the browser itself
    app = gr.mount_gradio_app(host, build_app(engine(), AppSettings()), path="/tools/editor", **appearance())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}/tools/editor/"
    server.should_exit = True
    thread.join(10)


def run_once(page: Page) -> None:
    """Generate one picture, keep it, and see that it was loaded."""
    press(page, "4")
    wait(page, "s.mode === 'generate'")
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    page.locator("#mge-stage button", has_text="Keep").click()
    wait(page, "s.width === 128 && s.height === 128")


def test_it_works_below_a_path(mounted: str, open_page: Visit) -> None:
    run_once(opened(open_page(mounted)))


def fitting_node() -> str | None:
    """Return a Node that Gradio's server-side rendering accepts, or None."""
    for path in (os.environ.get("GRADIO_NODE_PATH"), str(Path(sys.executable).with_name("node")), shutil.which("node")):
        if path and Path(path).exists():
            version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
            if version.startswith("v") and int(version[1:].split(".")[0]) >= 24:
                return path
    return None


def test_it_works_when_rendered_on_the_server(
    open_page: Visit, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = fitting_node()
    if node is None:
        pytest.skip("server-side rendering needs Node 24: set GRADIO_NODE_PATH to one")
    monkeypatch.setenv("GRADIO_NODE_PATH", node)
    address = serve(build_app(engine(), AppSettings()), **appearance(), ssr_mode=True)
    page = open_page(address)
    assert "/_app/immutable/" in page.request.get(address).text()  # Node answered, not the fallback
    run_once(opened(page))
