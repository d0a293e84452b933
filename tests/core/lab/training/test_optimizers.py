"""Muon in a chosen number format: torch's own in bf16 to the bit, and what it promises in float32."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from core.lab.training.optimizers import Muon, mvtm_optimizers, orthogonal
from core.models.compact import CompactTransformer, CompactTransformerConfig

SHAPES = [(24, 8), (8, 8), (8, 20)]


def _weights() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def _stepped(optimizer: torch.optim.Optimizer, weights: list[torch.Tensor]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        for weight in weights:
            weight.grad = torch.randn(weight.shape, generator=generator)
        optimizer.step()
    return [weight.detach() for weight in weights]


def test_in_bf16_it_steps_as_torchs_does() -> None:
    ours, theirs = _weights(), _weights()
    known = torch.optim.Muon(theirs, lr=0.01, weight_decay=0.03, adjust_lr_fn="match_rms_adamw")
    mine = Muon(ours, number=torch.bfloat16, rate=0.01, weight_decay=0.03)
    for a, b in zip(_stepped(mine, ours), _stepped(known, theirs), strict=True):
        assert torch.equal(a, b)


def test_in_float32_it_steps_nearly_there() -> None:
    ours, theirs = _weights(), _weights()
    exact = _stepped(Muon(ours, number=torch.float32, rate=0.01, weight_decay=0.03), ours)
    rough = _stepped(Muon(theirs, number=torch.bfloat16, rate=0.01, weight_decay=0.03), theirs)
    for a, b, start in zip(exact, rough, _weights(), strict=True):
        assert 0 < (a - b).abs().max() < 0.1 * (a - start).abs().max()


@pytest.mark.parametrize("shape", SHAPES)
def test_an_orthogonal_matrix_keeps_directions_and_loses_lengths(shape: tuple[int, int]) -> None:
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    made = orthogonal(matrix, (3.4445, -4.775, 2.0315), 5)
    assert made.shape == shape
    lengths = u.T @ made @ vh.T
    assert ((lengths.diagonal() > 0.5) & (lengths.diagonal() < 1.5)).all()
    assert (lengths - lengths.diagonal().diag()).abs().max() < 1e-3


@pytest.mark.parametrize(
    ("number", "computes"),
    [("float32", "float32"), ("bfloat16", "bfloat16"), ("float16", "float32")],
)
def test_it_computes_in_the_format_of_training_unless_its_range_is_small(number: str, computes: str) -> None:
    net = CompactTransformer(CompactTransformerConfig(width=16, layers=1, heads=2, hidden=16, grid=4, codebook_size=8))
    muon = mvtm_optimizers(net, 0.01, 0.0, getattr(torch, number))["muon"]
    assert isinstance(muon, Muon)
    assert muon.number is getattr(torch, computes)
