"""Jobs spread over the machines of a cluster by Ray Data, each done once by one of several workers.

Knows nothing of what the jobs are.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from core.errors import CoreError
from core.serve.entering import connected, prepare
from core.serve.replica import packed

Job = TypeVar("Job")
Done = TypeVar("Done")


class _Worker:
    """A process that opens what it works with once.

    Args:
        opens: pickled, makes what does a job.
    """

    def __init__(self, opens: bytes) -> None:
        self._do = pickle.loads(opens)()

    def __call__(self, row: Mapping[str, bytes]) -> dict[str, bytes]:
        """Do a job, pickled like what comes of it."""
        return {"done": packed(self._do(pickle.loads(row["job"])))}


def spread(opens: Callable[[], Callable[[Job], Done]], jobs: Sequence[Job], *, gpus: float = 0.0) -> Iterator[Done]:
    """Do jobs on the cluster that this machine belongs to; yields what comes of each, in the order in which they end.

    Args:
        opens: makes in each worker what does a job; can be pickled, like jobs and what comes of them.
        jobs: at least one.
        gpus: of each worker, which has a CPU as well.

    Raises:
        BadRequest: if Ray is not installed.
        Unavailable: if this machine belongs to no cluster.
        CoreError: what a job raises; the others are given up.
    """
    prepare()
    import ray

    with connected(address="auto", log_to_driver=False):
        workers = _workers(ray.cluster_resources(), gpus, len(jobs))
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"job": packed(job)} for job in jobs], override_num_blocks=len(jobs))
        done = rows.map(
            _Worker,
            fn_constructor_args=(packed(opens),),
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
            num_cpus=1,
            num_gpus=gpus,
        )
        try:
            for row in done.iter_rows():
                yield pickle.loads(row["done"])
        except ray.exceptions.RayError as error:
            raise _of_a_job(error) from error


def _workers(has: Mapping[str, float], gpus: float, jobs: int) -> int:
    """Count the workers for which a cluster has room: at least one, and no more than there are jobs."""
    room = has.get("CPU", 1.0) if not gpus else has.get("GPU", 1.0) / gpus
    return max(1, min(int(room), jobs))


def _of_a_job(error: BaseException) -> BaseException:
    """Find what a job raised behind Ray's errors; if it is no sentence, the error itself."""
    found: Any = error
    while found is not None and not isinstance(found, CoreError):
        found = getattr(found, "cause", None) or found.__cause__
    return error if found is None else found
