"""Passes of several threads share batches of one size: who is in them changes nothing, and nobody holds up another."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from core.engine.batching import Batches
from core.engine.nets import A_BATCH, Nets
from core.errors import OutOfMemory
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import fake_engine

FOREVER_S = 60.0


class Net:
    """Doubles rows, and remembers how many it was given at a time."""

    def __init__(self) -> None:
        self.given: list[int] = []
        self.broken = False

    def __call__(self, rows: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
        self.given.append(len(rows))
        if self.broken:
            raise OutOfMemory("no room: use less.")
        return rows * scale[:, None]


def rows(first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.arange(first, first + 3 * count).view(count, 3).float(), torch.full((count,), 2.0)


def test_whoever_is_alone_is_answered_at_once_in_a_batch_of_the_same_size() -> None:
    net = Net()
    batches = Batches(4, FOREVER_S)
    with batches.among_others():
        for count in (1, 4, 6):
            given = rows(0, count)
            assert torch.equal(batches.ask(net, *given), given[0] * 2)
    assert net.given == [4, 4, 4, 4]


def test_threads_that_ask_together_share_batches_and_get_their_own_rows() -> None:
    net = Net()
    batches, start = Batches(8, FOREVER_S), threading.Barrier(4)

    def visitor(number: int) -> bool:
        with batches.among_others():
            start.wait()
            asked = [rows(100 * number + i, 1 + number % 3) for i in range(5)]
            return all(torch.equal(batches.ask(net, *each), each[0] * 2) for each in asked)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(visitor, range(4)))
    assert set(net.given) == {8}
    assert len(net.given) < 4 * 5


def test_whoever_leaves_is_waited_for_no_longer() -> None:
    batches, entered, leave = Batches(4, FOREVER_S), threading.Event(), threading.Event()

    def idle() -> None:
        with batches.among_others():
            entered.set()
            leave.wait(FOREVER_S)

    with ThreadPoolExecutor(2) as pool:
        pool.submit(idle)
        entered.wait(FOREVER_S)
        given = rows(0, 1)
        answer = pool.submit(batches.ask, Net(), *given)
        leave.set()
        assert torch.equal(answer.result(FOREVER_S / 2), given[0] * 2)


def test_an_error_is_everybodys_and_the_next_question_is_answered() -> None:
    net = Net()
    batches, start = Batches(4, FOREVER_S), threading.Barrier(2)
    net.broken = True

    def asked(number: int) -> type[BaseException] | None:
        with batches.among_others():
            start.wait()
            try:
                batches.ask(net, *rows(number, 1))
            except OutOfMemory as error:
                return type(error)
        return None

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(asked, range(2))) == [OutOfMemory] * 2
    net.broken = False
    given = rows(0, 2)
    assert torch.equal(batches.ask(net, *given), given[0] * 2)


# edits ----------------------------------------------------------------------------------------------------------------
def edit_of(seed: int) -> EditRequest:
    photo = np.random.default_rng(seed).integers(0, 256, (60, 90, 3), np.uint8)
    mask = np.zeros((60, 90), bool)
    mask[15 : 20 + 5 * (seed % 4), 20:45] = True  # holes of several sizes: each asks for cells of its own
    options = DecodeOptions(steps=3, seed=seed, variations=1 + seed % 3)
    return EditRequest(photo, Mask(mask), painting=Painting(finish="none"), decoding=options)


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Nets that join samples as on a GPU, and the sizes of their batches."""
    sizes: list[int] = []
    plain = Nets._in_parts

    def seen(self: Nets, ask: object, *given: torch.Tensor) -> torch.Tensor:
        if ask is self._recorded:
            sizes.append(len(given[0]))
        return plain(self, ask, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Nets, "joins", True)
    monkeypatch.setattr(Nets, "_in_parts", seen)
    return sizes


def test_edits_of_several_threads_give_the_bytes_that_each_gives_alone(joined: list[int]) -> None:
    asked = [edit_of(seed) for seed in range(6)]
    alone = [fake_engine().edit(each).patches.tobytes() for each in asked]
    engine, passes = fake_engine(), len(joined)
    assert engine.places > 1
    joined.clear()
    with ThreadPoolExecutor(len(asked)) as pool:
        together = [result.patches.tobytes() for result in pool.map(engine.edit, asked)]
    assert together == alone
    assert set(joined) == {A_BATCH}
    assert len(joined) < passes


def test_a_stopped_edit_leaves_the_others_their_turn(joined: list[int]) -> None:
    engine = fake_engine()
    stopped = engine.stream(edit_of(2))
    assert isinstance(next(stopped), Preview)
    other = engine.stream(edit_of(3))
    assert isinstance(next(other), Preview)
    stopped.close()
    assert isinstance(list(other)[-1], EditResult)
    assert joined


def test_where_memory_ends_all_who_draw_begin_anew_and_less_is_taken_once(
    joined: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, plain, first = fake_engine(), fake_engine(), edit_of(4)
    begun, steps = engine.stream(first), 0
    next(begun)
    nets = engine._painter.nets  # type: ignore[attr-defined]

    def smaller() -> bool:
        nonlocal steps
        steps += 1
        nets.number = dataclasses.replace(nets.number, packed=True)  # another machine, by its name
        monkeypatch.setattr(nets.batches, "ask", ask)
        return True

    def full(*asked: object) -> torch.Tensor:
        raise OutOfMemory("the device is full: ask for less.")

    ask = nets.batches.ask
    monkeypatch.setattr(nets, "step_down", smaller)
    monkeypatch.setattr(nets.batches, "ask", full)
    second = engine.edit(edit_of(5))
    result = list(begun)[-1]
    assert steps == 1
    assert isinstance(result, EditResult)
    assert result.patches.tobytes() == plain.edit(first).patches.tobytes()
    assert second.patches.tobytes() == plain.edit(edit_of(5)).patches.tobytes()
