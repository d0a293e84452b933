"""A picture, a mask, and any request that makes sense: hypothesis strategies."""

import numpy as np
from hypothesis import strategies as st

from core.decoding.settings import MOST_STEPS, ORDERS, SCHEDULES
from core.values.geometry import Box, Sides
from core.values.groups import MOST_VARIATIONS, DecodeOptions, Painting, Start, View
from core.values.region import Mask
from core.values.request import EditRequest

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
MASK = np.zeros((20, 30), np.bool_)
MASK[5:9, 4:12] = True


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
def regions(draw, height, width):
    kind = draw(st.sampled_from([Mask, Box, Sides]))
    if kind is Sides:
        return Sides(*draw(st.tuples(*[st.integers(0, 100)] * 4).filter(any)))
    if kind is Box:
        return Box(0, 0, draw(st.integers(1, width)), draw(st.integers(1, height)))
    mask = np.random.default_rng(draw(st.integers(0, 99))).random((height, width)) < draw(st.floats(0, 1))
    mask[-1, -1] = True
    return Mask(mask * np.uint8(draw(st.integers(1, 255))) if draw(st.booleans()) else mask, draw(st.booleans()))


@st.composite
def requests(draw):
    image = region = window = None
    if draw(st.booleans()):
        height = draw(st.integers(1, 40))
        width = draw(st.just(height) | st.integers(1, 40))
        shape = (height, width, draw(st.sampled_from([3, 4])))
        image = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, shape, dtype=np.uint8)
        region = draw(regions(height, width))
        if width == height and not isinstance(region, Sides):
            window = draw(st.none() | st.just(Box(0, 0, width, height)))
    view = View(window, draw(st.floats(1, 8)), draw(st.floats(0, 0.999)), draw(st.integers(0, 8)))
    painting = Painting(
        match_colour=draw(st.booleans()),
        feather_px=draw(st.integers(0, 64)),
        opaque=draw(st.sampled_from([None, False, True])),
    )
    class_id, start = draw(st.none() | st.integers(0, 1000)), draw(st.none() | starts())
    return EditRequest(image, region, class_id, view, painting, draw(options()), start)
