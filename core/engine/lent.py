"""A GPU that is lent for one question at a time, to a process forked for it, as Hugging Face's ZeroGPU lends its own.

Knows nothing of who lends it. The nets wait in this process on the CPU. A fork inherits them and moves its own to the
GPU; what is asked and what comes back is pickled, and whatever a fork remembers ends with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import torch

from core.engine.device import memory_errors_translated
from core.engine.local import LocalPainter
from core.engine.nets import A_BATCH
from core.engine.painter import Job, Painted, Step
from core.engine.products import unpack
from core.engine.remote import Facts, Lost
from core.errors import CoreError, Unavailable
from core.recipe import Machine

Work = Callable[[str, tuple[Any, ...]], Iterator[Any]]
"""Answers a question, a method of `Painter` by its name and what is given to it; a generator."""
Lend = Callable[[Work, Callable[[str, tuple[Any, ...]], float]], Work]
"""Makes a work that is done in a forked process with a GPU, of one that is done here and the seconds that it may take.

It ends early where the process was broken off, and raises ConnectionRefusedError, with the reason, where no GPU was
lent.
"""

_PLACES = 2
"""Questions at a time: while one process ends or begins, another has the GPU; each takes the nets' memory anew."""
_BEGIN_S = 6.0
"""Seconds until a forked process computes: CUDA begins in 3 to 4, and weights move at a gigabyte a second."""
_STEP_S = 0.15
"""Of a step beside the transformer's products, most of it previews and what is pickled."""
_RATE = 3e13
"""Products a second that are counted on, a tenth of what such GPUs make in bf16: queues are better than broken runs."""

_BROKEN_OFF = "it took longer than it might, or its process died"


class _Refused(NamedTuple):
    """An error for people, which would else come back as the name of its class alone."""

    error: CoreError


class LentLine:
    """The `Line` to a GPU that is lent. Thread-safe.

    Args:
        painter: with its nets on the CPU, in the number format of the GPU; used in forks alone.
        lend: see `Lend`.
        device: of the forks.
    """

    def __init__(self, painter: LocalPainter, lend: Lend, device: str = "cuda") -> None:
        self._painter, self._device = painter, torch.device(device)
        self._moved_in = 0  # id of the process in which the nets are where they should be
        nets = painter.nets
        unpack(nets.transformer)  # packed weights cannot leave the CPU
        self._weights = sum(weight.numel() for weight in nets.transformer.parameters())
        self._facts = Facts(Machine(self._device.type, nets.number.said, 1), A_BATCH)
        self._work = lend(self._answers, self.seconds)

    @property
    def places(self) -> int:
        """See `Line.places`."""
        return _PLACES

    def ask(self, name: str, *given: Any) -> Any:
        """See `Line.ask`."""
        if name == "facts":
            return self._facts
        answers = list(self._told(name, given))
        if not answers:
            raise Lost(_BROKEN_OFF)
        return answers[0]

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """See `Line.paint`."""
        item: Step | Painted | None = None
        for item in self._told("paint", (job,)):
            yield item
        if not isinstance(item, Painted):
            raise Lost(_BROKEN_OFF)

    def seconds(self, name: str, given: tuple[Any, ...]) -> float:
        """Estimate the seconds of a question from above: what takes longer is broken off."""
        jobs = [each for each in given if isinstance(each, Job)]
        if name != "paint" or not jobs:
            return _BEGIN_S + _STEP_S * sum(len(each) for each in given if isinstance(each, list | tuple))
        (job,) = jobs
        steps = max(sampling.steps - sampling.taken for sampling in job.samplings)
        products = 2 * 2 * self._weights * job.unknown.size * len(job.windows)  # with and without the class
        return _BEGIN_S + steps * (_STEP_S + products / _RATE)

    def _told(self, name: str, given: tuple[Any, ...]) -> Iterator[Any]:
        with closing(self._work(name, given)) as answers:  # type: ignore[type-var]
            try:
                for answer in answers:
                    if isinstance(answer, _Refused):
                        raise answer.error
                    yield answer
            except ConnectionRefusedError as error:
                raise Unavailable("no GPU was lent for this edit ({why}): try again later.", why=str(error)) from error

    def _answers(self, name: str, given: tuple[Any, ...]) -> Iterator[Any]:
        """Answer a question, in the forked process."""
        torch.set_num_threads(1)  # threads of the process before are not there, and OpenMP would wait for them
        try:
            self._move()
            with memory_errors_translated(self._device.type):
                if name == "paint":
                    yield from self._painter.paint(*given)
                else:
                    yield getattr(self._painter, name)(*given)
        except CoreError as error:
            yield _Refused(error)

    def _move(self) -> None:
        """Move the nets to this process's GPU, unless they are there from an earlier question."""
        if self._moved_in != os.getpid():
            self._painter.nets.divide_among(1)
            self._painter.nets.go_to(self._device)
            self._moved_in = os.getpid()
