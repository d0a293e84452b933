"""The plan: that of the engine, for whatever the browser sends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.pictures import encode_png
from editor.documents.visitors import Documents
from editor.handlers import Handlers
from editor.models.current import Models
from editor.settings import AppSettings
from tests.editor.fakes import FakeEngine
from tests.editor.handlers.visits import VALUES, origin, run, visitor
from tests.editor.wire.sent import intent


def test_plan_equals_the_engines(handlers: Handlers, opened: dict[str, Any]) -> None:
    asked = {**intent(None), "doc": opened["doc"], "mode": "extend", "mask": None, "extend": [70, 0, 0, 0]}
    answer = handlers.planning.plan(asked)
    assert answer["passes"] == len(answer["windows"]) == len(answer["cells"]) > 0
    assert answer["unknown_tokens"] == sum(bin(int(cells, 16)).count("1") for cells in answer["cells"])
    assert answer["seconds"] > 0
    json.dumps(answer)
    assert handlers.planning.plan({"v": 1})["windows"] == []


def test_what_a_finish_takes_is_expected_and_learned(
    settings: AppSettings, documents: Documents, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    engine: Any = FakeEngine(finishing=True)
    handlers = Handlers(Models(engine, settings), settings, documents)
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    opened = handlers.opening.open_upload(str(tmp_path / "photo.png"), visitor()).message
    assert opened is not None
    asked = {**intent(None), "doc": opened["doc"]}
    handlers.planning.settings_changed({**VALUES, "finish": "none"}, visitor())
    unfinished = handlers.planning.plan(asked)["seconds"]
    handlers.planning.settings_changed(VALUES, visitor())
    assert handlers.planning.plan(asked)["seconds"] > unfinished
    for _ in range(12):
        run(handlers, opened)
    handlers.planning.settings_changed({**VALUES, "finish": "none"}, visitor())
    unfinished = handlers.planning.plan(asked)["seconds"]
    handlers.planning.settings_changed(VALUES, visitor())
    assert handlers.planning.plan(asked)["seconds"] - unfinished == pytest.approx(1.0, abs=0.05), "as long as it took"


def test_settings_change_the_plan(handlers: Handlers, opened: dict[str, Any]) -> None:
    asked = {**intent(None), "doc": opened["doc"]}
    before = handlers.planning.plan(asked)
    told = handlers.planning.settings_changed({**VALUES, "coverage": 0.5, "mode": "replace"}, visitor())
    assert (told["kind"], told["coverage"]) == ("settings", 0.5)
    assert "mode" not in told  # by now the visitor may have chosen another
    assert handlers.planning.plan(asked)["unknown_tokens"] < before["unknown_tokens"]
    assert handlers.planning.settings_changed({"coverage": None}, visitor())["kind"] == "notice"


def test_settings_hold_for_the_picture_that_is_opened_next(
    handlers: Handlers, photo: NDArray[np.uint8], tmp_path: Path
) -> None:
    handlers.planning.settings_changed({**VALUES, "coverage": 0.5}, visitor())  # nothing is open yet
    (tmp_path / "photo.png").write_bytes(encode_png(photo))
    answer = handlers.opening.open_upload(str(tmp_path / "photo.png"), visitor()).message
    assert answer is not None
    assert answer["model"]["coverage"] == 0.5
    asked = {**intent(None), "doc": answer["doc"]}
    fewer = handlers.planning.plan(asked)
    handlers.planning.settings_changed(VALUES, visitor())
    assert handlers.planning.plan(asked)["unknown_tokens"] > fewer["unknown_tokens"]


def test_a_run_to_go_on_from_brings_its_own_cells(handlers: Handlers, opened: dict[str, Any]) -> None:
    asked = {**intent(None), "doc": opened["doc"]}
    own = handlers.planning.plan(asked)
    run(handlers, opened)
    for how in ("branch", "weakest", "pins", "more", "baseline"):
        answer = handlers.planning.plan({**asked, "mask": None, "from": origin(how)})
        assert answer["cells"] == own["cells"]
