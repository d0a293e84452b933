"""How the real server starts and ends, in surroundings as odd as they come."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from editor.server import sockets, workplace
from tests.server.running import JSON, ROOT, App, started, upload_of

CAMERA = b"CasesCam"


def photo() -> bytes:
    """Return a JPEG that says which camera took it."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x010F] = CAMERA.decode()
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG", exif=exif)
    return file.getvalue()


def holding(place: Path) -> list[Path]:
    """Return the files that still hold what the camera wrote."""
    return [path for path in place.rglob("*") if path.is_file() and CAMERA in path.read_bytes()]


def test_it_starts_whatever_surrounds_it_and_says_what_it_left_out(app: App, model_folders: Path) -> None:
    """Dead and malformed proxies, a console of ASCII, a foreign TMPDIR/gradio, model folders that are none."""
    assert app.ask("GET", "/").status == 200
    assert "Traceback" not in app.said()
    assert f"{model_folders / 'nowhere'}" in app.said()
    models = {each["key"]: each for each in json.loads(app.asked("mge-model", "look", None).body)["models"]}
    assert models["tiny"]["broken"] == ""
    for name in ("deep", "empty", "list", "width", "heads"):
        assert "config.json" in models[name]["broken"], name
        refused = json.loads(app.asked("mge-model", "choose", {"key": name, "agreed": ""}).body)["refused"]
        assert "config.json" in refused


@pytest.mark.parametrize(
    ("words", "environment", "part"),
    [
        (["--port", "70000"], {}, "70000"),
        (["--port", "-1"], {}, "-1"),
        (["--port", "eighty"], {}, "eighty"),
        ([], {"GRADIO_SERVER_PORT": "eighty"}, "GRADIO_SERVER_PORT"),
        (["--port", "0"], {"GRADIO_SERVER_PORT": "70000"}, "GRADIO_SERVER_PORT"),
        (["--host", "nowhere.invalid"], {}, "nowhere.invalid"),
        (["--host", "a..b"], {}, "a..b"),
        (["--host", "192.0.2.1"], {}, "192.0.2.1"),
        (["--port", "{taken}"], {}, "is taken"),
        (["--port", "0"], {"GRADIO_TEMP_DIR": "{file}"}, "GRADIO_TEMP_DIR"),
        (["--colour", "red"], {}, "--colour"),
    ],
)
def test_a_start_that_cannot_be_is_one_sentence(
    words: list[str], environment: dict[str, str], part: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        places = {"taken": taken.getsockname()[1], "file": tmp_path / "file"}
        done = subprocess.run(
            [sys.executable, "app.py", *(word.format(**places) for word in words)],
            cwd=ROOT,
            env=os.environ | {name: value.format(**places) for name, value in environment.items()},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert part in done.stderr
    assert "Traceback" not in done.stderr


def answers(app: App, prefix: str) -> None:
    """Assert that the address that was told is the page's, whatever proxies are named, below its path."""
    assert app.address, app.said()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(app.address, timeout=60) as answer:
        assert answer.status == 200
    assert app.address.startswith("http://localhost:")
    assert app.config()["root"] == f"http://127.0.0.1:{app.port}{prefix}"
    assert "Traceback" not in app.said()


def test_the_address_that_is_told_answers_without_proxies_or_a_place_for_files(tmp_path: Path) -> None:
    odd = {"LC_ALL": "C", "LANG": "C", "NO_PROXY": "*", "HTTP_PROXY": "http://127.0.0.1:9"}
    with started(tmp_path / "tmp", "--host", "localhost", "--port", "0", TMPDIR=str(tmp_path / "absent"), **odd) as app:
        answers(app, "")
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize(("host", "shown"), [("::1", "[::1]"), ("[::1]", "[::1]"), ("0.0.0.0", "localhost")])
def test_addresses_are_those_that_a_browser_takes(host: str, shown: str) -> None:
    if ":" in host and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    with sockets.listening(host, 0) as listening:
        port = listening[0].getsockname()[1]
        assert sockets.address_of(host, listening) == f"http://{shown}:{port}/"
        socket.create_connection((host.strip("[]") if ":" in host else "127.0.0.1", port), 5).close()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_open_everywhere_behind_a_path_a_signal_in_the_midst_of_a_run_leaves_nothing(name: str, tmp_path: Path) -> None:
    place, odd = tmp_path / "tmp", {"GRADIO_ROOT_PATH": "/editor", "PYTHONIOENCODING": "ascii"}
    with started(place, "--host", "0.0.0.0", "--port", "0", **odd) as app:
        answers(app, "/editor")
        body, kind = upload_of({"gps.jpg": photo()})
        (picture,) = json.loads(app.ask("POST", "/gradio_api/upload", body, **kind).body)
        file = {"path": picture, "meta": {"_type": "gradio.FileData"}}
        box = {"left": 4, "top": 4, "right": 60, "bottom": 60}
        asked = {"image": file, "class_name": "sea", "steps": 256, "sharper": 3, **box}
        called = app.ask("POST", "/gradio_api/call/v2/replace", json.dumps(asked).encode(), **JSON)
        assert called.status == 200
        assert holding(place)
        time.sleep(0.3)
        status = app.end(getattr(signal, name))
        assert status in (128 + getattr(signal, name), 0)
        assert "Traceback" not in app.said()
    assert list(place.iterdir()) == []


def test_what_a_killed_run_left_is_swept_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRADIO_TEMP_DIR", raising=False)
    killed = tmp_path / "maskgit-editor-run-dead"
    killed.mkdir()
    (killed / "lock").write_text("")
    (killed / "gps.jpg").write_bytes(photo())
    (tmp_path / "maskgit-editor-run-file").write_text("somebody's")
    os.utime(killed, (1, 1))
    with workplace.workplace(str(tmp_path)) as first:
        assert holding(tmp_path) == []
        os.utime(first.served.parent, (1, 1))
        with workplace.workplace(str(tmp_path)) as second:  # another server beside the first
            assert first.served.is_dir()
            assert second.served.is_dir()
        assert not second.served.exists()
        assert os.environ["GRADIO_TEMP_DIR"] == str(first.served)
    assert [path.name for path in tmp_path.iterdir()] == ["maskgit-editor-run-file"]
    assert "GRADIO_TEMP_DIR" not in os.environ
