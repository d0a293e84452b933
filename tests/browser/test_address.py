"""Pictures of another site, by their address, pasted or dragged here; the site is a second port of this machine."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.gestures import opened
from tests.browser.stage_app import build

Open = Callable[..., Page]

MEGABYTE = 1024 * 1024


class Site(BaseHTTPRequestHandler):
    """Answers /photo.png, /private.png (to its own pages only), /page.html and /large.png."""

    def do_GET(self) -> None:
        file = io.BytesIO()
        Image.new("RGB", (120, 90), (200, 40, 90)).save(file, "png")
        answers = {
            "/photo.png": ("image/png", file.getvalue()),
            "/private.png": ("image/png", file.getvalue()),
            "/page.html": ("text/html", b"<p>a page</p>"),
            "/large.png": ("image/png", bytes(33 * MEGABYTE)),
        }
        kind, body = answers.get(self.path, ("text/plain", b""))
        self.send_response(200 if self.path in answers else 404)
        self.send_header("Content-Type", kind)
        if self.path != "/private.png":
            self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        try:
            self.wfile.write(body)
        except ConnectionError:
            return  # the page has read enough

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def address(serve: Callable[..., str]) -> str:
    return serve(build())


def paste(page: Page, text: str) -> None:
    page.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            const how = { clipboardData, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new ClipboardEvent("paste", how));
        }""",
        text,
    )


def drop(page: Page, text: str) -> None:
    page.evaluate(
        """text => {
            const dataTransfer = new DataTransfer();
            dataTransfer.setData("text/uri-list", text);
            const how = { dataTransfer, bubbles: true, cancelable: true };
            document.querySelector(".mge-view").dispatchEvent(new DragEvent("drop", how));
        }""",
        text,
    )


def test_a_picture_of_another_site_opens(open_page: Open, address: str, site: str) -> None:
    page = open_page(address)
    for bring in (paste, drop):
        opened(page, 400, 300)
        bring(page, f"http://{site}/photo.png")
        page.wait_for_function("__mge.state().width === 120 && __mge.state().height === 90")


def test_what_cannot_be_read_is_said_and_the_picture_stays(open_page: Open, address: str, site: str) -> None:
    page = open_page(address, allowed=("CORS", "Failed to load resource"))
    opened(page, 400, 300)
    for path, said in (
        ("private.png", "cannot be reached or lets no other page read its pictures"),
        ("page.html", "answered with text/html, not with a picture"),
        ("missing.png", "answered with HTTP 404, not with a picture"),
        ("large.png", "has more than 32 MB"),
    ):
        paste(page, f"http://{site}/{path}")
        page.locator(".mge-toast", has_text=said).wait_for()
        assert page.locator(".mge-toast").inner_text().startswith((site, f"The picture at {site}"))
        assert page.evaluate("__mge.state().width") == 400


def test_other_text_is_left_alone(open_page: Open, address: str) -> None:
    page = open_page(address)
    opened(page, 400, 300)
    toast = page.locator(".mge-toast").inner_text()
    for text in ("a red house", "ftp://somewhere/picture.png", "http://", address + "/photo.png"):
        paste(page, text)
    assert page.locator(".mge-toast").inner_text() == toast
    assert page.evaluate("__mge.state().width") == 400
