"""One replica: nets in a process of their own, with as many questions at a time as they have places for.

A pass that is cancelled ends with the step that it is in.

Knows nothing of requests, or of how replicas are started and found. Whoever calls it names the model each time, because
replicas know nothing of what they were asked before. Questions and answers are pickles: Ray would hand over arrays that
nobody may write to.
"""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

import torch

from core.engine.device import memory_errors_translated, pick_device
from core.engine.painter import Painter
from core.engine.remote import Facts

T = TypeVar("T")

ANSWERS = frozenset({"kept", "sharper", "fitting", "log_likelihood"})
"""The methods of a painter that answer once and change nothing."""


class Replica:
    """Painters of the models that are asked for, on one device.

    Args:
        load: makes the painter of a model.
        device: on which they compute, to be looked at; one of `core.values.DEVICES`.
        places: questions at a time, as many as the painters have places.
    """

    def __init__(self, load: Callable[[str], Painter], device: str = "cpu", places: int = 1) -> None:
        self._load, self._device = load, pick_device(device)
        # The loop stays free to hear of a cancellation.
        threads = [ThreadPoolExecutor(1, "nets") for _ in range(places)]
        self._asked = dict.fromkeys(threads, 0)

    async def painter(self, model: str) -> Painter:
        """Load a model; whoever deploys replicas has them remember the last few."""
        with self._thread() as thread:
            return await _computed(thread, self._load, model)

    async def ask(self, model: str, name: str, given: bytes) -> bytes:
        """Answer one question: see `core.engine.remote.Line`.

        Args:
            model: as `load` knows it.
            name: of the question.
            given: its arguments, pickled.

        Returns:
            The answer, pickled.
        """
        painter = await self.painter(model)
        if name == "facts":
            return packed(Facts(painter.machine, painter.together))
        if name not in ANSWERS:
            raise ValueError(f"painters are not asked for {name!r}")
        with self._thread() as thread:
            answer = await _computed(thread, _translated, painter, getattr(painter, name), *pickle.loads(given))
        return packed(answer)

    async def paint(self, model: str, job: bytes) -> AsyncIterator[bytes]:
        """Decode a pass: see `Painter.paint`; when it is cancelled, the step that is being made is the last.

        Args:
            model: as `load` knows it.
            job: pickled.

        Yields:
            Each step and the result, pickled.
        """
        painter = await self.painter(model)
        stream = painter.paint(pickle.loads(job))
        with self._thread() as thread:
            try:
                while (item := await _computed(thread, _translated, painter, next, stream, None)) is not None:
                    yield packed(item)
            finally:
                thread.submit(_ended, stream, painter)  # after the step that it may be in

    def check_health(self) -> None:
        """Raise if the device does not compute any more: this replica is then replaced."""
        torch.ones(1, device=self._device).add(1).item()

    @contextmanager
    def _thread(self) -> Iterator[ThreadPoolExecutor]:
        """Context of a thread for one question: the one of which the fewest are asked."""
        thread = min(self._asked, key=self._asked.__getitem__)
        self._asked[thread] += 1
        try:
            yield thread
        finally:
            self._asked[thread] -= 1


async def _computed(thread: ThreadPoolExecutor, compute: Callable[..., T], *given: Any) -> T:
    """Compute something in a thread."""
    return await asyncio.get_running_loop().run_in_executor(thread, compute, *given)


def packed(value: object) -> bytes:
    """Pickle a question or an answer."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def _translated(painter: Painter, compute: Callable[..., T], *given: Any) -> T:
    """Compute something; lack of memory becomes a sentence."""
    with memory_errors_translated(painter.machine.device):
        return compute(*given)


def _ended(stream: Any, painter: Painter) -> None:
    """Close a stream, and give memory that nothing uses any more to others."""
    stream.close()
    painter.release()
