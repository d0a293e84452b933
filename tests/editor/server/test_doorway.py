"""The door by itself: what it lets through to the application behind it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from editor.server.doorway import Doorway, Rules
from tests.loops import completed

HOST = [(b"host", b"127.0.0.1:7860"), (b"content-type", b"application/json")]


def posted(place: Path, body: bytes, path: str = "/gradio_api/queue/join") -> tuple[int, list[bytes]]:
    """Return the status of an answer, and the bodies that came through."""
    through: list[bytes] = []
    sent: list[Message] = []

    async def behind(scope: Scope, receive: Receive, send: Send) -> None:
        through.append((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [*HOST, (b"content-length", str(len(body)).encode())]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers}
    completed(Doorway(behind, Rules((), False, 1, place))(scope, receive, send))
    return sent[0]["status"], through


def file(path: str) -> bytes:
    return json.dumps({"data": [{"path": path, "meta": {"_type": "gradio.FileData"}}], "fn_index": 1}).encode()


@pytest.mark.parametrize(
    "body",
    [
        file("http://example.com/a.png"),
        file("https://example.com/a.png"),
        file("http://example.com/a.png").replace(b"FileData", b"File\\u0044ata").replace(b"path", b"p\\u0061th"),
        file("http://example.com/a.png").replace(b"http:", b"\\u0068ttp:"),
        file("http://example.com/a.png").replace(b"//", b"\\/\\/"),
    ],
)
def test_no_file_is_fetched_from_an_address(tmp_path: Path, body: bytes) -> None:
    assert posted(tmp_path, body) == (403, [])


@pytest.mark.parametrize(
    "body",
    [
        file("/mge-files/abc/photo.png"),
        json.dumps({"data": ["http://example.com/a.png"], "name": "\u00e9"}).encode(),
        b'{"data": ["gradio.FileData", "http://"',
        b'{"data": "gradio.FileData"' + b"[" * 100_000,
    ],
)
def test_everything_else_comes_through(tmp_path: Path, body: bytes) -> None:
    assert posted(tmp_path, body) == (200, [body])


def test_programs_of_the_model_context_protocol_may_name_addresses(tmp_path: Path) -> None:
    body = file("https://example.com/a.png")
    assert posted(tmp_path, body, "/gradio_api/mcp/") == (200, [body])


def test_a_crowd_is_refused_before_it_reaches_gradio_and_those_who_left_make_room(tmp_path: Path) -> None:
    body, statuses = file("/mge-files/abc/photo.png"), list[int]()

    async def crowd() -> None:
        end = asyncio.Event()

        async def behind(scope: Scope, receive: Receive, send: Send) -> None:
            await end.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        door = Doorway(behind, Rules((), False, 1, tmp_path))
        headers = [*HOST, (b"content-length", str(len(body)).encode())]
        scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": headers}
        asked = [asyncio.ensure_future(door(dict(scope), receive, send)) for _ in range(70)]
        while len(statuses) < 6:
            await asyncio.sleep(0)
        assert statuses == [503] * 6
        end.set()
        await asyncio.gather(*asked)
        await door(dict(scope), receive, send)

    completed(crowd())
    assert statuses == [503] * 6 + [200] * 65
