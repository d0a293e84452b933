"""`Engine.token_nll`: how likely the model holds what a request hides."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.canvas.fill import neutral_fill
from core.decoding.settings import MASK
from core.errors import BadRequest
from core.values.geometry import Sides
from core.values.region import Mask
from core.values.request import EditRequest
from tests.fakes import ColourTokenizer, RuleTransformer, fake_engine


@pytest.fixture
def photo() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)


def hole() -> np.ndarray:
    mask = np.zeros((32, 32), bool)
    mask[8:24, 8:24] = True
    return mask


@pytest.mark.parametrize("class_id", [None, 1])
def test_it_is_the_cross_entropy_of_one_forward(photo: np.ndarray, class_id: int | None) -> None:
    engine = fake_engine()
    found = engine.token_nll(EditRequest(photo, Mask(hole()), class_id=class_id), photo)
    assert engine.forwards == 1

    true, around = (
        ColourTokenizer().encode(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255).flatten()
        for picture in (photo, neutral_fill(photo, hole()))
    )
    hidden = torch.zeros(8, 8, dtype=torch.bool)
    hidden[2:6, 2:6] = True
    hidden = hidden.flatten()
    label = torch.tensor([-1 if class_id is None else class_id])
    with torch.no_grad():
        logits = RuleTransformer()(around.masked_fill(hidden, MASK)[None], label)[0].double()
    log_p = logits.log_softmax(1)[torch.arange(64), true]
    assert found == pytest.approx(-float(log_p[hidden].mean()), rel=1e-5)


def test_an_extension_is_asked_for_in_its_windows_with_everything_else_given(photo: np.ndarray) -> None:
    engine = fake_engine()
    request = EditRequest(photo[:, :16].copy(), Sides(right=16))
    found = engine.token_nll(request, photo)
    assert np.isfinite(found)
    assert found > 0.0
    assert engine.forwards == len(engine.plan(request))
    with pytest.raises(BadRequest, match="equal sizes"):
        engine.token_nll(request, photo[:, :16])


def test_an_unknown_class_is_refused(photo: np.ndarray) -> None:
    with pytest.raises(BadRequest, match="class 9 is unknown"):
        fake_engine().token_nll(EditRequest(photo, Mask(hole()), class_id=9), photo)
