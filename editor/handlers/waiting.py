"""Waits for a run's turn, and tells the page its place in the line meanwhile.

Knows nothing of what is drawn, nor of how turns go round.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from editor.handlers.desk import still_there
from editor.handlers.drawing import Live
from editor.sentences import about_server
from editor.server.turns import LOOK_S, Left, Turn, Turns
from editor.wire import replies
from editor.wire.replies import Message

_TELL_S = 3.0
"""Seconds after which the seconds are told anew; a place that fell is told at once."""


def waited(turns: Turns, live: Live, turn: Turn) -> Iterator[Message]:
    """Wait until a run's turn has come, which is `live.turn` from then on; yields a message when its place has changed.

    Args:
        turns: of which it is one.
        live: the run.
        turn: was asked for; whoever asked leaves it.

    Raises:
        Left: if the visitor left, or stopped the run.
    """
    live.turn = turn
    before, told_at, within = 0, 0.0, 0.0
    while not turn.come(within):
        within = LOOK_S
        if live.stopped or not still_there():
            raise Left(about_server.left_the_line())
        place, now = turns.place(turn), time.monotonic()
        if place.before and (place.before != before or now - told_at > _TELL_S):
            before, told_at = place.before, now
            yield replies.waiting(live.run, place.before, place.seconds)
