"""The finish on the real `app.py`: what each variation follows, its frames in the timeline, and Stop in its midst."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from core.pictures import encode_png, open_picture
from tests.browser.real_app import App, home, open_file, run, settle, state, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")

Visit = Callable[..., Page]
STEPS = 4


@pytest.fixture
def page(open_page: Visit, app: App, samples: Path, tmp_path: Path) -> Page:
    """A part of a sample, 640 x 480, with a hole in it."""
    (tmp_path / "trail.png").write_bytes(encode_png(open_picture(samples / "mountain_trail.jpg")[400:880, 500:1140]))
    page = open_page(app.address)
    wait(page, "s.width > 0")
    open_file(page, tmp_path / "trail.png", 640, 480)
    settle(page, steps=STEPS, variations=2)
    stroke(page, 0.6, 0.6, 0.05, 0.02)
    stroke(page, 0.6, 0.64, 0.05, 0.02)
    return page


def text(page: Page) -> str:
    """Return what the timeline says of the place that it shows."""
    state(page)  # waits for no frame
    return page.locator("#mge-stage .mge-step-text").inner_text()


def test_each_variation_says_what_it_follows_and_the_timeline_keeps_the_finish(page: Page) -> None:
    run(page)
    length = state(page)["timeline"]["length"]
    assert length > STEPS
    assert text(page) == "Finished"
    for index in range(2):
        tile = page.locator("#mge-stage .mge-tile").nth(index)
        tile.click()
        wait(page, f"s.review.index === {index} && s.review.loaded")
        status = state(page)["status"]
        assert "follows the photo" in status or "follows the model" in status
        assert status.rpartition(" · ")[2] in (tile.get_attribute("title") or "")
    home(page)
    page.keyboard.press(",")
    assert text(page) == "Finishing"
    page.evaluate(f"__mge.go({STEPS})")
    assert text(page) == f"Step {STEPS} of {STEPS}"


def test_follow_the_model_is_one_control(page: Page) -> None:
    settle(page, follow=1)
    run(page)
    assert state(page)["status"].endswith("follows the model")
    page.keyboard.press("Escape")
    wait(page, "!s.review")
    settle(page, follow=0)
    run(page)
    assert state(page)["status"].endswith("follows the photo")


def test_stop_in_the_midst_of_the_finish_keeps_the_last_step(page: Page) -> None:
    settle(page, variations=4)
    page.keyboard.press("r")
    stroke(page, 0.3, 0.3, 0.3, 0.3)  # large, so that there is a midst
    mask = state(page)["mask"]
    home(page)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => { if (!__mge.state().status.startsWith('Finishing')) return false;"
        " document.getElementById('mge-stop').click(); return true; }",
        polling=10,
    )
    wait(page, "s.review && s.review.loaded && !s.running")
    now = state(page)
    assert now["mask"] == mask
    assert "draft" in now["status"]
    assert "follows" not in now["status"]
    assert now["timeline"]["length"] == STEPS
    assert text(page) == f"Step {STEPS} of {STEPS}"
    assert "0 px changed outside" in page.locator("#mge-stage .mge-badge").inner_text()
    draft = now["review"]["run"]
    settle(page, variations=1)
    page.locator("#mge-run").click()  # the lane is free again
    wait(page, f"s.review && s.review.loaded && s.review.run !== '{draft}'")
    assert "follows" in state(page)["status"]
