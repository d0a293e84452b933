"""Which tokens a sample hides, and holes such as people make."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.decoding.settings import NO_CLASS
from core.lab.training.masking import draw_hidden, draw_hole, draw_strangers


@given(seed=st.integers(0, 10_000), side=st.sampled_from([32, 64, 128]))
def test_holes_hide_something_and_never_all(seed: int, side: int) -> None:
    hole = draw_hole(side, np.random.default_rng(seed))
    assert hole.shape == (side, side)
    assert hole.any()
    assert not hole.all()
    assert np.array_equal(hole, draw_hole(side, np.random.default_rng(seed))), (
        "it depends on more than its random numbers"
    )


def test_holes_are_of_many_kinds() -> None:
    holes = [draw_hole(64, np.random.default_rng(seed)) for seed in range(200)]
    shares = np.array([hole.mean() for hole in holes])
    assert shares.min() < 0.05
    assert shares.max() > 0.6
    filled = [hole.sum() / np.prod(np.ptp(np.argwhere(hole), 0) + 1) for hole in holes]
    boxes = np.mean([share == 1.0 for share in filled])
    assert 0.3 < boxes < 0.8, "boxes only, or none"
    strips = [hole for hole in holes if hole[:, 0].all() or hole[:, -1].all() or hole[0].all() or hole[-1].all()]
    assert len(strips) > 20, "hardly a border among them"


@given(seed=st.integers(0, 1000))
def test_at_least_one_token_is_hidden_and_none_outside_its_region(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    region = torch.rand(8, 64, generator=generator) < 0.3
    region[:, 5] = True
    hidden = draw_hidden(region, "cosine", generator)
    assert hidden.any(1).all()
    assert not (hidden & ~region).any()


@given(seed=st.integers(0, 1000))
def test_strangers_know_their_class_and_hide_a_hole_in_another_class(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(-1, 3, (16,), generator=generator)
    whole = torch.rand(16, generator=generator) < 0.5
    strangers = draw_strangers(labels, whole, 1.0, generator)
    for sample in range(16):
        before, own = int(labels[sample - 1]), int(labels[sample])
        can_be = NO_CLASS not in (own, before) and own != before and not whole[sample] and not whole[sample - 1]
        assert strangers[sample] == can_be
    assert not draw_strangers(labels, whole, 0.0, generator).any()
