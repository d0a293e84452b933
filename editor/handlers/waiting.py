"""Waits for a run's turn at the engine, and tells the stage its place in the line meanwhile.

Knows nothing of what is drawn, nor of how turns go round.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from editor.handlers.desk import Desk, still_there
from editor.handlers.drawing import Live
from editor.sentences import about_server
from editor.server.turns import LOOK_S, Left
from editor.wire import replies
from editor.wire.replies import Message

_TELL_S = 3.0
"""Seconds after which the seconds are told anew; a place that fell is told at once."""


def waited(desk: Desk, live: Live, seconds: float, *, again: bool = False) -> Iterator[Message]:
    """Wait until `live.turn` has come; yields a message whenever its place has changed.

    Args:
        desk: has the turns.
        live: the run.
        seconds: expected duration of its turn.
        again: whether it goes on with something that had a turn already.

    Raises:
        Busy: if too many wait.
        Left: if the visitor left, or stopped the run.
    """
    turn = live.turn = desk.turns.wait(live.owner, seconds, again=again)
    before, told_at, within = 0, 0.0, 0.0
    while not turn.come(within):
        within = LOOK_S
        if live.stopped or not still_there():
            raise Left(about_server.left_the_line())
        place, now = desk.turns.place(turn), time.monotonic()
        if place.before and (place.before != before or now - told_at > _TELL_S):
            before, told_at = place.before, now
            yield replies.waiting(live.run, place.before, place.seconds)
