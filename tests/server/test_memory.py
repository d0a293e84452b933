"""What visits leave in the memory of the real server: one heap for all threads, and few sessions."""

from __future__ import annotations

import itertools
import platform
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from core.pictures import encode_png
from tests.server.running import App, started
from tests.server.visitor import Tab, Wire

HEAP = 64 * 2**20
"""Where glibc's further heaps begin: at multiples of the largest size that one may have."""


def further_heaps(process: int) -> int:
    """Return how many heaps beside the first one glibc has given the threads of a process."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    spans = [(line.split(), [int(edge, 16) for edge in line.split()[0].split("-")]) for line in lines]
    return sum(
        parts[1] == "rw-p" and len(parts) == 5 and begins % HEAP == 0 and after[1] == begins + HEAP
        for (parts, (begins, _)), (_, after) in itertools.pairwise(spans)
    )


def use(app: App) -> None:
    """Open the page and a picture, and call the API, in eight threads at a time."""
    photo = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    mask = np.zeros((64, 64), np.uint8)
    mask[20:40, 20:40] = 255

    def visit(number: int) -> None:
        if number % 2:
            tab = Tab(app.port)
            tab.tell("bring", {"name": "p.png"}, {"carrier": tab.wire.upload("p.png", encode_png(photo))})
            tab.close()
        else:
            wire = Wire(app.port)
            image, hole = wire.upload("p.png", encode_png(photo)), wire.upload("m.png", encode_png(mask))
            wire.call("fill", image=image, mask=hole, steps=1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(visit, range(8)))


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the heaps of threads are glibc's")
def test_all_threads_share_one_heap_unless_the_user_chose_otherwise(app: App, tmp_path: Path) -> None:
    use(app)
    assert further_heaps(app.process.pid) == 0
    with started(tmp_path / "tmp", "--port", "0", MALLOC_ARENA_MAX="8") as other:
        use(other)
        assert further_heaps(other.process.pid) > 0
