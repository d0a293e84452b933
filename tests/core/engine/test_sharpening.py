"""Sharper pictures where something new is made: sizes, strengths, bytes, and models without a sharpener."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from core.canvas.compose import from_model
from core.canvas.notch import without_lattice
from core.engine import LocalEngine
from core.errors import BadRequest
from core.models.sharpener import Sharpener, SharpenerConfig
from core.values.geometry import Box
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import ColourTokenizer, RuleTransformer, engine_of, fake_engine, fake_spec, painted

SMALL = SharpenerConfig(width=8, layers=1)


def sharp_engine() -> LocalEngine:
    """The fake model with an untrained sharpener."""
    torch.manual_seed(0)
    net = Sharpener(SMALL)
    for weight in net.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    spec = fake_spec(sharpener=vars(SMALL))
    return engine_of(spec, ColourTokenizer(), RuleTransformer(), net)


def photo(side: int = 96) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


ENGINE, PLAIN = sharp_engine(), fake_engine()
NEW = EditRequest(class_id=0, decoding=DecodeOptions(variations=2))
BOX = EditRequest(photo(), Box(30, 30, 62, 62), class_id=1, painting=Painting(feather_px=0))
HOLE = EditRequest(photo(), Mask(np.pad(np.ones((20, 20), bool), 38)))


def test_a_new_picture_is_four_times_as_large_and_its_previews_are_not() -> None:
    items = list(ENGINE.stream(NEW))
    result = items[-1]
    assert isinstance(result, EditResult)
    assert result.images.shape == (2, 128, 128, 3)
    assert result.canvas_mask.shape == (128, 128)
    assert result.windows == (Box(0, 0, 128, 128),)
    previews = [item for item in items if isinstance(item, Preview)]
    assert previews[-1].images.shape == (2, 32, 32, 3)
    decoded = previews[-1].images[0]
    soft = cv2.resize(without_lattice(decoded), (128, 128), interpolation=cv2.INTER_CUBIC).astype(int)
    far = [np.abs(ENGINE.edit(painted(NEW, sharpen=s)).image(0) - soft).mean() for s in (0.01, 0.5, 1.0)]
    assert far[0] < 1.0 < far[1] < far[2]
    added = ENGINE.edit(painted(NEW, sharpen=0.01)).image(0).astype(int) - soft
    assert 0.5 < added.mean(2).std() < 1.2, "a trace of noise"
    assert ENGINE.spec.new_side(0.65) == 128
    assert ENGINE.spec.new_side(0.0) == PLAIN.spec.new_side(1.0) == 32


def test_strength_0_is_what_it_was_before_there_were_sharpeners() -> None:
    for asked in (NEW, BOX, HOLE):
        plain = painted(asked, sharpen=0.0)
        assert (ENGINE.edit(plain).images == PLAIN.edit(plain).images).all()


def test_the_same_codes_are_drawn_at_any_strength() -> None:
    for asked in (NEW, BOX):
        assert (ENGINE.edit(asked).tokens[0] == ENGINE.edit(painted(asked, sharpen=0.0)).tokens[0]).all()


def test_a_hole_that_is_to_look_like_its_surroundings_is_not_sharpened() -> None:
    assert HOLE.strength == 0.0
    assert (ENGINE.edit(HOLE).images == PLAIN.edit(painted(HOLE, sharpen=0.0)).images).all()


def test_a_box_is_sharpened_inside_alone_and_by_so_much() -> None:
    asked = painted(BOX, match_colour=False, blend="feather")
    none, half, whole = (ENGINE.edit(painted(asked, sharpen=s)).image(0).astype(int) for s in (0.0, 0.5, 1.0))
    inside = np.zeros((96, 96), bool)
    inside[30:62, 30:62] = True
    for made in (none, half, whole):
        assert (made[~inside] == photo()[~inside]).all()
    changed = [np.abs(made - none)[inside].mean() for made in (half, whole)]
    assert 0.3 < changed[0] < changed[1]


def test_variations_alone_and_together_are_the_same_bytes() -> None:
    together = ENGINE.edit(NEW)
    assert (ENGINE.edit(NEW.alone(1)).image(0) == together.image(1)).all()
    assert (ENGINE.edit(NEW).images == together.images).all()


def test_a_window_of_the_models_own_pixels_stays_as_it_is() -> None:
    small = replace(BOX, image=photo(40), region=Box(10, 10, 30, 30))
    assert (ENGINE.edit(small).images == ENGINE.edit(painted(small, sharpen=0.0)).images).all()


def test_fine_detail_is_not_put_on_top_of_a_sharper_picture() -> None:
    """The window that detail is asked for shows the model's own pixels: detail was measured on those."""
    asked = painted(BOX, detail="patches")
    assert (ENGINE.edit(asked).images == ENGINE.edit(painted(asked, sharpen=0.0)).images).all()


def test_without_a_sharpener_the_lattice_alone_goes() -> None:
    asked = painted(BOX, match_colour=False, blend="feather")
    made, plain = PLAIN.edit(asked), PLAIN.edit(painted(asked, sharpen=0.0))
    decoded = PLAIN._nets.decode(torch.from_numpy(made.tokens[0]))[0]
    window = made.windows[0]
    wanted = from_model(without_lattice(decoded), window)[Box(30, 30, 62, 62).shifted(-window.left, -window.top).slices]
    assert (made.image(0)[30:62, 30:62] == wanted).all()
    assert (made.image(0) != plain.image(0)).any()
    assert PLAIN.edit(NEW).images.shape == (2, 32, 32, 3)
    published = fake_engine(family="google")  # whose decoder ends in a convolution
    assert (published.edit(asked).images == plain.images).all()


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), "much"])
def test_a_strength_outside_0_to_1_is_refused(wrong: object) -> None:
    with pytest.raises(BadRequest, match="sharpness"):
        painted(NEW, sharpen=wrong)
