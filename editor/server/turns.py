"""The engine's turns: one caller at a time, whichever door it came through.

Knows nothing of engines. The page's own events come one at a time already, from Gradio's queue, so at most one of them
waits here; it goes before the programs that wait, and between two of the page's one program has its turn.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

Turn = Future[None]
"""Done once the turn has come; cancelled by a caller who waits no longer."""


class Turns:
    """Thread-safe; one per server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Turn] = deque()
        self._taken = False

    def wait(self, *, first: bool = False) -> Turn:
        """Ask for a turn; whoever's turn has come ends it by `leave`.

        Args:
            first: whether it goes before all that wait.
        """
        turn: Turn = Future()
        with self._lock:
            if self._taken:
                (self._waiting.appendleft if first else self._waiting.append)(turn)
                return turn
            self._taken = True
        turn.set_result(None)
        return turn

    def leave(self, turn: Turn) -> None:
        """End a turn, so that the next one comes, or stop waiting for it."""
        if turn.cancel():
            return
        with self._lock:
            following = next((each for each in self._drained() if each.set_running_or_notify_cancel()), None)
            self._taken = following is not None
        if following is not None:
            following.set_result(None)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Context of one turn of the page, which blocks the thread until it has come."""
        turn = self.wait(first=True)
        try:
            turn.result()
            yield
        finally:
            self.leave(turn)

    def _drained(self) -> Iterator[Turn]:
        while self._waiting:
            yield self._waiting.popleft()
