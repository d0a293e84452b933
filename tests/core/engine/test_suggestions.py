"""Suggestions of classes: what the classifier is shown, how its answers are joined, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from core.engine import suggestions
from core.engine.suggestions import suggest_classes
from core.errors import BadRequest
from core.models import recogniser
from core.models.efficientnet import SIDE
from core.models.recogniser import imagenet_recogniser
from core.pictures.opening import open_picture
from core.values.labels import class_id, imagenet_classes

CLASSES = imagenet_classes()
ALL = imagenet_recogniser(CLASSES)
RED, GREEN, BLUE = 10, 20, 30
SAMPLES = Path(__file__).parents[3] / "assets" / "samples"


class Colours:
    """A classifier of three classes: the redder, greener or bluer a crop, the surer."""

    def __init__(self) -> None:
        self.seen: list[Tensor] = []

    def features(self, pixels: Tensor) -> Tensor:
        self.seen.append(pixels)
        return pixels.mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        logits = torch.full((len(features), len(CLASSES)), -30.0)
        logits[:, [RED, GREEN, BLUE]] = 20.0 * features
        return logits


@pytest.fixture
def colours(monkeypatch: pytest.MonkeyPatch) -> Colours:
    net = Colours()
    monkeypatch.setattr(recogniser, "_net", lambda: net)
    return net


def picture(width: int = 90, height: int = 60) -> NDArray[np.uint8]:
    """Two thirds green, the right third red."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : 2 * width // 3, 1] = 200
    pixels[:, 2 * width // 3 :, 0] = 200
    return pixels


def test_the_likeliest_class_comes_first(colours: Colours) -> None:
    found = suggest_classes(ALL, picture(), None, 3)
    assert [one.class_id for one in found] == [GREEN, RED, BLUE]
    assert 1.0 > found[0].probability > found[1].probability > found[2].probability > 0.0
    assert sum(one.probability for one in found) == pytest.approx(1.0)
    (seen,) = colours.seen
    assert seen.shape[1:] == (3, SIDE, SIDE)
    assert 0.0 <= seen.min() < seen.max() <= 1.0


def test_what_is_hidden_has_no_say(colours: Colours) -> None:
    image, mask = picture(), np.zeros((60, 90), np.bool_)
    mask[:, :60] = True
    alpha = np.dstack([image, np.where(mask, 0, 255).astype(np.uint8)])
    found = suggest_classes(ALL, image, mask)
    assert found[0].class_id == RED
    assert suggest_classes(ALL, alpha) == found
    image[mask] = (0, 0, 255)
    assert suggest_classes(ALL, image, mask) == found


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_the_crops_are_squares_inside_and_the_first_is_the_most_visible(
    height: int, width: int, data: st.DataObject
) -> None:
    hidden = np.zeros((height, width), np.bool_)
    hidden[: data.draw(st.integers(0, height - 1)), : data.draw(st.integers(0, width))] = True
    crops = suggestions._crops(hidden)
    assert 1 <= len(crops) <= 12
    for top, left, side, share in crops:
        assert top >= 0
        assert left >= 0
        assert top + side <= height
        assert left + side <= width
        assert 0 < share <= crops[0][3]


def test_both_ends_of_a_panorama_are_looked_at() -> None:
    crops = suggestions._crops(np.zeros((100, 900), np.bool_))
    assert min(left for _, left, _, _ in crops) == 0
    assert max(left + side for _, left, side, _ in crops) == 900
    assert {side for _, _, side, _ in crops} == {100, 60}


def test_a_model_of_other_classes_gets_those_that_both_know(colours: Colours) -> None:
    names = ("no such thing", CLASSES[BLUE].split(",")[0], CLASSES[GREEN])
    assert class_id(CLASSES, names[1]) == BLUE
    assert [one.class_id for one in suggest_classes(imagenet_recogniser(names), picture())] == [2, 1]
    with pytest.raises(BadRequest, match="nothing recognises this model's classes"):
        suggest_classes(imagenet_recogniser(("no such thing",)), picture())


def test_what_cannot_be_judged_is_refused(colours: Colours) -> None:
    image = picture()
    with pytest.raises(BadRequest, match="nothing of the picture is visible"):
        suggest_classes(ALL, image, np.ones((60, 90), np.bool_))
    with pytest.raises(BadRequest, match="the mask is 60x90 but the picture 90x60"):
        suggest_classes(ALL, image, np.zeros((90, 60), np.bool_))
    with pytest.raises(BadRequest, match="number of suggestions is 0"):
        suggest_classes(ALL, image, None, 0)
    assert not colours.seen


def test_the_bundled_classifier_knows_a_cup_of_coffee() -> None:
    coffee = open_picture(SAMPLES / "coffee.jpg")
    found = suggest_classes(imagenet_recogniser(CLASSES), coffee)
    assert CLASSES[found[0].class_id] == "espresso"
    assert found[0].probability > 0.5
