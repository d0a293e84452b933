"""The same edit on another picture: of its own size, in turns, stopped, and never in the way of a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.pictures import encode_png, open_picture
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import VALUES, event, path_of, visitor
from tests.editor.wire.sent import AREA, intent

INSIDE = (np.arange(AREA) // 20 == 5).reshape(48, 64)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another photo of that size."""
    return written(tmp_path / "other.png", 64, 48)


def written(path: Path, width: int, height: int) -> Path:
    path.write_bytes(encode_png(np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)))
    return path


def repeated(handlers: Handlers, path: Path | None, who: str = "ann", **changes: Any) -> Any:
    data = {**intent(None), "size": [64, 48], "best": True, **changes}
    return handlers.running.repeat(VALUES, path and str(path), event(data), visitor(who))


def heard(handlers: Handlers, path: Path | None, **changes: Any) -> list[dict[str, Any]]:
    return [each.message for each in repeated(handlers, path, **changes)]


def test_another_photo_is_edited_inside_the_same_mask_and_no_document_knows(
    handlers: Handlers, documents: Documents, other: Path
) -> None:
    *signs, result = heard(handlers, other)
    assert [each["kind"] for each in signs] == ["alive"] * 5
    assert (result["kind"], result["run"], result["best"], len(result["urls"])) == ("repeated", "r1", 0, 1)
    made, before = open_picture(path_of(result["urls"][0])), open_picture(other)
    assert np.array_equal(made[~INSIDE], before[~INSIDE])
    assert not np.array_equal(made[INSIDE], before[INSIDE])
    assert documents.current("ann") is None


def test_all_variations_come_where_they_are_wanted_and_the_last_eight_photos_are_kept(
    handlers: Handlers, other: Path
) -> None:
    results = [heard(handlers, other, best=False, run=f"r{n}")[-1] for n in range(9)]
    assert all(len(each["urls"]) == 2 for each in results)
    assert results[0]["best"] in (0, 1)
    # Equal pictures are one file, in use as long as one of them is: so other photos push the first ones out.
    others = [written(other.with_name(f"{n}.png"), 64, 48) for n in range(8)]
    for path in others:
        path.write_bytes(encode_png(np.full((48, 64, 3), 20 * others.index(path), np.uint8)))
        assert heard(handlers, path, best=False)[-1]["kind"] == "repeated"
    assert not path_of(results[0]["urls"][0]).exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"size": [48, 64]}, "The photo is 64x48 px and the marks are for 48x64 px"),
        ({"mode": "sweep"}, "fit no other picture"),
        ({"best": "yes"}, "no choice"),
        ({"model": "another@1"}, "fake-128"),
    ],
)
def test_what_fits_no_other_picture_is_said_of_that_one(
    handlers: Handlers, other: Path, changes: dict[str, Any], why: str
) -> None:
    (notice,) = heard(handlers, other, **changes)
    assert (notice["kind"], notice["level"], notice["run"]) == ("notice", "error", "r1")
    assert why in notice["message"]


def test_a_border_fits_any_size_and_a_file_that_is_none_is_said(handlers: Handlers, tmp_path: Path) -> None:
    path = written(tmp_path / "wide.png", 200, 40)
    result = heard(handlers, path, mode="extend", mask=None, extend=[0, 0, 16, 0])[-1]
    assert open_picture(path_of(result["urls"][0])).shape == (40, 216, 3)
    path.write_text("no picture")
    assert heard(handlers, path)[-1]["kind"] == "notice"
    assert heard(handlers, None)[-1]["kind"] == "notice"


def test_another_visitors_run_goes_between_two_photos_and_stop_ends_one(
    handlers: Handlers, engine: FakeEngine, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("editor.handlers.waiting.LOOK_S", 0.01)
    monkeypatch.setattr("editor.server.turns.LOOK_S", 0.01)
    first = repeated(handlers, other)
    next(first)
    desk = handlers._desk
    waiting = desk.turns.wait("bob")
    assert not waiting.done()
    stopped = handlers.running.stop(visitor(), "r1")
    assert (stopped["kind"], stopped["run"]) == ("stopped", "r1")
    assert list(first) == []
    assert waiting.done(), "it is bob's turn now"
    second = repeated(handlers, other, run="r2")
    assert next(second).message["kind"] == "waiting"
    desk.turns.leave(waiting)
    assert [each.message["kind"] for each in second][-1] == "repeated"
    assert engine.closed == 2
    for turns in (desk.turns, desk.programs):
        turn = turns.wait("newcomer")
        assert turn.done(), "every turn was given back"
        turns.leave(turn)
