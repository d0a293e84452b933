"""Published models on the command line: listed, fetched from a hub on loopback, used once they are converted."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.cli import main
from core.engine import load_engine
from core.engine.suggestions import Suggestion
from core.errors import UnknownModel
from core.models.catalog import CATALOG, PublishedFile
from core.models.library import converted_folder
from core.pictures.opening import open_picture
from tests.core.cli.speak import HEIGHT, WIDTH, hole, refusal, run
from tests.core.models.fake_hub import FakeHub, fake_hub, pretend

NAME = "halton-256-tiny"
FILES = {"someone/tokenizer/model.safetensors": bytes(range(256)) * 400, "someone/maskgit/tiny.pth": b"weights" * 9999}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    roles = ("tokenizer", "transformer")
    files = tuple(
        PublishedFile("/".join(key.split("/")[:2]), key.split("/")[2], None, len(data), None, role)  # type: ignore[arg-type]
        for (key, data), role in zip(FILES.items(), roles, strict=True)
    )
    monkeypatch.setitem(CATALOG, NAME, replace(CATALOG[NAME], files=files, twins=()))
    with fake_hub() as fake, pretend(fake, tmp_path, monkeypatch):
        fake.files |= FILES
        yield fake


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """Return what `models` says of each published model: whether it is on disk."""
    assert main(["models", "--json"]) == 0
    return {model["name"]: model["on_disk"] for model in json.loads(capsys.readouterr().out)["published"]}


def test_download_fetches_once_and_says_what_to_type_next(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", NAME, "--json"]) == 0
    *sentences, last = capsys.readouterr().out.splitlines()
    facts = json.loads(last)
    assert [Path(path).read_bytes() for path in facts["outputs"]] == list(FILES.values())
    assert facts["bytes"] == sum(map(len, FILES.values()))
    assert f"python -m core convert {facts['outputs'][0]}" in sentences[-1]
    assert sentences[-1].endswith(f"--out {converted_folder(NAME)}")
    assert main(["download", NAME]) == 0
    assert len(server.gets()) == 2


def test_download_shows_its_progress_on_a_terminal(
    server: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main(["download", NAME]) == 0
    shown = capsys.readouterr().err
    assert f"{NAME}: 100%" in shown
    assert "172k/172k" in shown


def test_what_is_not_published_is_refused(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "halton-1024"]) == 2
    assert capsys.readouterr().err.startswith("model 'halton-1024' is not published: choose one of google-256, ")


def test_a_failed_download_ends_in_one_sentence(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    server.files.clear()
    assert main(["download", NAME]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert caught.err.count("\n") == 1
    assert "(HTTP 404)" in caught.err


def test_models_says_what_is_on_disk(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(listed(capsys).values()) == {"no"}
    assert main(["download", NAME]) == 0
    capsys.readouterr()
    assert listed(capsys) == dict.fromkeys(CATALOG, "no") | {NAME: "downloaded"}
    converted_folder(NAME).mkdir(parents=True)
    (converted_folder(NAME) / "config.json").touch()
    assert listed(capsys)[NAME] == "converted"


def test_models_lists_the_facts_of_each(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "9.0 M parameters, 29 MB, 15 classes" in lines[0]
    row = next(line for line in lines if line.startswith("google-512"))
    assert row.split() == ["google-512", "512", "32x32", "228", "M", "0.91", "GB", "needed", "none", "no", "Apache-2.0"]


def test_a_published_model_is_used_once_it_is_converted(server: FakeHub, tiny_model: Path) -> None:
    with pytest.raises(UnknownModel, match=f"is not on this disk: `python -m core download {NAME}` fetches it"):
        load_engine(NAME, device="cpu")
    shutil.copytree(tiny_model, converted_folder(NAME))
    assert load_engine(NAME, device="cpu").spec.name == "tiny"


def test_reconstruct_and_models(
    tiny_model: Path,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = tmp_path / "o.png"
    facts = run("reconstruct", "--image", photo, "--output", output, "--model", tiny_model, capsys=capsys)
    assert facts["outputs"] == [str(output)]
    assert open_picture(output).shape == (HEIGHT, WIDTH, 3)

    monkeypatch.setattr("core.models.bundled.BUNDLED", tiny_model.parent)
    assert run("models", capsys=capsys)["models"][0]["classes"] == ["forest", "sea", "street"]
    assert main(["models"]) == 0
    assert "tiny" in capsys.readouterr().out
    assert "choose one of tiny" in refusal("generate", "--output", output, "--model", "nope", capsys=capsys)


def test_suggest_names_classes_of_what_is_visible(
    photo: Path, mask: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[tuple[int, ...], int, int, int]] = []

    def answer(recogniser: Any, image: Any, hidden: Any, count: int) -> tuple[Suggestion, ...]:
        asked.append((image.shape, 0 if hidden is None else int(hidden.sum()), recogniser.classes, count))
        return (Suggestion(1, 0.75),)

    monkeypatch.setattr("core.engine.suggestions.suggest_classes", answer)
    facts = run("suggest", "--image", photo, "--mask", mask, "--count", 3, capsys=capsys)
    expected = {"class_id": 1, "class": "goldfish, Carassius auratus", "probability": 0.75}
    assert facts == {"suggestions": [expected]}
    assert main(["suggest", "--image", str(photo)]) == 0
    assert capsys.readouterr().out == " 75%    1  goldfish, Carassius auratus\n"
    assert asked == [((HEIGHT, WIDTH, 3), int(hole().sum()), 1000, 3), ((HEIGHT, WIDTH, 3), 0, 1000, 5)]
