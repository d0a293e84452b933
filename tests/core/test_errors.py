"""Sentences of core: they are English, and remember what they were made of."""

from __future__ import annotations

import json
import pickle

import pytest

from core import BadRequest, CheckpointError
from core.errors import Sentence, read_sentence, write_sentence
from tests.patterns import patterns, placeholders


def nested() -> BadRequest:
    inner = CheckpointError("{name} is gone: fetch it.", name="a.bin")
    return BadRequest("size {size:.1f}, {part}: {inner}", size=2.25, part=Sentence("half of {all}", all=7), inner=inner)


def test_an_error_reads_as_its_sentence_and_travels_with_its_parts():
    error = pickle.loads(pickle.dumps(nested()))
    assert str(error) == error.sentence == "size 2.2, half of 7: a.bin is gone: fetch it."
    assert error.sentence.pattern == "size {size:.1f}, {part}: {inner}"
    assert error.sentence.values["part"].values == {"all": 7}
    assert str(error.sentence.values["inner"]) == "a.bin is gone: fetch it."


def test_a_sentence_crosses_as_json_with_its_parts():
    sent = json.loads(json.dumps(write_sentence(nested().sentence)))
    read = read_sentence(sent)
    assert (read, read.pattern) == (nested().sentence, nested().sentence.pattern)
    assert read.values["size"] == 2.25
    assert read.values["inner"].values == {"name": "a.bin"}
    assert read_sentence(write_sentence("plain")) == "plain"


def test_a_pattern_from_elsewhere_is_never_carried_out():
    assert read_sentence({"text": "short", "pattern": "{x:999999999999}", "values": {"x": "y"}}) == "short"
    for odd in (None, "text", {"text": "a"}, {"text": 1, "pattern": "", "values": {}}):
        with pytest.raises(ValueError, match="without its parts"):
            read_sentence(odd)


def test_braces_of_a_person_stay_where_no_value_is_given():
    assert str(BadRequest("the file {odd} is none")) == "the file {odd} is none"


def test_every_pattern_is_a_literal_that_names_its_values():
    found = [each for each in patterns() if each.place.startswith("core/")]
    wrong = [each for each in found if each.text is None and not each.place.startswith("core/errors.py")]
    assert not wrong
    for each in found:
        if each.text is not None and each.values is not None:
            assert placeholders(each.text) == each.values, each
    assert len(found) > 150
