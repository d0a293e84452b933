"""Gradio's own scripts and styles, of which a page loads some eighty: given from memory, compressed once.

Knows nothing of the page. A name has a hash of the content in it, so browsers may keep a file for good. Gradio reads
and compresses each anew: a first visit cost a third more of the one thread that serves, and a tenth more time.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

from gradio.route_utils import BUILD_PATH_LIB
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

_KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""Content types by ending, of what is text and worth compressing; the rest is Gradio's to answer."""
_HASHED = re.compile(r".+-[\w-]{8}\.\w+")
_FOR_GOOD = "public, max-age=31536000, immutable"


class Assets:
    """ASGI application around another one, which answers for everything else."""

    def __init__(self, app: ASGIApp, folder: Path = Path(BUILD_PATH_LIB)) -> None:
        """List the files.

        Args:
            app: whatever answers for the rest.
            folder: of the files, none of which changes.
        """
        self._app = app
        files = [file for file in folder.iterdir() if file.suffix in _KINDS and _HASHED.fullmatch(file.name)]
        self._files = {f"/assets/{file.name}": file for file in files}
        self._answers: dict[tuple[Path, bool], Response] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        file = self._files.get(scope.get("path", "")) if scope["type"] == "http" else None
        if file is None or scope["method"] != "GET" or not file.is_file():
            await self._app(scope, receive, send)
            return
        packed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        answer = self._answers.get((file, packed)) or self._answers.setdefault((file, packed), _answer(file, packed))
        await answer(scope, receive, send)


def _answer(file: Path, packed: bool) -> Response:
    """Read a file into an answer that can be given any number of times."""
    headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
    content = file.read_bytes()
    if packed:
        headers["Content-Encoding"] = "gzip"
        content = gzip.compress(content, 6, mtime=0)
    return Response(content, headers=headers, media_type=_KINDS[file.suffix])
