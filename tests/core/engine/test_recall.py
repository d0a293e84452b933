"""Memories of known cells: whose may use one, for how long, and that a sample's picture does not depend on others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.decoding.decode import Sampling
from core.decoding.guidance import Row
from core.engine import load_engine
from core.engine.nets import distinct
from core.engine.recall import Recall
from core.models.memory import Memory
from core.values.geometry import Box
from core.values.groups import DecodeOptions, Painting
from core.values.region import Mask
from core.values.request import EditRequest

REMEMBERING = Sampling(caching="known cells")


def filled() -> Memory:
    memory = Memory()
    memory.filled(torch.tensor([1]))
    return memory


def test_a_row_remembers_until_the_middle_and_then_anew() -> None:
    recall = Recall([REMEMBERING])
    rows, ids = [Row(0, 0.0), Row(0, 0.0), Row(0, 0.0, alone=True)], [3, -1, 3]
    first = recall.memories(rows, ids)
    assert len({id(memory) for memory in first}) == 3, "by class, and by what it sees"
    assert all(memory is not None and memory.places is None for memory in first)
    kept = [filled(), filled(), filled()]
    recall.keep(rows, ids, kept)
    assert recall.memories([row._replace(place=0.49) for row in rows], ids) == kept
    late = [row._replace(place=0.5) for row in rows]
    assert all(memory is not None and memory.places is None for memory in recall.memories(late, ids))
    recall.keep(late, ids, kept[::-1])
    assert recall.memories([row._replace(place=1.0) for row in rows], ids) == kept[::-1]


def test_only_samples_that_ask_for_it_remember() -> None:
    recall = Recall([REMEMBERING, Sampling()])
    mine, others = recall.memories([Row(0, 0.0), Row(1, 0.0)], [0, 0])
    assert mine is not None
    assert others is None
    recall.keep([Row(0, 0.0), Row(1, 0.0)], [0, 0], [filled(), None])
    assert recall.memories([Row(1, 0.2)], [0]) == [None]


def test_rows_are_equal_only_if_their_marks_are_the_same() -> None:
    rows, one, other = torch.zeros(4, 3), object(), object()
    assert distinct([rows], [one, other, one, one]) == ([0, 1], [0, 1, 0, 0])


@pytest.fixture
def request_of_four() -> EditRequest:
    photo = np.random.default_rng(0).integers(0, 256, (48, 48, 3), np.uint8)
    hole = np.zeros((48, 48), np.bool_)
    hole[Box(8, 8, 30, 34).slices] = True
    decoding = DecodeOptions(variations=4, seed=5, steps=6, guidance_scale=3.0, caching="known cells")
    return EditRequest(photo, Mask(hole), class_id=1, painting=Painting(finish="none"), decoding=decoding)


def decoded(request: EditRequest, **changes: Any) -> EditRequest:
    return replace(request, decoding=replace(request.decoding, **changes))


def test_a_variation_drawn_alone_equals_itself_among_others(tiny_model: Path, request_of_four: EditRequest) -> None:
    engine = load_engine(folder=tiny_model, device="cpu", dtype="fp32")
    together = engine.edit(request_of_four)
    for i in range(4):
        (alone,) = engine.edit(decoded(request_of_four, variations=1, seed=5 + i)).images
        assert np.array_equal(alone, together.images[i])


def test_fewer_rows_go_through_the_layers(
    tiny_model: Path, request_of_four: EditRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_engine(folder=tiny_model, device="cpu", dtype="fp32")
    rows: list[int] = []
    linear = torch.nn.Linear.forward
    monkeypatch.setattr(
        torch.nn.Linear, "forward", lambda layer, x: rows.append(x.numel() // x.shape[-1]) or linear(layer, x)
    )
    engine.edit(request_of_four)
    remembering = sum(rows)
    rows.clear()
    engine.edit(decoded(request_of_four, caching="none"))
    assert remembering < 0.8 * sum(rows)
