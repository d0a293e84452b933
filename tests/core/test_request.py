import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadRequest
from core.geometry import Box, Sides
from core.request import (
    MOST_STEPS,
    MOST_VARIATIONS,
    ORDER_NAMES,
    SCHEDULE_NAMES,
    DecodeOptions,
    EditRequest,
    Task,
    picture_digest,
    schedule_name,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
MASK = np.zeros((20, 30), np.bool_)
MASK[5:9, 4:12] = True


def one_sentence(error):
    text = str(error.value)
    assert text.endswith((".", "?"))
    assert "\n" not in text
    assert ". " not in text
    assert 20 < len(text) < 250
    return text


@st.composite
def options(draw):
    steps, variations = draw(st.integers(1, MOST_STEPS)), draw(st.integers(1, MOST_VARIATIONS))
    return DecodeOptions(
        schedule=draw(st.sampled_from(SCHEDULE_NAMES)),
        order=draw(st.sampled_from(ORDER_NAMES)),
        steps=steps,
        start_step=draw(st.integers(0, steps - 1)),
        choice_temperature=draw(st.floats(0, 100)),
        token_temperature=draw(st.floats(0.01, 10)),
        guidance_scale=draw(st.floats(0, 20)),
        guidance_ramp=draw(st.sampled_from(["constant", "linear"])),
        seed=draw(st.integers(0, 2**53 - variations + 1)),
        variations=variations,
    )


@st.composite
def requests(draw):
    task = draw(st.sampled_from(Task))
    image = mask = box = None
    extend = Sides()
    if task is not Task.GENERATE:
        shape = (draw(st.integers(1, 40)), draw(st.integers(1, 40)), draw(st.sampled_from([3, 4])))
        image = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, shape, dtype=np.uint8)
    if task is Task.EXTRAPOLATE:
        extend = Sides(*draw(st.tuples(*[st.integers(0, 100)] * 4).filter(any)))
    elif task is Task.MANIPULATE and draw(st.booleans()):
        box = Box(0, 0, draw(st.integers(1, shape[1])), draw(st.integers(1, shape[0])))
    elif task is not Task.GENERATE:
        mask = np.random.default_rng(draw(st.integers(0, 99))).random(shape[:2]) < draw(st.floats(0, 1))
        mask[-1, -1] = True
    return EditRequest(
        task,
        image,
        mask,
        box,
        extend,
        class_id=draw(st.none() | st.integers(0, 1000)),
        coverage=draw(st.floats(0, 0.999)),
        grow_tokens=draw(st.integers(0, 8)),
        feather_px=draw(st.integers(0, 64)),
        context=draw(st.floats(1, 8)),
        match_colour=draw(st.booleans()),
        opaque=draw(st.booleans()),
        options=draw(options()),
    )


@given(requests())
def test_a_saved_request_loads_as_itself_through_json(request):
    saved = json.loads(json.dumps(request.to_dict(), allow_nan=False))
    loaded = EditRequest.from_dict(saved, request.image)
    for item in dataclasses.fields(EditRequest):
        before, after = getattr(request, item.name), getattr(loaded, item.name)
        if isinstance(before, np.ndarray):
            assert np.array_equal(before, after)
            assert before.dtype == after.dtype
        else:
            assert before == after
            assert type(before) is type(after)


@given(options(), st.integers(0, MOST_VARIATIONS - 1))
def test_a_variation_can_be_asked_for_alone(many, index):
    alone = many.alone(index % many.variations)
    assert alone == dataclasses.replace(many, seed=many.seed + index % many.variations, variations=1)


def test_numbers_of_numpy_are_plain_numbers_inside():
    request = EditRequest(
        Task.EXTRAPOLATE,
        IMAGE,
        extend=[np.int64(1), 2, 3, 4],
        class_id=np.int32(3),
        coverage=np.float32(0.5),
        options=DecodeOptions(steps=np.int64(4), guidance_scale=np.float32(2)),
    )
    assert json.loads(json.dumps(request.to_dict()))["class_id"] == 3
    assert request.extend == Sides(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("schedule", "sigmoid"),
        ("schedule", None),
        ("order", "random"),
        ("order", ["halton"]),
        ("guidance_ramp", "cosine"),
        *[("steps", bad) for bad in (0, -1, MOST_STEPS + 1, 8.0, "8", True, float("nan"), None)],
        ("start_step", 8),
        ("start_step", -1),
        *[("seed", bad) for bad in (-1, 2**53 + 1, 1.5)],
        *[("variations", bad) for bad in (0, MOST_VARIATIONS + 1)],
        *[("choice_temperature", bad) for bad in (-0.1, 100.1, float("nan"), float("inf"), "hot", None, 10**400)],
        *[("token_temperature", bad) for bad in (0, 0.009, 10.1, float("nan"))],
        *[("guidance_scale", bad) for bad in (-1, 20.1, float("-inf"))],
    ],
)
def test_an_option_out_of_range_is_refused_in_a_sentence(field, bad):
    with pytest.raises(BadRequest) as error:
        DecodeOptions(**{field: bad})
    if bad != 10**400:
        assert str(bad) in one_sentence(error)


@pytest.mark.parametrize(
    "change",
    [
        {"task": "paint"},
        {"coverage": 1.0},
        {"coverage": float("nan")},
        {"grow_tokens": 9},
        {"feather_px": 65},
        {"feather_px": 1.5},
        {"context": 0.9},
        {"context": 8.5},
        {"class_id": -1},
        {"class_id": "sea"},
        {"match_colour": "yes"},
        {"opaque": None},
        {"extend": (1, 2, 3)},
        {"extend": 5},
        {"extend": Sides(left=-1)},
        {"image": None},
        {"image": IMAGE.astype(np.float32)},
        {"image": IMAGE[..., 0]},
        {"image": IMAGE[..., :2]},
        {"image": IMAGE[:0]},
        {"mask": None},
        {"mask": MASK[:-1]},
        {"mask": MASK.astype(np.uint8)},
        {"mask": np.zeros_like(MASK)},
        {"box": Box(0, 0, 5, 5)},
        {"task": "manipulate", "box": Box(0, 0, 5, 5)},
        {"task": "manipulate", "mask": None, "box": Box(0, 0, 31, 5)},
        {"task": "manipulate", "mask": None, "box": Box(5, 0, 5, 5)},
        {"task": "manipulate", "mask": None, "box": (1, 2, 3)},
        {"task": "manipulate", "mask": None, "box": (0, 0, 2.5, 5)},
        {"task": "extrapolate"},
        {"task": "extrapolate", "extend": Sides(left=16384)},
        {"task": "extrapolate", "extend": Sides(8000, 8000, 8000, 8000)},
    ],
    ids=lambda change: " ".join(f"{name}={np.shape(value) or value}" for name, value in change.items()),
)
def test_a_request_that_makes_no_sense_is_refused_in_a_sentence(change):
    with pytest.raises(BadRequest) as error:
        EditRequest(**{"task": Task.INPAINT, "image": IMAGE, "mask": MASK, **change})
    one_sentence(error)


@pytest.mark.parametrize(
    ("name", "paper"),
    [
        ("pow2", "square"),
        ("UNIFORM", "linear"),
        ("pow.5", "square root"),
        ("square-root", "square root"),
        ("Log", "logarithmic"),
    ],
)
def test_schedules_go_by_googles_names_too(name, paper):
    assert schedule_name(name) == paper
    assert DecodeOptions(schedule=name).schedule == paper


def saved():
    return EditRequest(Task.INPAINT, IMAGE, MASK).to_dict()


def test_another_picture_is_refused():
    with pytest.raises(BadRequest, match="30x20 px"):
        EditRequest.from_dict(saved(), IMAGE[::-1])
    with pytest.raises(BadRequest, match="30x20 px"):
        EditRequest.from_dict(saved(), IMAGE[:, :-1])


@pytest.mark.parametrize(
    "change",
    [
        {"image": {"size": [1]}},
        {"image": "x"},
        {"image": {"size": [20, 30, 3]}},
        {"mask": {"size": [20, 30], "bits": "!"}},
        {"mask": {"size": [20, 30], "bits": ""}},
        {"mask": {"size": [20, 30], "bits": "eJwDAAAAAAE="}},
        {"mask": {"size": [10**9, 10**9], "bits": ""}},
        {"mask": {"size": [float("inf"), 1], "bits": ""}},
        {"mask": 3},
        {"options": {"steps": 8, "scheduler": "x"}},
        {"options": None},
        {"options": {"steps": 0}},
        {"extend": None},
        {"task": "x"},
        {"more": 1},
    ],
    ids=str,
)
def test_a_damaged_save_is_refused(change):
    with pytest.raises(BadRequest):
        EditRequest.from_dict({**saved(), **change}, IMAGE)


@pytest.mark.parametrize(
    "missing",
    [
        item.name
        for item in dataclasses.fields(EditRequest)
        if item.name in ("task", "image", "mask", "options", "extend", "box")
    ],
)
def test_a_save_with_a_part_missing_is_refused(missing):
    plain = saved()
    del plain[missing]
    with pytest.raises(BadRequest):
        EditRequest.from_dict(plain, IMAGE)


def test_a_mask_that_unpacks_to_more_than_it_says_is_refused():
    plain = saved()
    plain["mask"]["size"] = [2, 3]
    with pytest.raises(BadRequest):
        EditRequest.from_dict(plain, IMAGE)


def test_digests_tell_shape_and_pixels():
    flat = np.zeros((4, 6, 3), np.uint8)
    assert picture_digest(flat) != picture_digest(flat.reshape(6, 4, 3))
    assert picture_digest(IMAGE[:, ::2]) == picture_digest(IMAGE[:, ::2].copy())


def test_borders_are_for_extrapolation_only() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(BadRequest, match="borders are for task extrapolate"):
        EditRequest(Task.INPAINT, image, np.ones((20, 20), np.bool_), extend=Sides(5))
