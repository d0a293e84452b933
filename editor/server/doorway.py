"""The server's door, before Gradio: who may come in, and how much they may bring.

Knows nothing of pictures or gestures. Host, Origin and Sec-Fetch-Site tell which page a browser's request comes from:
another page may link to the editor, but neither read from it nor change anything, and a name that is not ours (DNS
rebinding) gets no answer at all. Programs send none of these and are let in. Nobody may send more than the limits,
which hold before a byte is kept, for one request and for all that are under way.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from editor.sentences import about_server
from editor.sentences.language import ENGLISH, say, speaking
from editor.server.language import language_of
from editor.server.sockets import is_loopback
from editor.server.turns import LINE
from editor.server.uploads import Uploads

MB = 2**20
"""Bytes of a megabyte, as memory is counted."""
_MOST_JSON = 24 * MB  # the mask of single pixels on a 16 MP photo, and the stage's state, both below 17 MB
_MOST_JSON_AT_ONCE = 4 * _MOST_JSON
"""For all requests under way: 96 MB of memory, and room for four of the largest."""
_MOST_ANSWERED = 2 * LINE
"""Requests with JSON being answered: a refusal here takes a tenth of what Gradio takes, and a crowd would wait."""
_MOST_UPLOADS_AT_ONCE = 4  # of the largest size
_MOST_UPLOADS_KEPT = 8  # of the largest size, for all visitors together
_MOST_PARTS = 16  # files of one upload, each an open file meanwhile
_SPARE_DISK = 256 * MB
"""Disk space that uploads never fill: versions, results and other programs need it."""
_PATIENCE_S = 30.0  # for a whole JSON body, and between two pieces of an upload
_DRAIN_S = 3.0  # time for reading away a refused body, so that the refusal arrives
_UPLOAD = "/gradio_api/upload"
PROGRAMS = "/api/v1/"
"""Below it programs send forms; editor/programs answers them."""
_CLOSED = re.compile(
    r"/gradio_api/(proxy=|deep_link|file/|dev/|vibe|undo-vibe|process_recording|stream/|run-history|runs)"
    r"|/(login|logout|monitoring)(/|$)"
)
"""Parts of Gradio that nothing here uses: fetching foreign addresses, writing links, traffic."""
_MCP = "/gradio_api/mcp"  # there Gradio turns addresses into files; whoever starts with --mcp wants that


@dataclass(frozen=True)
class Rules:
    """Who may come in, and how much they may bring.

    Attributes:
        hosts: names of the server besides the loopback's; ".name" stands for all names that end so.
        addresses: whether it also answers to any address of this machine, which no other page can pretend.
        upload_mb: size of the largest upload.
        place: folder for uploads.
    """

    hosts: tuple[str, ...]
    addresses: bool
    upload_mb: int
    place: Path

    def knows(self, host: str) -> bool:
        """Tell whether a Host header, with or without a port, names this server."""
        name = _name(host)
        if name is None:
            return False
        numeric = ":" in name or name.replace(".", "").isdecimal()
        return is_loopback(name) or (self.addresses and numeric) or self.trusts(name)

    def trusts(self, name: str) -> bool:
        """Tell whether a host name is one of `hosts`."""
        return any(name == host or (host.startswith(".") and name.endswith(host)) for host in self.hosts)


class Refused(Exception):
    """A request that is refused at the door; its text is the answer's sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class UploadRefused(MultiPartException):
    """The same for files, once they are under way; Gradio's parser knows it as its own."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Doorway:
    """ASGI application around another one."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules
        self._upload_most = rules.upload_mb * MB
        self._uploads = Uploads(rules.place, _MOST_UPLOADS_KEPT * self._upload_most)
        self._coming = {"json": 0, "upload": 0, "answered": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        send = _marked(send, self._rules)
        of_program = scope["path"].startswith(PROGRAMS)
        with speaking(ENGLISH if of_program else language_of(headers)):
            await self._answer(scope, headers, receive, send)

    async def _answer(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Let a request in, or refuse it in a sentence."""
        try:
            self._check_sender(scope, headers)
            if scope["method"] in ("GET", "HEAD", "OPTIONS"):
                await self._app(scope, receive, send)
            elif _brings_files(scope, headers):
                length = self._length(headers)
                with self._room("upload", length, self._upload_most, _MOST_UPLOADS_AT_ONCE):
                    await self._make_room(length)
                    await self._app(scope, self._metered(receive, headers), send)
            else:
                await self._take_json(scope, headers, receive, send)
        except Refused as refused:
            await _answer(refused, scope, receive, send)

    # who ------------------------------------------------------------------------------------------------------------
    def _check_sender(self, scope: Scope, headers: Headers) -> None:
        """Refuse other names, other pages, and parts of Gradio that nothing here uses.

        Raises:
            Refused: with the reason.
        """
        host = headers.get("host", "")
        if not self._rules.knows(host):
            raise Refused(421, about_server.host_unknown(host))
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "none")
        page = "" if origin is None else _authority(origin)
        trusted = self._rules.trusts(_name(page) or "")
        if origin is not None and not trusted and page != host.lower().removesuffix(":80"):
            raise Refused(403, about_server.foreign_page(origin))
        link = scope["method"] in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("same-origin", "none") and not link and not trusted:
            raise Refused(403, about_server.foreign_page(origin or site))
        if _CLOSED.search(scope["path"]):
            raise Refused(404, about_server.closed())

    # how much -------------------------------------------------------------------------------------------------------
    async def _take_json(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        """Let a request in if its whole body is JSON of a bounded size, or empty."""
        length = self._length(headers)
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and (length or kind or scope["method"] != "DELETE"):
            raise Refused(415, about_server.kind_of_body("application/json"))
        with self._room("json", length, _MOST_JSON, _MOST_JSON_AT_ONCE // _MOST_JSON):
            body = await _whole(receive, _MOST_JSON)
            if body is not None:
                if not scope["path"].startswith(_MCP) and _names_an_address(body):
                    raise Refused(403, about_server.nothing_fetched())
                with self._room("answered", 1, 1, _MOST_ANSWERED):  # who still sends holds none
                    await self._app(scope, _given(body, receive), send)

    def _length(self, headers: Headers) -> int | None:
        """Read the announced size of a body, 0 for none, None if it comes in chunks."""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return None
        text = headers.get("content-length", "0")
        if not text.isdecimal():
            raise Refused(400, about_server.kind_of_body(say("server.content_length")))
        return int(text)

    @contextmanager
    def _room(self, kind: str, length: int | None, most: int, at_once: int) -> Iterator[None]:
        """Reserve room for a body, counted as the largest if its size is not announced, or one place for an answer.

        Raises:
            Refused: if it is too large, or others take the room.
        """
        wanted = most if length is None else length
        if wanted > most:
            raise Refused(413, about_server.body_too_large(most // MB))
        if self._coming[kind] + wanted > at_once * most:
            raise Refused(503, about_server.too_busy())
        self._coming[kind] += wanted
        try:
            yield
        finally:
            self._coming[kind] -= wanted

    async def _make_room(self, length: int | None) -> None:
        """Remove old uploads for a new one.

        Raises:
            Refused: if there is no room even so.
        """
        wanted = self._upload_most if length is None else length
        if not await asyncio.to_thread(self._uploads.make_room, wanted):
            raise Refused(503, about_server.too_busy())
        free = shutil.disk_usage(self._rules.place).free
        if free < wanted + _SPARE_DISK:
            raise Refused(507, about_server.disk_full(free / MB))

    def _metered(self, receive: Receive, headers: Headers) -> Receive:
        """Wrap `receive` to hand an upload on piece by piece; on errors Gradio's parser cleans up."""
        boundary = headers.get("content-type", "").partition("boundary=")[2].split(";")[0].strip(' "').encode("latin-1")
        mark = b"--" + boundary
        came, parts, tail, whole = 0, 0, b"", False

        async def piece() -> Message:
            nonlocal came, parts, tail, whole
            if whole:  # whoever answers asks on, to hear whether the sender is still there
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), _PATIENCE_S)
            except TimeoutError:
                raise UploadRefused(408, about_server.upload_cut()) from None
            if message["type"] != "http.request":
                raise UploadRefused(400, about_server.upload_cut())
            body = message.get("body", b"")
            came += len(body)
            parts += (tail + body).count(mark)
            tail = body[-(len(mark) - 1) :]
            if came > self._upload_most:
                raise UploadRefused(413, about_server.body_too_large(self._rules.upload_mb))
            if parts > _MOST_PARTS + 1:
                raise UploadRefused(400, about_server.upload_parts(_MOST_PARTS))
            whole = not message.get("more_body", False)
            return message

        return piece


def _brings_files(scope: Scope, headers: Headers) -> bool:
    """Tell whether a request may bring files.

    Raises:
        Refused: if it is a program's and brings anything else.
    """
    if scope["path"].rstrip("/").endswith(_UPLOAD):
        return True
    if not scope["path"].startswith(PROGRAMS):
        return False
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise Refused(415, about_server.kind_of_body("multipart/form-data"))
    return True


async def _whole(receive: Receive, most: int) -> bytes | None:
    """Read a whole body; None if the sender has left.

    Raises:
        Refused: if it is larger than `most`, or does not come in time.
    """
    parts, came = [], 0
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    return None
                parts.append(message.get("body", b""))
                came += len(parts[-1])
                if came > most:
                    raise Refused(413, about_server.body_too_large(most // MB))
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Refused(408, about_server.body_slow()) from None


def _names_an_address(body: bytes) -> bool:
    """Tell whether a JSON body names a file by an address, which Gradio would fetch, however large, and open."""
    if b"FileData" not in body and b"\\u" not in body:  # the mark of a file, plain or escaped
        return False
    found = False

    def look(values: dict[str, object]) -> None:
        nonlocal found
        path = values.get("path")
        found = found or (isinstance(path, str) and path.startswith(("http://", "https://")))

    try:
        json.loads(body, object_hook=look)
    except (ValueError, RecursionError):  # Gradio will say so
        return False
    return found


def _given(body: bytes, receive: Receive) -> Receive:
    """Make a `receive` that gives a body at once, and then whatever comes."""
    told = False

    async def once() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once


async def _answer(refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer in a sentence, and read away what the sender still sends: a sender cut off would never see the answer."""
    body = json.dumps({"detail": str(refused)}).encode()
    kind = b"application/json"
    if scope["path"].endswith(_UPLOAD) or scope["method"] == "GET":  # Gradio's upload, and people, show the text
        body, kind = str(refused).encode(), b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    if refused.status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body, "more_body": True})
    try:
        async with asyncio.timeout(_DRAIN_S):
            while scope["method"] not in ("GET", "HEAD"):
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
    except TimeoutError:
        pass
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _marked(send: Send, rules: Rules) -> Send:
    """Wrap `send` to forbid guessing the content's type, and to say who may frame or embed it."""
    framing = " ".join(("'self'", *(f"https://{'*' if host.startswith('.') else ''}{host}" for host in rules.hosts)))
    added = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
        (b"content-security-policy", f"frame-ancestors {framing}".encode("latin-1", "replace")),
    ]

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message.get("headers", ())}
            kept = list(message.get("headers", ()))
            message = {**message, "headers": kept + [each for each in added if each[0] not in there]}
        await send(message)

    return marked


def _name(authority: str) -> str | None:
    """Parse the host of "host" or "host:port", in small letters and without brackets; None if it is neither."""
    found = re.fullmatch(r"(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::[0-9]{1,5})?", authority.lower())
    return None if found is None else (found[1] or found[2]).rstrip(".")


def _authority(origin: str) -> str:
    """Convert an Origin header to a Host header's form; empty for "null" and for anything invalid."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return ""
    port = {"http": ":80", "https": ":443"}.get(parts.scheme, "")
    return parts.netloc.lower().removesuffix(port) if port else ""
