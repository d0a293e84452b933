import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.values import labels
from core.values.labels import class_id, imagenet_classes, search_classes

CLASSES = (
    "buildings", "forest", "glacier", "mountain", "sea", "street", "daisy", "dandelion", "roses", "sunflowers",
    "tulips", "house", "beach", "road", "fields",
)  # fmt: skip


@given(st.integers(0, len(CLASSES) - 1), st.sampled_from([str, str.upper, str.title, "  {} ".format]))
def test_every_class_goes_by_name_and_id(index, spelled):
    assert class_id(CLASSES, spelled(CLASSES[index])) == index
    assert class_id(CLASSES, index) == class_id(CLASSES, str(index)) == index


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("rose", "roses"), ("daisies", "daisy"), ("seas", "sea"), ("Tulip", "tulips"), ("ocean", "sea"),
        ("beach", "beach"), ("city", "buildings"), ("houses", "house"), ("churches", "buildings"),
        ("alleys", "street"), ("ice", "glacier"), ("ice_sheet", "glacier"), ("woods", "forest"), ("peak", "mountain"),
        ("dandelions", "dandelion"),
    ],
)  # fmt: skip
def test_singular_plural_and_synonyms(wanted, name):
    assert class_id(CLASSES, wanted) == CLASSES.index(name)


@pytest.mark.parametrize("wanted", [None, "none", "None", "", " "])
def test_no_class(wanted):
    assert class_id(CLASSES, wanted) is None


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("tulps", "did you mean tulips?"), ("mountian", "did you mean mountain?"), ("occean", "did you mean sea?")],
)
def test_a_slip_of_the_keyboard_gets_a_suggestion(wanted, hint):
    with pytest.raises(BadRequest) as error:
        class_id(CLASSES, wanted)
    assert str(error.value).startswith(f"class {wanted!r} is unknown: {hint} choose one of buildings, forest,")


@pytest.mark.parametrize(
    "wanted",
    [
        -1,
        15,
        "15",
        "-1",
        "-3",
        "_1_",
        "1_0",
        "+2",
        "-",
        "\u0661",
        "9" * 5000,
        "0" * 20 + "3",
        True,
        "xyzzy",
        "1.5",
        "\u00b2",
    ],
)
def test_an_unknown_class_is_refused(wanted):
    with pytest.raises(BadRequest, match="is unknown: choose one of buildings"):
        class_id(CLASSES, wanted)


def test_a_model_without_classes_says_so():
    with pytest.raises(BadRequest, match="no classes"):
        class_id((), "sea")
    assert class_id((), None) is None


def test_long_lists_are_cut_short():
    with pytest.raises(BadRequest, match="and 980 more, or an id from 0 to 999"):
        class_id(tuple(f"thing {n}" for n in range(1000)), "xyzzy")


def test_a_class_with_several_names_goes_by_each():
    classes = ("goldfish, Carassius auratus", "tabby, tabby cat")
    assert class_id(classes, "tabby cats") == 1
    assert class_id(classes, "carassius auratus") == 0


def test_a_name_beats_a_synonym():
    assert class_id(("sea", "lake"), "lake") == 1


@given(st.text(max_size=12))
def test_search_returns_classes_once_each(query):
    found = search_classes(CLASSES, query)
    assert len(set(found)) == len(found)
    assert set(found) <= set(range(len(CLASSES)))


def test_search_ranks():
    assert search_classes(CLASSES, "") == tuple(range(len(CLASSES)))
    assert search_classes(CLASSES, "sea")[0] == CLASSES.index("sea")
    assert search_classes(CLASSES, "s")[:3] == tuple(map(CLASSES.index, ("sea", "street", "sunflowers")))
    assert search_classes(CLASSES, "ro")[:2] == (CLASSES.index("roses"), CLASSES.index("road"))
    assert search_classes(CLASSES, "flower") == (CLASSES.index("sunflowers"),)
    assert search_classes(CLASSES, "ocea") == (CLASSES.index("sea"),)
    assert search_classes(CLASSES, "sunflwers") == (CLASSES.index("sunflowers"),)
    assert search_classes(CLASSES, "xyzzy") == ()


def test_synonyms_are_of_bundled_classes_and_of_one_each():
    synonyms = json.loads(labels._SYNONYMS_FILE.read_text(encoding="utf-8"))
    assert set(synonyms) == set(CLASSES)
    every = [name for names in synonyms.values() for name in names]
    assert len(set(every)) == len(every)
    for owner, names in synonyms.items():
        for name in names:
            assert class_id(CLASSES, name) == CLASSES.index(owner)


def test_imagenets_classes_are_in_the_order_in_which_models_count_them():
    classes = imagenet_classes()
    assert len(classes) == 1000
    known = {0: "tench", 1: "goldfish", 207: "golden retriever", 285: "Egyptian cat", 388: "giant panda",
             417: "balloon", 980: "volcano", 985: "daisy", 999: "toilet tissue"}  # fmt: skip
    assert {i: classes[i].split(",")[0] for i in known} == known


def test_imagenets_classes_can_be_told_apart_by_their_first_names():
    classes = imagenet_classes()
    for index, name in enumerate(classes):
        assert class_id(classes, name.split(",")[0]) == index


@pytest.mark.parametrize(
    ("wanted", "index"),
    [("harp", 594), ("partridge", 86), ("cardigan", 474), ("crane", 134), ("puma", 286), ("Felis concolor", 286)],
)
def test_a_first_name_beats_a_second_of_another_class(wanted, index):
    assert class_id(imagenet_classes(), wanted) == index


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [("panther", "say which of cougar, jaguar."), ("dogs", "say which of Chihuahua, Japanese spaniel, Maltese dog or")],
)
def test_a_name_of_several_classes_is_asked_back(wanted, hint):
    with pytest.raises(BadRequest, match=f"is the name of several: {hint}"):
        class_id(imagenet_classes(), wanted)


def test_a_kind_finds_its_classes():
    classes = imagenet_classes()
    assert set(range(151, 269)) <= set(search_classes(classes, "dog"))
    assert set(range(281, 286)) <= set(search_classes(classes, "kitten"))
    assert search_classes(classes, "crane")[:2] == (134, 517)
