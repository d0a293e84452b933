"""An editor on ZeroGPU: who is lent a GPU, what the Space says at its start, and which model it starts with."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.models import converted_folder
from core.recipe import Machine
from editor.models import shelf
from editor.models.current import fetch_named
from editor.server import zerogpu
from editor.settings import AppSettings, read_settings
from tests import spaces
from tests.editor.published import NAME, one_published

ZERO = {"SPACE_ID": "ann/editor", "SPACES_ZERO_GPU": "true"}


def test_a_space_on_zerogpu_borrows_and_keeps_to_its_model_unless_it_is_told_a_device() -> None:
    there = read_settings([], ZERO)
    assert (there.lent, there.fixed_model, there.space) == (True, True, "ann/editor")
    assert not read_settings([], {**ZERO, "MASKGIT_EDITOR_DEVICE": "cpu"}).lent
    assert not read_settings([], {"SPACE_ID": "ann/editor"}).lent


def test_mcp_may_be_asked_for_by_the_environment(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("editor.settings.find_spec", lambda _: True)
    assert read_settings([], {"MASKGIT_EDITOR_MCP": "1"}).mcp
    assert not read_settings([], {"MASKGIT_EDITOR_MCP": "0"}).mcp
    monkeypatch.setattr("editor.settings.find_spec", lambda _: None)
    with pytest.raises(SystemExit):
        read_settings([], {"MASKGIT_EDITOR_MCP": "1"})
    assert "gradio[mcp]" in capsys.readouterr().err


def test_the_engine_of_such_a_space_computes_elsewhere(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spaces", spaces)
    settings = AppSettings(lent=True, model="tiny", model_folders=(tiny_model,))
    engine = shelf.start_engine(settings)
    assert engine.machine == Machine("cuda", "bfloat16", 1)
    assert engine.spec.name == "tiny"
    spaces.started.clear()
    page, server = SimpleNamespace(server=None), object()
    zerogpu.announce(page, server)  # type: ignore[arg-type]
    assert (page.server, len(spaces.started)) == (server, 1)


def test_a_space_fetches_the_published_model_that_it_is_to_start_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with one_published(tmp_path, monkeypatch) as hub, caplog.at_level(logging.INFO):
        settings = AppSettings(model=NAME, device="cpu", space="ann/editor")
        fetch_named(replace(settings, model=AppSettings.model))
        assert not hub.log, "the bundled one is here"
        fetch_named(settings)
        assert (converted_folder(NAME) / "config.json").is_file()
        assert shelf.start_engine(settings).spec.name == NAME
    said = [record.getMessage() for record in caplog.records]
    first, last = (next(i for i, each in enumerate(said) if part in each) for part in ("MB are here", "is being conv"))
    assert first < last
    fetch_named(settings)
    assert len(caplog.records) == len(said), "it is here now"
