"""One real server for many requests, started in surroundings that have broken starts before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.running import App, started

SURROUNDINGS = {
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "ftp://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "NO_PROXY": "[::1",
    "GRADIO_NUM_PORTS": "many",
    "GRADIO_TEMP_DIR": "",
    "PYTHONIOENCODING": "ascii",
    "OMP_NUM_THREADS": "1",
}


@pytest.fixture(scope="session")
def model_folders(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of model folders, of which one can be used."""
    place = tmp_path_factory.mktemp("own")
    shutil.copytree(tiny_model, place / "good")
    spec = json.loads((tiny_model / "config.json").read_text())
    wrong = {"deep": "[" * 100_000 + "]" * 100_000, "empty": "", "list": "[]"}
    wrong |= {"width": json.dumps(spec | {"transformer": spec["transformer"] | {"width": "32"}})}
    wrong |= {"heads": json.dumps(spec | {"transformer": spec["transformer"] | {"heads": 7}})}
    for name, text in wrong.items():
        (place / name).mkdir()
        (place / name / "config.json").write_text(text)
    return place


@pytest.fixture(scope="session")
def app(model_folders: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The server."""
    place = tmp_path_factory.mktemp("server") / "tmp"
    place.mkdir()
    (place / "gradio").write_text("a file where Gradio would have a folder")
    words = ["--port", "0", "--allow-host", "Editor.Example", "--model-folder", str(model_folders)]
    words += ["--model-folder", str(model_folders / "nowhere"), "--model-folder", str(model_folders / "deep")]
    with started(place, *words, **SURROUNDINGS) as running:
        assert running.address, running.said()
        yield running
