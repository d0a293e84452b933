"""Hides the server's paths: files in the served folder have a made-up name outside.

Knows nothing of who may come in. Gradio names files by their path on the server's disk, in addresses and in every
answer; here that path is written as `NAME` on the way out and translated back on the way in, for pages and programs
alike, and no other file has an address.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editor.sentences import about_server

NAME = "/mge-files"

_FILE = "/gradio_api/file="
_TEXTS = ("application/json", "text/html", "text/event-stream", "text/plain")


class Addresses:
    """ASGI application around Gradio's, within its compression."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        self._app = app
        self._folder = folder
        plain = str(folder)
        spellings = (plain, folder.as_posix(), quote(folder.as_posix()), json.dumps(plain)[1:-1])
        self._spellings = tuple(dict.fromkeys(each.encode() for each in spellings))
        self._written = json.dumps(plain)[:-1].encode()  # the beginning of a path in a JSON body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Translate one request and its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        before, file, name = scope["path"].partition(_FILE)
        if file:
            if not name.startswith(f"{NAME}/"):
                await PlainTextResponse(about_server.closed(), 404)(scope, receive, send)
                return
            path = f"{before}{_FILE}{self._folder.as_posix()}{name.removeprefix(NAME)}"
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        kind = Headers(scope=scope).get("content-type", "")
        await self._app(
            scope, self._inward(receive) if kind.startswith("application/json") else receive, self._out(send)
        )

    def _inward(self, receive: Receive) -> Receive:
        async def translated() -> Message:
            message = await receive()
            if message["type"] == "http.request" and NAME.encode() in message.get("body", b""):
                body = message["body"].replace(f'"{NAME}/'.encode(), self._written + b"/")
                message = {**message, "body": body}
            return message

        return translated

    def _out(self, send: Send) -> Send:
        """Wrap `send` to translate texts; an answer's head waits for its first piece, which tells its length."""
        head: Message | None = None
        translates = False

        async def translated(message: Message) -> None:
            nonlocal head, translates
            if message["type"] == "http.response.start":
                translates = Headers(raw=message.get("headers", [])).get("content-type", "").startswith(_TEXTS)
                if translates:
                    head = {**message, "headers": list(message.get("headers", []))}
                    return
            elif translates and message["type"] == "http.response.body":
                body = message.get("body", b"")
                for each in self._spellings:
                    body = body.replace(each, NAME.encode())
                message = {**message, "body": body}
                if head is not None:
                    headers = MutableHeaders(raw=head["headers"])
                    if "content-length" in headers and not message.get("more_body", False):
                        headers["content-length"] = str(len(body))
                    elif "content-length" in headers:
                        del headers["content-length"]
                    await send(head)
                    head = None
            await send(message)

        return translated
