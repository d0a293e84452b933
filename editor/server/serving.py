"""Serves Gradio's application behind the door, on given sockets, until somebody stops it.

Knows nothing of the page or of models. Unlike Gradio's own start it makes no HTTP requests to itself, so that proxies,
hosts and a busy machine cannot keep it from starting.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editor.sentences.language import spoken
from editor.server.addresses import Addresses
from editor.server.assets import Assets
from editor.server.doorway import Doorway, Rules
from editor.server.sessions import Sessions
from editor.server.sockets import is_loopback
from editor.server.workplace import Workplace
from editor.settings import AppSettings

_GRACE_S = 2  # for answers under way when the server is stopped
_PATIENCE_S = 6.0  # for a step of a run, inside which torch cannot be interrupted
_MOST_CONNECTIONS = 700  # two stay open per page; beyond, visitors are asked to come again


def application(
    page: gr.Blocks, settings: AppSettings, place: Workplace, routes: Sequence[BaseRoute] = (), **look: Any
) -> tuple[ASGIApp, FastAPI]:
    """Build the whole application; returns it, and Gradio's own within it.

    Args:
        page: queued.
        settings: hosts and limits.
        place: its served folder holds Gradio's files.
        routes: addresses that are not Gradio's.
        **look: theme, style sheets and head of the page.
    """
    outer = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, routes=list(routes))
    gr.mount_gradio_app(
        outer,
        page,
        path="/",
        server_name=settings.host,
        server_port=settings.port,
        root_path=os.environ.get("GRADIO_ROOT_PATH", ""),
        max_file_size=f"{settings.max_file_mb}mb",
        footer_links=["api"],
        mcp_server=settings.mcp,
        run_history=False,
        show_error=False,
        ssr_mode=False,
        enable_monitoring=False,
        app_kwargs={"middleware": [Middleware(Addresses, folder=place.served)]},
        **look,
    )
    inner = next(route.app for route in outer.routes if isinstance(route, Mount))
    assert isinstance(inner, FastAPI)
    inner.state_holder = Sessions(page)  # type: ignore[attr-defined]
    rules = Rules(settings.hosts, not is_loopback(settings.host), settings.max_file_mb, place.served)
    return Doorway(Assets(Pages(outer)), rules), inner


class Pages:
    """ASGI application around another one: the page itself travels compressed, as Gradio's own files do.

    It also tells its language: to screen readers, and to Gradio, which has labels of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._compressed = GZipMiddleware(self._told, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        page = scope["type"] == "http" and scope["path"] in ("/", "/config")
        await (self._compressed if page else self._app)(scope, receive, send)

    async def _told(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for the page."""
        start: Message | None = None

        async def tell(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if start is not None:
                body = message.get("body", b"")
                message = {**message, "body": _in_language(body)}
                headers = MutableHeaders(raw=start["headers"])
                for name in ("Accept-Language", "Cookie"):  # what the language depends on
                    headers.add_vary_header(name)
                if "content-length" in headers:
                    longer = len(message["body"]) - len(body)
                    headers["content-length"] = str(int(headers["content-length"]) + longer)
                await send(start)
                start = None
            await send(message)

        await self._app(scope, receive, tell)


def _in_language(page: bytes) -> bytes:
    """Say in a page of Gradio's, which is English by its own account, what language it is in."""
    code = spoken().encode()
    begun = b'<head><script>Object.defineProperty(navigator,"language",{value:"%b"})</script>' % code
    return page.replace(b'lang="en"', b'lang="%b"' % code, 1).replace(b"<head>", begun, 1)


class Server(uvicorn.Server):
    """Serves until `should_exit`; in the main thread also until SIGINT or SIGTERM, which it raises again afterwards."""

    def __init__(
        self, app: ASGIApp, inner: FastAPI, *, ready: Callable[[], None], stuck: Callable[[int], None]
    ) -> None:
        """Prepare to serve.

        Args:
            app: the whole application.
            inner: Gradio's application, whose open streams are told when the server ends.
            ready: called once the first request can be answered.
            stuck: called with a signal, from another thread, if the server has not ended in time after it.
        """
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="none",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_GRACE_S,
        )
        super().__init__(config)
        self._inner, self._ready, self._stuck = inner, ready, stuck

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer, and report it."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End every stream, then the server."""
        self._inner.stop_event.set()  # type: ignore[attr-defined]  # Gradio's own, which its heartbeats wait for
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start to end, and make sure of the end."""
        if not self.should_exit:
            watch = threading.Timer(_PATIENCE_S, self._stuck, (sig,))
            watch.daemon = True
            watch.start()
        super().handle_exit(sig, frame)
