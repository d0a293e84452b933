import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.settings import MOST_STEPS, Decoding, schedule_name
from core.errors import BadRequest
from core.values.geometry import Box, Sides
from core.values.groups import MOST_VARIATIONS, DecodeOptions, Painting, Start, View
from core.values.region import Mask, Task
from core.values.request import EditRequest
from core.values.saved import save_request
from tests.core.values.asked import IMAGE, MASK, options


def one_sentence(error):
    text = str(error.value)
    assert text.endswith((".", "?"))
    assert "\n" not in text
    assert ". " not in text
    assert 20 < len(text) < 250
    return text


@given(options(), st.integers(0, MOST_VARIATIONS - 1))
def test_a_variation_can_be_asked_for_alone(many, index):
    alone = many.alone(index % many.variations)
    assert alone == dataclasses.replace(many, seed=many.seed + index % many.variations, variations=1)


def test_numbers_of_numpy_are_plain_numbers_inside():
    request = EditRequest(
        IMAGE,
        Sides(np.int64(1), 2, 3, 4),
        class_id=np.int32(3),
        view=View(coverage=np.float32(0.5)),
        decoding=DecodeOptions(steps=np.int64(4), guidance_scale=np.float32(2)),
    )
    assert json.loads(json.dumps(save_request(request)))["class_id"] == 3
    assert request.region == Sides(1, 2, 3, 4)


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
        ("guided_by", "stars"),
        *[("only", bad) for bad in (-1, 1)],
    ],
)
def test_an_option_out_of_range_is_refused_in_a_sentence(field, bad):
    with pytest.raises(BadRequest) as error:
        DecodeOptions(**{field: bad})
    if bad != 10**400:
        assert str(bad) in one_sentence(error)


@pytest.mark.parametrize(
    ("group", "field", "bad"),
    [
        *[(View, "coverage", bad) for bad in (1.0, float("nan"))],
        (View, "grow_tokens", 9),
        *[(View, "context", bad) for bad in (0.9, 8.5)],
        (View, "refine", 4),
        *[(View, "window", bad) for bad in (8, (0, 0, 20), Box(-2, 0, 18, 20))],
        *[(Painting, "feather_px", bad) for bad in (65, 1.5)],
        (Painting, "match_colour", "yes"),
        (Painting, "opaque", "yes"),
        (Painting, "sharpen", 1.1),
        (Painting, "follow", -0.1),
        *[(Painting, field, "glitter") for field in ("detail", "blend", "finish")],
        *[(Mask, "pixels", bad) for bad in (MASK.astype(np.float32), MASK[0], None, [[True]])],
        *[(Mask, "pixels", np.zeros_like(MASK, bad)) for bad in (np.bool_, np.uint8)],
    ],
    ids=lambda value: f"{np.shape(value) or getattr(value, '__name__', value)}",
)
def test_a_value_out_of_its_range_is_refused_in_a_sentence(group, field, bad):
    with pytest.raises(BadRequest) as error:
        group(**{field: bad})
    one_sentence(error)


@pytest.mark.parametrize(
    "change",
    [
        {"class_id": -1},
        {"class_id": "sea"},
        {"image": None},
        {"image": IMAGE.astype(np.float32)},
        {"image": IMAGE[..., 0]},
        {"image": IMAGE[..., :2]},
        {"image": IMAGE[:0]},
        {"region": None},
        {"region": MASK},
        {"region": (0, 0, 5, 5)},
        {"region": Mask(MASK[:-1])},
        {"region": Box(0, 0, 31, 5)},
        {"region": Box(5, 0, 5, 5)},
        {"region": Box(0, 0, 2.5, 5)},
        {"region": Box(-1, 0, 5, 5)},
        {"region": Sides()},
        {"region": Sides(left=-1)},
        {"region": Sides(left=16384)},
        {"region": Sides(8000, 8000, 8000, 8000)},
        {"view": View(Box(2, 0, 22, 19))},
        {"view": View(Box(12, 0, 32, 20))},
        {"view": View(Box(5, 4, 12, 11))},
        {"view": View(Box(4, 6, 12, 14))},
        {"view": View(Box(12, 9, 4, 1))},
        {"region": Sides(right=10), "view": View(Box(11, 0, 31, 20))},
        {"region": Sides(right=10), "view": View(Box(21, 0, 41, 20))},
        {"region": Sides(top=10), "view": View(Box(0, 0, 29, 29))},
        {"image": None, "region": None, "view": View(Box(0, 0, 20, 20))},
    ],
    ids=lambda change: " ".join(f"{name}={np.shape(value) or value}"[:60] for name, value in change.items()),
)
def test_a_request_that_makes_no_sense_is_refused_in_a_sentence(change):
    with pytest.raises(BadRequest) as error:
        EditRequest(**{"image": IMAGE, "region": Mask(MASK), **change})
    one_sentence(error)


@pytest.mark.parametrize(
    ("region", "task"),
    [
        (Mask(MASK), Task.INPAINT),
        (Mask(MASK, new=True), Task.MANIPULATE),
        (Box(4, 5, 12, 9), Task.MANIPULATE),
        (Sides(1, 2, 3, 4), Task.EXTRAPOLATE),
        (None, Task.GENERATE),
    ],
)
def test_the_region_says_what_is_asked_and_what_may_change(region, task):
    request = EditRequest(None if region is None else IMAGE, region)
    hole = request.hole(16)
    assert request.task is task
    assert hole.shape == request.canvas(16)[::-1] == {Sides: (26, 34), type(None): (16, 16)}.get(type(region), (20, 30))
    known = np.zeros_like(hole)
    if isinstance(region, Sides):
        known[2:22, 1:31] = True
    assert np.array_equal(hole, MASK if isinstance(region, (Mask, Box)) else ~known)


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
    ("height", "sides", "window"),
    [
        (20, Sides(right=10), Box(20, 0, 40, 20)),
        (20, Sides(top=10), Box(0, 0, 30, 30)),
        (35, Sides(left=2, right=3), Box(0, 0, 35, 35)),
    ],
)
def test_a_window_may_be_pinned_wherever_it_holds_what_is_repainted(height, sides, window):
    image = np.zeros((height, 30, 3), np.uint8)
    assert EditRequest(image, sides, view=View(list(window))).view.window == window


@pytest.mark.parametrize(
    ("region", "chosen", "detail", "by_hole"),
    [
        (Mask(MASK), ("auto", "auto"), "patches", False),
        (Sides(1, 0, 0, 0), ("auto", "auto"), "patches", False),
        (Box(0, 0, 9, 9), ("auto", "auto"), "none", True),
        (Box(0, 0, 9, 9), ("grain", "picture"), "grain", False),
        (Mask(MASK), ("none", "hole"), "none", True),
    ],
)
def test_what_auto_means_follows_the_task(region, chosen, detail: str, by_hole: bool) -> None:
    painting, decoding = Painting(detail=chosen[0]), DecodeOptions(guided_by=chosen[1])
    request = EditRequest(IMAGE, region, class_id=1, painting=painting, decoding=decoding)
    assert (request.way_of_detail, request.is_guided_by_hole) == (detail, by_hole)


def test_a_variation_alone_begins_with_the_same_codes() -> None:
    start = Start(np.zeros((8, 8), np.int64), 3)
    many = EditRequest(IMAGE, Mask(MASK), start=start, decoding=DecodeOptions(variations=4))
    assert many.alone(2).start is start


def test_what_is_left_out_is_the_models_advice():
    advice = Decoding.standard(steps=6, start_step=4, guidance_scale=5.0, choice_temperature=6.0, order="halton")
    assert vars(DecodeOptions().over(advice)) == advice.plain | {
        "seed": 0,
        "variations": 1,
        "only": None,
        "guided_by": "auto",
    }
    few = DecodeOptions(steps=2, guidance_scale=2.0, seed=7).over(advice)
    assert (few.steps, few.start_step, few.guidance_scale, few.choice_temperature, few.seed) == (2, 1, 2.0, 6.0, 7)
    with pytest.raises(BadRequest, match="start step is 6"):
        DecodeOptions(start_step=6).over(advice)
