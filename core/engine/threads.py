"""A processor's threads: how many of them share one product, and how many samples are computed side by side.

Knows nothing of nets. The last bits of a product depend on how many threads share it, and on nothing else here.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from core.plumbing.crew import Crew

Result = TypeVar("Result")

EVERYONE = torch.get_num_threads()
"""Threads that may compute; asked once, because while something computes the process's number is another."""


class Threads:
    """Threads that compute jobs, each job on so many of them.

    Args:
        a_job: that share a job's products; may be more than there are.
        side_by_side: whether the others compute other jobs meanwhile.

    Attributes:
        jobs: that are computed at a time.
    """

    def __init__(self, a_job: int, *, side_by_side: bool) -> None:
        self._a_job = a_job
        self.jobs = max(1, EVERYONE // a_job) if side_by_side else 1
        self._crew = Crew(self.jobs)

    def compute(self, jobs: Sequence[Callable[[], Result]]) -> list[Result]:
        """Run jobs; returns their results in the given order, when all have ended."""
        before = torch.get_num_threads()
        torch.set_num_threads(self._a_job)  # here, too: MKL has one number for the whole process
        try:
            return self._crew.together([functools.partial(self._bound, job) for job in jobs])
        finally:
            torch.set_num_threads(before)

    def _bound(self, job: Callable[[], Result]) -> Result:
        """Run a job in a thread that divides its products as they are to be, whatever it did before."""
        if torch.get_num_threads() != self._a_job:
            torch.set_num_threads(self._a_job)
        return job()
