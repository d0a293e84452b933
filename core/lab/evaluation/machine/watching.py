"""Measures seconds and peak memory of some work, in a process of its own if asked, and tables them.

Knows nothing of the work. Only Linux reports memory.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from core.lab.evaluation.tables import markdown_table

T = TypeVar("T")

_PROCESS = Path("/proc/self")


@dataclass(frozen=True)
class Timing:
    """Cost of one kind of work.

    Attributes:
        name: of the work.
        seconds: wall-clock seconds by stage, "total" always included.
        cpu: seconds of all processor threads together, which a busy machine does not stretch; None if not counted.
        peak: most bytes of memory that the process held, everything included; None if unknown.
        added: bytes of the peak beyond what it held before, 0 or more; None if unknown.
    """

    name: str
    seconds: Mapping[str, float]
    cpu: float | None = None
    peak: int | None = None
    added: int | None = None


def watched(name: str, work: Callable[[], T]) -> tuple[Timing, T]:
    """Do some work; return its cost and its result."""
    before = process_bytes("VmRSS")
    if before is not None:
        (_PROCESS / "clear_refs").write_text("5")  # forgets the peak so far
    started, cpu = time.perf_counter(), time.process_time()
    found = work()
    seconds, cpu = {"total": time.perf_counter() - started}, time.process_time() - cpu
    peak = process_bytes("VmHWM")
    added = None if before is None or peak is None else max(0, peak - before)
    return Timing(name, seconds, cpu, peak, added), found


def alone(work: Callable[..., T], *arguments: object) -> T:
    """Do some work in a fresh process, whose memory is its own, and return its result."""
    # Spawned, not forked: a fork would begin with this process's memory.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def process_bytes(line: str) -> int | None:
    """Read the bytes that the process holds (VmRSS) or held at most (VmHWM); None if the system is not Linux."""
    status = _PROCESS / "status"
    if not status.exists():
        return None
    return next(int(row.split()[1]) * 1024 for row in status.read_text().splitlines() if row.startswith(f"{line}:"))


def table(timings: Sequence[Timing]) -> str:
    """Table timings in Markdown, one per line: total and stages in seconds, memory in 10^6 bytes."""
    rows = []
    for timing in timings:
        stages = ", ".join(f"{name} {value:.3f}" for name, value in timing.seconds.items() if name != "total")
        cpu = "" if timing.cpu is None else f"{timing.cpu:.3f}"
        memory = ("" if held is None else f"{held / 1e6:.0f}" for held in (timing.peak, timing.added))
        rows.append((timing.name, f"{timing.seconds['total']:.3f}", cpu, *memory, stages))
    return markdown_table(("what", "seconds", "of processor threads", "peak, MB", "added, MB", "by stage"), rows)
