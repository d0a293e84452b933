"""Decoders that fall, loop, eat memory or lie cost one picture; the next one is opened."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core import BadRequest, pictures
from core.values import Size
from editor.server import darkroom

ROOT = Path(__file__).resolve().parents[3]
FALLS = {
    "crashes": "import os; os.abort()",
    "ends": "import os; os._exit(0)",
    "loops": "while True: pass",
    "sleeps": "import time; time.sleep(60)",
    "answers nonsense": "import sys; sys.stdout.buffer.write(b'x' * 100); sys.stdout.flush()",
    "answers too much": "import sys; sys.stdout.buffer.write(b'\\xff\\xff\\xff\\xff'); sys.stdout.flush()",
    "answers without end": "import sys\nwhile True: sys.stdout.buffer.write(b'\\0\\0\\0\\2{}')",
    "answers a huge array": (
        "import sys, json; part = ['pixels', 'uint8', [10**6, 10**6, 3]];"
        "head = json.dumps({'plain': {}, 'parts': [part]}).encode();"
        "sys.stdout.buffer.write(len(head).to_bytes(4, 'big') + head); sys.stdout.flush()"
    ),
}
PROGRAM = """
import sys
from core.pictures import develop
def fall(source):
    exec({fall!r})
develop._CALLS["read_picture"] = fall
develop.MOST_SECONDS["read_picture"] = 1
develop.main()
"""


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (40, 48, 3)).astype(np.uint8)


@pytest.fixture
def jpeg(photo: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[darkroom._Pool]:
    """A pool of its own, so that fallen processes are no other test's."""
    made = darkroom._Pool()
    monkeypatch.setattr(darkroom, "_POOL", made)
    yield made
    made.close()


def test_what_comes_is_what_core_gives(photo: NDArray[np.uint8], jpeg: bytes, tmp_path: Path) -> None:
    (tmp_path / "photo").write_bytes(jpeg)
    assert (darkroom.open_picture(tmp_path / "photo") == pictures.open_picture(jpeg)).all()
    mask = pictures.encode_png(np.pad(np.full((8, 8), 255, np.uint8), 16))
    here, there = darkroom.read_mask(mask, Size(40, 40)), pictures.read_mask(mask, Size(40, 40))
    assert here.mask.dtype == there.mask.dtype
    assert (here.mask == there.mask).all()
    assert (here.told, here.plain) == (there.told, there.plain)
    text = {"maskgit-editor": "{}", "parameters": "日本"}
    assert darkroom.encode_png(photo, text=text) == pictures.encode_png(photo, text=text)
    assert darkroom.encode_picture(photo, "webp", quality=80) == pictures.encode_picture(photo, "webp", quality=80)


@pytest.mark.parametrize("data", [b"", b"GIF89a" + bytes(40), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff" + bytes(100)])
def test_what_core_refuses_is_refused_in_its_words(data: bytes) -> None:
    with pytest.raises(BadRequest) as there:
        pictures.open_picture(data)
    with pytest.raises(BadRequest) as here:
        darkroom.open_picture(data)
    assert str(here.value) == str(there.value)


@pytest.mark.parametrize("fall", FALLS.values(), ids=FALLS)
def test_a_decoder_that_falls_costs_one_picture(
    fall: str, jpeg: bytes, pool: darkroom._Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as falling:
        falling.setattr(darkroom, "_COMMAND", (sys.executable, "-c", PROGRAM.format(fall=fall)))
        falling.setitem(darkroom._PATIENCE_S, "read_picture", 15.0 if fall.startswith("while") else 4.0)
        with pytest.raises(BadRequest, match="could not be opened"):
            darkroom.open_picture(jpeg)
    assert darkroom.open_picture(jpeg).shape == (40, 48, 3)


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="no limit of address space there")
def test_a_decoder_that_eats_memory_costs_one_picture(
    jpeg: bytes, pool: darkroom._Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(darkroom, "_COMMAND", (sys.executable, "-c", PROGRAM.format(fall="bytearray(6 * 2**30)")))
    with pytest.raises(BadRequest, match="more memory"):
        darkroom.open_picture(jpeg)


def test_a_mistake_of_ours_stays_loud(jpeg: bytes, pool: darkroom._Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(darkroom, "_COMMAND", (sys.executable, "-c", PROGRAM.format(fall="raise KeyError('ours')")))
    with pytest.raises(RuntimeError, match="KeyError: 'ours'"):
        darkroom.open_picture(jpeg)


def test_many_at_once_get_their_own_answers(pool: darkroom._Pool) -> None:
    photos = [np.full((20 + n, 30, 3), n, np.uint8) for n in range(24)]
    with ThreadPoolExecutor(12) as threads:
        made = list(threads.map(lambda each: darkroom.open_picture(darkroom.encode_png(each)), photos))
    assert all((each == wanted).all() for each, wanted in zip(made, photos, strict=True))
    assert len(pool._idle) <= darkroom._PROCESSES


def test_the_processes_know_no_secret_and_end_with_their_asker(tmp_path: Path) -> None:
    """An asker that is killed: its process ends by the end of its input."""
    program = (
        "import sys, threading; from editor.server import darkroom; darkroom._POOL.warm();"
        "print(*(p._child.pid for p in darkroom._POOL._idle), flush=True); threading.Event().wait()"
    )
    asker = subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"HF_TOKEN": "secret"}
    )
    with asker:
        assert asker.stdout is not None
        children = [int(word) for word in asker.stdout.readline().split()]
        assert len(children) == darkroom._PROCESSES
        if Path("/proc/self").exists():
            assert all(b"secret" not in Path(f"/proc/{pid}/environ").read_bytes() for pid in children)
        asker.kill()
    until = time.monotonic() + 20
    while any(_lives(pid) for pid in children):
        assert time.monotonic() < until
        threading.Event().wait(0.05)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
