"""From the painter to the replica without a cluster: a handle that streams, loses replicas and refuses, as Ray's does.

Ray itself need not be here: a module of its names stands for it.
"""

from __future__ import annotations

import asyncio
import importlib
import pickle
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.engine import load_engine
from core.engine.engine import Engine
from core.engine.local import LocalPainter
from core.engine.painter import Job, Painted, Step
from core.engine.remote import RemotePainter
from core.errors import BadRequest, CheckpointError, OutOfMemory, Unavailable
from core.models.checkpoints import read_spec
from core.serve import Cluster, joined, started
from core.serve.replica import Replica, packed
from core.serve.wanted import Wanted, digest
from core.values.groups import DecodeOptions, Start
from core.values.request import EditRequest
from tests.core.engine.test_painter import MASK, OPTIONS, REQUESTS, FarPainter, asked
from tests.core.engine.test_remote import same
from tests.core.serve.fakes import MODELS, SPEC, painter_of, told_by
from tests.loops import completed

RAY = {
    "ray.exceptions": (
        *("RayActorError", "WorkerCrashedError", "NodeDiedError", "ObjectLostError", "RpcError"),
        *("TaskCancelledError", "RayTaskError"),
    ),
    "ray.serve.exceptions": ("ReplicaUnavailableError", "BackPressureError", "DeploymentUnavailableError"),
}


class Response:
    """What a handle answers: one value, or a stream that ends where its replica does."""

    def __init__(self, handle: Handle, coroutine: Any) -> None:
        self._handle, self._coroutine = handle, coroutine

    def result(self) -> Any:
        return self._handle.awaited(self._coroutine)

    def __iter__(self) -> Iterator[Any]:
        while True:
            self._handle.count()
            try:
                yield self._handle.awaited(anext(self._coroutine))
            except StopAsyncIteration:
                return

    def cancel(self) -> None:
        if hasattr(self._coroutine, "aclose"):
            self._handle.awaited(self._coroutine.aclose())


class Handle:
    """Ray's handle of a deployment of one replica, in an event loop of its own.

    Attributes:
        ends: how many items come before each loss; empty for no losses.
        refusal: what every call raises.
        models: what was asked for.
    """

    def __init__(self, replica: Replica, errors: ModuleType) -> None:
        self._replica, self._errors = replica, errors
        self._loop = asyncio.new_event_loop()
        self.ends: list[int] = []
        self.refusal: Exception | None = None
        self.models: set[str] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def options(self, *, method_name: str, multiplexed_model_id: str, stream: bool = False) -> Handle:
        bound = object.__new__(Handle)
        bound.__dict__ = self.__dict__ | {"method": method_name, "whole": self}
        assert stream == (method_name == "paint")
        self.models.add(multiplexed_model_id)
        return bound

    def remote(self, *given: Any) -> Response:
        whole = self.__dict__["whole"]
        if whole.refusal is not None:
            raise whole.refusal
        return Response(whole, getattr(self._replica, self.__dict__["method"])(*given))

    def count(self) -> None:
        if self.ends and not (left := self.ends[0]):
            self.ends.pop(0)
            raise self._errors.RayActorError("it died")
        if self.ends:
            self.ends[0] = left - 1

    def awaited(self, coroutine: Any) -> Any:
        async def wait() -> Any:
            return await coroutine

        try:
            return asyncio.run_coroutine_threadsafe(wait(), self._loop).result()
        except (StopAsyncIteration, asyncio.CancelledError):
            raise
        except Exception as error:
            told = self._errors.RayTaskError(str(error))
            told.cause = error
            raise told from error

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def ray(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of Ray's names, and the rooms that import it imported anew."""
    made = {name: ModuleType(name) for name in ("ray", "ray.serve", *RAY)}
    for name, module in made.items():
        for error in RAY.get(name, ()):
            setattr(module, error, type(error, (Exception,), {}))
        if "." in name:
            setattr(made[name.rpartition(".")[0]], name.rpartition(".")[2], module)
        monkeypatch.setitem(sys.modules, name, module)
    for name in ("core.serve.line", "core.serve.deployment"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return made["ray"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def handle(ray: ModuleType, folder: Path) -> Iterator[Handle]:
    made = Handle(Replica(told_by(folder)), ray.exceptions)
    yield made
    made.close()


@pytest.fixture
def painter(handle: Handle, monkeypatch: pytest.MonkeyPatch) -> RemotePainter:
    line = importlib.import_module("core.serve.line")
    monkeypatch.delitem(sys.modules, "core.serve.line")  # its errors are the module's that is here for this test
    return RemotePainter(line.ServeLine(handle, MODELS[0], 3))


@pytest.mark.parametrize("name", REQUESTS)
def test_what_comes_back_is_what_comes_of_it_here(painter: RemotePainter, handle: Handle, name: str) -> None:
    handle.ends = [1, 0, 1, 1]
    alone = Engine(SPEC, painter_of(MODELS[0]))
    assert same(Engine(SPEC, painter).edit(REQUESTS[name]), alone.edit(REQUESTS[name]))
    assert handle.models == {MODELS[0]}
    assert not handle.ends, "a replica was lost at each of them"


def test_all_that_a_painter_answers_comes_back_and_can_be_written_to(painter: RemotePainter) -> None:
    here, window = painter_of(MODELS[0]), REQUESTS["fill"].image[:32, :32]
    (shown,) = painter.kept([window])
    assert np.array_equal(shown, here.kept([window])[0])
    shown[0] = 0
    assert painter.sharper([window]) is None
    assert (painter.machine, painter.together, painter.places) == (here.machine, here.together, 3)
    ended = asked(MASK, start=Start(Engine(SPEC, here).edit(asked(MASK)).tokens[0][0], OPTIONS.steps))
    (row, column), *_ = np.argwhere(Engine(SPEC, here).plan(ended)[0].unknown)
    near, far = (Engine(SPEC, each).alternatives(ended, (int(row), int(column))) for each in (here, painter))
    assert [(one.code, one.probability) for one in near] == [(one.code, one.probability) for one in far]
    nll = [Engine(SPEC, each).token_nll(asked(MASK), REQUESTS["fill"].image) for each in (here, painter)]
    assert nll[0] == nll[1]


def test_a_cancelled_pass_ends_with_the_step_that_is_made(painter: RemotePainter, folder: Path) -> None:
    stream = Engine(SPEC, painter).stream(asked(MASK, decoding=DecodeOptions(steps=30)))
    next(stream)
    stream.close()
    painter.kept([REQUESTS["fill"].image[:32, :32]])  # comes after all that the replica had to do
    assert (folder / "closed").exists()
    assert (folder / "steps").stat().st_size <= 2


@pytest.mark.parametrize("kind", ["BackPressureError", "DeploymentUnavailableError"])
def test_refusals_are_said_in_a_sentence(painter: RemotePainter, handle: Handle, ray: ModuleType, kind: str) -> None:
    handle.refusal = getattr(sys.modules["ray.serve.exceptions"], kind)(33, 32)
    said = "33 others wait" if kind.startswith("Back") else "cannot start"
    with pytest.raises(Unavailable, match=said):
        Engine(SPEC, painter).edit(REQUESTS["fill"])


@pytest.mark.parametrize("error", [OutOfMemory("it is too large: ask for less."), RuntimeError("a mistake of ours")])
def test_what_a_replica_raises_comes_back(
    painter: RemotePainter, handle: Handle, ray: ModuleType, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*_: object) -> None:
        raise error

    monkeypatch.setattr("core.engine.nets.Nets.encode_all", raises)
    kind = OutOfMemory if isinstance(error, OutOfMemory) else sys.modules["ray.exceptions"].RayTaskError
    with pytest.raises(kind, match=str(error)):
        Engine(SPEC, painter).edit(REQUESTS["fill"])


def test_a_replica_answers_what_painters_answer_and_nothing_else(folder: Path) -> None:
    replica = Replica(told_by(folder))
    with pytest.raises(ValueError, match="step_down"):
        completed(replica.ask(MODELS[0], "step_down", packed(())))
    replica.check_health()


def test_a_replica_with_places_paints_several_windows_at_a_time(folder: Path) -> None:
    """Each step waits until the other pass is in one, too."""
    together = threading.Barrier(2, timeout=60)

    class Meeting(LocalPainter):
        def paint(self, job: Job) -> Iterator[Step | Painted]:
            for item in super().paint(job):
                together.wait()
                yield item

    replica = Replica(lambda model: painter_of(model, Meeting), places=2)
    far = FarPainter()
    Engine(SPEC, far).edit(REQUESTS["fill"])
    job = far.asked[0]

    async def drawn() -> list[Step | Painted]:
        return [pickle.loads(item) async for item in replica.paint(MODELS[0], job)]

    async def both() -> list[list[Step | Painted]]:
        return await asyncio.gather(drawn(), drawn())

    expected = [*painter_of(MODELS[0]).paint(pickle.loads(job))][-1]
    for made in completed(both()):
        assert np.array_equal(made[-1].images, expected.images)


def test_a_deployment_is_planned_in_words_that_it_knows(ray: Any) -> None:
    asked_for: dict[str, Any] = {}
    ray.serve.multiplexed = lambda **_: lambda method: method
    bound = SimpleNamespace(bind=lambda *given: given)
    ray.serve.deployment = lambda kind, **options: asked_for.update(options) or bound
    deployment = importlib.import_module("core.serve.deployment")
    plan, load = deployment.build({"least": "1", "most": "4", "gpus": "0.5"})
    assert (plan.device, plan.most, load) == ("cuda", 4, None)
    assert asked_for["autoscaling_config"] == {"min_replicas": 1, "max_replicas": 4, "target_ongoing_requests": 4}
    assert asked_for["ray_actor_options"] == {"num_cpus": 1.0, "num_gpus": 0.5}
    assert (asked_for["max_ongoing_requests"], asked_for["max_queued_requests"]) == (4, 32)
    deployment.build({"least": 2, "most": 2})
    assert (asked_for["num_replicas"], asked_for["autoscaling_config"]) == (2, None)
    assert asked_for["max_ongoing_requests"] == 1, "a CPU paints one window at a time"
    with pytest.raises(BadRequest, match="a deployment has no colour: choose among least"):
        deployment.build({"colour": "red"})


def test_a_replica_loads_the_very_model_that_the_page_has(tiny_model: Path) -> None:
    wanted = Wanted.of("tiny", tiny_model, own=True, device="cpu")
    assert Wanted.read(wanted.text) == wanted
    assert wanted.dtype != "auto", "all replicas compute alike"
    assert Wanted.of("tiny", tiny_model, own=True, device="cuda").dtype == "auto"
    painter = wanted.load("cpu")
    window = np.zeros((32, 32, 3), np.uint8)
    assert painter.kept([window])[0].shape == window.shape
    assert wanted.weights == digest(read_spec(tiny_model))
    other = Wanted(wanted.model, wanted.dtype, "0" * 16)
    with pytest.raises(CheckpointError, match="model tiny has other weights on a machine that paints"):
        other.load("cpu")


def test_an_engine_over_a_cluster_draws_what_one_here_draws(
    ray: ModuleType, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = Handle(Replica(lambda text: Wanted.read(text).load("cpu")), ray.exceptions)
    try:
        engine = Cluster(handle, 5, "cpu").load("tiny", folder=tiny_model)
    finally:
        monkeypatch.delitem(sys.modules, "core.serve.line")
    request = EditRequest(REQUESTS["fill"].image, MASK, decoding=OPTIONS)
    here = load_engine(folder=tiny_model, device="cpu", dtype=Wanted.read(*handle.models).dtype)
    assert (engine.machine, engine.places) == (here.machine, 5)
    assert np.array_equal(engine.edit(request).images, here.edit(request).images)
    handle.close()


def test_what_a_cluster_needs_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="replicas take CPUs or all CUDA GPUs, not mps"), started(2, device="mps"):
        pass
    monkeypatch.setattr("core.serve.entering.find_spec", lambda _: None)
    for context in (started(2, device="cpu"), joined()):
        with (
            pytest.raises(BadRequest, match="Ray, which is not installed: say pip install -r requirements-serve"),
            context,
        ):
            pass
