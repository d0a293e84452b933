"""The line to replicas of a deployment: questions go through handles of Ray Serve, which find one that is free.

Knows nothing of what is asked. Handles that stream need a process of the cluster: Ray Client cannot carry them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray import exceptions as ray_errors
from ray.serve import exceptions as serve_errors

from core.engine.painter import Job, Painted, Step
from core.engine.remote import Lost
from core.errors import CoreError, Unavailable
from core.serve.replica import packed

_LOST = (
    ray_errors.RayActorError,  # it died, or its machine does not answer
    ray_errors.WorkerCrashedError,
    ray_errors.NodeDiedError,
    ray_errors.ObjectLostError,
    ray_errors.RpcError,
    ray_errors.TaskCancelledError,  # not by us: it is being replaced
    serve_errors.ReplicaUnavailableError,
)
"""What says that a replica is gone, and nothing of the question."""


class ServeLine:
    """A `core.engine.remote.Line` to replicas.

    Args:
        handle: of the deployment.
        model: for all questions, as the replicas' loader knows it.
        places: passes that all replicas together may paint at a time.
    """

    def __init__(self, handle: Any, model: str, places: int) -> None:
        self._model, self._places = model, places
        self._ask = handle.options(method_name="ask", multiplexed_model_id=model)
        self._paint = handle.options(method_name="paint", multiplexed_model_id=model, stream=True)

    @property
    def places(self) -> int:
        """See `Line.places`."""
        return self._places

    def ask(self, name: str, *given: Any) -> Any:
        """See `Line.ask`."""
        with _translated():
            return pickle.loads(self._ask.remote(self._model, name, packed(given)).result())

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """See `Line.paint`."""
        with _translated():
            response = self._paint.remote(self._model, packed(job))
            try:
                for item in response:
                    yield pickle.loads(item)
            finally:
                response.cancel()  # of one that has ended, it does nothing


@contextmanager
def _translated() -> Iterator[None]:
    """Turn Ray's errors into those of `core.engine.remote.Line`, and the replicas' own back into themselves."""
    try:
        yield
    except serve_errors.BackPressureError as error:
        raise Unavailable(
            "{waiting} others wait for the machines that paint already: try again in a minute.",
            waiting=error.args[0],
        ) from error
    except serve_errors.DeploymentUnavailableError as error:
        raise Unavailable(
            "the machines that paint cannot start: look into the log of their cluster, then try again."
        ) from error
    except _LOST as error:
        raise Lost(str(error)) from error
    except ray_errors.RayTaskError as error:
        if isinstance(error.cause, CoreError):
            raise error.cause from None
        raise
