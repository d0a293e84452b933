"""Seconds of some work, and the most memory that a process held meanwhile; work in a process of its own.

Knows nothing of what the work is. Only Linux tells of memory.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Taken:
    """What some work took.

    Attributes:
        seconds: on the clock.
        cpu_seconds: of all processor threads together, which a busy machine does not stretch.
        peak: bytes that the process held at most meanwhile; None where the system does not tell.
        added: bytes of that beyond what it held before, 0 or more.
    """

    seconds: float
    cpu_seconds: float
    peak: int | None
    added: int | None


def watched(work: Callable[[], T]) -> tuple[Taken, T]:
    """Do some work; return what it took, and its result."""
    before = process_bytes("VmRSS")
    if before is not None:
        (_PROCESS / "clear_refs").write_text("5")  # forgets the peak so far
    started = time.perf_counter(), time.process_time()
    found = work()
    seconds = time.perf_counter() - started[0], time.process_time() - started[1]
    peak = process_bytes("VmHWM")
    return Taken(*seconds, peak, None if before is None or peak is None else max(0, peak - before)), found


def alone(work: Callable[..., T], *arguments: object) -> T:
    """Do some work in a fresh process, whose memory is its own, and return its result."""
    # Spawned, not forked: a fork would begin with this process's memory.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def process_bytes(line: str) -> int | None:
    """Return the bytes that the process holds (VmRSS) or held at most (VmHWM); None where the system is not Linux."""
    status = _PROCESS / "status"
    if not status.exists():
        return None
    return next(int(row.split()[1]) * 1024 for row in status.read_text().splitlines() if row.startswith(f"{line}:"))
