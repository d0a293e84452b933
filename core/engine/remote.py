"""The painter whose nets are elsewhere: what it is asked goes to whichever of them is free, and on when one is lost.

Knows nothing of nets, or of how words reach other machines; `core.engine.painter` describes the protocol. A
painter elsewhere knows its model and nothing of runs, so that any other can go on with a pass after the last step told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from core.decoding.decode import Sampling
from core.decoding.settings import MASK
from core.engine.painter import Drawn, Fitting, Job, Painted, Step
from core.errors import Unavailable
from core.recipe import Machine

MOST_LOST = 5
"""Painters that a pass may lose in a row without a step between: a cluster that is being replaced loses one or two, and
a job that ends every painter it comes to must not go round for ever."""


class Lost(Exception):
    """The painter that was asked has ended or cannot be reached; another may be asked the same."""


class Facts(NamedTuple):
    """What painters of one model elsewhere have in common.

    Attributes:
        machine, together: see `Painter`.
    """

    machine: Machine
    together: int


class Line(Protocol):
    """The way to painters of one model elsewhere; each question goes to one that is free. Thread-safe.

    Every call may raise Lost, Unavailable if too many wait for a painter, and what the painter raises.
    """

    @property
    def places(self) -> int:
        """Questions that can be asked at a time before one waits for another."""

    def ask(self, name: str, *given: Any) -> Any:
        """Ask for the answer of a method of `Painter` by its name, or for the `Facts` by "facts"."""

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """See `Painter.paint`; a generator."""


class RemotePainter:
    """A `Painter` over painters elsewhere that compute alike. Thread-safe.

    What they do about lack of memory is in their logs: they compute fewer samples at a time, but never in another
    number format, because the windows of one edit go to several of them.
    """

    def __init__(self, line: Line) -> None:
        self._line = line
        self._facts: Facts = self._asked("facts")

    @property
    def machine(self) -> Machine:
        """See `Painter.machine`."""
        return self._facts.machine

    @property
    def together(self) -> int:
        """See `Painter.together`."""
        return self._facts.together

    @property
    def places(self) -> int:
        """See `Painter.places`."""
        return self._line.places

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """See `Painter.paint`; on a CPU the same to the bit, however many painters were lost meanwhile."""
        told = _Told(job)
        while True:
            try:
                with closing(self._line.paint(told.rest())) as stream:  # type: ignore[type-var]
                    for item in stream:
                        if (joined := told.joined(item)) is not None:
                            yield joined
                        if isinstance(item, Painted):  # whatever becomes of the painter now
                            return
            except Lost as error:
                told.lost(error)

    def kept(self, windows: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
        """See `Painter.kept`."""
        shown: list[NDArray[np.uint8]] = self._asked("kept", windows)
        return shown

    def sharper(self, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]] | None:
        """See `Painter.sharper`."""
        made: list[NDArray[np.float32]] | None = self._asked("sharper", pictures)
        return made

    def fitting(self, job: Job, cell: tuple[int, int], temperature: float, count: int) -> list[Fitting]:
        """See `Painter.fitting`."""
        found: list[Fitting] = self._asked("fitting", job, cell, temperature, count)
        return found

    def log_likelihood(self, job: Job, true: NDArray[np.uint8]) -> float:
        """See `Painter.log_likelihood`."""
        return float(self._asked("log_likelihood", job, true))

    def step_down(self) -> bool:
        """See `Painter.step_down`: nothing is left to reduce."""
        return False

    def told(self) -> tuple[str, ...]:
        """See `Painter.told`: nothing but what is in the painters' logs."""
        return ()

    def release(self) -> None:
        """See `Painter.release`: they do so themselves."""

    def _asked(self, name: str, *given: Any) -> Any:
        """Ask for one answer, of another painter if one is lost."""
        losses = 0
        while True:
            try:
                return self._line.ask(name, *given)
            except Lost as error:
                losses = _counted(losses, error)


class _Told:
    """A pass, what has been told of it, and what is left to ask for.

    Args:
        job: the whole pass.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._last: Step | None = None
        self._from: Step | None = None  # after which the painter that is asked now began
        self._losses = 0

    def rest(self) -> Job:
        """Make the job for the next painter.

        What a pass remembers of its known cells is lost with its painter: with such a memory the next one begins anew.
        """
        remembers = any(sampling.caching != "none" for sampling in self._job.samplings)
        self._from = None if remembers else self._last
        return self._job if self._from is None else going_on(self._job, self._from)

    def joined(self, item: Step | Painted) -> Step | Painted | None:
        """Join what the present painter tells to what others told before; None if it is known already."""
        before = self._from
        if isinstance(item, Painted):
            return item if before is None else replace(item, drawn=_joined(item.drawn, before))
        if before is not None:
            item = replace(
                item,
                index=before.index + 1 + item.index,
                steps=before.steps,
                confidence=np.where(before.unknown, item.confidence, before.confidence),
                forwards=before.forwards + item.forwards,
            )
        if self._last is not None and item.index <= self._last.index:
            return None
        self._last, self._losses = item, 0
        return item

    def lost(self, error: Lost) -> None:
        """Note that the present painter is lost.

        Raises:
            Unavailable: if too many are.
        """
        self._losses = _counted(self._losses, error)


def going_on(job: Job, step: Step) -> Job:
    """Make the job of what is left of a pass after one of its steps.

    Args:
        job: the whole pass.
        step: of it.
    """
    starts = tuple(np.where(row, MASK, codes) for row, codes in zip(step.unknown, step.tokens, strict=True))
    samplings = tuple(
        _going_on(sampling, job.unknown if start is None else job.unknown & (start == MASK), step.index + 1)
        for sampling, start in zip(job.samplings, job.starts, strict=True)
    )
    return replace(job, starts=starts, samplings=samplings)


def _going_on(sampling: Sampling, unknown: NDArray[np.bool_], steps: int) -> Sampling:
    """Take so many steps of a sample's settings as taken; they were begun with these (h, w) cells unknown."""
    hole = sampling.hole if sampling.taken else int(unknown.sum())
    return replace(sampling, taken=sampling.taken + steps, hole=hole)


def _joined(drawn: Drawn, before: Step) -> Drawn:
    """Join the tokens of a pass to what was told of it before."""
    confidence = np.where(before.unknown, drawn.confidence, before.confidence)
    return replace(drawn, confidence=confidence, forwards=before.forwards + drawn.forwards)


def _counted(losses: int, error: Lost) -> int:
    """Count one more loss in a row.

    Raises:
        Unavailable: if there are too many.
    """
    if losses + 1 >= MOST_LOST:
        raise Unavailable(
            "{lost} of the machines that paint were lost one after another: look into the log of their cluster, "
            "then try again.",
            lost=MOST_LOST,
        ) from error
    return losses + 1
