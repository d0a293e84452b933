"""Turns: one at a time, round the visitors, given back whatever happens."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.server.turns import LINE, OF_ONE, Busy, Left, Place, Turn, Turns
from tests.loops import completed

VISITORS = "abcd"
STEPS = st.lists(st.tuples(st.sampled_from(("ask", "end", "leave", "forget")), st.integers(0, 15)), max_size=40)


class Room:
    """Turns, and what its visitors know of it: who waits in which order of asking, and who has had a turn since."""

    def __init__(self, places: int = 1) -> None:
        self.turns = Turns(places)
        self.asked: list[Turn] = []
        self.since: dict[Turn, Counter[str]] = {}
        self.places: dict[Turn, int] = {}

    @property
    def waiting(self) -> list[Turn]:
        return [each for each in self.asked if not each.done()]

    @property
    def at_work(self) -> list[Turn]:
        return [each for each in self.asked if each.done() and not each.cancelled()]

    def ask(self, visitor: str) -> None:
        turn = self.turns.wait(visitor, 1.0)
        self.asked.append(turn)
        self.since[turn] = Counter()
        self.judge()

    def leave(self, turn: Turn) -> None:
        before = self.waiting
        first = [each for each in before if self.first(each)]
        self.turns.leave(turn)
        self.asked.remove(turn)
        come = [each.visitor for each in before if each is not turn and each.done()]
        for each in first:
            self.since[each].update(come)
        self.judge()

    def first(self, turn: Turn) -> bool:
        return next(each for each in self.asked if each.visitor == turn.visitor) is turn

    def judge(self) -> None:
        for turn in self.waiting:
            place = self.turns.place(turn).before
            if self.first(turn):
                assert max(self.since[turn].values(), default=0) <= 1, "another was served twice before one's first"
                assert place <= self.places.get(turn, place), "a place rose"
                self.places[turn] = place


def carry_out(steps: list[tuple[str, int]], places: int) -> Room:
    """Let visitors do what they do, and judge after every step."""
    room = Room(places)
    for what, number in steps:
        if what == "ask":
            room.ask(VISITORS[number % len(VISITORS)])
        elif what == "forget":
            gone = VISITORS[number % len(VISITORS)]
            room.turns.forget(gone)
            left = [each for each in room.asked if each.visitor == gone and each.cancelled()]
            room.asked = [each for each in room.asked if each not in left]
        elif among := (room.at_work if what == "end" else room.waiting):
            room.leave(among[number % len(among)])
        working = Counter(each.visitor for each in room.at_work)
        assert working.total() <= places
        assert max(working.values(), default=0) <= 1
        idle = places - working.total()
        assert not idle or all(each.visitor in working for each in room.waiting), "a free place, and somebody waits"
        for visitor in VISITORS:
            own = [each for each in room.asked if each.visitor == visitor]
            assert own == sorted(own, key=lambda each: not each.done()), "a later one of a visitor came first"
    return room


@given(STEPS)
def test_one_at_a_time_round_the_visitors_and_places_only_fall(steps: list[tuple[str, int]]) -> None:
    room = carry_out(steps, 1)
    said = {turn: room.turns.place(turn) for turn in room.waiting}
    done: list[Turn] = []
    while room.at_work:  # nobody comes any more: what was said comes true
        (turn,) = room.at_work
        done.append(turn)
        room.leave(turn)
    for turn, place in said.items():
        assert place.before == done.index(turn)
    assert not room.waiting


@given(STEPS, st.integers(2, 3))
def test_several_places_are_never_idle_and_never_two_for_one_visitor(steps: list[tuple[str, int]], places: int) -> None:
    carry_out(steps, places)


def test_many_requests_of_one_delay_anothers_first_by_one() -> None:
    turns = Turns()
    sweep = [turns.wait("ann") for _ in range(5)]
    fill = turns.wait("bob")
    assert turns.place(fill) == Place(1, 0.0), "the one at work alone"
    turns.leave(sweep[0])
    assert fill.done()
    assert not sweep[1].done()


def test_what_goes_on_steps_behind_whoever_came_meanwhile_and_is_never_refused() -> None:
    turns = Turns(line=1)
    cell, fill = turns.wait("ann"), turns.wait("bob")
    turns.leave(cell)
    again = turns.wait("ann", again=True)
    assert (fill.done(), again.done()) == (True, False)
    with pytest.raises(Busy):
        turns.wait("cid")
    turns.leave(fill)
    assert again.done()


def test_seconds_are_those_before_and_what_is_left_of_the_one_at_work() -> None:
    now = [100.0]
    turns = Turns(clock=lambda: now[0])
    turns.wait("ann", 5.0)
    turns.wait("bob", 3.0)
    last = turns.wait("cid", 7.0)
    now[0] += 4.0
    assert turns.place(last) == Place(2, 4.0)
    now[0] += 4.0  # it takes longer than was expected
    assert turns.place(last) == Place(2, 3.0)


def test_the_line_has_an_end_and_one_visitor_half_of_it() -> None:
    turns = Turns()
    first = turns.wait("ann")
    for _ in range(OF_ONE):
        turns.wait("ann")
    with pytest.raises(Busy, match=f"{OF_ONE} requests of yours wait already"):
        turns.wait("ann")
    others = [turns.wait(f"visitor {number}") for number in range(LINE - OF_ONE)]
    with pytest.raises(Busy, match=f"{LINE} others wait"):
        turns.wait("bob")
    turns.leave(others[3])
    turns.wait("bob")
    turns.leave(first)
    assert others[0].done(), "who asked first of those who were not served yet"


def test_whoever_is_forgotten_waits_no_more_and_one_at_work_goes_on() -> None:
    turns = Turns()
    work, more, other = turns.wait("ann"), turns.wait("ann"), turns.wait("bob")
    turns.forget("ann")
    with pytest.raises(Left):
        more.come()
    assert not other.done()
    turns.leave(more)
    turns.leave(work)
    assert other.done()


def test_one_who_is_not_there_any_more_leaves_without_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("editor.server.turns.LOOK_S", 0.01)
    turns = Turns()
    work = turns.wait("ann")
    with pytest.raises(Left), turns.taken("bob", there=lambda: False):
        pytest.fail("the turn never came")
    turns.leave(work)
    with turns.taken("cid", there=lambda: False):
        pass  # nobody looks where nobody waits


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError), turns.taken("ann"):
        raise ZeroDivisionError
    with turns.taken("bob") as turn:
        turns.leave(turn)
        assert turns.wait("cid").done(), "a turn may end before its context"


def test_coroutines_wait_too_and_a_cancelled_one_is_passed_over() -> None:
    turns = Turns()

    async def wait(turn: Future[None]) -> None:
        await asyncio.wrap_future(turn)

    async def two() -> None:
        work, gone, other = turns.wait("ann"), turns.wait("bob"), turns.wait("cid")
        waiting = asyncio.create_task(wait(gone))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        turns.leave(work)
        await asyncio.wait_for(wait(other), 5)
        turns.leave(gone)
        turns.leave(other)

    completed(two())
    assert turns.wait("dan").done()


def test_threads_never_work_at_once_and_none_is_lost() -> None:
    turns, inside, worst, done = Turns(line=10**6, of_one=10**6), [0], [0], Counter[str]()

    def visit(number: int) -> None:
        chance, visitor = random.Random(number), f"visitor {number % 5}"
        for _ in range(40):
            if chance.random() < 0.2:  # asks, and leaves again
                turns.leave(turns.wait(visitor))
                continue
            try:
                with turns.taken(visitor, again=chance.random() < 0.5):
                    inside[0] += 1
                    worst[0] = max(worst[0], inside[0])
                    done[visitor] += 1
                    inside[0] -= 1
                    if chance.random() < 0.1:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                pass

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert worst == [1]
    assert done.total() > 700, "a fifth of a thousand left before"
    assert turns.wait("last").done()
