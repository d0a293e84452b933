"""Recipes: what a PNG says of itself leads back to the same picture."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.errors import BadRequest
from core.recipe import RECIPE_KEY, read_recipe, recipe_text
from core.values.geometry import Box
from core.values.groups import DecodeOptions, Start, View
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.saved import load_request
from tests.fakes import fake_engine, fake_spec, painted

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def request() -> EditRequest:
    mask = np.zeros((48, 64), np.bool_)
    mask[10:40, 5:30] = True
    return EditRequest(IMAGE, Mask(mask), class_id=1, decoding=DecodeOptions(variations=3, seed=9))


def test_a_variation_replayed_from_its_recipe_is_the_same_picture() -> None:
    result = fake_engine().edit(request())
    for i in range(3):
        recipe = read_recipe(recipe_text(fake_spec(), request(), i))
        again = load_request(recipe.request, IMAGE)
        assert (again.decoding.drawn_seed, again.decoding.only) == (9 + i, i)
        assert f"seed {9 + i}," in recipe_text(fake_spec(), request(), i)["parameters"]
        assert np.array_equal(fake_engine().edit(again).images[0], result.images[i])


def test_a_branch_through_a_pinned_window_replays_to_the_same_bytes() -> None:
    tokens = np.random.default_rng(1).integers(-1, 64, (8, 8))
    soft = np.full((48, 64), 90, np.uint8)
    soft[:, 40:] = 0
    asked = replace(request(), region=Mask(soft), view=View(window=Box(0, 0, 48, 48)), start=Start(tokens, 2))
    result = fake_engine().edit(asked)
    for i in range(3):
        text = recipe_text(fake_spec(), asked, i)
        again = load_request(read_recipe(text).request, IMAGE)
        assert np.array_equal(fake_engine().edit(again).images[0], result.images[i])
        assert text["parameters"].endswith("going on from codes at step 2")


def test_a_recipe_knows_whether_its_picture_was_finished_as_pictures_are_now() -> None:
    text = recipe_text(fake_spec(), request())
    assert read_recipe(text).of_this_finish
    plain = json.loads(text[RECIPE_KEY])
    assert plain["finish"] > 1
    for changes in ({"finish": plain["finish"] + 1}, {"finish": 1}):
        assert not read_recipe({RECIPE_KEY: json.dumps({**plain, **changes})}).of_this_finish
    del plain["finish"]
    assert not read_recipe({RECIPE_KEY: json.dumps(plain)}).of_this_finish, "the first way had no number"
    unfinished = recipe_text(fake_spec(), painted(request(), finish="none"))
    assert "finish" not in json.loads(unfinished[RECIPE_KEY])


def test_another_picture_is_refused() -> None:
    recipe = read_recipe(recipe_text(fake_spec(), request()))
    with pytest.raises(BadRequest, match="not the picture of the saved request"):
        load_request(recipe.request, 255 - IMAGE)


def test_the_readable_line_names_what_matters() -> None:
    line = recipe_text(fake_spec(), request(), 2)["parameters"]
    assert all(part in line for part in ("inpaint", "class lawn", "cosine", "T 8", "seed 11", "model fake"))


@pytest.mark.parametrize(
    "text",
    [
        {},
        {RECIPE_KEY: "no json"},
        {RECIPE_KEY: "{}"},
        {RECIPE_KEY: "[]"},
        {RECIPE_KEY: json.dumps({"format": 99, "model": "m", "weights": {}, "request": {}})},
        {RECIPE_KEY: json.dumps({"format": 1, "model": "m", "weights": {}, "request": 5})},
    ],
)
def test_what_is_no_recipe_is_refused_in_a_sentence(text: dict[str, str]) -> None:
    with pytest.raises(BadRequest):
        read_recipe(text)
