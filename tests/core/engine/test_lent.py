"""A GPU that is lent to forked processes, without one: the nets are used there alone, and no picture changes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import gradio as gr
import numpy as np
import pytest
from torch import Tensor

from core.engine.engine import Engine
from core.engine.lent import LentLine
from core.engine.painter import Job, Painted
from core.engine.remote import RemotePainter
from core.errors import OutOfMemory, Unavailable
from core.recipe import Machine
from core.values.groups import DecodeOptions
from editor.server.zerogpu import lend
from tests import spaces
from tests.core.engine.test_painter import MASK, REQUESTS, SPEC, asked, local_painter, run
from tests.fakes import RuleTransformer

HERE = os.getpid()

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded, use of fork:DeprecationWarning")


class Elsewhere(RuleTransformer):
    """Computes in forked processes only; ends the first of them that makes so many passes, if asked to."""

    def __init__(self, end_after: int | None = None) -> None:
        super().__init__()
        self._end_after, self._passes = end_after, 0
        self._to_end = multiprocessing.get_context("fork").Value("i", 1)  # shared by all

    def forward(self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None) -> Tensor:
        assert os.getpid() != HERE
        self._passes += 1
        if self._passes == self._end_after and self._to_end.value:
            self._to_end.value = 0
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(tokens, class_ids, cells=cells)


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    spaces.asked.clear()
    yield
    assert not spaces.refusals


def lent_line(net: RuleTransformer | None = None) -> LentLine:
    painter = local_painter()
    painter.nets.transformer = (net or Elsewhere()).eval()
    return LentLine(painter, lend, device="cpu")


def painted() -> list[float]:
    """Return the seconds of each call that painted; those about what the tokenizer keeps are the shorter ones."""
    return [seconds for seconds in spaces.asked if seconds > 6.2]


@pytest.mark.parametrize("name", REQUESTS)
def test_forked_processes_give_the_same_pictures(name: str) -> None:
    here, near = run(local_painter(), REQUESTS[name])
    there, far = run(RemotePainter(lent_line()), REQUESTS[name])
    assert np.array_equal(near.images, far.images)
    assert (near.scores, near.fits, near.class_fits, near.ranking) == (
        far.scores,
        far.fits,
        far.class_fits,
        far.ranking,
    )
    assert [preview.step for preview in here] == [preview.step for preview in there]


def test_a_process_that_is_broken_off_is_gone_on_from() -> None:
    _, near = run(local_painter(), REQUESTS["fill"])
    _, far = run(RemotePainter(lent_line(Elsewhere(end_after=3))), REQUESTS["fill"])
    assert np.array_equal(near.images, far.images)
    first, second = painted()
    assert second < first, "fewer steps are left"


def test_errors_for_people_come_back_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_painter: object, _job: Job) -> Iterator[Painted]:
        raise OutOfMemory("{device} is full: ask for less.", device="It")
        yield

    monkeypatch.setattr("core.engine.local.LocalPainter.paint", full)
    engine = Engine(SPEC, RemotePainter(lent_line()))
    with pytest.raises(OutOfMemory, match=r"^It is full: ask for less\.$"):
        engine.edit(REQUESTS["fill"])
    spaces.refusals.append(gr.Error("You have exceeded your GPU quota.", title="ZeroGPU quota exceeded"))
    with pytest.raises(Unavailable, match=r"no GPU was lent for this edit \(You have exceeded your GPU quota\): try"):
        engine.edit(REQUESTS["fill"])


def test_a_mistake_of_ours_is_not_called_a_lack_of_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*_: object) -> Any:
        raise KeyError("x")

    monkeypatch.setattr("core.engine.local.LocalPainter.kept", wrong)
    with pytest.raises(gr.Error, match="KeyError"):
        lent_line().ask("kept", [])


def test_what_needs_no_gpu_asks_for_none_and_the_estimate_follows_the_work() -> None:
    line = lent_line()
    painter = RemotePainter(line)
    assert painter.machine == Machine("cpu", "float32", 1)
    assert (painter.together, painter.places) == (8, 2)
    assert spaces.asked == []
    run(painter, asked(MASK, decoding=DecodeOptions(steps=2)))
    run(painter, asked(MASK, decoding=DecodeOptions(steps=8)))
    few, many = painted()
    assert 5 < few < many < 10


def test_closing_ends_the_process() -> None:
    line = lent_line()
    (job,) = jobs(asked(MASK, decoding=replace(REQUESTS["fill"].decoding, steps=8)))
    stream = line.paint(job)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(ProcessLookupError):
        os.kill(spaces.processes[-1].pid, 0)


def jobs(request: Any) -> list[Job]:
    """Return the jobs of a request."""
    found: list[Job] = []

    class Keeping:
        def __getattr__(self, name: str) -> Any:
            return getattr(painter, name)

        def paint(self, job: Job) -> Any:
            found.append(job)
            return painter.paint(job)

    painter = local_painter()
    run(Keeping(), request)
    return found
