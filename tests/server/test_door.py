"""Who may come in, on the real server."""

from __future__ import annotations

import gzip
import json
import socket
import time
from contextlib import ExitStack
from urllib.parse import quote

import pytest

from tests.server.running import JSON, App, sent, upload_of

EVIL = "http://evil.example"
CROSS = {"Origin": EVIL, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
JOIN = json.dumps({"data": ["none", 1, 3], "fn_index": 0, "session_hash": "aaaabbbb"}).encode()
UPLOAD, MULTIPART = upload_of({"a.png": b"PNG"})

CHANGES = (
    ("/gradio_api/queue/join", JOIN, JSON),
    ("/gradio_api/call/generate", b'{"data": ["none", 1, 3]}', JSON),
    ("/gradio_api/run/generate", b'{"data": ["none", 1, 3]}', JSON),
    ("/gradio_api/api/generate", b'{"data": ["none", 1, 3]}', JSON),
    ("/gradio_api/call/v2/generate", b"{}", JSON),
    ("/gradio_api/cancel", b'{"session_hash": "a", "fn_index": 0, "event_id": "b"}', JSON),
    ("/gradio_api/reset", b'{"event_id": "b"}', JSON),
    ("/gradio_api/component_server", b'{"component_id": 3, "fn_name": "look", "session_hash": "a"}', JSON),
    ("/gradio_api/component_server/", b'{"component_id": 3, "fn_name": "look", "session_hash": "a"}', JSON),
    ("/gradio_api/upload", UPLOAD, MULTIPART),
)


@pytest.mark.parametrize(("path", "body", "kind"), CHANGES, ids=[path for path, _, _ in CHANGES])
@pytest.mark.parametrize(
    "page",
    [
        CROSS,
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "file://"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://editor.example.evil.example"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "http://[::1"},
    ],
    ids=str,
)
def test_no_other_page_changes_anything(
    app: App, path: str, body: bytes, kind: dict[str, str], page: dict[str, str]
) -> None:
    before = len(app.files())
    answer = app.ask("POST", path, body, **(kind | page))
    assert answer.status == 403
    assert b"another page" in answer.body.lower()
    assert len(app.files()) == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_what_is_no_json_is_not_read(app: App, kind: str) -> None:
    for path, body, _ in CHANGES[:-1]:
        assert app.ask("POST", path, body, Content_Type=kind).status == 415


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "10.1.2.3",
        "localhost:1:2",
        "a@localhost",
        "[::2]",
    ],
)
def test_other_names_are_not_answered(app: App, host: str) -> None:
    for path in ("/", "/config", "/gradio_api/info"):
        assert app.ask("GET", path, Host=host).status == 421
    assert app.ask("POST", CHANGES[0][0], JOIN, Host=host, Origin=f"http://{host}", **JSON).status == 421


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1:1", "[::1]:7860", "editor.localhost", "EDITOR.example:443"]
)
def test_own_names_are_answered(app: App, host: str) -> None:
    assert app.ask("GET", "/", Host=host).status == 200


def test_the_own_page_and_a_page_of_an_allowed_host_are_let_in(app: App) -> None:
    here = f"127.0.0.1:{app.port}"
    for page in (
        {"Host": here, "Origin": f"http://{here}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
        {"Host": "localhost:80", "Origin": "http://localhost"},
        {"Host": "editor.example", "Origin": "https://editor.example", "Sec-Fetch-Site": "same-origin"},
        {"Host": here, "Origin": "https://editor.example", "Sec-Fetch-Site": "same-origin"},  # a proxy changed Host
    ):
        assert app.asked("mge-model", "look", None, **page).status == 200, page


def test_links_lead_in_but_nothing_is_read_or_framed_from_elsewhere(app: App) -> None:
    assert app.ask("GET", "/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200
    for path in ("/config", "/gradio_api/info"):
        assert app.ask("GET", path, Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="no-cors").status == 403
        assert app.ask("GET", path, **CROSS).status == 403
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    preflight = app.ask("OPTIONS", CHANGES[0][0], **CROSS, **asked)
    assert preflight.status == 403
    assert "access-control-allow-origin" not in preflight.headers
    framing = app.ask("GET", "/").headers["content-security-policy"]
    assert framing == "frame-ancestors 'self' https://editor.example"


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://127.0.0.1:9/a.png",
        "/gradio_api/file=https://example.com/a.png",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=/mge-files/../lock",
        "/gradio_api/file=/mge-files/%2e%2e/lock",
        "/gradio_api/file=app.py",
        "/gradio_api/file/app.py",
        "/gradio_api/proxy=https://a.hf.space/b",
        "/gradio_api/deep_link?session_hash=a",
        "/gradio_api/vibe-code/",
        "/monitoring",
        "/monitoring/summary",
    ],
)
def test_what_gradio_offers_besides_is_shut(app: App, path: str) -> None:
    assert app.ask("GET", path).status in (403, 404)


def test_every_answer_says_that_its_kind_is_not_to_be_guessed(app: App) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/theme.css", "/nowhere", "/gradio_api/file=/etc/passwd"):
        assert app.ask("GET", path).headers["x-content-type-options"] == "nosniff", path


def test_the_page_travels_compressed(app: App) -> None:
    plain, small = app.ask("GET", "/"), app.ask("GET", "/", **{"Accept-Encoding": "gzip"})
    assert small.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert b"mge-stage" in gzip.decompress(small.body)
    assert len(small.body) < 0.35 * len(plain.body)


def test_an_upload_is_named_without_the_servers_paths_and_given_away_as_what_it_is(app: App) -> None:
    body, kind = upload_of({"a b.html": b"<script>1</script>", "é.png": b"PNG"})
    answer = app.ask("POST", "/gradio_api/upload", body, **kind)
    assert answer.status == 200
    page, picture = json.loads(answer.body)
    assert page.startswith("/mge-files/")
    assert str(app.place).encode() not in answer.body
    assert app.ask("GET", f"/gradio_api/file={quote(picture)}").body == b"PNG"
    given = app.ask("GET", f"/gradio_api/file={quote(page)}")
    assert given.headers["content-disposition"].startswith("attachment")
    assert given.headers["x-content-type-options"] == "nosniff"


def test_a_download_takes_more_than_a_yes(app: App) -> None:
    told = json.loads(app.asked("mge-model", "look", None).body)
    absent = next(each["key"] for each in told["models"] if each["question"])
    for agreed in (True, 1, "yes", "", None, ["x"]):
        answer = json.loads(app.asked("mge-model", "choose", {"key": absent, "agreed": agreed}).body)
        assert "agree to download" in answer["refused"]
        assert answer["progress"] is None


def test_bodies_that_are_too_large_are_refused_before_they_are_read(app: App) -> None:
    head = "POST /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    announced = f"{head}Content-Length: 40000000\r\n\r\n".encode()
    assert b" 413 " in sent(app.port, announced + b"x" * 40_000_000)[:20]
    chunk = b"100000\r\n" + b" " * 2**20 + b"\r\n"
    chunks = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk * 40
    assert b" 413 " in sent(app.port, chunks)[:20]
    kind = "multipart/form-data; boundary=x"
    assert app.ask("POST", "/gradio_api/upload", b"", Content_Type=kind, Content_Length=str(10**12)).status == 413


def test_an_upload_that_fails_leaves_nothing(app: App) -> None:
    before = sorted(app.files())
    many, kind = upload_of({f"{n}.png": b"PNG" for n in range(40)})
    answer = app.ask("POST", "/gradio_api/upload", many, **kind)
    assert answer.status == 400
    assert b"16 files" in answer.body
    head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind['Content-Type']}\r\n"
    part = upload_of({"cut.png": b"x" * 300_000})[0][:-100]
    for _ in range(3):
        sent(app.port, f"{head}Content-Length: 900000\r\n\r\n".encode() + part, shut=True)
    until = time.monotonic() + 170  # the door waits 30 s for a piece; what is forgotten goes with an upload after 120 s
    while sorted(app.files()) != before and time.monotonic() < until:
        time.sleep(1.0)
        app.ask("POST", "/gradio_api/upload", many, **kind)
    assert sorted(app.files()) == before


def test_all_that_is_on_its_way_is_bounded_and_room_comes_back(app: App) -> None:
    """Bodies that are announced and never sent hold no more than the sum that is allowed."""
    head = "POST /gradio_api/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    announced = f"{head}Content-Length: {23 * 2**20}\r\n\r\n".encode()
    ask = CHANGES[6]
    with ExitStack() as waiting:
        for _ in range(4):
            wire = waiting.enter_context(socket.create_connection(("127.0.0.1", app.port), timeout=60))
            wire.sendall(announced)
        until = time.monotonic() + 20
        while app.ask("POST", ask[0], b" " * (6 * 2**20) + ask[1], **JSON).status != 503:
            assert time.monotonic() < until
        assert app.ask("POST", ask[0], ask[1], **JSON).status == 200  # a small one finds room
    until = time.monotonic() + 20
    while app.ask("POST", ask[0], b" " * (6 * 2**20) + ask[1], **JSON).status != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def test_the_same_upload_again_and_again_is_one_file(app: App) -> None:
    body, kind = upload_of({"same.png": b"PNG again"})
    app.ask("POST", "/gradio_api/upload", body, **kind)
    before = len(app.files())
    for _ in range(5):
        assert app.ask("POST", "/gradio_api/upload", body, **kind).status == 200
    assert len(app.files()) == before
