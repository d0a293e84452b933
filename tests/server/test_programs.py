"""Programs at the real server: Gradio's own client goes through the door, and what it made does not pile up."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from core.pictures import encode_png, open_picture
from tests.server.running import JSON, App

pytestmark = pytest.mark.filterwarnings("default")  # Gradio's own are not ours

KEPT = 10


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A picture and a mask of it."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 48, 3)).astype(np.uint8)
    mask = np.zeros((40, 48), np.uint8)
    mask[10:20, 10:30] = 255
    for name, made in (("photo.png", pixels), ("mask.png", mask)):
        (tmp_path / name).write_bytes(encode_png(made))
    return tmp_path / "photo.png", tmp_path / "mask.png"


def test_a_client_uploads_fills_and_downloads_and_what_it_made_does_not_pile_up(
    app: App, files: tuple[Path, Path], tmp_path: Path
) -> None:
    client = Client(str(app.address), download_files=str(tmp_path / "made"), verbose=False)
    photo, mask = (handle_file(path) for path in files)
    before = open_picture(files[0])
    for seed in range(KEPT + 4):
        made = client.predict(photo, mask, "none", 1, seed, "none", "feather", -1, api_name="/fill")
        result = open_picture(Path(made))
        assert (result[:10] == before[:10]).all()
        assert (result[10:20, 10:30] != before[10:20, 10:30]).any()
    results = [path for path in app.files() if "result" in path.name and path.suffix == ".png"]
    assert 1 <= len(results) <= KEPT
    client.close()


def test_what_programs_are_told_names_no_path_of_the_server(app: App) -> None:
    called = json.loads(app.ask("POST", "/gradio_api/call/v2/generate", b'{"steps": 1}', **JSON).body)
    told = app.ask("GET", f"/gradio_api/call/v2/generate/{called['event_id']}").body
    (made,) = json.loads(told.partition(b"data: ")[2].splitlines()[0])
    assert str(app.place).encode() not in told
    assert made["path"].startswith("/mge-files/")
    assert app.ask("GET", f"/gradio_api/file={made['path']}").body.startswith(b"\x89PNG")
