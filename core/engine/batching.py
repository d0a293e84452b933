"""Joins the passes of several threads into batches, so that a GPU serves many visitors in the time of one.

Knows nothing of nets: rows go in and rows come out. Every batch has the same number of rows, filled up with copies
where fewer are asked for: the last bits of a row depend on the size of its batch, and so not on who else is in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

Net = Callable[..., Tensor]
"""Takes tensors of so many rows each, and returns as many."""

_PATIENCE_S = 0.005
"""Seconds that the first to ask waits for the others: a fraction of a pass."""


class _Question:
    """Rows that somebody asks for, and the answer once it is there."""

    def __init__(self, parts: Sequence[Tensor]) -> None:
        self.parts = parts
        self.answer: Tensor | None = None
        self.error: BaseException | None = None

    @property
    def answered(self) -> bool:
        return self.answer is not None or self.error is not None


class Batches:
    """Thread-safe; one for each net, which is called by one thread at a time.

    Args:
        rows: of every batch.
        patience_s: seconds that whoever asks first waits for the others.
    """

    def __init__(self, rows: int, patience_s: float = _PATIENCE_S) -> None:
        self._rows, self._patience_s = rows, patience_s
        self._there, self._computing = 0, False
        self._waiting: list[_Question] = []
        self._changed = threading.Condition()

    @contextmanager
    def among_others(self) -> Iterator[None]:
        """Context of a thread that will ask again and again: others wait for its questions, for a moment."""
        with self._changed:
            self._there += 1
        try:
            yield
        finally:
            with self._changed:
                self._there -= 1
                self._changed.notify_all()

    def ask(self, net: Net, *parts: Tensor) -> Tensor:
        """Compute a net's answer to b rows, together with what others ask of the same net meanwhile.

        Nobody waits who is alone. The others are waited for until all have asked, or the patience is at its end; what
        the net raises for a batch is raised to all who asked for it.
        """
        mine = _Question(parts)
        batch = self._joined(mine)
        if batch:
            try:
                self._answer(net, batch)
            finally:
                with self._changed:
                    self._computing = False
                    self._changed.notify_all()
        if mine.error is not None:
            raise mine.error
        assert mine.answer is not None, "whoever waits is answered"
        return mine.answer

    def _joined(self, mine: _Question) -> list[_Question]:
        """Wait for the answer, which gives nothing to do, or until this thread is the one to compute for all."""
        with self._changed:
            self._waiting.append(mine)
            self._changed.notify_all()
            self._changed.wait_for(lambda: mine.answered or (self._waiting[:1] == [mine] and not self._computing))
            if mine.answered:
                return []
            self._changed.wait_for(lambda: len(self._waiting) >= self._there, self._patience_s)
            batch, self._waiting = self._waiting, []
            self._computing = True
            return batch

    def _answer(self, net: Net, batch: list[_Question]) -> None:
        try:
            parts = [torch.cat(same) for same in zip(*(each.parts for each in batch), strict=True)]
            some = zip(*(part.split(self._rows) for part in parts), strict=True)
            rows = torch.cat([self._filled(net, *each) for each in some])
        except BaseException as error:
            for each in batch:
                each.error = error
            raise
        for each, answer in zip(batch, rows.split([len(each.parts[0]) for each in batch]), strict=True):
            each.answer = answer

    def _filled(self, net: Net, *parts: Tensor) -> Tensor:
        """Compute at most one batch, filled up with copies of its first row."""
        count = len(parts[0])
        full = [torch.cat((part, part[:1].expand(self._rows - count, *part.shape[1:]))) for part in parts]
        return net(*full)[:count]
