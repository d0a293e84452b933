"""Visitors who use the real `app.py` in every way for as long as one wants, and what it costs the machine meanwhile.

    python -m tests.server.endurance --minutes 40 --visitors 8      one line a minute, and a sentence at the end
    python -m tests.server.endurance --crowd 300                    so many clients at once, each served or refused

Nothing is asserted of handles, files, memory or seconds: they are printed for a person to judge. A wrong answer, which
is a pixel that changed outside what was asked, a picture of another size, or anything but an answer or a refusal in a
sentence, is counted and told, and ends the program with status 1.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.pictures import encode_png
from tests.server.gestures import EDITS, GESTURES, Person, box_mask, outside_is_kept, photo_of
from tests.server.running import App, started
from tests.server.visitor import Refused, Tab, Wire

_PAUSE_S = 3.0  # of a person between two gestures, at most
_MOST_GESTURES = 8  # until a tab is closed
_PAGES_IN_A_CROWD = 2 / 3


class Score:
    """What happened so far, by name; thread-safe."""

    def __init__(self) -> None:
        self.done: Counter[str] = Counter()
        self._lock = threading.Lock()

    def note(self, what: str) -> None:
        """Count something that happened."""
        with self._lock:
            self.done[what] += 1

    def judged(self, name: str, gesture: Callable[..., None], *given: Any) -> None:
        """Do something and count it as done, refused or wrong; what is wrong is told at once."""
        try:
            gesture(*given)
            self.note(name)
        except Refused as refused:
            self.note(f"refused {refused.status}")
        except Exception:  # noqa: BLE001  # whatever it is, it is wrong
            self.note("wrong")
            sys.stdout.write(f"wrong: {name}\n{traceback.format_exc()}\n")


def visits(app: App, seed: int, score: Score, ends: float) -> None:
    """Open one tab after another, do a few things in each, and leave, at times in the midst of a run."""
    chance = random.Random(seed)
    while time.monotonic() < ends:
        try:
            person = Person(Tab(app.port), chance)
        except (Refused, OSError) as error:
            score.note(f"refused at the door: {type(error).__name__}")
            time.sleep(chance.uniform(0, _PAUSE_S))
            continue
        score.note("tabs")
        for _ in range(chance.randint(2, _MOST_GESTURES)):
            (gesture,) = chance.choices(list(GESTURES), [weight for _, weight in GESTURES.values()])
            score.judged(gesture, GESTURES[gesture][0], person)
            time.sleep(chance.uniform(0, _PAUSE_S))
            if time.monotonic() > ends:
                break
        person.tab.close()


def crowd(app: App, clients: int) -> Score:
    """Let so many clients come at once: two in three ask for the page, the others for an edit."""
    score, gate = Score(), threading.Barrier(clients)
    photo = photo_of(random.Random(0), 192, 256)
    mask = box_mask(photo, (40, 40, 120, 100))

    def page(wire: Wire) -> None:
        assert b"<html" in wire.ask("GET", "/")

    def edit(wire: Wire) -> None:
        image, hole = wire.upload("photo.png", encode_png(photo)), wire.upload("mask.png", encode_png(mask))
        outside_is_kept(photo, wire.call("fill", image=image, mask=hole, steps=4), mask)

    def client(number: int) -> None:
        wire = Wire(app.port)
        gate.wait()
        if number < clients * _PAGES_IN_A_CROWD:
            score.judged("pages", page, wire)
        else:
            score.judged("edits", edit, wire)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return score


# gauges ---------------------------------------------------------------------------------------------------------------
def family(process: int) -> list[int]:
    """Return a process and its children."""
    found = [process]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # ended meanwhile
                continue
            if parent == process:
                found.append(int(entry.name))
    return found


def megabytes(process: int) -> float:
    """Return the resident memory of a process that is its own, without the files that it maps."""
    status = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(status["RssAnon"].split()[0]) / 1024


def gauge(app: App) -> str:
    """Return one line of what the server holds."""
    own, *children = family(app.process.pid)
    handles, threads = (len(list(Path(f"/proc/{own}/{kind}").iterdir())) for kind in ("fd", "task"))
    files = app.files()
    disk = sum(path.stat().st_size for path in files if path.exists()) / 1e6
    pictures = sum(path.suffix == ".npy" for path in files)
    memory = f"{megabytes(own):5.0f} MB and {sum(map(megabytes, children)):4.0f} in {len(children)} children"
    return (
        f"{handles:4d} handles {threads:3d} threads {memory}  {disk:6.1f} MB in {len(files)} files, {pictures} pictures"
    )


def endure(app: App, visitors: int, minutes: float) -> Score:
    """Let visitors come and go for so long, and print a line a minute."""
    score, ends = Score(), time.monotonic() + 60 * minutes
    threads = [threading.Thread(target=visits, args=(app, seed, score, ends)) for seed in range(visitors)]
    for thread in threads:
        thread.start()
    for minute in range(int(minutes) + 1):
        edits = sum(score.done[name] for name in EDITS)
        sys.stdout.write(f"{minute:3d} min  {edits:4d} edits  {gauge(app)}\n")
        sys.stdout.flush()
        time.sleep(max(0.0, min(60.0, ends - time.monotonic())))
    for thread in threads:
        thread.join()
    return score


def main() -> int:
    """Run what the command line asks for; returns 1 where an answer was wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--crowd", type=int, metavar="CLIENTS", help="so many at once instead")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, started(Path(folder) / "tmp", "--port", "0") as app:
        score = crowd(app, chosen.crowd) if chosen.crowd else endure(app, chosen.visitors, chosen.minutes)
        told = ", ".join(f"{count} {name}" for name, count in sorted(score.done.items()))
        sys.stdout.write(f"{told}\nat the end: {gauge(app)}\n")
        sys.stdout.write(
            "".join(line for line in app.said().splitlines(True) if "ERROR" in line or "Traceback" in line)
        )
    return int(score.done["wrong"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
