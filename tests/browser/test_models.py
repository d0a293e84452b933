"""The model menu in a real browser: a published model is asked about, comes while the old one edits, and then edits.

The model is fetched from a hub on loopback, of random weights: what is tested is the way, not the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, expect

from core import CheckpointError, load_engine, read_recipe
from core.engine.suggestions import Suggestion
from core.pictures import open_picture, read_png_text
from core.values.labels import imagenet_classes
from editor import AppSettings, appearance, build_app
from editor.handlers import suggesting
from tests.browser.test_page import opened, paint, pick, set_number, state, wait
from tests.core.models.fake_hub import FakeHub, serve_from
from tests.editor.published import GRID, NAME, PIXELS, one_published

pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

OLD = "scenes-128"
Visit = Callable[..., Page]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub that offers one model."""
    with one_published(tmp_path, monkeypatch) as offered:
        yield offered


@pytest.fixture
def address(hub: FakeHub, serve: Callable[..., str]) -> str:
    """The address of an editor that starts with the bundled model."""
    return serve(build_app(load_engine(OLD, device="cpu"), AppSettings(device="cpu")), **appearance())


def works(page: Page, name: str) -> None:
    """Wait until the page is fitted to a model."""
    expect(page.locator(".pg-model b")).to_have_text(name)


def choose(page: Page, name: str) -> None:
    """Open the menu and press a model's line."""
    if not page.locator("#mge-models").is_visible():
        page.locator(".pg-model").click()
    page.locator(f"#mge-models [data-key='{name}']").click()


def agree(page: Page) -> None:
    """Choose the published model and agree to its download."""
    choose(page, NAME)
    page.locator(".pg-ask .pg-yes").click()


def run_and_keep(page: Page, tmp_path: Path) -> tuple[str, tuple[int, ...]]:
    """Run, keep the first variation; return the model that its recipe names, and its shape."""
    before = state(page)["version"]
    page.locator("#mge-run").click()
    wait(page, "s.review && s.review.loaded")
    assert "0 px changed outside" in page.locator("#mge-stage .mge-badge").inner_text()
    page.locator("#mge-stage button", has_text="Keep").click()
    wait(page, f"!s.review && s.version !== {before}")
    with page.expect_download() as loading:
        page.locator("#mge-download").click()
    path = tmp_path / "kept.png"
    loading.value.save_as(path)
    return read_recipe(read_png_text(path.read_bytes())).model, open_picture(path).shape


def test_a_published_model_is_chosen_comes_and_works(
    hub: FakeHub, address: str, open_page: Visit, tmp_path: Path
) -> None:
    page = opened(open_page(address))
    other = opened(open_page(address))
    pick(page, "coffee")
    wait(page, "s.width === 600 && s.painted === 0")
    set_number(page, "mge-variations", 1)
    set_number(page, "mge-steps", 3)

    # what it is stands there before anything is downloaded, and choosing it asks first
    page.locator(".pg-model").click()
    lines = page.locator("#mge-models .pg-model-row")
    expect(lines.first).to_contain_text(OLD)
    expect(lines.first).to_have_attribute("aria-current", "true")
    line = page.locator(f"#mge-models [data-key='{NAME}']")
    expect(line).to_contain_text(f"{PIXELS} px · {GRID}×{GRID} cells")
    expect(line).to_contain_text("parameters · Apache-2.0")
    expect(line.locator("em")).to_have_text("needs a class")
    choose(page, NAME)
    expect(page.locator(".pg-ask")).to_contain_text("MB from huggingface.co/someone/maskgit")
    expect(page.locator(".pg-ask")).to_contain_text("Licence: Apache-2.0.")
    page.keyboard.press("Escape")
    expect(page.locator(".pg-ask")).to_have_count(0)
    assert not hub.log

    # it comes, and the old one edits meanwhile
    hub.pause_s = 0.5
    agree(page)
    expect(page.locator(".pg-way p")).to_contain_text(f"Downloading {NAME}: ")
    page.wait_for_function(
        "parseFloat(document.querySelector('.pg-way .pg-bar').style.getPropertyValue('--pg-share')) > 0"
    )
    page.keyboard.press("Escape")
    expect(page.locator("#mge-models")).to_be_hidden()
    paint(page, [(0.45, 0.45), (0.5, 0.5)])
    assert run_and_keep(page, tmp_path)[0] == OLD
    works(page, OLD)
    expect(page.locator(".pg-model i")).to_be_visible()
    hub.pause_s = 0.0

    # the page follows it, and every other page
    works(page, NAME)
    wait(page, f"s.model.pixels === {PIXELS} && s.model.grid === {GRID}")
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("12")
    expect(page.locator("#mge-guidance input[type=number]")).to_be_disabled()
    expect(page.locator("#mge-variations input[type=number]")).to_have_value("1")
    expect(page.locator("#mge-class-field")).to_have_attribute("placeholder", "Search 1000 classes")
    expect(page.locator("#mge-class .pg-classes .pg-chip")).to_have_count(0)
    expect(page.locator("#mge-advised")).to_be_hidden()
    works(other, NAME)

    # it needs a class, says so, and edits and extends with one
    paint(page, [(0.45, 0.45), (0.5, 0.5)])
    page.locator("#mge-run").click()
    page.locator("#mge-stage .mge-toast.mge-on", has_text=f"{NAME} paints with a class only: choose one").wait_for()
    wait(page, "!s.running")
    page.locator("#mge-class-field").fill("sea-coast")
    page.locator(".pg-option", has_text="seashore").first.click()
    assert run_and_keep(page, tmp_path) == (NAME, (400, 600, 3))
    page.locator("#mge-mode label", has_text="Extend").click()
    wait(page, "s.mode === 'extend'")
    set_number(page, "mge-extend-right", 40)
    wait(page, "s.extend[2] === 40")
    assert run_and_keep(page, tmp_path) == (NAME, (400, 640, 3))

    # a reload finds the page fitted to it, with the settings of the last visit
    set_number(page, "mge-steps", 5)
    page.wait_for_function("JSON.parse(localStorage['mge-settings']).steps === 5")
    page.reload()
    works(page, NAME)
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("5")
    expect(page.locator("#mge-class-field")).to_have_value("seashore")

    # and back
    choose(page, OLD)
    works(page, OLD)
    expect(page.locator("#mge-steps input[type=number]")).to_have_value("8")
    wait(page, "s.model.grid === 16")


def test_a_download_is_cancelled_and_goes_on(hub: FakeHub, address: str, open_page: Visit) -> None:
    page = opened(open_page(address))
    hub.pause_s = 0.3
    agree(page)
    page.wait_for_function(
        "parseFloat(document.querySelector('.pg-way .pg-bar')?.style.getPropertyValue('--pg-share')) > 0"
    )
    page.locator(".pg-way button").click()
    expect(page.locator(".pg-way")).to_be_hidden()
    choose(page, NAME)
    expect(page.locator(".pg-ask .pg-yes")).to_contain_text("Go on: ")
    hub.pause_s = 0.0
    page.locator(".pg-ask .pg-yes").click()
    works(page, NAME)


def test_without_a_network_the_old_model_goes_on(
    hub: FakeHub, address: str, open_page: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_from(monkeypatch, "http://127.0.0.1:9")
    page = opened(open_page(address))
    agree(page)
    expect(page.locator("#mge-models .pg-trouble")).to_contain_text(f"{OLD} goes on, {NAME} could not be had: ")
    expect(page.locator("#mge-models .pg-trouble")).to_contain_text("or put tokenizer.bin at")
    page.keyboard.press("Escape")
    expect(page.locator("#mge-models")).to_be_hidden()
    set_number(page, "mge-variations", 1)
    assert run_and_keep(page, tmp_path)[0] == OLD
    works(page, OLD)


def test_a_fixed_model_is_shown_and_nothing_else(hub: FakeHub, serve: Callable[..., str], open_page: Visit) -> None:
    engine = load_engine(OLD, device="cpu")
    settings = AppSettings(device="cpu", fixed_model=True, space="someone/editor")
    page = opened(open_page(serve(build_app(engine, settings), **appearance())))
    page.locator(".pg-model").click()
    note = page.locator("#mge-models .pg-note")
    expect(note).to_contain_text(f"{OLD} computes on the processor in ")
    expect(note).to_contain_text(". This server keeps to one model. Duplicate this Space to choose yours.")
    copy = "https://huggingface.co/spaces/someone/editor?duplicate=true"
    expect(note.get_by_role("link")).to_have_attribute("href", copy)
    expect(page.locator("#mge-models .pg-model-row")).to_have_count(1)


def test_a_model_that_needs_a_class_offers_what_the_picture_shows(
    hub: FakeHub, address: str, open_page: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def found(_recogniser: object, _picture: object, mask: NDArray[np.bool_], _count: int) -> list[Suggestion]:
        asked.append(int(mask.sum()))
        if len(asked) > 1:
            raise CheckpointError("the classifier is gone: fetch it again.")
        names = [name.split(",")[0] for name in imagenet_classes()]
        return [Suggestion(names.index(name), 0.4) for name in ("golden retriever", "tabby")]

    monkeypatch.setattr(suggesting, "suggest_classes", found)
    page = opened(open_page(address))
    line = page.locator(".pg-suggested")
    paint(page, [(0.45, 0.45), (0.5, 0.5)])
    expect(line).to_be_hidden()
    agree(page)
    works(page, NAME)
    expect(line.locator("button")).to_have_text(["golden retriever", "tabby"])
    assert len(asked) == 1  # the model before needs no class: nobody looked
    assert asked[0] > 0
    line.locator("button", has_text="tabby").click()
    expect(page.locator("#mge-class-field")).to_have_value("tabby")
    paint(page, [(0.6, 0.6), (0.65, 0.6)])
    expect(page.locator(".pg-unsuggested")).to_have_text("No suggestions: the classifier is gone: fetch it again.")
    expect(line).to_be_hidden()
    assert asked[1] > asked[0]
