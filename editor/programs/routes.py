"""The addresses below /api/v1/.

Knows nothing of what a call does.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from editor.handlers.calls import CALLS, Calls
from editor.programs.call import Call
from editor.programs.openapi import description
from editor.programs.wire import Wire
from editor.sentences import about_programs
from editor.server.doorway import PROGRAMS


def routes(calls: Calls) -> list[BaseRoute]:
    """Return the routes of all calls, of their description, and of what is none of them."""
    under_way: set[object] = set()
    made: list[BaseRoute] = [Route(PROGRAMS + name, Call(name, calls, under_way)) for name in CALLS]
    return [*made, Route(f"{PROGRAMS}openapi.json", _Described()), Route(f"{PROGRAMS}{{rest:path}}", _Nothing())]


class _Described:
    """The description of all calls."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with it."""
        await Wire(send).json(description())


class _Nothing:
    """Every other address."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse it."""
        await Wire(send).refuse(404, about_programs.nothing_here(Request(scope).url.path))
