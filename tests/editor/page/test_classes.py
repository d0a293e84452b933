"""What the class menu searches, and that nothing of it is lost on the way to the browser."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.values import class_id
from editor.page.classes import class_entries, class_menu
from tests.editor.fakes import OTHER, SPEC

BUNDLED = (
    "buildings", "forest", "glacier", "mountain", "sea", "street", "daisy", "dandelion", "roses", "sunflowers",
    "tulips", "house", "beach", "road", "fields",
)  # fmt: skip
SYNONYMS = json.loads((Path(__file__).parents[3] / "assets" / "labels" / "synonyms.json").read_text(encoding="utf-8"))


def test_bundled_classes_bring_their_synonyms() -> None:
    for entry in class_entries(BUNDLED):
        assert entry["names"] == [entry["name"]] == [BUNDLED[entry["id"]]]
        assert entry["also"] == SYNONYMS[entry["name"]]


def test_a_class_of_several_names_is_shown_by_the_first_and_found_by_all() -> None:
    tench, cock = class_entries(("tench, Tinca tinca", "cock"))
    assert (tench["name"], tench["names"], tench["also"]) == ("tench", ["tench", "Tinca tinca"], ["fish"])
    assert (cock["id"], cock["name"], cock["names"]) == (1, "cock", ["cock"])


@given(st.sampled_from(class_entries(BUNDLED)), st.data())
def test_every_name_in_the_menu_is_understood_by_the_core(entry: dict[str, object], data: st.DataObject) -> None:
    names = [*entry["names"], *entry["also"]]  # type: ignore[misc]
    assert class_id(BUNDLED, data.draw(st.sampled_from(names))) == entry["id"]


@pytest.mark.parametrize("classes", [(), BUNDLED])
def test_the_menu_starts_with_no_class(classes: tuple[str, ...]) -> None:
    menu = class_menu(replace(SPEC, classes=classes))
    assert menu.value == -1
    assert len(menu.props["classes"]) == len(classes)
    json.dumps(menu.get_config()["props"])


def test_a_model_that_needs_a_class_says_so_below_the_field() -> None:
    assert class_menu(SPEC).props["needs"] == ""
    menu = class_menu(OTHER)
    assert menu.props["needs"] == "other-96 paints with a class only: choose one before Run."
    assert menu.props["needs"] in menu.html_template
