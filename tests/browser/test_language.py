"""The page in German, by the real app: what is on it, what it says, what the server answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.real_app import App, saved, state, stroke, wait

# Gradio's queue statistics set a pandas option that pandas has deprecated; nothing of ours.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")


def test_whoever_chooses_german_hears_german_and_goes_on_painting(
    open_page: Callable[..., Page], app: App, tmp_path: Path
) -> None:
    page = open_page(app.address)
    wait(page, "s.width > 0")
    stroke(page, 0.45, 0.45)
    painted = state(page)["mask"]
    expect(page).to_have_title("MaskGIT editor")
    page.locator("#mge-more button").first.click()
    saved(page)
    with page.expect_navigation():
        page.locator("#mge-language select").select_option("Deutsch")
    page.wait_for_selector("#mge-stage [data-ready]")
    wait(page, f"__mge.maskHash() === {painted!r}")
    expect(page).to_have_title("MaskGIT-Editor")
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["de", "de"]
    expect(page.locator("#mge-run")).to_contain_text("Starten")
    expect(page.locator("#mge-steps")).to_contain_text("Schritte T")
    expect(page.locator(".mge-status")).to_contain_text("von 256 Zellen")
    document = tmp_path / "a.pdf"
    document.write_bytes(b"%PDF-1.7 and more")
    page.locator("#mge-upload input[type=file]").set_input_files(document)
    expect(page.locator(".mge-toast")).to_contain_text("Die Datei ist ein PDF: eine Datei in PNG, JPEG")
    described = page.request.get(f"{app.address}config")
    assert described.json()["title"] == "MaskGIT-Editor"
    assert "Accept-Language, Cookie" in described.headers["vary"]
