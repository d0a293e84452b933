"""What goes back to a program: a PNG, server-sent events, or a refusal in one sentence.

Knows nothing of what is drawn. Events rather than multipart parts: every language reads them line by line, `curl -N`
shows them as they are, and a proxy passes them on; a picture in them is base64, which costs a third more bytes.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.types import Message, Send

_PATIENCE_S = 10.0
"""For a reader who takes nothing, though megabytes of steps fit between the two; meanwhile the engine waits, too."""
_PIECE = 3 * 2**14  # bytes sent at once; a multiple of three, so that each piece is whole in base64
_BUSY = 503  # the one status after which the same call may do


class Refused(Exception):
    """A call that is refused; its text is the sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Left(Exception):
    """The sender is not there any more, or takes nothing."""


class Wire:
    """The answer to one call.

    Attributes:
        streams: whether it is events.
        begun: whether anything was sent, so that the status stands.
    """

    piece = _PIECE

    def __init__(self, send: Send, *, streams: bool = False) -> None:
        self._send = send
        self.streams = streams
        self.begun = False

    async def event(self, name: str, data: Mapping[str, Any]) -> None:
        """Send an event."""
        if not self.begun:
            await self._start(200, {"content-type": "text/event-stream", "cache-control": "no-store"})
        await self._body(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    async def picture_event(self, facts: Mapping[str, Any], pieces: Iterable[bytes]) -> None:
        """Send a picture as an event: facts about it, and its PNG in base64."""
        head = json.dumps(dict(facts))[:-1]
        await self._body(f'event: picture\ndata: {head}, "png": "'.encode())
        for piece in pieces:
            await self._body(base64.b64encode(piece))
        await self._body(b'"}\n\n')

    async def png(self, size: int, headers: Mapping[str, str], pieces: Iterable[bytes]) -> None:
        """Send a picture as the whole answer."""
        await self._start(200, {"content-type": "image/png", "content-length": str(size), **headers})
        for piece in pieces:
            await self._body(piece)
        await self.end()

    async def json(self, value: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send JSON as the whole answer."""
        body = json.dumps(dict(value)).encode()
        await self._start(
            status, {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
        )
        await self._body(body)
        await self.end()

    async def refuse(self, status: int, sentence: str) -> None:
        """Say in one sentence why there is no picture."""
        if self.begun:
            await self.event("error", {"detail": sentence})
            await self.end()
            return
        await self.json({"detail": sentence}, status, {"retry-after": "5"} if status == _BUSY else None)

    async def end(self) -> None:
        """End the answer."""
        await self._out({"type": "http.response.body", "body": b"", "more_body": False})

    async def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self.begun = True
        listed = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await self._out({"type": "http.response.start", "status": status, "headers": listed})

    async def _body(self, body: bytes) -> None:
        await self._out({"type": "http.response.body", "body": body, "more_body": True})

    async def _out(self, message: Message) -> None:
        """Send a message; a reader who takes nothing counts as gone, so that nobody waits for it.

        Raises:
            Left: if the reader is gone.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._send(message)
        except (TimeoutError, OSError):
            raise Left from None
