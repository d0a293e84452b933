"""The real `app.py` over replicas of the bundled model: the same bytes, several at a time, and nothing is left of it.

Slow, and only where Ray is installed: pip install -r requirements-serve.txt, then pytest -m slow -rP tests/server.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import httpx
import numpy as np
import psutil
import pytest

from core import DecodeOptions, EditRequest, Mask, load_engine, read_recipe
from core.engine.device import format_called
from core.pictures import encode_png, open_picture, read_png_text
from tests.core.serve.test_cluster import told
from tests.server.running import PATIENCE_S, ROOT, App

SEEDS = (7, 8, 9, 10)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: see requirements-serve.txt")
def test_the_page_over_replicas_gives_the_bytes_of_a_page_without(tmp_path: Path) -> None:
    photo = open_picture(ROOT / "assets" / "samples" / "forest_stream.jpg")
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[300:340, 240:280] = 255
    sent = {"image": encode_png(photo), "mask": encode_png(mask)}
    began = time.monotonic()
    app = App(tmp_path / "place", "--replicas", "2", "--device", "cpu", "--port", "0", RAY_TMPDIR="/tmp")
    try:
        assert app.address is not None, app.said()
        told(f"the page over two replicas started: {time.monotonic() - began:.1f} s")
        started = psutil.Process(app.process.pid).children(recursive=True)

        def answer(seed: int) -> bytes:
            form = {"seed": str(seed), "steps": "4"}
            answer = httpx.post(f"{app.address}api/v1/inpaint", data=form, files=sent, timeout=PATIENCE_S)
            assert answer.status_code == 200, answer.text
            return answer.content

        with ThreadPoolExecutor(len(SEEDS)) as pool:
            answers = list(pool.map(answer, SEEDS))
    finally:
        app.end()
    psutil.wait_procs(started, timeout=30)
    assert not [each for each in started if each.is_running()], "Ray ends with the page"
    (machine,) = {read_recipe(read_png_text(png)).machine for png in answers}
    assert machine is not None
    engine = load_engine(device="cpu", dtype=format_called(machine.dtype) or "auto")
    engine.divide_among(machine.threads)
    assert engine.machine == machine
    for seed, png in zip(SEEDS, answers, strict=True):
        request = EditRequest(photo, Mask(mask > 0), decoding=DecodeOptions(seed=seed, steps=4))
        (tmp_path / "answer.png").write_bytes(png)
        assert np.array_equal(open_picture(tmp_path / "answer.png"), engine.edit(request).image(0))
