"""Many visitors of one server whose nets take 50 ms: how many edits a second, how long anybody waits, who is refused.

    python -m tests.server.company                  every figure, a line each
    python -m tests.server.company --seconds 30     edits for so long
    python -m tests.server.company --places 4       four edits share the nets, as on a GPU

The server is the real one but for the nets, which are `tests.editor.fakes`. Nothing is asserted of seconds: they are
printed for a person to judge. A wrong answer ends the program with status 1: a pixel changed outside what was asked,
another seed's picture, or anything but an answer or a refusal in a sentence.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.pictures import encode_png
from editor.models import shelf
from editor.settings import read_settings
from editor.start import serve
from editor.wire.bits import write_mask
from tests.editor.fakes import FakeEngine
from tests.server.endurance import Score, family
from tests.server.gestures import Person, box_mask, outside_is_kept, photo_of
from tests.server.running import App, started
from tests.server.visitor import Refused, Tab, Wire

NETS_S = 0.05
"""Seconds of the nets for one edit: one step of one variation."""
PROGRAM = ("-m", "tests.server.company", "--serve")
"""What starts this server in place of `app.py`."""
_VISITORS = 16
_BOX = (40, 40, 120, 100)
_ONE_STEP = {"steps": 1, "variations": 1}
_CELLS = {"sweep-rows": "seed", "sweep-columns": "token_temperature"}
_CELLS |= {"sweep-row-values": "1, 2, 3, 4, 5, 6, 7, 8"}
_CELLS |= {"sweep-column-values": "0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2"}
_FILLS, _EXPORTS, _CROWD = 5, 5, 300


class Visitor(Person):
    """A visitor with a photo of 256 x 192 and a hole in it."""

    def __init__(self, app: App, seed: int) -> None:
        super().__init__(Tab(app.port), random.Random(seed))
        self.photo, self.head = self.open((192, 256))
        self.mask = box_mask(self.photo, _BOX)

    def ask(self, mode: str) -> dict[str, Any]:
        """Return what the page sends for a run of the hole."""
        return self.intent(self.head, mode, mask=write_mask(self.mask > 0))

    def edit(self, seed: int) -> float:
        """Fill the hole, and judge the answer; returns seconds until it was there."""
        began = time.perf_counter()
        told = self.ran(self.ask("fill"), {**_ONE_STEP, "seed": seed})
        spent = time.perf_counter() - began
        (made,) = told["variations"]
        file = self.tab.wire.ask("GET", made["url"])
        assert made["seed"] == seed
        outside_is_kept(self.photo, file, self.mask)
        return spent

    def started(self, cells: list[float]) -> tuple[float, int]:
        """Fill the hole beside a sweep; returns seconds until its first step, and the cells drawn while it waited."""
        began, spent, heard = time.perf_counter(), 0.0, list[int]()
        for message in self.tab.listen("run", self.ask("fill"), {**_ONE_STEP, "mode": "fill"}):
            if not spent:
                heard.append(len(cells))
            if message["kind"] == "step":
                spent = spent or time.perf_counter() - began
        return spent, heard[-1] - heard[0]

    def saved(self) -> float:
        """Export the photo as JPEG; returns seconds."""
        began = time.perf_counter()
        wanted = {"doc": self.head["doc"], "version": self.head["version"], "format": "jpeg", "quality": 90}
        told = self.tab.tell("export", {**wanted, "state": {}})
        assert told["kind"] == "file", told
        return time.perf_counter() - began

    def sweep(self, cells: list[float]) -> None:
        """Sweep 64 cells; adds the time at which each was there."""
        heard = self.tab.listen("sweep", self.ask("sweep"), {**_ONE_STEP, "mode": "sweep", **_CELLS})
        cells.extend(time.perf_counter() for message in heard if message["kind"] == "alive")


def processor_seconds(app: App) -> float:
    """Return what the server and its children have used of the processors so far."""
    ticks = 0
    for process in family(app.process.pid):
        ticks += sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def together(doings: list[Callable[[], None]]) -> None:
    """Do several things at once, and wait for all."""
    gate = threading.Barrier(len(doings))

    def begin(doing: Callable[[], None]) -> None:
        gate.wait()
        doing()

    threads = [threading.Thread(target=begin, args=(doing,)) for doing in doings]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def edits(app: App, seconds: float, score: Score) -> str:
    """Let 16 visitors edit one after the other, each again as soon as the answer is there."""
    people, spent = [Visitor(app, number) for number in range(_VISITORS)], list[float]()
    began, processor = time.perf_counter(), processor_seconds(app)

    def one(person: Visitor) -> None:
        while time.perf_counter() - began < seconds:
            score.judged("edits", lambda: spent.append(person.edit(person.chance.randrange(1000))))

    together([lambda person=person: one(person) for person in people])  # type: ignore[misc]
    rate = len(spent) / (time.perf_counter() - began)
    median, late = np.quantile(spent, (0.5, 0.99))
    each = (processor_seconds(app) - processor) / len(spent)
    told = f"{each:.3f} s of the server's processors each"
    return f"{_VISITORS} visitors: {rate:.1f} edits/s, median {median:.2f} s, p99 {late:.2f} s; {told}"


def beside_a_sweep(app: App, score: Score) -> list[str]:
    """Fill and export while another visitor sweeps 64 cells."""
    cells, waits, saves = list[float](), list[tuple[float, int]](), list[float]()
    sweeper, other = Visitor(app, 100), Visitor(app, 101)
    sweep = threading.Thread(target=lambda: score.judged("sweeps", sweeper.sweep, cells))
    sweep.start()
    while len(cells) < 2:
        time.sleep(0.05)
    for _ in range(_FILLS):
        score.judged("fills beside it", lambda: waits.append(other.started(cells)))
    for _ in range(_EXPORTS):
        score.judged("exports beside it", lambda: saves.append(other.saved()))
    going = sweep.is_alive()
    sweep.join()
    told = f"after {max(waits)[0]:.2f} s and {max(done for _, done in waits)} cells at most"
    cell = (cells[-1] - cells[0]) / max(len(cells) - 1, 1)
    return [
        f"a sweep of 64 cells: {cell:.2f} s a cell, others' fills and exports between",
        f"a fill beside it: first step {told}",
        f"an export beside it: {max(saves):.2f} s at most{'' if going else ' (the sweep had ended)'}",
    ]


def crowd(app: App, score: Score) -> str:
    """Let 300 programs ask for an edit at once."""
    photo = photo_of(random.Random(0), 192, 256)
    mask, refused, served = box_mask(photo, _BOX), list[float](), list[float]()
    wire = Wire(app.port)
    asked = {"image": wire.upload("photo.png", encode_png(photo)), "mask": wire.upload("mask.png", encode_png(mask))}

    def one() -> None:
        began = time.perf_counter()
        try:
            outside_is_kept(photo, wire.call("fill", **asked, steps=1), mask)
            served.append(time.perf_counter() - began)
        except Refused:
            refused.append(time.perf_counter() - began)
            raise

    together([lambda: score.judged("served of a crowd", one)] * _CROWD)
    median, worst = np.quantile(refused, (0.5, 1.0))
    told = f"{len(refused)} refused after {median:.2f} s, the last {worst:.2f} s"
    return f"{_CROWD} at once: {len(served)} served, {told}"


def measured(app: App, seconds: float, score: Score) -> Iterator[str]:
    """Measure everything; yields a line each."""
    yield edits(app, seconds, score)
    yield from beside_a_sweep(app, score)
    yield crowd(app, score)


def main() -> int:
    """Measure, or be the server that is measured; returns 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--serve", action="store_true", help="be the server; its own words follow")
    parser.add_argument("--nets", type=float, default=NETS_S, help="seconds of its nets for one step")
    parser.add_argument("--places", type=int, default=1, help="edits that its nets do at a time")
    chosen, words = parser.parse_known_args()
    if chosen.serve:
        engine = FakeEngine(chosen.nets)
        engine.places = chosen.places
        shelf.start_engine = lambda *_: engine  # type: ignore[assignment]
        serve(read_settings(words, {}))
        return 0
    score = Score()
    words = ["--places", str(chosen.places), "--port", "0"]
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "tmp", *words, program=PROGRAM) as app:
        for line in measured(app, chosen.seconds, score):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
        told = ", ".join(f"{count} {name}" for name, count in sorted(score.done.items()))
        sys.stdout.write(f"{told}, {score.done['wrong']} wrong\n")
    return int(score.done["wrong"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
