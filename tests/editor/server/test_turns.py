"""The engine's turns: one at a time, the page first among those that wait."""

from __future__ import annotations

import threading
from contextlib import suppress

from editor.server.turns import Turns


def test_turns_come_one_by_one_in_order() -> None:
    turns = Turns()
    first, second, third = turns.wait(), turns.wait(), turns.wait()
    assert (first.done(), second.done(), third.done()) == (True, False, False)
    turns.leave(first)
    assert (second.done(), third.done()) == (True, False)
    turns.leave(second)
    turns.leave(third)
    assert turns.wait().done()


def test_who_waits_no_longer_is_passed_over() -> None:
    turns = Turns()
    first, second, third = turns.wait(), turns.wait(), turns.wait()
    second.cancel()
    turns.leave(second)
    turns.leave(first)
    assert third.done()


def test_the_page_goes_before_programs_that_wait_and_leaves_its_turn_whatever_happens() -> None:
    turns, order = Turns(), list[str]()
    working, program = turns.wait(), turns.wait()

    def page() -> None:
        with suppress(ValueError), turns.taken():
            order.append("programs waited" if not program.done() else "programs went first")
            raise ValueError

    visitor = threading.Thread(target=page)
    visitor.start()
    while len(turns._waiting) < 2:
        pass
    turns.leave(working)
    visitor.join()
    assert order == ["programs waited"]
    assert program.done()
