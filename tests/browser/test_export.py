"""The export dialog in a real browser: what can be had now, how large, and what the server is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from editor import appearance
from tests.browser.gestures import drag, opened, ran
from tests.browser.stage_app import build

Open = Callable[..., Page]
SIZE = (400, 300)


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build(step_seconds=0.02, steps=2), theme=appearance()["theme"])


def asked(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the server is asked for a file with these values, and return the whole question."""
    page.wait_for_function(
        """wanted => {
            const text = document.querySelector('#heard textarea').value;
            const { event, data } = text ? JSON.parse(text) : {};
            const same = ([name, value]) => (data[name] ?? null) === value;
            return event === "export" && Object.entries(wanted).every(same);
        }""",
        arg=wanted,
    )
    return dict(json.loads(page.input_value("#heard textarea"))["data"])


def test_a_picture_can_be_exported_smaller_and_beside_what_it_was(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, *SIZE)
    page.evaluate("mgeStage.export()")
    expect(page.locator(".mge-export [value=pair]")).to_be_disabled()
    longest = page.locator(".mge-longest input")
    expect(longest).to_have_attribute("placeholder", "400")
    asked(page, format="png", longest=None)
    longest.fill("200")
    asked(page, format="png", longest=200)
    page.check(".mge-export [value=project]")
    asked(page, format="project", longest=None)
    expect(page.locator(".mge-longest")).not_to_be_visible()
    page.keyboard.press("Escape")
    drag(page, [(100, 100), (180, 160)])
    run = ran(page)["run"]
    page.evaluate("mgeStage.export()")
    page.check(".mge-export [value=pair]")
    assert asked(page, format="pair", longest=200)["run"] == run
    expect(page.locator(".mge-export .mge-primary")).to_be_enabled()
    page.check(".mge-export [value=ora]")
    assert asked(page, format="ora", longest=None)["run"] == run
