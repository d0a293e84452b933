"""What there is to choose from, and what the editor starts with."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from core import CheckpointError, UnknownModel
from core.models import CATALOG, list_models
from editor.models import shelf
from editor.settings import AppSettings


@pytest.fixture
def runs(tmp_path: Path, tiny_model: Path) -> Path:
    """A folder of two models of one's own: one is called as a bundled one is, the other "mine"."""
    for folder, name in (("a", list_models()[0].name), ("b", "mine")):
        shutil.copytree(tiny_model, tmp_path / folder)
        config = tmp_path / folder / "config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "name": name}))
    return tmp_path


def test_bundled_first_then_ones_own_then_the_published(runs: Path) -> None:
    found = shelf.entries(AppSettings(model_folders=(runs,)))
    groups = [entry.group for entry in found]
    assert groups == sorted(groups, key=["bundled", "own", "published"].index)
    assert len({entry.key for entry in found}) == len(found)
    assert [entry.key for entry in found if entry.group == "own"] == [f"{list_models()[0].name}-2", "mine"]
    assert [entry.key for entry in found if entry.group == "published"] == list(CATALOG)
    assert all(entry.bytes > 0 and entry.parameters for entry in found)


def test_a_models_own_folder_may_be_given_as_well(runs: Path) -> None:
    (entry,) = (e for e in shelf.entries(AppSettings(model_folders=(runs / "b",))) if e.group == "own")
    assert (entry.key, entry.folder) == ("mine", runs / "b")


def test_a_damaged_folder_is_left_out_and_named_in_the_log(runs: Path, caplog: pytest.LogCaptureFixture) -> None:
    (runs / "a" / "config.json").write_text("{")
    with caplog.at_level(logging.WARNING):
        shelf.entries(AppSettings(model_folders=(runs,)))
        found = shelf.entries(AppSettings(model_folders=(runs,)))
    assert len(caplog.records) == 1  # a page looks twice a second
    assert [entry.key for entry in found if entry.group == "own"] == ["mine"]
    assert str(runs / "a" / "config.json") in caplog.text


def test_the_editor_starts_with_any_of_them(runs: Path) -> None:
    settings = AppSettings(model_folders=(runs,), device="cpu")
    assert shelf.start_engine(replace(settings, model="mine")).spec.name == "mine"
    own = shelf.start_engine(replace(settings, model=f"{list_models()[0].name}-2"))
    assert own.spec.pixels == 32
    with pytest.raises(UnknownModel, match="'nothing' is unknown"):
        shelf.start_engine(replace(settings, model="nothing"))


def test_a_folder_without_a_model_stops_nothing_and_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = AppSettings(model_folders=(tmp_path, tmp_path / "nowhere"), device="cpu")
    with caplog.at_level(logging.WARNING):
        assert shelf.start_engine(settings).spec.name == settings.model
    assert caplog.text.count("holds no model: give a model folder") == 2
    assert [each.key for each in shelf.broken(settings)] == [tmp_path.name, "nowhere"]


def test_a_damaged_model_is_refused_where_it_is_what_was_asked_for(runs: Path) -> None:
    (runs / "a" / "config.json").write_text("{")
    settings = AppSettings(model_folders=(runs,), device="cpu", model="a")
    ((key, why),) = shelf.broken(settings)
    assert (key, str(runs / "a" / "config.json") in why) == ("a", True)
    with pytest.raises(CheckpointError, match="does not describe a model"):
        shelf.start_engine(settings)


def test_a_damaged_bundled_model_stops_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(shelf.BUNDLED / AppSettings.model, tmp_path / AppSettings.model)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "config.json").write_text("[]")
    for room in ("core.models.bundled", "editor.models.shelf"):
        monkeypatch.setattr(f"{room}.BUNDLED", tmp_path)
    assert shelf.start_engine(AppSettings(device="cpu")).spec.name == AppSettings.model
