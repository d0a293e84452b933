"""A photo of twelve megapixels that hardly compresses: whatever is exported opens again. Takes minutes: -m slow -rP."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.pictures import encode_png
from editor.wire.bits import write_mask
from tests.server.gestures import Person, box_mask, pixels_of
from tests.server.running import App, started
from tests.server.visitor import Tab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

HEIGHT, WIDTH = 3000, 4000
QUICK = {"steps": 2, "variations": 1}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """A server of its own, with nothing else on its disk."""
    with started(tmp_path / "tmp", "--port", "0") as running:
        yield running


def timed(what: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what some work returns, and print its seconds."""
    began = time.perf_counter()
    told = work()
    sys.stdout.write(f"{what}: {time.perf_counter() - began:.1f} s\n")
    return told


def test_what_is_exported_opens_again_with_all_versions(app: App) -> None:
    person = Person(Tab(app.port), random.Random(0))
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    file = person.tab.wire.upload("noise.png", encode_png(noise))
    head = timed("open", lambda: person.tab.tell("bring", {"name": "noise.png"}, {"carrier": file}))
    assert head["kind"] == "open", head
    shown = noise
    for left in (400, 2400):
        mask = box_mask(noise, (left, 800, left + 300, 1100))
        intent = person.intent(head, "fill", mask=write_mask(mask > 0))
        told = timed("fill", lambda intent=intent: person.ran(intent, QUICK))  # type: ignore[misc]
        head = person.tab.tell("accept", {"doc": head["doc"], "run": intent["run"], "variation": 0})
        made = pixels_of(person.tab.wire.ask("GET", told["variations"][0]["url"]))
        assert (made[mask == 0] == shown[mask == 0]).all()
        shown = made
    for kind, least, versions in (("png", 35_000_000, 1), ("project", 105_000_000, 3)):
        order = {"doc": head["doc"], "version": head["version"], "format": kind, "state": {}}
        saved = timed(f"export {kind}", lambda order=order: person.tab.tell("export", order))  # type: ignore[misc]
        assert saved["bytes"] >= least, saved
        data = person.tab.wire.ask("GET", saved["url"])
        again = Tab(app.port)
        carried = again.wire.upload(saved["name"], data)
        back = timed(
            f"open the {kind} again",
            lambda again=again, saved=saved, carried=carried: again.tell(  # type: ignore[misc]
                "bring", {"name": saved["name"]}, {"carrier": carried}
            ),
        )
        assert (back["kind"], len(back.get("tree", ()))) == ("open", versions), back
        assert (pixels_of(again.wire.ask("GET", back["url"])) == shown).all()
        again.close()
