"""The dock of variations below the picture: groups of all runs, a look by pointing, stars, medals, clearing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.gestures import drag, heard, order, ran, state
from tests.browser.stage_app import build

Open = Callable[..., Page]
PICTURE = """() => {
    const layer = document.querySelector('[data-layer=picture]');
    const { data } = layer.getContext('2d').getImageData(0, 0, layer.width, layer.height);
    return data.reduce((sum, value, i) => (sum + value * (i % 251)) % 1e9, 0);
}"""


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.01, steps=6))


@pytest.fixture
def page(open_page: Open, address: str) -> Page:
    """A picture with a run of four variations under review."""
    page = open_page(address)
    order(page, open=[400, 300])
    page.wait_for_function("__mge.state().width === 400")
    page.evaluate("document.activeElement.blur()")
    drag(page, [(100, 100), (180, 160)])
    ran(page)
    counted(page, 4)
    return page


def counted(page: Page, count: int) -> None:
    page.wait_for_function(f"(r => r && r.count === {count} && r.loaded)(__mge.state().review)")


def run_again(page: Page) -> None:
    """Run once more with what is painted, and wait for the other result."""
    before = state(page)["review"]["run"]
    page.evaluate("document.activeElement.blur(); mgeStage.run()")
    page.wait_for_function(f"(r => r && r.loaded && r.run !== '{before}')(__mge.state().review)")


def groups(page: Page) -> list[str]:
    """Return the title of each group with the letters of its tiles."""
    found = page.locator(".mge-group").all()
    return [" ".join([each.locator("h2").inner_text(), *each.locator("b").all_text_contents()]) for each in found]


def test_it_lies_below_the_picture_tiles_show_what_is_new_and_have_medals(page: Page) -> None:
    box = {name: page.locator(name).bounding_box() for name in (".mge-view", ".mge-strip", ".mge-tile >> nth=0")}
    view, strip, tile = (box[name] or {} for name in box)
    assert view["y"] + view["height"] <= strip["y"]
    assert (tile["width"], tile["height"]) == (112, 112)
    assert page.evaluate("(c => [c.width, c.height])(document.querySelector('.mge-tile canvas'))") == [224, 224]
    # medals stand for numbers, which the tooltip has
    tiles = page.locator(".mge-tile")
    assert tiles.locator("small").all_text_contents() == ["1", "2", "3", ""]
    assert tiles.locator("small").first.get_attribute("data-medal") == "1"
    title = tiles.nth(1).get_attribute("title") or ""
    assert "#2" in title
    assert "seam 1.40" in title


def test_notices_stand_at_the_foot_in_the_middle_and_clear_of_the_dock(page: Page) -> None:
    for size in ((1440, 900), (412, 915)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.click(".mge-strip >> text=Drop")
        page.wait_for_selector(".mge-toast.mge-on")
        page.wait_for_function("getComputedStyle(document.querySelector('.mge-toast')).transform === 'none'")
        places = [page.locator(name).bounding_box() for name in (".mge-view", ".mge-strip", ".mge-toast")]
        view, strip, toast = (each or {} for each in places)
        assert view["y"] + view["height"] / 2 < toast["y"], size
        assert toast["y"] + toast["height"] <= strip["y"], size
        assert abs(toast["x"] + toast["width"] / 2 - view["x"] - view["width"] / 2) <= 1, size


def test_runs_are_groups_and_any_tile_leads_to_its_picture(page: Page) -> None:
    run_again(page)
    page.keyboard.press(",")
    page.keyboard.press(",")
    page.click("text=Branch here")
    counted(page, 6)
    assert groups(page) == ["Run 1 A B C D", "Run 2 A B C D", "Branch at step 4 E F"]
    page.locator(".mge-tile").nth(2).click()
    counted(page, 4)
    assert state(page)["review"]["index"] == 2
    page.locator(".mge-strip >> text=Keep").click()
    page.wait_for_function("!__mge.state().review && __mge.state().version === 2")
    assert len(groups(page)) == 3  # nothing is thrown away by keeping
    page.locator(".mge-tile").nth(5).click()
    page.wait_for_function("(s => s.version === 1 && s.review && s.review.loaded)(__mge.state())")
    assert heard(page, "goto") == {"version": 0}
    assert (state(page)["review"]["index"], state(page)["review"]["count"]) == (1, 6)


def test_pointing_shows_a_variation_and_leaving_shows_what_was_there(page: Page) -> None:
    page.mouse.move(5, 5)
    before = page.evaluate(PICTURE)
    page.locator(".mge-tile").nth(3).hover()
    page.wait_for_function(f"({PICTURE})() !== {before}")
    assert state(page)["review"]["index"] == 0
    page.mouse.move(5, 5)
    page.wait_for_function(f"({PICTURE})() === {before}")
    page.keyboard.press("Escape")
    page.wait_for_function("!__mge.state().review")
    aside = page.evaluate(PICTURE)
    page.locator(".mge-tile").nth(3).hover()
    page.wait_for_function(f"({PICTURE})() !== {aside}")
    page.mouse.move(5, 5)
    page.wait_for_function(f"({PICTURE})() === {aside}")


def test_what_has_a_star_outlasts_a_clearing_and_a_reload(page: Page) -> None:
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    run_again(page)
    page.locator(".mge-place").nth(6).hover()
    page.locator(".mge-place").nth(6).locator(".mge-star").click()
    page.click("text=Clear unstarred")
    expect(page.locator(".mge-tile")).to_have_count(2)
    assert groups(page) == ["Run 1 B", "Run 2 C"]
    counted(page, 1)
    assert state(page)["review"]["index"] == 2
    assert page.is_disabled("text=Clear unstarred")
    page.wait_for_function("__mge.state().saved")
    page.reload()
    page.wait_for_selector("#mge-stage [data-ready]")
    counted(page, 1)
    page.wait_for_function("document.querySelectorAll('.mge-tile canvas').length === 2")
    assert groups(page) == ["Run 1 B", "Run 2 C"]
    assert page.locator(".mge-star[aria-pressed=true]").count() == 2
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Control+z")
    page.wait_for_function("document.querySelectorAll('.mge-tile canvas').length === 8")
    assert groups(page) == ["Run 1 A B C D", "Run 2 A B C D"]
