"""Clusters: one of this machine's own, or the one that this machine belongs to; and engines whose nets are there.

Knows nothing of what replicas do. Only processes with the cluster's token can join it, whatever its ports are bound to,
and nothing is reported to Ray's makers.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from core.engine.device import pick_device
from core.engine.engine import Engine
from core.engine.load import folder_of
from core.engine.painter import Painter
from core.engine.remote import RemotePainter
from core.errors import BadRequest, Unavailable
from core.models.checkpoints import read_spec
from core.models.recogniser import load_recogniser
from core.serve.entering import connected, first_line, prepare
from core.serve.plan import NAME, Plan
from core.serve.wanted import Wanted

_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # on every system: it then binds all ports to the loopback
    "RAY_worker_niceness": "0",  # 15 by default: visitors would wait for all else on the machine
}
"""How a cluster of one machine's own is to behave."""
_DEVICES = ("auto", "cpu", "cuda")
"""Devices that Ray can divide among replicas."""


class Cluster:
    """Replicas that paint, and engines over them. Thread-safe.

    Args:
        handle: of the deployment.
        places: passes that all replicas together may paint at a time.
        device: kind of their device.
    """

    def __init__(self, handle: Any, places: int, device: str) -> None:
        self._handle, self._places, self._device = handle, places, device

    def load(self, model: str, *, folder: Path | None = None) -> Engine:
        """Make an engine whose nets are the replicas'.

        The model's files are on this disk, too, where its classes are recognised.

        Args:
            model: see `load_engine`.
            folder: a model folder of one's own, which every machine of the cluster has in the same place.

        Raises:
            CoreError: if it cannot be used here or there.
        """
        here = folder_of(model) if folder is None else folder
        wanted = Wanted.of(model, here, own=folder is not None, device=self._device)
        spec = read_spec(here)
        return Engine(spec, self.painter(wanted.text), recogniser=load_recogniser(here, spec))

    def painter(self, model: str) -> RemotePainter:
        """Make a painter of a model, as the replicas' loader knows it."""
        from core.serve.line import ServeLine

        return RemotePainter(ServeLine(self._handle, model, self._places))


@contextmanager
def started(replicas: int, *, device: str = "auto", load: Callable[[str], Painter] | None = None) -> Iterator[Cluster]:
    """Context of a cluster of this machine's own, which ends with it.

    Args:
        replicas: processes that paint, each with one CPU, and with a GPU or a part of one if there are any.
        device: "auto", "cpu" or "cuda".
        load: see `Painters`.

    Raises:
        BadRequest: if Ray is not installed, or for another device.
        Unavailable: if it does not start.
    """
    gpus = _gpus(device, replicas)
    prepare()
    os.environ.update(_ALONE, RAY_AUTH_MODE="token")
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))  # Ray reads it once in a process
    import ray
    from ray import serve

    from core.serve.deployment import built

    plan = Plan(replicas, replicas, gpus=gpus)
    with connected(address="local", num_cpus=replicas, include_dashboard=False):
        try:
            serve.start(proxy_location="Disabled")
            handle = serve.run(built(plan, load), name=NAME, route_prefix=None)
        except (RuntimeError, ray.exceptions.RayError) as error:
            raise Unavailable(
                "the replicas do not start ({why}): look into /tmp/ray/session_latest/logs.", why=first_line(error)
            ) from error
        yield Cluster(handle, plan.most * plan.places, plan.device)


@contextmanager
def joined() -> Iterator[Cluster]:
    """Context of the cluster that this machine belongs to, whose deployment goes on when it ends.

    Raises:
        BadRequest: if Ray is not installed.
        Unavailable: if there is no cluster, or no deployment on it.
    """
    prepare()
    from ray import serve

    with connected(address="auto"):
        try:
            handle = serve.get_app_handle(NAME)
        except serve.exceptions.RayServeException as error:
            raise Unavailable(
                "no application {name} runs on this cluster: deploy docker/replicas.yaml on it first.", name=NAME
            ) from error
        plan = Plan.read(handle.plan.remote().result())
        yield Cluster(handle, plan.most * plan.places, plan.device)


def _gpus(device: str, replicas: int) -> float:
    """Divide this machine's GPUs among replicas; 0 if they compute on the CPU."""
    if device not in _DEVICES:
        raise BadRequest("replicas take CPUs or all CUDA GPUs, not {device}: give --device cpu or cuda.", device=device)
    return 0.0 if pick_device(device).type == "cpu" else min(1.0, torch.cuda.device_count() / replicas)
