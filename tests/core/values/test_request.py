import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.settings import MOST_STEPS, ORDERS, SCHEDULES, Decoding, schedule_name
from core.errors import BadRequest
from core.models.presets import PRESETS
from core.values.geometry import Box, Sides
from core.values.request import MOST_VARIATIONS, DecodeOptions, EditRequest, Start, Task
from core.values.saved import load_request, picture_digest, save_request

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
        schedule=draw(st.sampled_from(list(SCHEDULES))),
        order=draw(st.sampled_from(ORDERS)),
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
def starts(draw):
    grid = draw(st.integers(1, 32))
    tokens = np.random.default_rng(draw(st.integers(0, 99))).integers(-1, 16384, (grid, grid))
    return Start(tokens, draw(st.integers(0, grid * grid - 1)))


@st.composite
def requests(draw):
    task = draw(st.sampled_from(Task))
    image = mask = box = window = None
    extend = Sides()
    if task is not Task.GENERATE:
        height = draw(st.integers(1, 40))
        width = draw(st.just(height) | st.integers(1, 40))
        shape = (height, width, draw(st.sampled_from([3, 4])))
        if width == height and task is not Task.EXTRAPOLATE:
            window = draw(st.none() | st.just(Box(0, 0, width, height)))
        image = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, shape, dtype=np.uint8)
    if task is Task.EXTRAPOLATE:
        extend = Sides(*draw(st.tuples(*[st.integers(0, 100)] * 4).filter(any)))
    elif task is Task.MANIPULATE and draw(st.booleans()):
        box = Box(0, 0, draw(st.integers(1, shape[1])), draw(st.integers(1, shape[0])))
    elif task is not Task.GENERATE:
        mask = np.random.default_rng(draw(st.integers(0, 99))).random(shape[:2]) < draw(st.floats(0, 1))
        mask[-1, -1] = True
        if draw(st.booleans()):
            mask = mask * np.uint8(draw(st.integers(1, 255)))
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
        opaque=draw(st.sampled_from([None, False, True])),
        window=window,
        start=draw(st.none() | starts()),
        options=draw(options()),
    )


@given(requests())
def test_a_saved_request_loads_as_itself_through_json(request):
    saved = json.loads(json.dumps(save_request(request), allow_nan=False))
    loaded = load_request(saved, request.image)
    for item in dataclasses.fields(EditRequest):
        before, after = getattr(request, item.name), getattr(loaded, item.name)
        if isinstance(before, Start):
            assert after.step == before.step
            before, after = before.tokens, after.tokens
        if isinstance(before, np.ndarray):
            assert np.array_equal(before, after)
            assert before.dtype == after.dtype
            assert after is request.image or after.flags.writeable
        else:
            assert before == after
            assert type(before) is type(after)


def test_what_was_saved_before_its_noise_could_differ_is_decoded_as_it_was():
    saved = save_request(EditRequest(Task.GENERATE, options=DecodeOptions(steps=4)))
    for name in ("anneal", "token_cooling", "warm_up"):
        del saved["options"][name]
    options = load_request(saved, None).options.over(PRESETS["valeo-256"].defaults)
    assert (options.anneal, options.token_cooling, options.warm_up) == ("next step", 1.0, 0)


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
    assert json.loads(json.dumps(save_request(request)))["class_id"] == 3
    assert request.extend == Sides(1, 2, 3, 4)


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("schedule", "sigmoid"),
        ("order", "random"),
        ("order", ["halton"]),
        ("guidance_ramp", "cosine"),
        *[("steps", bad) for bad in (0, -1, MOST_STEPS + 1, 8.0, "8", True, float("nan"))],
        ("start_step", MOST_STEPS),
        ("start_step", -1),
        *[("seed", bad) for bad in (-1, 2**53 + 1, 1.5)],
        *[("variations", bad) for bad in (0, MOST_VARIATIONS + 1)],
        *[("choice_temperature", bad) for bad in (-0.1, 100.1, float("nan"), float("inf"), "hot", 10**400)],
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
        {"opaque": "yes"},
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
        {"mask": MASK.astype(np.float32)},
        {"mask": np.zeros_like(MASK, np.uint8)},
        {"mask": np.zeros_like(MASK)},
        {"box": Box(0, 0, 5, 5)},
        {"task": "manipulate", "box": Box(0, 0, 5, 5)},
        {"task": "manipulate", "mask": None, "box": Box(0, 0, 31, 5)},
        {"task": "manipulate", "mask": None, "box": Box(5, 0, 5, 5)},
        {"task": "manipulate", "mask": None, "box": (1, 2, 3)},
        {"task": "manipulate", "mask": None, "box": (0, 0, 2.5, 5)},
        {"window": Box(2, 0, 22, 19)},
        {"window": Box(12, 0, 32, 20)},
        {"window": Box(5, 4, 12, 11)},
        {"window": Box(4, 6, 12, 14)},
        {"window": Box(12, 9, 4, 1)},
        {"window": Box(-2, 0, 18, 20)},
        {"window": 8},
        {"window": (0, 0, 20)},
        {"task": "extrapolate", "mask": None, "extend": Sides(right=10), "window": Box(11, 0, 31, 20)},
        {"task": "extrapolate", "mask": None, "extend": Sides(right=10), "window": Box(21, 0, 41, 20)},
        {"task": "extrapolate", "mask": None, "extend": Sides(top=10), "window": Box(0, 0, 29, 29)},
        {"task": "generate", "image": None, "mask": None, "window": Box(0, 0, 20, 20)},
        {"start": np.zeros((8, 8), np.int64)},
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
    return save_request(EditRequest(Task.INPAINT, IMAGE, MASK))


def test_another_picture_is_refused():
    with pytest.raises(BadRequest, match="30x20 px"):
        load_request(saved(), IMAGE[::-1])
    with pytest.raises(BadRequest, match="30x20 px"):
        load_request(saved(), IMAGE[:, :-1])


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
        {"mask": {"size": [20, 30], "codes": "eJwDAAAAAAE="}},
        {"mask": {"size": [20, 30], "levels": "eJwDAAAAAAE="}},
        {"window": 3},
        {"window": [0, 0, 30, 20]},
        {"start": 3},
        {"start": {"tokens": None, "step": 0}},
        {"start": {"tokens": {"size": [2, 2], "codes": "eJwDAAAAAAE="}, "step": 0}},
        {"start": {"tokens": {"size": [999, 999], "codes": ""}, "step": 0}},
        {"start": {"tokens": Start(np.zeros((2, 2), np.int64)), "step": 0}},
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
        load_request({**saved(), **change}, IMAGE)


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
        load_request(plain, IMAGE)


def test_a_mask_that_unpacks_to_more_than_it_says_is_refused():
    plain = saved()
    plain["mask"]["size"] = [2, 3]
    with pytest.raises(BadRequest):
        load_request(plain, IMAGE)


def test_digests_tell_shape_and_pixels():
    flat = np.zeros((4, 6, 3), np.uint8)
    assert picture_digest(flat) != picture_digest(flat.reshape(6, 4, 3))
    assert picture_digest(IMAGE[:, ::2]) == picture_digest(IMAGE[:, ::2].copy())


def test_borders_are_for_extrapolation_only() -> None:
    image = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(BadRequest, match="borders are for task extrapolate"):
        EditRequest(Task.INPAINT, image, np.ones((20, 20), np.bool_), extend=Sides(5))


@pytest.mark.parametrize(
    ("tokens", "step"),
    [
        (np.zeros((8, 8), np.int32), 0),
        (np.zeros(64, np.int64), 0),
        (np.zeros((0, 0), np.int64), 0),
        (np.zeros((300, 8), np.int64), 0),
        (np.full((8, 8), -2), 0),
        ([[0]], 0),
        (np.zeros((8, 8), np.int64), -1),
        (np.zeros((8, 8), np.int64), 64),
        (np.zeros((8, 8), np.int64), 1.0),
    ],
    ids=lambda value: f"{np.shape(value)}" if np.ndim(value) else str(value),
)
def test_a_start_that_makes_no_sense_is_refused_in_a_sentence(tokens, step):
    with pytest.raises(BadRequest) as error:
        Start(tokens, step)
    one_sentence(error)


@pytest.mark.parametrize(
    ("height", "extend", "window"),
    [
        (20, Sides(right=10), Box(20, 0, 40, 20)),
        (20, Sides(top=10), Box(0, 0, 30, 30)),
        (35, Sides(left=2, right=3), Box(0, 0, 35, 35)),
    ],
)
def test_a_window_may_be_pinned_wherever_it_holds_what_is_repainted(height, extend, window):
    image = np.zeros((height, 30, 3), np.uint8)
    assert EditRequest(Task.EXTRAPOLATE, image, extend=extend, window=list(window)).window == window


def test_a_request_saved_before_there_were_windows_and_starts_loads() -> None:
    plain = saved()
    del plain["window"], plain["start"]
    loaded = load_request(plain, IMAGE)
    assert loaded.window is None
    assert loaded.start is None


def test_a_request_saved_before_detail_and_guidance_had_ways_loads_as_it_was_drawn() -> None:
    plain = save_request(EditRequest(Task.MANIPULATE, IMAGE, box=Box(0, 0, 9, 9), class_id=1))
    for added in ("detail", "blend", "guided_by", "finish", "follow", "only"):
        del plain[added]
    loaded = load_request(plain, IMAGE)
    assert (loaded.detail, loaded.blend, loaded.guided_by) == ("none", "feather", "picture")
    assert (loaded.finish, loaded.only) == ("none", None)


@pytest.mark.parametrize(
    ("changes", "detail", "by_hole"),
    [
        ({"task": Task.INPAINT, "mask": MASK}, "patches", False),
        ({"task": Task.EXTRAPOLATE, "extend": Sides(1, 0, 0, 0)}, "patches", False),
        ({"task": Task.MANIPULATE, "box": Box(0, 0, 9, 9)}, "none", True),
        ({"task": Task.MANIPULATE, "box": Box(0, 0, 9, 9), "detail": "grain", "guided_by": "picture"}, "grain", False),
        ({"task": Task.INPAINT, "mask": MASK, "detail": "none", "guided_by": "hole"}, "none", True),
    ],
)
def test_what_auto_means_follows_the_task(changes: dict[str, Any], detail: str, by_hole: bool) -> None:
    request = EditRequest(image=IMAGE, class_id=1, **changes)
    assert (request.way_of_detail, request.is_guided_by_hole) == (detail, by_hole)


def test_a_variation_alone_begins_with_the_same_codes() -> None:
    start = Start(np.zeros((8, 8), np.int64), 3)
    many = EditRequest(Task.INPAINT, IMAGE, MASK, start=start, options=DecodeOptions(variations=4))
    assert many.alone(2).start is start


def test_what_is_left_out_is_the_models_advice():
    advice = Decoding.standard(steps=6, start_step=4, guidance_scale=5.0, choice_temperature=6.0, order="halton")
    assert vars(DecodeOptions().over(advice)) == advice.plain | {"seed": 0, "variations": 1}
    few = DecodeOptions(steps=2, guidance_scale=2.0, seed=7).over(advice)
    assert (few.steps, few.start_step, few.guidance_scale, few.choice_temperature, few.seed) == (2, 1, 2.0, 6.0, 7)
    with pytest.raises(BadRequest, match="start step is 6"):
        DecodeOptions(start_step=6).over(advice)
