"""A real cluster on this machine: two replicas of the fake nets.

Slow, and only where Ray is installed: pip install -r requirements-serve.txt, then pytest -m slow -rP tests/core/serve.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from core.engine.engine import Engine
from core.errors import Unavailable
from core.serve import Cluster, started
from core.values.groups import DecodeOptions
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.core.engine.test_painter import MASK, REQUESTS, asked
from tests.core.engine.test_remote import same
from tests.core.serve.fakes import MODELS, SPEC, painter_of, told_by

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: see requirements-serve.txt"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]
CLIENTS, EDITS = 16, 10
STEP_S = 0.05


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("replicas")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Cluster]:
    began = time.monotonic()
    with started(2, device="cpu", load=told_by(folder, STEP_S)) as cluster:
        told(f"two replicas started: {time.monotonic() - began:.1f} s")
        yield cluster


def streamed(engine: Engine, request: EditRequest) -> tuple[list[Preview], EditResult]:
    *previews, result = engine.stream(request)
    assert isinstance(result, EditResult)
    return [item for item in previews if isinstance(item, Preview)], result


def told(figures: str) -> None:
    sys.stdout.write(f"{figures}\n")


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def request_of(client: int, edit: int) -> EditRequest:
    kinds = list(REQUESTS.values())
    request = kinds[(client + edit) % len(kinds)]
    return replace(request, decoding=replace(request.decoding, seed=100 * client + edit, variations=1, steps=3))


def test_a_killed_replica_changes_no_answer(cluster: Cluster, folder: Path) -> None:
    """160 streamed edits of 16 visitors; a replica is ended from within at a random step."""
    at = size(folder / "steps") + random.randrange(40, 400)
    (folder / f"end after {at}").touch()
    engine, alone = Engine(SPEC, cluster.painter(MODELS[0])), Engine(SPEC, painter_of(MODELS[0]))

    def client(number: int) -> list[tuple[list[Preview], EditResult]]:
        return [streamed(engine, request_of(number, edit)) for edit in range(EDITS)]

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        made = list(pool.map(client, range(CLIENTS)))
    seconds, right = time.monotonic() - began, 0
    for number, edits in enumerate(made):
        for edit, (previews, result) in enumerate(edits):
            wanted = streamed(alone, request_of(number, edit))
            right += same(result, wanted[1]) and len(previews) == len(wanted[0])
    told(f"{right} of {CLIENTS * EDITS} equal, {CLIENTS * EDITS / seconds:.1f} edits/s, ended after step {at}")
    assert right == CLIENTS * EDITS
    assert not list(folder.glob("end after *")), "a replica was ended"


def test_a_cancelled_run_makes_no_further_step(cluster: Cluster, folder: Path) -> None:
    engine = Engine(SPEC, cluster.painter(MODELS[0]))
    stream = engine.stream(asked(MASK, decoding=DecodeOptions(steps=40)))
    next(stream)
    steps, closed = size(folder / "steps"), size(folder / "closed")
    began = time.monotonic()
    stream.close()
    while size(folder / "closed") == closed:
        time.sleep(0.005)
    told(f"idle {1000 * (time.monotonic() - began):.0f} ms after the cancellation, steps take {1000 * STEP_S:.0f}")
    made = size(folder / "steps") - steps
    assert made < 20, "it was not finished"
    time.sleep(3 * STEP_S)
    assert size(folder / "steps") - steps == made, "it has ended"


def test_two_models_never_mix(cluster: Cluster) -> None:
    engines = {model: Engine(SPEC, cluster.painter(model)) for model in MODELS}

    def visitor(model: str) -> list[EditResult]:
        return [engines[model].edit(request_of(1, edit)) for edit in range(EDITS)]

    with ThreadPoolExecutor(len(MODELS)) as pool:
        made = list(pool.map(visitor, MODELS))
    for model, results in zip(MODELS, made, strict=True):
        alone = Engine(SPEC, painter_of(model))
        assert all(same(result, alone.edit(request_of(1, edit))) for edit, result in enumerate(results))
    assert not np.array_equal(made[0][0].images, made[1][0].images)


def test_who_comes_when_the_queue_is_full_is_refused_in_a_sentence(cluster: Cluster) -> None:
    engine, request = Engine(SPEC, cluster.painter(MODELS[0])), asked(MASK, decoding=DecodeOptions(steps=8))

    def visitor(_: int) -> str:
        try:
            engine.edit(request)
        except Unavailable as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(64) as pool:
        said = list(pool.map(visitor, range(64)))
    told(f"{said.count('')} served, {len(said) - said.count('')} refused")
    assert "" in said
    assert all(re.fullmatch(r"\d+ others wait for the machines that paint already: .+|", each) for each in said)
    assert set(said) != {""}
