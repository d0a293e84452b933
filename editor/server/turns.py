"""Turns at something that few may use at once, such as the engine: who has one, who waits, behind whom and how long.

Knows nothing of what is done in a turn. Turns go round the visitors, so that many requests of one never delay another's
first by more than one of them; among a visitor's own, whoever came first goes first, and a visitor has one turn at a
time. A turn is a future: threads wait for it, and so may coroutines (`asyncio.wrap_future`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from typing import NamedTuple

from core import BadRequest
from editor.sentences import about_server

LINE = 32
"""Requests that wait at most: a whole class before one page, and at a second each half a minute for the last."""
OF_ONE = 16
"""Those of one visitor: half of the line, so that nobody fills it alone."""
LOOK_S = 1.0
"""Seconds between two looks whether whoever waits is still there."""


class Busy(BadRequest):
    """The line is full."""


class Left(BadRequest):
    """Whoever waited has left the line."""


class Place(NamedTuple):
    """A place in the line: the turns that come before, those at work included, and about how many seconds they take."""

    before: int
    seconds: float


class Turn(Future[None]):
    """Done once it has come; cancelled when whoever waited for it has left.

    Attributes:
        visitor: who asked for it.
        seconds: expected duration.
        began: reading of the clock when it came; None before.
    """

    def __init__(self, visitor: str, seconds: float) -> None:
        super().__init__()
        self.visitor = visitor
        self.seconds = seconds
        self.began: float | None = None

    def come(self, within: float | None = None) -> bool:
        """Wait for it, at most so many seconds; tells whether it has come.

        Raises:
            Left: if it was given up meanwhile.
        """
        try:
            self.result(within)
        except TimeoutError:
            return False
        except CancelledError:
            raise Left(about_server.left_the_line()) from None
        return True


class Turns:
    """Thread-safe. Every turn that was asked for has to be left, whether it came or not; to leave twice is harmless."""

    def __init__(
        self, places: int = 1, *, line: int = LINE, of_one: int = OF_ONE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nobody.

        Args:
            places: turns at a time.
            line: turns that may wait.
            of_one: those of one visitor.
            clock: seconds from anywhere.
        """
        self._places, self._most, self._of_one, self._clock = places, line, of_one, clock
        self._lines: dict[str, deque[Turn]] = {}  # of each visitor who waits, the next one first; none is empty
        self._at_work: list[Turn] = []
        self._lock = threading.Lock()

    def wait(self, visitor: str, seconds: float = 0.0, *, again: bool = False) -> Turn:
        """Ask for a turn.

        Args:
            visitor: who asks.
            seconds: expected duration.
            again: whether it goes on with something that had a turn already, which is never refused.

        Raises:
            Busy: if too many wait.
        """
        turn = Turn(visitor, seconds)
        with self._lock:
            if not again:
                self._check_room(visitor)
            self._lines.setdefault(visitor, deque()).append(turn)
            come = self._granted()
        _tell(come)
        return turn

    def leave(self, turn: Turn) -> None:
        """End a turn, so that the next one comes; or stop waiting for it."""
        with self._lock:
            if turn in self._at_work:
                self._at_work.remove(turn)
                if turn.visitor in self._lines:  # whoever has just worked goes behind those who came meanwhile
                    self._lines[turn.visitor] = self._lines.pop(turn.visitor)
            else:
                self._drop(turn)
            come = self._granted()
        turn.cancel()
        _tell(come)

    def forget(self, visitor: str) -> None:
        """Let a visitor who is gone wait no longer; a turn that has come goes on until it is left."""
        with self._lock:
            waiting = self._lines.pop(visitor, deque())
        for turn in waiting:
            turn.cancel()

    @contextmanager
    def taken(
        self, visitor: str, seconds: float = 0.0, *, again: bool = False, there: Callable[[], bool] = lambda: True
    ) -> Iterator[Turn]:
        """Context of one turn, which blocks the thread until it has come.

        Args:
            visitor, seconds, again: see `wait`.
            there: tells whether whoever asked still waits; looked at every second.

        Raises:
            Busy: if too many wait.
            Left: if whoever asked is gone before the turn came.
        """
        turn = self.wait(visitor, seconds, again=again)
        try:
            while not turn.come(LOOK_S):
                if not there():
                    raise Left(about_server.left_the_line())
            yield turn
        finally:
            self.leave(turn)

    def place(self, turn: Turn) -> Place:
        """Tell where a waiting turn stands: exact as long as nobody leaves, and for a visitor's first it only falls."""
        with self._lock:
            if turn.visitor not in self._lines or turn not in self._lines[turn.visitor]:
                return Place(0, 0.0)
            waiting = self._before(turn)
            now = self._clock()
            left = [max(0.0, each.seconds - (now - (each.began or now))) for each in self._at_work]
        seconds = (sum(left) + sum(each.seconds for each in waiting)) / self._places
        return Place(len(waiting) + len(left), seconds)

    def _before(self, turn: Turn) -> list[Turn]:
        """List the waiting turns that come before one: of visitors ahead as many as its own round, of others one less.

        A visitor who has a turn now comes last.
        """
        busy = {each.visitor for each in self._at_work}
        order = sorted(self._lines, key=lambda visitor: visitor in busy)
        own, found = self._lines[turn.visitor].index(turn), []
        for place, visitor in enumerate(order):
            rounds = own + (place < order.index(turn.visitor))
            found += list(self._lines[visitor])[:rounds]
        return found

    def _check_room(self, visitor: str) -> None:
        """Refuse one more: nobody waits who has a place at once."""
        own, all_ = len(self._lines.get(visitor, ())), sum(map(len, self._lines.values()))
        if own >= self._of_one:
            raise Busy(about_server.one_waits_enough(own))
        if all_ >= self._most:
            raise Busy(about_server.line_full(all_))

    def _drop(self, turn: Turn) -> None:
        line = self._lines.get(turn.visitor, deque())
        if turn in line:
            line.remove(turn)
            if not line:
                del self._lines[turn.visitor]

    def _granted(self) -> list[Turn]:
        """Give free places to those whose turn it is."""
        come: list[Turn] = []
        while len(self._at_work) < self._places:
            busy = {each.visitor for each in self._at_work}
            visitor = next((each for each in self._lines if each not in busy), None)
            if visitor is None:
                break
            turn = self._lines[visitor][0]
            self._drop(turn)
            if not turn.set_running_or_notify_cancel():  # cancelled by whoever waited, and not left yet
                continue
            if visitor in self._lines:
                self._lines[visitor] = self._lines.pop(visitor)
            turn.began = self._clock()
            self._at_work.append(turn)
            come.append(turn)
        return come


def _tell(come: list[Turn]) -> None:
    for turn in come:
        turn.set_result(None)
