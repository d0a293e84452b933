"""One call: its form is read, its turn waited for, its steps told, its pictures sent.

Knows nothing of the engine. A sender who leaves ends the call at the next step, or before its turn came.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import IO

from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from core import BadRequest, CoreError, OutOfMemory, of_the_machine
from core.serve import Unavailable
from editor.handlers.calls import CALLS, Calls, Drawn, Sign
from editor.handlers.forms import written
from editor.programs.wire import Left, Refused, Wire
from editor.sentences import about_programs, on_page
from editor.server.doorway import UploadRefused
from editor.server.turns import Busy

logger = logging.getLogger(__name__)

_MOST_CALLS = 16
"""Calls under way, each with its files on disk: half of what may wait in a line."""
_LOOK_S = 0.5  # between two looks whether a waiting sender is still there
_MOST_FIELD = 65_536  # bytes of a text field; the longest that means anything is a class name


class Call:
    """The ASGI application of one address."""

    def __init__(self, name: str, calls: Calls, under_way: set[object]) -> None:
        """Answer calls of a name; `under_way` is shared by all addresses."""
        self._name = name
        self._calls = calls
        self._under_way = under_way

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call."""
        request, wire, mark = Request(scope, receive), Wire(send), object()
        with suppress(Left):
            try:
                wire.streams = self._checked(request)
                self._under_way.add(mark)
                await self._answer(request, wire)
            except Refused as refused:
                await wire.refuse(refused.status, str(refused))
            except CoreError as error:
                await wire.refuse(_status(error), str(error))
            except (OSError, MemoryError) as error:
                known = of_the_machine(error)
                if known is None:
                    logger.exception("call failed")
                await wire.refuse(500 if known is None else _status(known), str(known or on_page.internal_error()))
            except Left:
                raise
            except Exception:
                logger.exception("call failed")
                await wire.refuse(500, on_page.internal_error())
            finally:
                self._under_way.discard(mark)

    def _checked(self, request: Request) -> bool:
        """Check what is known before the form; tells whether steps are wanted."""
        if request.method != "POST":
            raise Refused(405, about_programs.post_only(request.url.path))
        stream = request.query_params.get("stream", "0")
        if stream not in ("0", "1"):
            raise Refused(400, about_programs.stream_unknown(stream))
        if len(self._under_way) >= _MOST_CALLS:
            raise Refused(503, about_programs.too_many_calls(_MOST_CALLS))
        return stream == "1"

    async def _answer(self, request: Request, wire: Wire) -> None:
        sent = await _form(request)
        try:
            form: object = written(CALLS[self._name].form, _fields(sent))
            drawn = await self._drawn(request, wire, form)
        finally:
            await sent.close()
        with drawn.file:
            await (_tell(drawn, wire) if wire.streams else _give(drawn, wire))

    async def _drawn(self, request: Request, wire: Wire, form: object) -> Drawn:
        """Draw in its turn among the programs.

        Raises:
            Left: if the sender is gone.
        """
        async with self._turn(request):
            items = self._calls.drawn(self._name, form, _sender(request), shown=wire.streams)
            try:
                while not isinstance(item := await run_in_threadpool(next, items), Drawn):
                    if await request.is_disconnected():
                        raise Left
                    if isinstance(item, Sign):
                        await wire.event(*item)
                return item
            finally:
                await run_in_threadpool(items.close)

    @asynccontextmanager
    async def _turn(self, request: Request) -> AsyncIterator[None]:
        turn = self._calls.turns.wait(_sender(request))
        try:
            come = asyncio.wrap_future(turn)
            while not (await asyncio.wait({come}, timeout=_LOOK_S))[0]:
                if await request.is_disconnected():
                    raise Left
            yield
        finally:
            self._calls.turns.leave(turn)


def _sender(request: Request) -> str:
    """Return the address that a call comes from, behind a proxy too; one address is one visitor."""
    return str(request.headers.get("x-forwarded-for") or getattr(request.client, "host", ""))


def _status(error: CoreError) -> int:
    if isinstance(error, (Busy, Unavailable)):
        return 503
    if isinstance(error, BadRequest):
        return 400
    return 503 if isinstance(error, OutOfMemory) else 507


async def _form(request: Request) -> FormData:
    """Read a form; its larger files lie on disk."""
    try:
        return await MultiPartParser(request.headers, request.stream(), max_part_size=_MOST_FIELD).parse()
    except UploadRefused as refused:
        raise Refused(refused.status, str(refused)) from None
    except (MultiPartException, FormParserError):
        raise Refused(400, about_programs.form_unreadable()) from None


def _fields(form: FormData) -> Mapping[str, str | IO[bytes]]:
    """List a form's fields: texts, and open files."""
    given: dict[str, str | IO[bytes]] = {}
    for name, value in form.multi_items():
        if name in given:
            raise Refused(400, about_programs.field_twice(name))
        given[name] = value.file if isinstance(value, UploadFile) else value
    return given


async def _give(drawn: Drawn, wire: Wire) -> None:
    """Send the best variation as a PNG."""
    best = drawn.best_first[0]
    headers = {
        "maskgit-seed": str(drawn.pictures[best].seed),
        "maskgit-variation": str(best + 1),
        "maskgit-variations": str(len(drawn.pictures)),
        "maskgit-model": drawn.model,
    }
    await wire.png(drawn.pictures[best].size, headers, drawn.pieces(best, wire.piece))


async def _tell(drawn: Drawn, wire: Wire) -> None:
    """Send every variation as an event, in order of their seeds."""
    await wire.event(*drawn.sign)
    for index, picture in enumerate(drawn.pictures):
        facts = {"variation": index + 1, "seed": picture.seed}
        await wire.picture_event(facts, drawn.pieces(index, wire.piece))
    await wire.end()
