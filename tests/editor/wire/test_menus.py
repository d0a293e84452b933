"""What the model menu is told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from core.engine.device import FORMATS
from core.models import CATALOG
from editor.models import shelf
from editor.models.current import MenuState, News, Progress
from editor.models.shelf import Entry
from editor.sentences import about_models
from editor.sentences.language import table
from editor.settings import AppSettings
from editor.wire import menus
from editor.wire.requests import model_id
from tests.editor.fakes import SPEC

WORKING = Entry("fake-128", "bundled", SPEC, 8_600_000, 17_000_000)
PUBLISHED = Entry(
    "google-256",
    "published",
    CATALOG["google-256"].spec,
    227_000_000,
    908_000_000,
    published=CATALOG["google-256"],
    here="no",
)
STATE = MenuState((WORKING, PUBLISHED), "fake-128", SPEC, None, {}, None)


@pytest.mark.parametrize(
    ("machine", "said"),
    [
        (
            ("cpu", "float32 packed", 2),
            "on the processor in 32-bit numbers, its weights packed for speed, each variation on 2 threads.",
        ),
        (("cpu", "bfloat16", 1), "on the processor in 16-bit numbers (bf16), each variation on 1 thread."),
        (("cuda", "bfloat16", 8), "on the GPU in 16-bit numbers (bf16)."),
        (("cpu", "float8", 4), "on the processor in float8, each variation on 4 threads."),
    ],
)
def test_the_menu_says_how_the_model_computes(machine: tuple[str, str, int], said: str) -> None:
    state = STATE._replace(computes=about_models.computes("fake-128", *machine))
    assert menus.menu(state, fixed=False)["computes"] == f"fake-128 computes {said}"


def test_every_number_format_has_its_words() -> None:
    assert {number.said for number in FORMATS.values()} == table("models.numbers").keys()


def line(state: MenuState) -> dict[str, object]:
    """Return what is told of the published model."""
    (told,) = (model for model in menus.menu(state, fixed=False)["models"] if model["key"] == "google-256")
    return dict(told)


def test_everything_crosses_as_json() -> None:
    progress = Progress("google-256", "download", 300_000_000, 908_000_000, 130.0)
    state = menus.menu(STATE._replace(progress=progress, news=News(3, "info", "x")), fixed=False)
    assert json.loads(json.dumps(state)) == state
    assert state["progress"]["said"] == "Downloading google-256: 300 MB of 0.91 GB, 33 %, about 2 min left"
    assert state["progress"]["share"] == pytest.approx(300 / 908)
    assert state["news"] == {"number": 3, "level": "info", "text": "x"}
    assert (state["model"], state["working"]) == (model_id(SPEC), "fake-128")


@pytest.mark.parametrize(
    ("stage", "said"), [("convert", "Converting google-256, once …"), ("load", "Loading google-256 …")]
)
def test_what_has_no_measure_shows_none(stage: str, said: str) -> None:
    state = menus.menu(STATE._replace(progress=Progress("google-256", stage, 9, 9, None)), fixed=False)
    assert state["progress"] == {"key": "google-256", "stage": stage, "share": None, "said": said}


def test_a_download_is_asked_about_with_size_sources_and_room() -> None:
    told = line(STATE)
    assert told["question"] == (
        "google-256 is 0.91 GB from github.com/hmorimitsu/maskgit-torch/releases/download/weights; converted once, it "
        "takes 0.91 GB more. You can go on working meanwhile."
    )
    assert (told["place"], told["order"], told["licence"]) == ("0.91 GB", "Download 0.91 GB", "Apache-2.0")
    assert line(STATE._replace(reached={"google-256": 500_000_000}))["order"] == "Go on: 408 MB"


@pytest.mark.parametrize(
    ("here", "working", "place"),
    [
        ("ready", "fake-128", "on disk"),
        ("downloaded", "fake-128", "on disk, not converted"),
        ("ready", "google-256", "in use"),
    ],
)
def test_what_is_on_disk_is_not_asked_about(here: str, working: str, place: str) -> None:
    told = line(STATE._replace(entries=(WORKING, replace(PUBLISHED, here=here)), working=working))  # type: ignore[arg-type]
    assert (told["place"], told["question"]) == (place, None)


def test_what_is_on_its_way_is_marked() -> None:
    assert line(STATE._replace(progress=Progress("google-256", "download", 0, 9, None)))["place"] == "on its way"


def test_every_published_model_can_be_told() -> None:
    state = STATE._replace(entries=shelf.entries(AppSettings()), working="scenes-128")
    told = menus.menu(state, fixed=False)["models"]
    published = [model for model in told if model["group"] == "published"]
    assert [model["key"] for model in published] == list(CATALOG)
    assert all(model["question"] and model["licence"] and "px" in model["facts"] for model in published)
