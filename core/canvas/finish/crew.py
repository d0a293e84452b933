"""Several jobs on a few threads, given up as soon as nobody waits for them.

Knows nothing of what the jobs do, but that they call `pause` every few milliseconds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Result = TypeVar("Result")

BEAT_S = 0.05
"""Seconds between two signs of life: whoever wants to stop is heard so often."""
_MOST_THREADS = 4
"""Beyond these, small arrays wait for the interpreter rather than for a core."""


class Stopped(Exception):
    """Nobody waits for the work any longer; never seen outside the threads that do it."""


class Crew:
    """Threads that work side by side until they are done or stopped.

    Args:
        threads: how many; None takes one for each core, up to four. What comes out is the same with any number.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._stopped = threading.Event()

    def pause(self) -> None:
        """End the job that calls this where the work was stopped.

        Raises:
            Stopped: then.
        """
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """Let every job end at its next `pause`."""
        self._stopped.set()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> Iterator[int | Done[Result]]:
        """Run jobs side by side.

        Yields:
            How many are done, every `BEAT_S` seconds; last, what they returned, in their order.
        """
        pool = ThreadPoolExecutor(self._threads)
        futures = [pool.submit(job) for job in jobs]
        try:
            while (waiting := wait(futures, BEAT_S).not_done) and not any(f.done() and f.exception() for f in futures):
                yield len(futures) - len(waiting)
            yield Done([future.result() for future in futures])
        finally:
            if any(not future.done() for future in futures):
                self.stop()
            # Whoever stops does not wait: what still runs ends at its next pause, and nobody looks at it.
            pool.shutdown(wait=False, cancel_futures=True)


class Done(Generic[Result]):
    """What all jobs returned, in their order."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results
