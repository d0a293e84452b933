"""Variations of something new are ranked by how surely they show their class."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.engine.recognising import judged
from core.values.geometry import Box
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest
from tests.fakes import fake_engine

BOX = Box(20, 15, 45, 40)
PHOTO = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)
HOLE = np.zeros((60, 90), np.bool_)
HOLE[BOX.slices] = True


class Reddest:
    """Recognises class 1: the redder, the surer; keeps what it was shown."""

    def __init__(self) -> None:
        self.rows = {1: 0}
        self.seen: list[np.ndarray[Any, Any]] = []

    def log_shares(self, squares: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        self.seen.append(squares)
        surely = squares[..., 0].mean((1, 2)) / 255.0 - 1.0
        return np.stack([np.full(len(squares), -9.0), surely], 1).astype(np.float32)


def asked(**changes: Any) -> EditRequest:
    request = EditRequest(PHOTO, BOX, class_id=1, decoding=DecodeOptions(variations=4, seed=1))
    return replace(request, **changes)


def test_the_one_that_shows_it_most_comes_first() -> None:
    plain = fake_engine().edit(asked())
    recogniser: Any = Reddest()
    result = judged(plain, recogniser)
    reds = [image[BOX.slices][..., 0].mean() for image in plain.images]
    assert len(set(reds)) == 4
    assert list(result.ranking) == sorted(range(4), key=lambda i: -reds[i])
    assert result.shows == result.worths == pytest.approx([red / 255.0 - 1.0 for red in reds], abs=0.01)
    assert all((a == b).all() for a, b in zip(result.images, plain.images, strict=True)), "no picture changes"
    (seen,) = recogniser.seen
    assert seen.shape == (4, 224, 224, 3)


@pytest.mark.parametrize(
    "changes",
    [
        {"class_id": 0},
        {"decoding": DecodeOptions(seed=1)},
        {"region": Mask(HOLE), "painting": Painting(finish="none")},
    ],
    ids=["a class that nothing recognises", "a single variation", "a fill, which shall fit"],
)
def test_all_else_is_ranked_as_before(changes: dict[str, Any]) -> None:
    plain = fake_engine().edit(asked(**changes))
    recogniser: Any = Reddest()
    assert judged(plain, recogniser) is plain
    assert judged(plain, None) is plain


def test_the_engine_asks_what_recognises_its_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, recogniser = fake_engine(), Reddest()
    monkeypatch.setattr(engine, "recogniser", recogniser)
    result = engine.edit(asked())
    *_, streamed = engine.stream(asked())
    assert result.shows == streamed.shows is not None  # type: ignore[union-attr]
