"""Several jobs on a few threads, abandoned as soon as nobody waits for them.

Knows nothing of what the jobs do, only that those which may be abandoned call `pause` or `share` every few
milliseconds.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Result = TypeVar("Result")

Part = Callable[[slice], None]
"""Does one part of a loop."""

BEAT_S = 0.05
"""Seconds between two progress reports; a stop waits no longer: up to 0.1 s feels immediate (Nielsen 1993)."""
_MOST_THREADS = 4
"""With more, numpy's small arrays wait for the interpreter lock rather than for a core."""
_LEAST_PART = 8192
"""Rows that make a thread worth starting: comparing 8192 patches takes 0.2 ms, handing them to a thread 0.01 ms."""


class Stopped(Exception):
    """The work was stopped; never seen outside the threads that do it."""


class Crew:
    """Threads that work side by side until they are done or stopped; they start when first needed and end with it.

    Args:
        threads: how many; None takes one per core, up to four. The result is the same with any number.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        self._stopped = threading.Event()
        self._workers, self._helpers = ThreadPoolExecutor(self._threads), ThreadPoolExecutor(self._threads)
        self._hands = 1

    def pause(self) -> None:
        """End the calling job if the work was stopped.

        Raises:
            Stopped: if it was.
        """
        if self._stopped.is_set():
            raise Stopped

    def stop(self) -> None:
        """End every job at its next `pause`."""
        self._stopped.set()

    def share(self, count: int, part: Part, *, least: int = _LEAST_PART) -> None:
        """Run a loop in parallel parts on threads that have no job of their own; calls `pause` first.

        Args:
            count: iterations of the loop, independent of each other.
            part: does the iterations of a slice.
            least: iterations below which a part is not worth a thread.

        Raises:
            Stopped: if the work was stopped.
        """
        self.pause()
        parts = max(1, min(self._hands, count // least))
        cuts = [count * i // parts for i in range(parts + 1)]
        slices = [slice(*ends) for ends in itertools.pairwise(cuts)]
        others = [self._helpers.submit(part, each) for each in slices[1:]]
        part(slices[0])
        for other in others:
            other.result()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> Iterator[int | Done[Result]]:
        """Run jobs in parallel.

        Yields:
            The number of finished jobs, every `BEAT_S` seconds; last, their results in the given order.
        """
        self._hands = max(1, self._threads // max(1, len(jobs)))
        futures = [self._workers.submit(job) for job in jobs]
        try:
            while (waiting := wait(futures, BEAT_S).not_done) and not any(f.done() and f.exception() for f in futures):
                yield len(futures) - len(waiting)
            yield Done([future.result() for future in futures])
        finally:
            if any(not future.done() for future in futures):
                self.stop()
            # Stopping does not wait: jobs still running end at their next pause, and nobody looks at them.
            for future in futures:
                future.cancel()

    def together(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run jobs in parallel and wait for all of them; the calling thread runs them if there is nothing to share.

        Returns:
            Their results, in the given order.

        Raises:
            Exception: the first job's that failed, after all have ended.
        """
        if self._threads == 1 or len(jobs) < 2:
            return [job() for job in jobs]
        futures = [self._workers.submit(job) for job in jobs]
        wait(futures)
        return [future.result() for future in futures]


class Done(Generic[Result]):
    """Results of all jobs, in the given order."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results
