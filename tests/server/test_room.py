"""The bytes of all visitors together, on the real server: who makes room is told, and comes back with his own copy."""

from __future__ import annotations

import random
from pathlib import Path

from tests.server.gestures import QUICK, Person, box_mask, write_mask
from tests.server.running import started
from tests.server.visitor import Tab

SIZE = (300, 400)
"""Such a photo takes 0.5 MB and more, as PNG and as array: three are too many for the bound of this test."""


def test_the_longest_unused_picture_makes_room_and_comes_back(tmp_path: Path) -> None:
    with started(tmp_path / "tmp", "--port", "0", "--disk-mb", "2") as app:
        ann, bob = (Person(Tab(app.port), random.Random(seed)) for seed in range(2))
        photo, head = ann.open(SIZE)
        order = {"doc": head["doc"], "version": head["version"], "format": "project", "state": {}}
        copy = ann.tab.wire.ask("GET", ann.tab.tell("export", order)["url"])  # as the browser keeps it
        shown = [bob.open(SIZE)[1] for _ in range(3)]
        intent = ann.intent(head, "fill", mask=write_mask(box_mask(photo, (20, 20, 60, 60)) > 0))
        told = ann.tab.tell("run", intent, QUICK)
        assert (told["kind"], told["gone"], told["run"]) == ("notice", "document", intent["run"])
        assert "not open on the server any more" in told["message"]
        assert bob.tab.tell("reopen", {"doc": shown[-1]["doc"]})["kind"] == "open"
        file = ann.tab.wire.upload("a photo.zip", copy)
        back = ann.tab.tell("bring", {"name": "a photo.zip"}, {"carrier": file})
        assert (ann.picture(back["url"]) == photo).all()
        assert ann.ran({**intent, "doc": back["doc"], "version": back["version"]})["variations"]
