"""What people do in a tab of the editor, each gesture with what must be right about its answer.

Knows nothing of who does them when; tests/server/endurance.py does.
"""

from __future__ import annotations

import io
import random
import secrets
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.pictures import encode_png
from editor.wire.bits import write_mask
from tests.server.visitor import NOTHING, Refused, Tab

Pixels = NDArray[np.uint8]

SIZES = ((192, 256), (480, 640), (900, 1200), (50, 700))
LARGE = (3000, 4000)
QUICK = {"steps": 4, "variations": 1}
"""Settings of a hurried person: the server is to be kept busy, not the nets."""


class Person:
    """Who sits before a tab.

    Attributes:
        tab: the tab.
        chance: decides what is left open.
        run: id of the last run that gave a result, with that result; None before.
    """

    def __init__(self, tab: Tab, chance: random.Random) -> None:
        self.tab = tab
        self.chance = chance
        self.run: tuple[str, dict[str, Any]] | None = None

    def picture(self, url: str) -> Pixels:
        """Return the pixels at an address that the server told."""
        return pixels_of(self.tab.wire.ask("GET", url))

    def shown(self) -> tuple[Pixels, dict[str, Any]]:
        """Return the picture on the stage, opening one where there is none, and the message that told it."""
        if self.tab.doc is not None:
            head = self.tab.tell("reopen", {"doc": self.tab.doc})
            if head["kind"] == "open":
                return self.picture(head["url"]), head
        return self.open(SIZES[0])

    def open(self, size: tuple[int, int]) -> tuple[Pixels, dict[str, Any]]:
        """Open a new photo of (height, width), and return it with the message that told it."""
        photo = photo_of(self.chance, *size)
        file = self.tab.wire.upload("a photo.png", encode_png(photo))
        head = self.tab.tell("bring", {"name": "a photo.png"}, {"carrier": file})
        assert head["kind"] == "open", head
        assert (head["width"], head["height"]) == (size[1], size[0]), head
        assert (self.picture(head["url"]) == photo).all()
        return photo, head

    def intent(self, head: Mapping[str, Any], mode: str, **changes: Any) -> dict[str, Any]:
        """Return what the page sends for a run."""
        plain = {"v": 2, "doc": head["doc"], "version": head["version"], "mode": mode, "run": secrets.token_hex(6)}
        return {**plain, "mask": None, "box": None, "extend": [0, 0, 0, 0], "window": None, "from": None, **changes}

    def ran(self, intent: Mapping[str, Any], given: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
        """Run an intent and return its result."""
        told = self.tab.tell(
            "run", intent, {**QUICK, "seed": self.chance.randrange(2**31), "mode": intent["mode"], **given}
        )
        if told.get("kind") == "notice" and told.get("gone"):
            raise Refused(410, told["message"])
        assert told.get("kind") == "result", told
        assert all(each["changed_outside"] == 0 for each in told["variations"]), told
        self.run = intent["run"], told
        return told


# what must be right ---------------------------------------------------------------------------------------------------
def pixels_of(data: bytes) -> Pixels:
    """Return the (H, W, 3) pixels of a picture file."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def photo_of(chance: random.Random, height: int, width: int) -> Pixels:
    """Return a sky above rough ground that nobody else has."""
    noise = np.random.default_rng(chance.randrange(2**32))
    rows = np.linspace(0, 255, height)[:, None, None]
    grain = noise.integers(0, 40, (height, width, 3)) * (0.1 + (rows > 120))
    return np.clip(rows * [0.5, 0.7, 0.4] + [90, 60, 120] * (rows < 120) + grain, 0, 255).astype(np.uint8)


def box_mask(photo: Pixels, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """Return 255 in a box (left, top, right, bottom) of a photo's size, 0 elsewhere."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[box[1] : box[3], box[0] : box[2]] = 255
    return mask


def some_box(photo: Pixels, chance: random.Random) -> tuple[int, int, int, int]:
    """Return a box of at most 90 px in a photo."""
    height, width = photo.shape[:2]
    tall, wide = chance.randint(12, min(90, height - 1)), chance.randint(12, min(90, width - 1))
    left, top = chance.randint(0, width - wide), chance.randint(0, height - tall)
    return left, top, left + wide, top + tall


def outside_is_kept(photo: Pixels, file: bytes, mask: NDArray[np.uint8]) -> None:
    """Assert that a result has the photo's own pixels wherever nothing was painted, and others where it was."""
    made = pixels_of(file)
    assert made.shape == photo.shape, made.shape
    assert (made[mask == 0] == photo[mask == 0]).all()
    assert (made[mask > 0] != photo[mask > 0]).any()


# gestures -------------------------------------------------------------------------------------------------------------
def open_photo(person: Person) -> None:
    """Open a photo of some size."""
    person.open(person.chance.choice(SIZES))


def open_large(person: Person) -> None:
    """Open a photo of twelve megapixels."""
    person.open(LARGE)


def fill(person: Person) -> None:
    """Fill a hole, look at the result, and keep it."""
    photo, head = person.shown()
    mask = box_mask(photo, some_box(photo, person.chance))
    intent = person.intent(head, "fill", mask=write_mask(mask > 0))
    result = person.ran(intent, {"variations": person.chance.choice((1, 1, 2))})
    for each in result["variations"]:
        outside_is_kept(photo, person.tab.wire.ask("GET", each["url"]), mask)
    kept = person.tab.tell("accept", {"doc": head["doc"], "run": intent["run"], "variation": 0})
    assert kept["kind"] == "head", kept
    assert (person.picture(kept["url"]) == person.picture(result["variations"][0]["url"])).all()


def replace(person: Person) -> None:
    """Turn a box into something of a class; not kept."""
    photo, head = person.shown()
    box = some_box(photo, person.chance)
    result = person.ran(person.intent(head, "replace", box=list(box)), {"class": 3})
    outside_is_kept(photo, person.tab.wire.ask("GET", result["variations"][0]["url"]), box_mask(photo, box))


def extend(person: Person) -> None:
    """Continue the photo at its right."""
    photo, head = person.shown()
    added = person.chance.randint(8, 60)
    result = person.ran(person.intent(head, "extend", extend=[0, 0, added, 0]))
    made = person.picture(result["variations"][0]["url"])
    height, width = photo.shape[:2]
    assert made.shape == (height, width + added, 3), made.shape
    assert (made[:, :width] == photo).all()


def generate(person: Person) -> None:
    """Draw a picture of a class."""
    _, head = person.shown()
    result = person.ran(person.intent(head, "generate"), {"class": person.chance.randrange(11)})
    assert person.picture(result["variations"][0]["url"]).size


def sweep(person: Person) -> None:
    """Fill a hole under four pairs of settings, and take one onto the stage."""
    photo, head = person.shown()
    intent = person.intent(head, "sweep", mask=write_mask(box_mask(photo, some_box(photo, person.chance)) > 0))
    axes = {"sweep-row-values": "cosine, linear", "sweep-column-values": "2, 3"}
    told = person.tab.tell("sweep", intent, {**QUICK, "mode": "sweep", **axes})
    assert told.get("kind") == "stopped", told
    adopted = person.tab.tell("adopted", {"run": intent["run"], "row": 1, "column": 0, "what": "picture"})
    assert adopted.get("kind") == "result", adopted
    assert adopted["variations"][0]["changed_outside"] == 0


def inspect(person: Person) -> None:
    """Look into a cell of a result; one outside its hole, or of a run that is gone, is refused in a sentence."""
    if person.run is None:
        fill(person)
    assert person.run is not None
    run, _ = person.run
    cell = [person.chance.randrange(16), person.chance.randrange(16)]
    told = person.tab.tell("inspect", {"run": run, "variation": 0, "cell": cell, "pins": []})
    assert told["kind"] in ("alternatives", "notice"), told
    assert told["kind"] == "notice" or len(told["list"]) == 5


def export(person: Person) -> None:
    """Save what is shown in every format."""
    photo, head = person.shown()
    for kind in ("png", "jpeg", "webp", "project"):
        told = person.tab.tell("export", {"doc": head["doc"], "version": head["version"], "format": kind, "state": {}})
        assert told["kind"] == "file", told
        data = person.tab.wire.ask("GET", told["url"])
        assert len(data) == told["bytes"]
        if kind in ("png", "webp"):
            assert (pixels_of(data) == photo).all(), kind


def undo(person: Person) -> None:
    """Go back to the first version."""
    _, head = person.shown()
    first = min(each["version"] for each in head["tree"])
    told = person.tab.tell("goto", {"doc": head["doc"], "version": first})
    assert told["kind"] == "head", told


def reload(person: Person) -> None:
    """Leave the page and come back to the same work in a new one."""
    doc = person.tab.doc
    person.tab.close()
    person.tab.__init__(person.tab.wire.port)  # type: ignore[misc]
    told = person.tab.tell("reopen", {"doc": doc})
    assert told["kind"] in ("open", "notice"), told


def leave_in_a_run(person: Person) -> None:
    """Close the tab while it draws, and come again in another."""
    photo, head = person.shown()
    intent = person.intent(head, "fill", mask=write_mask(box_mask(photo, some_box(photo, person.chance)) > 0))
    for _ in person.tab.listen("run", intent, {**QUICK, "steps": 12}):
        break
    reload(person)


def nonsense(person: Person) -> None:
    """Open what is no picture, run without a mask, ask for another's document: each is answered in a sentence."""
    file = person.tab.wire.upload("no.png", b"this is no picture")
    assert person.tab.tell("bring", {"name": "no.png"}, {"carrier": file})["kind"] == "notice"
    _, head = person.shown()
    assert person.tab.tell("run", person.intent(head, "fill"), QUICK)["kind"] == "notice"
    told = person.tab.tell("run", {**person.intent(head, "fill"), "doc": "another's"}, QUICK)
    assert told.get("gone") == "document", told
    for status, headers in ((403, {"Origin": "http://evil.example"}), (421, {"Host": "evil.example"})):
        with pytest.raises(Refused, match=f"^{status}"):
            person.tab.wire.ask("POST", "/gradio_api/queue/join", b"{}", Content_Type="application/json", **headers)


def program(person: Person) -> None:
    """Call a function of the API."""
    photo = photo_of(person.chance, 192, 256)
    mask = box_mask(photo, some_box(photo, person.chance))
    wire = person.tab.wire
    image, hole = wire.upload("p.png", encode_png(photo)), wire.upload("m.png", encode_png(mask))
    outside_is_kept(photo, wire.call("fill", image=image, mask=hole, steps=4), mask)


GESTURES: dict[str, tuple[Callable[[Person], None], int]] = {
    "fill": (fill, 40),
    "program": (program, 14),
    "replace": (replace, 10),
    "extend": (extend, 8),
    "generate": (generate, 6),
    "sweep": (sweep, 4),
    "inspect": (inspect, 8),
    "export": (export, 6),
    "undo": (undo, 6),
    "open": (open_photo, 10),
    "open large": (open_large, 2),
    "reload": (reload, 5),
    "leave in a run": (leave_in_a_run, 5),
    "nonsense": (nonsense, 4),
}
"""By name, each with how often it is done beside the others."""
EDITS = ("fill", "program", "replace", "extend", "generate", "sweep")
"""Those that change a picture."""
