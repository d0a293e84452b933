"""Programs at the real server: Gradio's own client goes through the door, and what it made does not pile up."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client, handle_file

from core.cli import main
from core.engine.device import format_called
from core.pictures import encode_png, open_picture, read_png_text
from core.recipe import read_recipe
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


def curled(app: App, path: str, *words: str) -> bytes:
    """Return what curl gets from an address for programs, as the documents write it."""
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl here")
    command = [
        curl,
        "--silent",
        "--show-error",
        "--fail-with-body",
        *words,
        f"http://127.0.0.1:{app.port}/api/v1/{path}",
    ]
    return subprocess.run(command, capture_output=True, check=True).stdout


def test_curl_gets_the_bytes_that_the_command_line_writes(
    app: App, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo, mask = files
    words = ["-F", f"image=@{photo}", "-F", f"mask=@{mask}", "-F", "seed=3", "-F", "steps=2", "-F", "class_name=forest"]
    one = curled(app, "inpaint", *words)
    told = curled(app, "inpaint?stream=1", *words, "-F", "variations=2", "-N")
    machine = read_recipe(read_png_text(one)).machine
    assert machine is not None
    edit = ["edit", "--image", str(photo), "--mask", str(mask), "--seed", "3", "--steps", "2", "--class", "forest"]
    edit += ["--dtype", format_called(machine.dtype) or ""]
    assert main([*edit, "--output", str(tmp_path / "one.png")]) == 0
    assert main([*edit, "--variations", "2", "--output", str(tmp_path / "two.png")]) == 0
    capsys.readouterr()
    assert one == (tmp_path / "one.png").read_bytes()
    lines = [json.loads(line[6:]) for line in told.decode().splitlines() if line.startswith("data: ")]
    pictures = [base64.b64decode(each["png"]) for each in lines if "png" in each]
    assert pictures == [(tmp_path / f"two-{number}.png").read_bytes() for number in (1, 2)]


def test_a_program_that_hangs_up_frees_the_engine(app: App, files: tuple[Path, Path]) -> None:
    body, kind = b"", {"Content-Type": "multipart/form-data; boundary=x"}
    for name, value in (("steps", "256"), ("variations", "16")):
        body += f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    with pytest.raises(TimeoutError):  # minutes of work
        app.ask("POST", "/api/v1/generate?stream=0", body + b"--x--\r\n", patience_s=1.0, **kind)
    began = time.monotonic()
    short = body.replace(b"256", b"1").replace(b"16", b"1") + b"--x--\r\n"
    assert app.ask("POST", "/api/v1/generate", short, **kind).status == 200
    assert time.monotonic() - began < 60


def test_the_door_takes_forms_of_bounded_size_for_programs_and_nothing_from_other_pages(app: App) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert app.ask("POST", "/api/v1/generate", b"{}", **JSON).status == 415
    assert app.ask("POST", "/api/v1/generate", b"", Content_Length=str(10**12), **kind).status == 413
    assert app.ask("POST", "/api/v1/generate", b"--x--\r\n", Origin="http://evil.example", **kind).status == 403
    field = b'--x\r\nContent-Disposition: form-data; name="seed"\r\n\r\n1\r\n'
    many = app.ask("POST", "/api/v1/generate", field * 40 + b"--x--\r\n", **kind)
    assert (many.status, b"16" in many.body) == (400, True)
    described = json.loads(app.ask("GET", "/api/v1/openapi.json").body)
    assert set(described["paths"]) == {f"/api/v1/{name}" for name in ("inpaint", "replace", "extend", "generate")}
