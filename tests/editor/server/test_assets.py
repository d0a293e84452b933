"""Files of Gradio's page from memory: the same bytes, packed for who takes it, kept for good; the rest goes on."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from gradio.route_utils import BUILD_PATH_LIB
from starlette.types import Message, Receive, Scope, Send

from editor.server.assets import Assets
from tests.loops import completed

SCRIPT = b"export const answer = 42;\n" * 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files as Gradio has it."""
    for name in ("Index-a1B2_c3D.js", "Index-x1Y2-z3.js", "plain.js", "font-a1B2_c3D.woff2"):
        (tmp_path / name).write_bytes(SCRIPT)
    return tmp_path


def asked(assets: Assets, path: str, *, method: str = "GET", takes: str = "gzip, br") -> tuple[dict[str, str], bytes]:
    """Return headers and body of an answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"accept-encoding", takes.encode())]}
    completed(assets(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return headers, b"".join(message.get("body", b"") for message in sent[1:])


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"behind"})


def test_the_same_bytes_are_given_any_number_of_times(folder: Path) -> None:
    assets = Assets(behind, folder)
    for _ in range(2):
        headers, body = asked(assets, "/assets/Index-a1B2_c3D.js")
        assert gzip.decompress(body) == SCRIPT
        assert int(headers["content-length"]) == len(body)
        assert headers["content-type"].startswith("text/javascript")
        assert "immutable" in headers["cache-control"]
        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "Accept-Encoding")
    headers, body = asked(assets, "/assets/Index-a1B2_c3D.js", takes="br")
    assert body == SCRIPT
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/assets/plain.js", "GET"),
        ("/assets/Index-x1Y2-z3.js", "GET"),
        ("/assets/font-a1B2_c3D.woff2", "GET"),
        ("/assets/../Index-a1B2_c3D.js", "GET"),
        ("/assets/Index-a1B2_c3D.js", "HEAD"),
        ("/", "GET"),
    ],
)
def test_the_rest_is_answered_behind_it(folder: Path, path: str, method: str) -> None:
    assert asked(Assets(behind, folder), path, method=method) == ({}, b"behind")


def test_a_file_that_is_gone_is_not_answered_for(folder: Path) -> None:
    assets = Assets(behind, folder)
    (folder / "Index-a1B2_c3D.js").unlink()
    assert asked(assets, "/assets/Index-a1B2_c3D.js") == ({}, b"behind")


def test_gradio_still_names_its_files_by_their_content() -> None:
    names = [file.name for file in Path(BUILD_PATH_LIB).iterdir() if file.suffix == ".js"]
    known = Assets(behind)
    answered = sum(asked(known, f"/assets/{name}")[1] != b"behind" for name in names[:20])
    assert answered == 20
