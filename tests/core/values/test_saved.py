"""Requests as JSON values and back: today's form, and the texts of the first version as it wrote them."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given

from core.errors import BadRequest
from core.models.presets import PRESETS
from core.recipe import RECIPE_KEY, Machine, read_recipe
from core.values.geometry import Box, Sides
from core.values.groups import DecodeOptions, Painting, Start, View
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.saved import load_request, picture_digest, save_request
from tests.core.values.asked import IMAGE, MASK, requests

OLD = {
    "fill": (
        '{"task": "inpaint", "image": {"size": [12, 16, 3], '
        '"sha256": "952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"}, "mask": {"size": [12, '
        '16], "bits": "eNpjYAAB/g8wyAAFAEEiBPw="}, "box": null, "extend": [0, 0, 0, 0], "class_id": null, '
        '"guided_by": "auto", "coverage": 0.0, "grow_tokens": 0, "feather_px": 8, "context": 2.0, '
        '"sharpen": 0.5, "refine": 0, "match_colour": true, "detail": "auto", "blend": "auto", "opaque": null, '
        '"window": null, "start": null, "finish": "auto", "follow": null, "only": null, '
        '"options": {"schedule": null, "order": null, "steps": null, "start_step": null, '
        '"choice_temperature": null, "token_temperature": null, "guidance_scale": null, "guidance_ramp": null, '
        '"seed": 0, "variations": 1}}'
    ),
    "soft fill": (
        '{"task": "inpaint", "image": {"size": [12, 16, 3], '
        '"sha256": "952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"}, "mask": {"size": [12, '
        '16], "levels": "eNpjYCAdREEBtfiUAAC+kw4R"}, "box": null, "extend": [0, 0, 0, 0], "class_id": 1, '
        '"guided_by": "auto", "coverage": 0.25, "grow_tokens": 1, "feather_px": 8, "context": 3.0, '
        '"sharpen": 0.5, "refine": 1, "match_colour": true, "detail": "auto", "blend": "auto", "opaque": null, '
        '"window": [2, 0, 14, 12], "start": {"tokens": {"size": [2, 2], '
        '"codes": "eNr7////fwYgYARiJiAGADnmBAA="}, "step": 1}, "finish": "auto", "follow": null, "only": null, '
        '"options": {"schedule": null, "order": null, "steps": null, "start_step": null, '
        '"choice_temperature": null, "token_temperature": null, "guidance_scale": null, "guidance_ramp": null, '
        '"seed": 0, "variations": 1}}'
    ),
    "replace box": (
        '{"task": "manipulate", "image": {"size": [12, 16, 3], '
        '"sha256": "952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"}, "mask": null, '
        '"box": [4, 3, 12, 8], "extend": [0, 0, 0, 0], "class_id": 2, "guided_by": "hole", "coverage": 0.0, '
        '"grow_tokens": 0, "feather_px": 0, "context": 2.0, "sharpen": 1.0, "refine": 0, '
        '"match_colour": false, "detail": "auto", "blend": "auto", "opaque": true, "window": null, '
        '"start": null, "finish": "auto", "follow": null, "only": null, "options": {"schedule": null, '
        '"order": null, "steps": null, "start_step": null, "choice_temperature": null, '
        '"token_temperature": null, "guidance_scale": null, "guidance_ramp": null, "seed": 0, "variations": 1}}'
    ),
    "replace mask": (
        '{"task": "manipulate", "image": {"size": [12, 16, 3], '
        '"sha256": "952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"}, "mask": {"size": [12, '
        '16], "bits": "eNpjYAAB/g8wyAAFAEEiBPw="}, "box": null, "extend": [0, 0, 0, 0], "class_id": 2, '
        '"guided_by": "auto", "coverage": 0.0, "grow_tokens": 0, "feather_px": 8, "context": 2.0, '
        '"sharpen": 0.5, "refine": 0, "match_colour": true, "detail": "grain", "blend": "poisson", '
        '"opaque": false, "window": null, "start": null, "finish": "auto", "follow": null, "only": null, '
        '"options": {"schedule": null, "order": null, "steps": null, "start_step": null, '
        '"choice_temperature": null, "token_temperature": null, "guidance_scale": null, "guidance_ramp": null, '
        '"seed": 0, "variations": 1}}'
    ),
    "extend": (
        '{"task": "extrapolate", "image": {"size": [12, 16, 3], '
        '"sha256": "952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"}, "mask": null, '
        '"box": null, "extend": [8, 0, 4, 2], "class_id": null, "guided_by": "auto", "coverage": 0.0, '
        '"grow_tokens": 0, "feather_px": 8, "context": 2.0, "sharpen": 0.5, "refine": 0, "match_colour": true, '
        '"detail": "auto", "blend": "auto", "opaque": null, "window": null, "start": null, "finish": "auto", '
        '"follow": 0.5, "only": 1, "options": {"schedule": null, "order": null, "steps": null, '
        '"start_step": null, "choice_temperature": null, "token_temperature": null, "guidance_scale": null, '
        '"guidance_ramp": null, "seed": 7, "variations": 4}}'
    ),
    "generate": (
        '{"task": "generate", "image": null, "mask": null, "box": null, "extend": [0, 0, 0, 0], "class_id": 0, '
        '"guided_by": "auto", "coverage": 0.0, "grow_tokens": 0, "feather_px": 8, "context": 2.0, '
        '"sharpen": 0.5, "refine": 0, "match_colour": true, "detail": "auto", "blend": "auto", "opaque": null, '
        '"window": null, "start": null, "finish": "auto", "follow": null, "only": null, '
        '"options": {"schedule": "linear", "order": "halton", "steps": 4, "start_step": 1, '
        '"choice_temperature": 2.0, "token_temperature": 0.9, "guidance_scale": 3.0, '
        '"guidance_ramp": "linear", "anneal": null, "token_cooling": null, "warm_up": null, "seed": 9, '
        '"variations": 2}}'
    ),
}
"""What the first version wrote of each kind of request, over `SMALL`."""

OLD_RECIPE = (
    '{"format":1,"model":"fake","weights":{},"request":{"task":"extrapolate","image":{"size":[12,16,3],'
    '"sha256":"952cae0c92e9a05894e4867d756d1a8e250c4504b4338c0de1a3f91c74c84f38"},"mask":null,"box":null,'
    '"extend":[8,0,4,2],"class_id":null,"guided_by":"auto","coverage":0.0,"grow_tokens":0,"feather_px":8,'
    '"context":2.0,"sharpen":0.5,"refine":0,"match_colour":true,"detail":"auto","blend":"auto","opaque":null,'
    '"window":null,"start":null,"finish":"auto","follow":0.5,"only":1,"options":{"schedule":"cosine",'
    '"order":"confidence","steps":8,"start_step":0,"choice_temperature":4.5,"token_temperature":1.0,'
    '"guidance_scale":1.0,"guidance_ramp":"constant","seed":7,"variations":4}},"finish":4,'
    '"machine":{"device":"cpu","dtype":"float32","threads":2}}'
)
SMALL = np.arange(12 * 16 * 3, dtype=np.uint8).reshape(12, 16, 3)
HOLE = np.zeros((12, 16), np.bool_)
HOLE[3:8, 4:12] = True
THEN = DecodeOptions(anneal="next step", token_cooling=1.0, warm_up=0, caching="none")
"""How everything was decoded before noise and temperature could fall in other ways."""

TODAY = {
    "fill": EditRequest(SMALL, Mask(HOLE), decoding=THEN),
    "soft fill": EditRequest(
        SMALL,
        Mask(HOLE * np.uint8(90)),
        class_id=1,
        view=View(Box(2, 0, 14, 12), context=3.0, coverage=0.25, grow_tokens=1, refine=1),
        decoding=THEN,
        start=Start(np.arange(-1, 3).reshape(2, 2), 1),
    ),
    "replace box": EditRequest(
        SMALL,
        Box(4, 3, 12, 8),
        class_id=2,
        painting=Painting(sharpen=1.0, feather_px=0, match_colour=False, opaque=True),
        decoding=dataclasses.replace(THEN, guided_by="hole"),
    ),
    "replace mask": EditRequest(
        SMALL,
        Mask(HOLE, new=True),
        class_id=2,
        painting=Painting(detail="grain", blend="poisson", opaque=False),
        decoding=THEN,
    ),
    "extend": EditRequest(
        SMALL,
        Sides(8, 0, 4, 2),
        painting=Painting(follow=0.5),
        decoding=dataclasses.replace(THEN, seed=7, variations=4, only=1),
    ),
    "generate": EditRequest(
        class_id=0,
        decoding=DecodeOptions("linear", "halton", 4, 1, 2.0, 0.9, 3.0, "linear", caching="none", seed=9, variations=2),
    ),
}
"""The same requests in the words of today."""


def old(name):
    return json.loads(OLD[name])


def over(name):
    return None if name == "generate" else SMALL


@given(requests())
def test_a_saved_request_loads_as_itself_through_json(request):
    saved = json.loads(json.dumps(save_request(request), allow_nan=False))
    loaded = load_request(saved, request.image)
    assert save_request(loaded) == save_request(request)
    assert loaded.image is request.image
    for name in ("class_id", "view", "painting", "decoding"):
        before, after = getattr(request, name), getattr(loaded, name)
        assert after == before
        assert type(after) is type(before)
    assert type(loaded.region) is type(request.region)
    arrays = [(request.mask, loaded.mask)]
    if request.start is not None and loaded.start is not None:
        arrays.append((request.start.tokens, loaded.start.tokens))
    for before, after in arrays:
        if before is not None:
            assert np.array_equal(before, after)
            assert before.dtype == after.dtype
            assert after.flags.writeable


@pytest.mark.parametrize("name", OLD)
def test_what_the_first_version_wrote_is_the_same_request_today(name):
    loaded = load_request(old(name), over(name))
    assert save_request(loaded) == save_request(TODAY[name])
    assert loaded.task.value == old(name)["task"]


def test_a_recipe_of_the_first_format_opens():
    recipe = read_recipe({RECIPE_KEY: OLD_RECIPE})
    assert (recipe.model, recipe.machine, recipe.finish) == ("fake", Machine("cpu", "float32", 2), 4)
    assert recipe.knew_finishes
    loaded = load_request(recipe.request, SMALL)
    decoding = DecodeOptions("cosine", "confidence", 8, 0, 4.5, 1.0, 1.0, "constant").over(THEN)
    asked = dataclasses.replace(TODAY["extend"], decoding=dataclasses.replace(decoding, seed=7, variations=4, only=1))
    assert save_request(loaded) == save_request(asked)


def test_what_the_first_version_could_not_say_yet_is_read_as_it_was_drawn():
    plain = old("replace box")
    for added in ("window", "start", "detail", "blend", "sharpen", "guided_by", "finish", "follow", "only"):
        del plain[added]
    loaded = load_request(plain, SMALL)
    assert (loaded.view.window, loaded.start, loaded.decoding.only) == (None, None, None)
    assert (loaded.painting.detail, loaded.painting.blend, loaded.decoding.guided_by) == ("none", "feather", "picture")
    assert (loaded.painting.finish, loaded.painting.sharpen) == ("none", 0.0)
    options = loaded.decoding.over(PRESETS["valeo-256"].defaults)
    assert (options.anneal, options.token_cooling, options.warm_up) == ("next step", 1.0, 0)


def saved():
    return save_request(EditRequest(IMAGE, Mask(MASK)))


def test_another_picture_is_refused():
    for plain, image in ((saved(), IMAGE[::-1]), (saved(), IMAGE[:, :-1]), (saved(), None)):
        with pytest.raises(BadRequest, match="30x20 px"):
            load_request(plain, image)
    with pytest.raises(BadRequest, match="16x12 px"):
        load_request(old("fill"), SMALL[::-1])


def test_a_request_can_be_had_over_what_came_of_it():
    start = Start(np.zeros((2, 2), np.int64))
    asked = EditRequest(IMAGE, Mask(MASK), class_id=1, view=View(Box(0, 0, 20, 20), context=3.0), start=start)
    over = load_request(save_request(asked), 255 - IMAGE, anew=True)
    assert (over.view, over.start, over.class_id) == (View(context=3.0), None, 1)
    with pytest.raises(BadRequest, match="mask is 30x20 px"):
        load_request(save_request(asked), IMAGE[:-1], anew=True)
    assert load_request(save_request(EditRequest(class_id=2)), IMAGE).image is None


@pytest.mark.parametrize(
    "change",
    [
        {"version": 3},
        {"version": "2"},
        {"image": {"size": [1]}},
        {"image": "x"},
        {"image": {"size": [20, 30, 3]}},
        {"region": {"mask": {"size": [20, 30], "bits": "!"}}},
        {"region": {"mask": {"size": [20, 30], "bits": ""}}},
        {"region": {"mask": {"size": [20, 30], "bits": "eJwDAAAAAAE="}}},
        {"region": {"mask": {"size": [10**9, 10**9], "bits": ""}}},
        {"region": {"mask": {"size": [float("inf"), 1], "bits": ""}}},
        {"region": {"mask": 3}},
        {"region": {"mask": {"size": [20, 30], "codes": "eJwDAAAAAAE="}}},
        {"region": {"mask": {"size": [20, 30], "levels": "eJwDAAAAAAE="}}},
        {"region": {"mask": saved()["region"]["mask"], "new": 1}},
        {"region": {"box": [1, 2, 3]}},
        {"region": {"sides": None}},
        {"region": {"lasso": [1, 2, 3]}},
        {"region": 3},
        {"region": None},
        {"view": {"window": 3}},
        {"view": {"window": [0, 0, 30, 20]}},
        {"view": {"zoom": 2}},
        {"view": None},
        {"painting": {"varnish": 1}},
        {"painting": []},
        {"start": 3},
        {"start": {"tokens": None, "step": 0}},
        {"start": {"tokens": {"size": [2, 2], "codes": "eJwDAAAAAAE="}, "step": 0}},
        {"start": {"tokens": {"size": [999, 999], "codes": ""}, "step": 0}},
        {"start": {"tokens": Start(np.zeros((2, 2), np.int64)), "step": 0}},
        {"decoding": {"steps": 8, "scheduler": "x"}},
        {"decoding": None},
        {"decoding": {"steps": 0}},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_save_is_refused(change):
    with pytest.raises(BadRequest):
        load_request({**saved(), **change}, IMAGE)


@pytest.mark.parametrize(
    "change",
    [
        {"task": "x"},
        {"task": "generate"},
        {"mask": None},
        {"extend": None, "task": "extrapolate"},
        {"box": 3, "task": "manipulate"},
        {"options": None},
        {"options": {"steps": 8, "scheduler": "x"}},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_save_of_the_first_version_is_refused(change):
    with pytest.raises(BadRequest):
        load_request({**old("fill"), **change}, SMALL)


@pytest.mark.parametrize("missing", [name for name in saved() if name != "class_id"])
def test_a_save_with_a_part_missing_is_refused(missing):
    plain = saved()
    del plain[missing]
    with pytest.raises(BadRequest):
        load_request(plain, IMAGE)


@pytest.mark.parametrize("missing", ["task", "image", "mask", "options", "extend", "box"])
def test_a_save_of_the_first_version_with_a_part_missing_is_refused(missing):
    plain = old("fill")
    del plain[missing]
    with pytest.raises(BadRequest):
        load_request(plain, SMALL)


def test_a_mask_that_unpacks_to_more_than_it_says_is_refused():
    plain = saved()
    plain["region"]["mask"]["size"] = [2, 3]
    with pytest.raises(BadRequest):
        load_request(plain, IMAGE)


def test_digests_tell_shape_and_pixels():
    flat = np.zeros((4, 6, 3), np.uint8)
    assert picture_digest(flat) != picture_digest(flat.reshape(6, 4, 3))
    assert picture_digest(IMAGE[:, ::2]) == picture_digest(IMAGE[:, ::2].copy())
