"""Attention says the same whichever way it is computed, and halves are as near as their format allows."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from core.models.attention import GELULinear, attend


@pytest.mark.parametrize("scale", [None, 0.7])
def test_halves_are_nearly_as_near_to_float32_as_the_fused_kernel(scale: float | None) -> None:
    draw = torch.Generator().manual_seed(3)
    q, k, v = (torch.randn(2, 4, rows, 16, generator=draw) for rows in (5, 33, 33))
    exact = F.scaled_dot_product_attention(q, k, v, scale=scale)
    assert torch.equal(attend(q, k, v, scale=scale), exact)
    halves = [each.bfloat16() for each in (q, k, v)]
    with torch.no_grad():
        mine = attend(*halves, scale=scale)
    fused = F.scaled_dot_product_attention(*halves, scale=scale)
    assert mine.dtype == torch.bfloat16
    assert (mine - exact).abs().mean() <= 2 * (fused - exact).abs().mean()


def test_training_keeps_the_fused_kernel_whose_gradient_needs_no_scores() -> None:
    q, k, v = (torch.randn(1, 2, 7, 8).bfloat16().requires_grad_() for _ in range(3))
    assert torch.equal(attend(q, k, v), F.scaled_dot_product_attention(q, k, v))


def test_a_gelu_layer_is_a_linear_layer_and_its_gelu() -> None:
    layer, x = GELULinear(6, 9), torch.randn(2, 6)
    assert torch.equal(layer(x), F.gelu(F.linear(x, layer.weight, layer.bias), approximate="tanh"))
    assert list(layer.state_dict()) == ["weight", "bias"]
