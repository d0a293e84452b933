"""The wheel, installed into a fresh environment and used in an empty folder: one name, two commands, no network."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest

from core.pictures.encoding import encode_png
from core.pictures.opening import open_picture
from tests.test_serving import healthcheck

ROOT = Path(__file__).resolve().parent.parent
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
PATIENCE_S = 300  # for a start beside other tests
MOST_MB = 32  # the bundled model takes 28
AT_HOME = """
import os, sys
def hook(event, given):
    host = {"socket.connect": lambda: given[1], "socket.getaddrinfo": lambda: given}.get(event, lambda: None)()
    host = host[0] if isinstance(host, tuple) else None
    if host not in (None, "", "localhost", "127.0.0.1", "::1", b"localhost", b"127.0.0.1"):
        os.write(2, f"LEFT THE MACHINE: {event} {given}".encode())
        os._exit(99)
sys.addaudithook(hook)
"""
"""Ends a process of the environment that speaks to another machine."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    subprocess.run(["git", "clone", "-q", "--depth", "1", ROOT.as_uri(), place / "clone"], check=True)
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--wheel-dir", place, place / "clone"]
    subprocess.run([*PIP, *build], check=True)
    (wheel,) = place.glob("maskgit_editor-*.whl")
    return wheel


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install it into a new environment that sees what this one has installed; return where its commands are."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "at_home.py").write_text(AT_HOME)
    (site / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\nimport at_home\n")
    subprocess.run([*PIP, "--python", place / "bin" / "python", "install", "-q", "--no-deps", wheel], check=True)
    assert not any((site / name).exists() for name in ("core", "editor", "app.py", "tests"))
    return place / "bin"


@contextmanager
def served(command: Path, empty: Path) -> Iterator[str]:
    """Serve the page from an empty folder; the value is its address."""
    log = empty.with_name("served.log")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with log.open("wb") as out:
        words = [command, "--port", "0", "--device", "cpu"]
        process = subprocess.Popen(words, cwd=empty, stdout=out, stderr=out, env=environment)
    try:
        began = time.monotonic()
        while not (found := re.search(r"open at (http\S+)", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() - began < PATIENCE_S, log.read_text()
            time.sleep(0.1)
        yield found[1].rstrip("/")
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_everything_lies_below_one_name_without_the_lab(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"maskgit_editor"}
    assert not [name for name in names if "/lab/" in name or name.endswith("setup.py")]
    for inside in (
        "assets/models/scenes-128/transformer.safetensors",
        "editor/static/stage/state.js",
        "core/cli/batch.py",
    ):
        assert f"maskgit_editor/{inside}" in names
    assert wheel.stat().st_size < MOST_MB * 2**20


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_both_commands_work_in_an_empty_folder_without_a_network(programs: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    photo = open_picture(ROOT / "assets" / "samples" / "forest_stream.jpg")
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[300:340, 240:280] = 255
    sent = {"image": encode_png(photo), "mask": encode_png(mask)}
    for name, data in sent.items():
        (tmp_path / f"{name}.png").write_bytes(data)
    with served(programs / "maskgit-editor", empty) as address:
        page = httpx.get(f"{address}/")
        assert (page.status_code, "MaskGIT" in page.text) == (200, True)
        checked = healthcheck().replace("http://127.0.0.1:7860", address)
        subprocess.run([programs / "python", "-c", checked], check=True)
        form = {"seed": "7", "steps": "2"}
        answer = httpx.post(f"{address}/api/v1/inpaint", data=form, files=sent, timeout=PATIENCE_S)
        assert answer.status_code == 200, answer.text
    (tmp_path / "answer.png").write_bytes(answer.content)
    words = "edit --replay ../answer.png --image ../image.png --device cpu --output ../edited.png"
    subprocess.run([programs / "maskgit", *shlex.split(words)], cwd=empty, check=True)
    edited = open_picture(tmp_path / "edited.png")
    assert (edited == photo)[mask == 0].all()
    assert (edited != photo)[mask > 0].any()
    assert answer.content == (tmp_path / "edited.png").read_bytes()
    assert not list(empty.iterdir())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_what_the_commands_say_names_them(programs: Path, tmp_path: Path) -> None:
    def said(*words: str) -> str:
        done = subprocess.run(
            [programs / words[0], *words[1:]], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    assert said("maskgit", "--help").startswith("usage: maskgit ")
    assert "core" not in said("maskgit", "--help")
    assert "see maskgit-editor --help" in said("maskgit-editor", "--port", "x")
    assert "`bench` is a command of the lab, which is not here" in said("maskgit", "bench")
    assert "`maskgit download google-256` fetches it" in said(
        "maskgit", "generate", "--model", "google-256", "--output", "a.png"
    )
