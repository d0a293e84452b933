"""How clusters are entered: with a token, without reports to Ray's makers, and out again at the end.

Knows nothing of what is done on them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from core.errors import BadRequest, Unavailable


def prepare() -> None:
    """Say how Ray behaves, before it is imported.

    Raises:
        BadRequest: if it is not installed.
    """
    if find_spec("ray") is None:
        raise BadRequest(
            "replicas need Ray, which is not installed: say pip install -r requirements-serve.txt, then start again."
        )
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


@contextmanager
def connected(**options: Any) -> Iterator[None]:
    """Context of a connection to a cluster.

    Raises:
        Unavailable: if there is none.
    """
    import ray

    try:
        ray.init(configure_logging=False, **options)
    except (OSError, ValueError, RuntimeError, ray.exceptions.RayError) as error:
        raise Unavailable(
            "no Ray cluster can be entered here ({why}): say ray start --address=HEAD:6379 with the cluster's "
            "RAY_AUTH_TOKEN to join one, or give --replicas N for one of this machine's own.",
            why=first_line(error),
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def first_line(error: Exception) -> str:
    """Shorten what Ray says to its first line."""
    return str(error).strip().partition("\n")[0].rstrip(".")
