"""Choosing: what the stage hears when a variation is accepted, a version shown, a cell looked into."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import open_picture
from editor.handlers import Handlers
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import event, path_of, run, visitor


def test_accept_and_goto_show_the_right_picture(handlers: Handlers, opened: dict[str, Any]) -> None:
    result = run(handlers, opened)[-1]
    accepted, file = handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor())
    assert (accepted["kind"], accepted["url"], accepted["version"], accepted["parent"], accepted["keep_mask"]) == (
        "head",
        result["variations"][1]["url"],
        2,
        1,
        False,
    )
    assert file is not None
    assert Path(file) == path_of(accepted["url"])  # what is downloaded is what is shown
    back, _ = handlers.reviewing.goto(event({"doc": opened["doc"], "version": 1}), visitor())
    assert (back["url"], back["version"], back["keep_mask"]) == (opened["url"], 1, True)
    forth, _ = handlers.reviewing.goto(event({"version": 2}), visitor())
    assert forth["url"] == accepted["url"]


def test_an_extension_moves_what_was_there(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened, mode="extend", mask=None, extend=[64, 0, 0, 16])
    accepted = handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor()).message
    assert (accepted["width"], accepted["height"], accepted["offset"]) == (128, 64, [64, 0])
    first = handlers.reviewing.goto(event({"version": 1}), visitor()).message
    assert (first["width"], first["height"], first["offset"]) == (64, 48, [0, 0])
    there = handlers.reviewing.goto(event({"version": 2}), visitor()).message
    assert (there["parent"], there["offset"]) == (1, [64, 0])


def test_a_version_is_turned_and_cropped_and_edited_further(
    handlers: Handlers, opened: dict[str, Any], photo: NDArray[np.uint8]
) -> None:
    asked = {"doc": opened["doc"], "version": 1, "turn": 1, "box": [4, 8, 40, 60]}
    told, file = handlers.reviewing.frame(event(asked), visitor())
    assert (told["kind"], told["version"], told["parent"], told["keep_mask"]) == ("head", 2, 1, False)
    assert (told["width"], told["height"], told["offset"], told["turn"]) == (36, 52, [44, -8], 1)
    assert "anew" not in told or not told["anew"]
    assert file is not None
    cropped = np.rot90(photo, -1)[8:60, 4:40]
    assert np.array_equal(open_picture(Path(file)), cropped)
    mask = {"width": 36, "height": 52, "runs": [100, 40, 36 * 52 - 140]}
    result = run(handlers, opened, version=2, mask=mask)[-1]
    assert [each["changed_outside"] for each in result["variations"]] == [0, 0]
    assert result["canvas"] == [36, 52]
    run(handlers, opened, run="r2", version=2, mode="extend", mask=None, extend=[8, 0, 0, 4])
    grown = handlers.reviewing.accept(event({"run": "r2", "variation": 0}), visitor()).message
    assert (grown["width"], grown["height"], grown["parent"]) == (44, 56, 2)
    assert np.array_equal(open_picture(path_of(grown["url"]))[:52, 8:], cropped)
    straight = handlers.reviewing.frame(event({**asked, "version": 2, "turn": 0, "box": None, "degrees": 2}), visitor())
    assert straight.message["anew"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"turn": 8}, "turn"),
        ({"turn": "1"}, "turn"),
        ({"degrees": 16}, "angle"),
        ({"degrees": float("nan")}, "angle"),
        ({"box": [0, 0, 9]}, "edges"),
        ({"box": [0, 0, 65, 48]}, "keep it within"),
        ({"box": [0, 0, 64, 12]}, "at least 16"),
        ({"version": 7}, "version"),
        ({"doc": "x"}, "server"),
    ],
)
def test_a_frame_that_is_none_is_a_sentence(
    handlers: Handlers, opened: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    head = handlers.reviewing.frame(event({"doc": opened["doc"], "version": 1, **changes}), visitor())
    assert (head.message["kind"], head.message["level"]) == ("notice", "error")
    assert said in head.message["message"]


def test_a_run_of_another_version_than_is_shown_moves_nothing(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened, mode="extend", mask=None, extend=[64, 0, 0, 16])
    shown = handlers.reviewing.accept(event({"run": "r1", "variation": 0}), visitor()).message
    run(handlers, opened, run="r2", version=1)  # it has waited while something else was kept
    here = handlers.exporting.export(event({"format": "png"}), visitor())
    assert path_of(here["url"]) == path_of(shown["url"])
    accepted = handlers.reviewing.accept(event({"run": "r2", "variation": 0}), visitor()).message
    assert (accepted["kind"], accepted["parent"], accepted["width"]) == ("head", 1, opened["width"])


@pytest.mark.parametrize(
    "data", [{}, None, "x", {"run": "r1"}, {"run": "r1", "variation": "1"}, {"run": 5, "variation": 0}]
)
def test_accepting_nonsense_is_a_sentence(handlers: Handlers, opened: dict[str, Any], data: Any) -> None:
    run(handlers, opened)
    message = handlers.reviewing.accept(event(data), visitor()).message
    assert (message["kind"], message["level"]) == ("notice", "error")


@pytest.mark.parametrize("version", [None, "1", 7, -1, True])
def test_going_nowhere_is_a_sentence(handlers: Handlers, opened: dict[str, Any], version: Any) -> None:
    head = handlers.reviewing.goto(event({"version": version}), visitor())
    assert (head.message["kind"], head.message["level"], head.download) == ("notice", "error", None)


def test_another_visitor_can_do_none_of_it(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    stranger = visitor("bob")
    told = [
        handlers.reviewing.accept(event({"run": "r1", "variation": 0}), stranger).message,
        handlers.reviewing.goto(event({"doc": opened["doc"], "version": 1}), stranger).message,
        handlers.reviewing.frame(event({"doc": opened["doc"], "version": 1, "turn": 1}), stranger).message,
        handlers.reviewing.inspect(event({"run": "r1", "variation": 0, "cell": [0, 0]}), stranger),
        handlers.running.draft(event({"run": "r1", "variation": 0}), stranger),
        handlers.exporting.export(event({"format": "png", "run": "r1", "variation": 0}), stranger),
        handlers.exporting.export(event({"format": "png", "doc": opened["doc"]}), stranger),
        handlers.sweeping.adopt(event({"run": "r1", "row": 0, "column": 0, "what": "settings"}), stranger).message,
    ]
    assert [message["kind"] for message in told] == ["notice"] * len(told)


def test_a_cell_shows_its_codes(handlers: Handlers, engine: FakeEngine, opened: dict[str, Any], tmp_path: Path) -> None:
    run(handlers, opened)
    hole = engine.plan(engine.asked[0])[0].unknown
    first, last = np.argwhere(hole)[[0, -1]].tolist()
    data = {"run": "r1", "variation": 1, "cell": first, "pins": [[last[0] * 16 + last[1], 11]]}
    told = handlers.reviewing.inspect(event(data), visitor())
    assert (told["kind"], told["run"], told["variation"], told["cell"]) == ("alternatives", "r1", 1, first)
    assert [each["probability"] for each in told["list"]][:2] == [0.5, 0.25]
    scheme, _, data_ = told["list"][1]["url"].partition(",")
    assert scheme == "data:image/png;base64"
    patch = tmp_path / "patch.png"
    patch.write_bytes(base64.b64decode(data_))
    with pytest.raises(Exception, match="8x8"):  # smaller than any picture, and exact
        open_picture(patch)
    asked = engine.asked[-1]
    assert asked.start is not None
    assert asked.start.tokens[tuple(last)] == 11
    assert asked.decoding.seed == 4


@pytest.mark.parametrize(
    "changes",
    [{"cell": None}, {"cell": [99, 0]}, {"cell": [15, 15]}, {"cell": [-1, 0]}, {"variation": 9}, {"pins": [[0, 64]]}],
)
def test_a_cell_that_is_none_is_a_sentence(handlers: Handlers, opened: dict[str, Any], changes: dict[str, Any]) -> None:
    run(handlers, opened)
    told = handlers.reviewing.inspect(event({"run": "r1", "variation": 0, "cell": [0, 0], **changes}), visitor())
    assert (told["kind"], told["level"]) == ("notice", "error")


def test_the_inspector_hears_where_pixels_came_from(handlers: Handlers, opened: dict[str, Any]) -> None:
    run(handlers, opened)
    asked = {"doc": opened["doc"], "run": "r1", "variation": 1}
    told = handlers.reviewing.sources(asked)
    assert told["whole"]
    (layer,) = told["layers"]
    left, top, right, bottom = layer["box"]
    ways = np.frombuffer(zlib.decompress(base64.b64decode(layer["data"])), "<i4")
    assert ways.size == 2 * (right - left) * (bottom - top)
    accepted = handlers.reviewing.accept(event({"run": "r1", "variation": 1}), visitor()).message
    assert handlers.reviewing.sources({"doc": opened["doc"], "version": accepted["version"]}) == told
    assert handlers.reviewing.sources({"doc": opened["doc"], "version": 1}) == {"layers": [], "whole": True}


@pytest.mark.parametrize(
    "changes", [{"doc": "x"}, {"doc": None}, {"run": "r9"}, {"run": 5}, {"variation": 9}, {"variation": "0"}]
)
def test_what_is_not_kept_is_not_known(handlers: Handlers, opened: dict[str, Any], changes: dict[str, Any]) -> None:
    run(handlers, opened)
    asked = {"doc": opened["doc"], "run": "r1", "variation": 0, **changes}
    assert handlers.reviewing.sources(asked) == {"layers": [], "whole": False}
    assert handlers.reviewing.sources([asked]) == {"layers": [], "whole": False}
