"""A Hugging Face Hub on loopback that can be told to misbehave; files of "plain" lie outside the Hub."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from huggingface_hub import close_session, constants

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PAGE = b"<!DOCTYPE html>\n<html><body>Please log in to this network.</body></html>"


class FakeHub:
    """What the server offers, how it misbehaves, and what it was asked.

    Attributes:
        files: "owner/name/path" -> bytes, on the Hub, or "plain/path" -> bytes, outside it.
        sent: the same keys -> bytes that are sent instead of what was announced.
        statuses: answers to the next requests; 200 lets one through.
        cuts: for each of the next GETs the share of the file after which the line goes dead; 1 lets one through.
        page: "head" or "get" answer with a web page and status 200.
        typed: whether that page says of itself that it is one.
        ranges: whether a part of a file can be asked for.
        pause_s: before each tenth of a file.
        log: (method, key, first byte asked for); "PEEK" is a GET that asks for one byte.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.sent: dict[str, bytes] = {}
        self.statuses: list[int] = []
        self.cuts: list[float] = []
        self.page: set[str] = set()
        self.typed = True
        self.ranges = True
        self.commit = COMMIT
        self.pause_s = 0.0
        self.log: list[tuple[str, str, int]] = []
        self.url = ""

    def gets(self) -> list[int]:
        """Return from which byte on files were fetched; what else huggingface_hub asks a Hub does not count."""
        return [first for method, key, first in self.log if method == "GET" and key in self.files]


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    """Serve a `FakeHub` until the block ends."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _key(self) -> str:
            parts = unquote(self.path).lstrip("/").split("/")
            if parts[0] == "plain":
                return "/".join(parts)
            return "/".join([*parts[:2], *parts[4:]])  # owner/name/resolve/revision/path

        def _answer(self, *, body: bool) -> None:
            key = self._key()
            asked, _, last = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
            first = int(asked)
            hub.log.append(("PEEK" if last else self.command, key, first))
            status = hub.statuses.pop(0) if hub.statuses else 200
            if status == 200 and key not in hub.files:
                status = 404
            if status != 200:
                self._send(status, {"Content-Length": "0"})
                return
            if ("get" if body else "head") in hub.page:
                kind = "text/html; charset=utf-8" if hub.typed else "application/octet-stream"
                self._send(200, {"Content-Type": kind, "Content-Length": str(len(PAGE))}, PAGE if body else b"")
                return
            data = hub.files[key]
            digest = hashlib.sha256(data).hexdigest()
            headers = {"ETag": f'"{digest}"', "Content-Type": "application/octet-stream"}
            if not key.startswith("plain/"):
                headers |= {
                    "X-Repo-Commit": hub.commit,
                    "X-Linked-Etag": f'"{digest}"',
                    "X-Linked-Size": str(len(data)),
                }
            if last and hub.ranges:
                headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
                self._send(206, headers | {"Content-Length": "1"}, data[first : first + 1])
                return
            if not body:
                self._send(200, headers | {"Content-Length": str(len(data))})
                return
            data = hub.sent.get(key, data)
            if not hub.ranges:
                first = 0
            if first:
                status, headers["Content-Range"] = 206, f"bytes {first}-{len(data) - 1}/{len(data)}"
            cut = hub.cuts.pop(0) if hub.cuts else 1.0
            self._send(status, headers | {"Content-Length": str(len(data) - first)}, data[first : int(len(data) * cut)])
            if cut < 1.0:
                self.close_connection = True

        def _send(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            step = max(1, len(body) // 10)
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked may hang up
                for at in range(0, len(body), step):
                    time.sleep(hub.pause_s)
                    self.wfile.write(body[at : at + step])
                    self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def pretend(fake: FakeHub, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process take the server for the Hub, with its cache under `home`, and wait for nothing."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", str(home / "assets"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    serve_from(monkeypatch, fake.url)
    monkeypatch.setattr("core.models.hub._WAITS_S", (0.0, 0.0, 0.0))
    close_session()
    yield
    close_session()


def serve_from(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
