"""Several jobs on a few threads, given up as soon as nobody waits for them.

Knows nothing of what the jobs do, but that they call `pause` or `share` every few milliseconds.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

Result = TypeVar("Result")

Part = Callable[[slice], None]
"""Does some of a loop."""

BEAT_S = 0.05
"""Seconds between two signs of life: whoever wants to stop is heard so often."""
_MOST_THREADS = 4
"""Beyond these, small arrays wait for the interpreter rather than for a core."""
_LEAST_PART = 8192
"""Rounds of a loop over an array's rows that are worth another thread's while."""


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
        self._helpers: Executor | None = None
        self._hands = 1

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

    def share(self, count: int, part: Part, *, least: int = _LEAST_PART) -> None:
        """Do a loop in parts side by side, where threads have no job of their own; a `pause` comes first.

        Args:
            count: rounds of the loop; none may hang on another.
            part: does those of a slice.
            least: rounds below which a part is not worth a thread.

        Raises:
            Stopped: where the work was stopped.
        """
        self.pause()
        parts = max(1, min(self._hands, count // least))
        cuts = [count * i // parts for i in range(parts + 1)]
        slices = [slice(*ends) for ends in itertools.pairwise(cuts)]
        others = [] if self._helpers is None else [self._helpers.submit(part, each) for each in slices[1:]]
        part(slices[0])
        for other in others:
            other.result()

    def work(self, jobs: Sequence[Callable[[], Result]]) -> Iterator[int | Done[Result]]:
        """Run jobs side by side.

        Yields:
            How many are done, every `BEAT_S` seconds; last, what they returned, in their order.
        """
        pool = ThreadPoolExecutor(self._threads)
        self._hands = max(1, self._threads // max(1, len(jobs)))
        self._helpers = ThreadPoolExecutor(self._threads) if self._hands > 1 else None
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
            if self._helpers is not None:
                self._helpers.shutdown(wait=False)


class Done(Generic[Result]):
    """What all jobs returned, in their order."""

    def __init__(self, results: list[Result]) -> None:
        self.results = results
