"""Attention says the same whichever way it is computed, and halves are as near as their format allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from core.models.attention import GELULinear, attend

Attending = Callable[..., torch.Tensor]


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


@pytest.mark.parametrize("number", [torch.float32, torch.bfloat16])
def test_gradients_are_nearly_as_near_to_float32_as_the_fused_kernels(number: torch.dtype) -> None:
    draw = torch.Generator().manual_seed(4)
    drawn = [torch.randn(3, 2, rows, 16, generator=draw) for rows in (7, 9, 9)]
    slope = torch.randn(3, 2, 7, 16, generator=draw)

    def gradients(attending: Attending, number: torch.dtype) -> list[torch.Tensor]:
        leaves = [each.to(number).detach().requires_grad_() for each in drawn]
        attending(*leaves, scale=0.7).backward(slope.to(number))
        return [leaf.grad.float() for leaf in leaves if leaf.grad is not None]

    exact = gradients(F.scaled_dot_product_attention, torch.float32)
    fused, mine = (gradients(each, number) for each in (F.scaled_dot_product_attention, attend))
    assert len(mine) == len(exact) == 3
    for true, theirs, ours in zip(exact, fused, mine, strict=True):
        assert (ours - true).abs().mean() <= 2 * (theirs - true).abs().mean()


def test_what_autograd_and_compilers_are_told_of_halves_is_true() -> None:
    q, k, v = (torch.randn(2, 2, rows, 8).bfloat16().requires_grad_() for rows in (5, 6, 6))
    told = torch.library.opcheck(torch.ops.maskgit_editor.mix.default, (q, k, v))
    assert set(told.values()) == {"SUCCESS"}
    with torch.no_grad():
        without = attend(q, k, v)
    assert torch.equal(attend(q, k, v), without)


def test_a_gelu_layer_is_a_linear_layer_and_its_gelu() -> None:
    layer, x = GELULinear(6, 9), torch.randn(2, 6)
    assert torch.equal(layer(x), F.gelu(F.linear(x, layer.weight, layer.bias), approximate="tanh"))
    assert list(layer.state_dict()) == ["weight", "bias"]
