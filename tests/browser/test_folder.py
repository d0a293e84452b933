"""The same edit on many photos: chosen, edited one after the other, stopped, and saved as one zip with its table."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from core.pictures import encode_png, open_picture
from editor import appearance
from tests.browser.gestures import drag, heard, opened
from tests.browser.stage_app import build, mask_of

DROP = """names => {
    const dropped = new DataTransfer();
    for (const name of names) dropped.items.add(new File(["?"], name));
    const options = { dataTransfer: dropped, bubbles: true, cancelable: true };
    document.querySelector(".mge").dispatchEvent(new DragEvent("drop", options));
}"""
"""Drops files of those names on the stage."""


def test_the_same_is_done_with_many_photos_and_what_was_made_is_saved(
    open_page: Callable[..., Page], serve: Callable[..., str], tmp_path: Path
) -> None:
    page = open_page(serve(build(), theme=appearance()["theme"]))
    opened(page, 40, 30)
    opener, dialog = page.locator("#mge-folder button"), page.locator(".pg-folder")
    opener.click()
    expect(page.locator(".mge-toast")).to_contain_text("Nothing is painted yet")
    expect(dialog).not_to_be_visible()
    drag(page, [(10, 10), (20, 16)])
    page.evaluate(DROP, ["one.png", "two.jpg", "notes.txt"])
    expect(dialog.locator("li")).to_have_text(["one.pngwaits", "two.jpgwaits"])
    photos = {"1 Küste": (40, 30, 90), "2 wide": (50, 30, 90), "3 waits": (40, 30, 0)}
    for name, (width, height, shade) in photos.items():
        image = np.full((height, width, 3), shade, np.uint8)
        image[-1] = 200
        (tmp_path / f"{name}.png").write_bytes(encode_png(image))
    (tmp_path / "notes.txt").write_text("no photo")
    dialog.locator("input[type=file]").last.set_input_files(sorted(tmp_path.iterdir()))
    rows = dialog.locator("li")
    expect(rows).to_have_count(3)
    dialog.get_by_role("button", name="Start").click()
    expect(rows.nth(2)).to_contain_text("is edited: 3 before it")
    expect(opener).to_have_text("2/3")
    asked = heard(page, "repeat")
    assert (asked["mode"], asked["size"], asked["best"]) == ("fill", [40, 30], True)
    assert mask_of(asked["mask"]).any()
    expect(dialog.get_by_role("button", name="Choose photos")).to_be_disabled()
    dialog.get_by_role("button", name="Stop").click()
    expect(rows.nth(2)).to_contain_text("waits")
    expect(dialog.locator("[role=status]")).to_contain_text("1 of 3 made, 1 failed. Stopped")
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Save zip").click()
    with zipfile.ZipFile(saved.value.path()) as zipped:
        assert zipped.namelist() == ["manifest.csv", "mask.png", "1 Küste.png"]
        made = np.asarray(open_picture(zipped.read("1 Küste.png")))
        mask = np.asarray(open_picture(zipped.read("mask.png")))
        table = list(csv.DictReader(io.StringIO(zipped.read("manifest.csv").decode())))
    assert np.array_equal(made, open_picture(tmp_path / "1 Küste.png")[::-1])
    assert np.array_equal(mask[..., 0] > 0, mask_of(asked["mask"]))
    assert [(row["image"], row["status"], row["outputs"], row["told"]) for row in table] == [
        ("1 Küste.png", "made", "1 Küste.png", ""),
        ("2 wide.png", "failed", "", "Of another size."),
    ]
    dialog.get_by_role("button", name="Go on").click()
    expect(rows.nth(2)).to_contain_text("is edited")
    dialog.get_by_role("button", name="Close").click()
    expect(opener).to_have_text("2/3")
