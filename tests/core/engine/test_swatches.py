"""Colours of codes without a decoder: what a linear map can say, and when the decoder is asked after all."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.engine import load_engine
from core.engine.device import FORMATS
from core.engine.nets import Nets
from core.engine.swatches import FEWEST, cell_colours, fitted, mosaic
from tests.fakes import ColourTokenizer, RuleTransformer, fake_spec


def test_cells_have_their_mean_colours() -> None:
    picture = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    colours = cell_colours(picture, 2)
    assert colours.shape == (2, 2, 3, 3)
    assert colours[1, 1, 2] == pytest.approx(picture[1, 2:4, 4:6].reshape(4, 3).mean(0))


@pytest.mark.parametrize("dim", [8, 256])
def test_colours_that_hang_linearly_on_the_codes_are_found_for_codes_never_seen(dim: int) -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(0, 7, (500, dim)).astype(np.float32)
    true = (vectors[:, :3] * 8 + 128).clip(30, 220)
    seen = random.permutation(500)[:400]
    found = fitted(vectors, seen, true[seen].astype(np.float32))
    unseen = np.setdiff1d(np.arange(500), seen)
    assert np.abs(found[unseen] - true[unseen]).mean() < np.abs(true[unseen] - true.mean(0)).mean() / 2


def test_one_colour_about_says_that_all_codes_have_it() -> None:
    vectors = np.random.default_rng(0).normal(size=(64, 16)).astype(np.float32)
    assert (fitted(vectors, np.arange(20), np.full((20, 3), 77, np.float32)) == 77).all()


def test_a_mosaic_has_a_cell_in_its_codes_colour() -> None:
    palette = np.array([[1, 2, 3], [9, 8, 7]], np.uint8)
    picture = mosaic(palette, np.array([[[0, 1], [1, 0]]]), 4)
    assert picture.shape == (1, 8, 8, 3)
    assert picture[0, 3, 4].tolist() == [9, 8, 7]
    assert picture[0, 4, 3].tolist() == [9, 8, 7]


def test_with_nothing_known_some_codes_are_decoded() -> None:
    nets = Nets(fake_spec(), ColourTokenizer(), RuleTransformer(), device=torch.device("cpu"), number=FORMATS["fp32"])
    palette = nets.palette(np.zeros(FEWEST - 1, np.int64), np.zeros((FEWEST - 1, 3), np.float32))
    true = nets.decode(torch.arange(64).view(1, 8, 8))[0][::4, ::4].reshape(64, 3)
    assert np.abs(palette - true.astype(int)).mean() < 6


def test_the_cost_of_a_picture_is_known_before_the_first_is_decoded() -> None:
    engine = load_engine("scenes-128", device="cpu", dtype="fp32")
    nets = engine._painter.nets  # type: ignore[attr-defined]
    tokens = nets.encode(np.full((128, 128, 3), 90, np.uint8))
    assert nets.decode_within(tokens[None], 0.0) is None
    assert nets.decode_within(tokens[None], 60.0) is not None
