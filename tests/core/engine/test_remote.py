"""Painters elsewhere, without a cluster: a line that pickles every word, loses painters, and refuses."""

from __future__ import annotations

import pickle
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.engine.engine import Engine
from core.engine.painter import Job, Painted, Step
from core.engine.remote import MOST_LOST, Facts, Lost, RemotePainter
from core.errors import OutOfMemory, Unavailable
from core.recipe import Machine
from core.values.groups import DecodeOptions, Start
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.core.engine.test_painter import MASK, OPTIONS, REQUESTS, SPEC, UNFINISHED, asked, local_painter, run, sent

Ending = Callable[[int, int], bool]
"""(painter, its steps so far) -> whether it ends now."""


class FakeLine:
    """Painters of this process behind pickles, a new one for every question; each ends where it is told to."""

    places = 2

    def __init__(self, ends: Ending = lambda _painter, _steps: False) -> None:
        self._ends = ends
        self.jobs: list[Job] = []
        self.closed = threading.Event()
        self.refusal: Exception | None = None

    def ask(self, name: str, *given: Any) -> Any:
        painter = local_painter()
        answer = Facts(painter.machine, painter.together) if name == "facts" else getattr(painter, name)(*sent(given))
        return sent(answer)

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        if self.refusal is not None:
            raise self.refusal
        job, number, steps = sent(job), len(self.jobs), 0
        self.jobs.append(job)
        try:
            for item in local_painter().paint(job):
                if self._ends(number, steps):
                    raise Lost("it was ended")
                steps += 1
                yield sent(item)
        finally:
            self.closed.set()


def all_of(previews: list[Preview]) -> list[tuple[Any, ...]]:
    return [
        (one.step, one.steps, one.pass_index, *(pickle.dumps(a) for a in (one.tokens, one.unknown, one.confidence)))
        for one in previews
    ]


def same(result: EditResult, other: EditResult) -> bool:
    return np.array_equal(result.images, other.images) and all(
        getattr(result, name) == getattr(other, name)
        for name in ("scores", "fits", "class_fits", "forwards", "ranking", "seams")
    )


def begun(steps: int) -> EditRequest:
    """Return a branch: it goes on from a step of another run."""
    request = asked(MASK, class_id=1)
    previews, _ = run(local_painter(), request)
    step = previews[steps - 1]
    codes = np.where(step.unknown[0], -1, step.tokens[0])
    return replace(request, start=Start(codes, steps))


WAYS = {
    **REQUESTS,
    "raster": asked(MASK, decoding=replace(OPTIONS, order="raster")),
    "halton": asked(MASK, decoding=replace(OPTIONS, order="halton")),
    "guided, more and more": asked(
        MASK, class_id=2, decoding=replace(OPTIONS, guidance_scale=3, guidance_ramp="linear")
    ),
    "with a memory": asked(MASK, class_id=2, decoding=replace(OPTIONS, steps=6, caching="known cells")),
    "warm, and started late": asked(MASK, decoding=replace(OPTIONS, warm_up=2, start_step=1, token_cooling=0.5)),
    "a branch": begun(2),
}


@pytest.mark.parametrize("name", WAYS)
def test_painters_lost_at_every_step_change_no_byte(name: str) -> None:
    here, near = run(local_painter(), WAYS[name])
    steps = sum(one.pass_index == 0 for one in here)
    for at in range(0, steps + 1, max(1, steps // 4)):
        line = FakeLine(lambda painter, steps, at=at: painter % 2 == 0 and steps == at)
        there, far = run(RemotePainter(line), WAYS[name])
        assert same(near, far), at
        assert all_of(here) == all_of(there), at
        assert len(line.jobs) > here[-1].passes, "a painter was lost"


def test_what_is_left_alone_is_asked_for() -> None:
    request = asked(MASK, decoding=DecodeOptions(steps=8))
    line = FakeLine(lambda painter, steps: painter == 0 and steps == 6)
    run(RemotePainter(line), request)
    first, second = line.jobs
    assert (first.samplings[0].taken, second.samplings[0].taken) == (0, 6)
    assert second.samplings[0].hole == first.unknown.sum()
    assert second.starts[0] is not None
    assert 0 < (second.starts[0] < 0).sum() < first.unknown.sum()


def test_a_job_that_ends_every_painter_is_given_up_in_a_sentence() -> None:
    line = FakeLine(lambda _painter, steps: steps == 0)
    with pytest.raises(Unavailable, match="were lost one after another: look into the log"):
        run(RemotePainter(line), REQUESTS["fill"])
    assert len(line.jobs) == MOST_LOST
    patient = FakeLine(lambda _painter, steps: steps == 1)  # each comes a step further
    assert same(run(RemotePainter(patient), REQUESTS["fill"])[1], run(local_painter(), REQUESTS["fill"])[1])


def test_facts_and_answers_that_are_lost_are_asked_for_again() -> None:
    class Shaky(FakeLine):
        lost = 0

        def ask(self, name: str, *given: Any) -> Any:
            self.lost += 1
            if self.lost % MOST_LOST:
                raise Lost("it was ended")
            return super().ask(name, *given)

    painter, window = RemotePainter(Shaky()), REQUESTS["fill"].image[:32, :32]
    assert painter.machine == Machine("cpu", "float32", local_painter().machine.threads)
    assert np.array_equal(painter.kept([window])[0], local_painter().kept([window])[0])
    dead = Shaky()
    dead.lost = -2 * MOST_LOST
    dead.ask = lambda *_: (_ for _ in ()).throw(Lost("it was ended"))  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        RemotePainter(dead)


@pytest.mark.parametrize("error", [Unavailable("too many wait: try again."), OutOfMemory("it is too large: ask less.")])
def test_what_painters_refuse_is_said_and_not_asked_again(error: Exception) -> None:
    line = FakeLine()
    painter = RemotePainter(line)
    line.refusal = error
    with pytest.raises(type(error), match=str(error)):
        run(painter, REQUESTS["fill"])


def test_closing_the_stream_lets_the_painter_go() -> None:
    line = FakeLine()
    engine = Engine(SPEC, RemotePainter(line))
    stream = engine.stream(asked(MASK, decoding=DecodeOptions(steps=8)))
    next(stream)
    assert not line.closed.is_set()
    stream.close()
    assert line.closed.is_set()
    assert engine.places == line.places


def test_one_engine_serves_many_at_a_time() -> None:
    """Each loses painters at random; every one of them gets what it would get alone."""
    seeds = random.Random(7)
    engine = Engine(SPEC, RemotePainter(FakeLine(lambda _painter, steps: steps > 0 and seeds.random() < 0.2)))
    detailed = replace(REQUESTS["fill"], painting=replace(UNFINISHED, detail="grain"))
    requests = [replace(detailed, decoding=replace(OPTIONS, seed=seed)) for seed in range(12)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(engine.edit, requests))
    alone = Engine(SPEC, local_painter())
    assert all(same(one, alone.edit(request)) for one, request in zip(made, requests, strict=True))
