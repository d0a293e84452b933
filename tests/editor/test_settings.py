"""What the person who starts the editor may choose."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from editor import settings
from editor.settings import AppSettings, read_settings


def test_nothing_asked_is_the_standard() -> None:
    assert read_settings([], {}) == AppSettings()


def test_flags_win_over_the_environment() -> None:
    environment = {"GRADIO_SERVER_PORT": "7000", "GRADIO_SERVER_NAME": "0.0.0.0", "MASKGIT_EDITOR_DEVICE": "cpu"}
    assert read_settings([], environment) == AppSettings(host="0.0.0.0", port=7000, device="cpu")
    assert read_settings(["--port", "7001", "--host", "localhost"], environment).port == 7001


def test_a_device_has_a_name_that_is_known_in_flags_and_environment(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("auto", "cpu", "cuda", "cuda:1", "mps", "xpu"):
        assert read_settings([], {"MASKGIT_EDITOR_DEVICE": name}) == AppSettings(device=name)
    for words, environment in ((["--device", "tpu"], {}), ([], {"MASKGIT_EDITOR_DEVICE": "tpu"})):
        with pytest.raises(SystemExit):
            read_settings(words, environment)
        said = (
            "argument --device: device 'tpu' is unknown: choose auto, cpu, cuda, cuda:N, mps or xpu: see app.py --help."
        )
        assert capsys.readouterr().err.strip() == said


def test_nets_may_be_elsewhere_in_one_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_settings(["--replicas", "2", "--device", "cpu"], {}) == AppSettings(replicas=2, device="cpu")
    assert read_settings(["--engine", "ray"], {}) == AppSettings(engine="ray")
    for words, said in (
        (["--replicas", "few"], "argument --replicas: 'few' is no number of replicas, which is whole and 0 to 256"),
        (["--engine", "ray", "--device", "cpu"], "--engine ray takes the cluster's replicas and their devices: leave"),
        (["--engine", "ray", "--replicas", "2"], "--engine ray takes the cluster's replicas and their devices: leave"),
    ):
        with pytest.raises(SystemExit):
            read_settings(words, {})
        assert said in capsys.readouterr().err


def test_a_space_listens_to_all_addresses() -> None:
    space = read_settings([], {"SPACE_ID": "someone/editor"})
    assert (space.host, space.space) == ("0.0.0.0", "someone/editor")


def test_mcp_needs_its_packages(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        read_settings(["--mcp"], {})
    assert "pip install 'gradio[mcp]'" in capsys.readouterr().err
    monkeypatch.setattr(settings, "find_spec", lambda name: object())
    assert read_settings(["--mcp"], {}).mcp


def test_a_space_keeps_to_one_model_unless_told_otherwise() -> None:
    space = {"SPACE_ID": "someone/editor"}
    assert not read_settings([], {}).fixed_model
    assert read_settings([], space).fixed_model
    assert not read_settings([], {**space, "MASKGIT_EDITOR_FIXED_MODEL": "0"}).fixed_model
    assert not read_settings(["--no-fixed-model"], space).fixed_model
    assert read_settings(["--fixed-model"], {"MASKGIT_EDITOR_FIXED_MODEL": "0"}).fixed_model


def test_model_folders_come_from_flags_or_the_environment() -> None:
    environment = {"MASKGIT_EDITOR_MODEL_FOLDER": f"one{os.pathsep}two"}
    assert read_settings([], environment).model_folders == (Path("one"), Path("two"))
    flags = ["--model-folder", "three", "--model-folder", "four"]
    assert read_settings(flags, environment).model_folders == (Path("three"), Path("four"))


def test_disk_and_memory_are_bounded_by_whole_megabytes(capsys: pytest.CaptureFixture[str]) -> None:
    chosen = read_settings(["--disk-mb", "500", "--memory-mb", "50"], {})
    assert (chosen.disk_mb, chosen.memory_mb) == (500, 50)
    for wrong in ("0", "-1", "many", "1.5", "9" * 12):
        with pytest.raises(SystemExit):
            read_settings(["--disk-mb", wrong], {})
        assert wrong in capsys.readouterr().err
