"""The addresses for programs over a fake engine, asked without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.types import Message

from core.pictures import encode_png
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from editor.models.current import Models
from editor.programs.routes import routes
from editor.settings import AppSettings
from tests.editor.fakes import FakeEngine
from tests.loops import completed


@dataclass
class Answer:
    """What came back: the status, the headers by small letters, the body."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def said(self) -> str:
        """The sentence of a refusal."""
        return str(json.loads(self.body)["detail"])

    @property
    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """The events of a stream."""
        found = []
        for block in self.body.decode().split("\n\n")[:-1]:
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
        return found


@dataclass
class Programs:
    """The addresses, and what stands behind them."""

    handlers: Handlers
    engine: FakeEngine
    files: dict[str, bytes]

    def __post_init__(self) -> None:
        """Make the application."""
        self.app = Starlette(routes=routes(self.handlers.calls))

    def ask(self, path: str, fields: Mapping[str, str | bytes], **changes: Any) -> Answer:
        """Send a form and return the answer."""
        return self.together(lambda: self.answer(path, fields, **changes))

    def together(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run something in an event loop."""

        async def run() -> Any:
            return await work()

        return completed(run())

    async def answer(
        self,
        path: str,
        fields: Mapping[str, str | bytes],
        *,
        method: str = "POST",
        gone: Callable[[Answer], bool] = lambda answer: False,
        body: bytes | None = None,
    ) -> Answer:
        """Send a form; the sender leaves as soon as `gone` says so of what it has."""
        answer, brought, left = Answer(), False, asyncio.Event()

        async def receive() -> Message:
            nonlocal brought
            if not brought:
                brought = True
                return {"type": "http.request", "body": form_of(fields) if body is None else body, "more_body": False}
            if gone(answer):
                left.set()
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            else:
                answer.body += message["body"]

        target, _, query = path.partition("?")
        kind = (b"content-type", b"multipart/form-data; boundary=x")
        scope = {"type": "http", "method": method, "path": f"/api/v1/{target}", "query_string": query.encode()}
        await self.app({**scope, "headers": [kind], "scheme": "http", "server": ("here", 80)}, receive, send)
        return answer


def form_of(fields: Mapping[str, str | bytes]) -> bytes:
    """Return a form's body as curl -F sends it."""
    parts = b""
    for name, value in fields.items():
        file = b'; filename="a.png"\r\nContent-Type: image/png' if isinstance(value, bytes) else b""
        data = value if isinstance(value, bytes) else value.encode()
        parts += b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (name.encode(), file, data)
    return parts + b"--x--\r\n"


@pytest.fixture
def programs(settings: AppSettings, documents: Documents, photo: NDArray[np.uint8]) -> Programs:
    """The addresses, with a photo and a mask of it."""
    engine: Any = FakeEngine(step_seconds=0.01)
    mask = np.zeros((48, 64, 3), np.uint8)
    mask[8:16, 8:24] = 255
    files = {"image": encode_png(photo), "mask": encode_png(mask)}
    return Programs(Handlers(Models(engine, settings), settings, documents), engine, files)
