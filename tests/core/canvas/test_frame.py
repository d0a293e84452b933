"""Frames of mirror images: few windows along a strip, and nothing outside the hole is touched."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from core.canvas.frame import MOST_WINDOWS, Frame
from core.values.geometry import Box, Sides
from core.values.groups import Painting, Start
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import fake_engine


def strip(channels: int = 3, *, upright: bool = False) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return a picture of 900 x 20 and a stroke along it."""
    image = np.random.default_rng(0).integers(0, 256, (20, 900, channels), dtype=np.uint8)
    mask = np.zeros((20, 900), np.bool_)
    mask[8:12, 60:840] = True
    return (image.swapaxes(0, 1).copy(), mask.T.copy()) if upright else (image, mask)


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize("soft", [False, True])
def test_a_stroke_along_a_strip_takes_a_dozen_windows(upright: bool, soft: bool) -> None:
    image, mask = strip(4, upright=upright)
    asked = EditRequest(image, Mask(mask * np.uint8(187) if soft else mask))
    engine = fake_engine()
    passes = engine.plan(asked)
    assert len(passes) <= MOST_WINDOWS
    assert engine.expected_steps(asked) == 8 * len(passes)
    *previews, result = engine.stream(asked)
    assert isinstance(result, EditResult)
    assert {each.window for each in previews if isinstance(each, Preview)} == {one.window for one in passes}
    assert result.windows == tuple(one.window for one in passes)
    made = result.image(0)
    assert made.shape == image.shape
    assert np.array_equal(made[~mask], image[~mask])
    assert (made[mask] != image[mask]).any(1).mean() > 0.9
    assert np.array_equal(result.canvas_mask, mask)
    assert result.request.image is image
    assert np.array_equal(engine.edit(asked).images, result.images)


def test_a_box_along_a_strip_is_framed_as_well() -> None:
    image, _ = strip()
    box = Box(60, 8, 840, 12)
    result = fake_engine().edit(EditRequest(image, box, class_id=1))
    changed = (result.image(0) != image).any(2)
    assert changed[box.slices].mean() > 0.9
    changed[box.slices] = False
    assert not changed.any()
    assert len(result.windows) <= MOST_WINDOWS


def test_other_pictures_have_no_frame() -> None:
    image, mask = strip()
    short = np.zeros_like(mask)
    short[8:12, 60:90] = True
    for asked in (
        EditRequest(image, Mask(short)),
        EditRequest(image[:, :100], Mask(mask[:, :100])),
        EditRequest(image, Sides(right=9)),
        EditRequest(),
        EditRequest(image, Mask(mask), start=Start(np.zeros((8, 8), np.int64))),
    ):
        frame = Frame.around(asked, 32)
        assert frame == Frame()
        assert frame.request(asked) is asked


def test_a_framed_request_is_the_same_but_for_its_canvas() -> None:
    image, mask = strip()
    asked = EditRequest(image, Mask(mask), class_id=2, painting=Painting(feather_px=3))
    framed = Frame.around(asked, 32).request(asked)
    assert framed.image is not None
    assert dataclasses.replace(framed, image=image, region=Mask(mask)) != framed
    assert (framed.painting.feather_px, framed.class_id, framed.decoding) == (3, 2, asked.decoding)
    assert framed.image.shape[1] == 900
    assert framed.image.shape[0] >= 2 * 780 // MOST_WINDOWS
