"""Gestures that select: a mask of the version that is shown, or a sentence, and never an error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

from core import BadRequest, CoreError
from core.values import Box
from editor.handlers import Handlers, selecting
from editor.sentences import on_page
from editor.wire.bits import read_mask
from tests.editor.wire.sent import FIXTURES_ARE_FIXED, JUNK

FOUND = np.zeros((48, 64), np.bool_)
FOUND[10:20, 5:30] = True


Gesture = dict[str, Any]
NONE: Gesture = {"box": None, "scribble": None, "width": 1.0, "point": None, "tolerance": 0, "thing": None}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Gesture]:
    """What the core was asked for; it finds `FOUND` each time."""
    seen: list[Gesture] = []

    def found(image: NDArray[np.uint8], **gesture: Any) -> NDArray[np.bool_]:
        assert image.shape == (48, 64, 3)
        seen.append(gesture)
        return FOUND

    monkeypatch.setattr(selecting, "select", found)
    return seen


GESTURES: list[tuple[Gesture, Gesture]] = [
    ({"box": [5, 6, 20, 21]}, {"box": Box(5, 6, 20, 21)}),
    ({"scribble": [[5.5, 6], [7, 8.125]], "width": 3.5}, {"scribble": [(5.5, 6.0), (7.0, 8.125)], "width": 3.5}),
    ({"point": [5, 6], "tolerance": 9}, {"point": (5, 6), "tolerance": 9}),
    ({"thing": "sky"}, {"thing": "sky"}),
]


@pytest.mark.parametrize(("gesture", "meant"), GESTURES)
def test_each_gesture_is_asked_of_the_core_and_comes_back_as_a_mask(
    handlers: Handlers, opened: dict[str, Any], asked: list[Gesture], gesture: Gesture, meant: Gesture
) -> None:
    answer = handlers.selecting.select({"doc": opened["doc"], "version": opened["version"], **gesture})
    assert asked == [{**NONE, **meant}]
    assert answer.keys() == {"mask"}
    read = read_mask(answer["mask"], 64, 48)
    assert read is not None
    np.testing.assert_array_equal(read, FOUND)


def test_without_a_version_the_one_that_is_shown_counts(
    handlers: Handlers, opened: dict[str, Any], asked: list[Gesture]
) -> None:
    assert "mask" in handlers.selecting.select({"doc": opened["doc"], "point": [1, 1]})
    assert asked == [{**NONE, "point": (1, 1)}]


def test_nothing_found_is_a_sentence(
    handlers: Handlers, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selecting, "select", lambda *_, **__: np.zeros((48, 64), np.bool_))
    answer = handlers.selecting.select({"doc": opened["doc"], "box": [1, 1, 9, 9]})
    assert answer == {"said": on_page.nothing_selected()}
    for thing in ("sky", "rim"):
        said = handlers.selecting.select({"doc": opened["doc"], "thing": thing})["said"]
        assert said.startswith(f"No {thing} was found here")


def test_a_document_that_is_gone_is_named_so_that_the_page_can_bring_it_back(
    handlers: Handlers, asked: list[Gesture]
) -> None:
    answer = handlers.selecting.select({"doc": "nowhere", "point": [1, 1]})
    assert answer == {"said": on_page.document_gone(), "gone": "document"}
    assert asked == []


@pytest.mark.parametrize(
    "gesture",
    [
        {"box": [1, 2, 3]},
        {"box": [1, 2, 3, 4.5]},
        {"scribble": []},
        {"scribble": [[1, float("nan")]]},
        {"scribble": [[1, 1]], "width": 0},
        {"scribble": [[1, 1]] * 5000},
        {"point": [1.5, 2]},
        {"point": [1, 1], "tolerance": 256},
        {"point": [1, 1], "version": -1},
        {"thing": "dragon"},
    ],
)
def test_gestures_that_are_none_are_refused(
    handlers: Handlers, opened: dict[str, Any], asked: list[Gesture], gesture: dict[str, Any]
) -> None:
    answer = handlers.selecting.select({"doc": opened["doc"], **gesture})
    assert answer["said"].startswith("The canvas sent ")
    assert asked == []


def test_a_gesture_without_anything_is_refused(handlers: Handlers, opened: dict[str, Any]) -> None:
    assert handlers.selecting.select({"doc": opened["doc"]})["said"].startswith("nothing to select by")


@pytest.mark.parametrize("error", [BadRequest("too far."), MemoryError()])
def test_what_goes_wrong_is_a_sentence(
    handlers: Handlers, opened: dict[str, Any], monkeypatch: pytest.MonkeyPatch, error: CoreError | MemoryError
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(selecting, "select", fails)
    answer = handlers.selecting.select({"doc": opened["doc"], "point": [1, 1]})
    assert answer.keys() == {"said"}
    assert answer["said"]


@FIXTURES_ARE_FIXED
@given(junk=JUNK)
def test_anything_may_be_sent(handlers: Handlers, opened: dict[str, Any], junk: Any) -> None:
    sent = {**junk, "doc": opened["doc"]} if isinstance(junk, dict) else junk
    assert handlers.selecting.select(sent)["said"]
