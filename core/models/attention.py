"""The two parts of a layer whose quickest way depends on device and number format: attention, and a GELU.

Knows nothing of layers.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attend(q: Tensor, k: Tensor, v: Tensor, *, scale: float | None = None) -> Tensor:
    """Mix values by the softmax of scaled products of queries and keys.

    In bf16 on a CPU a gradient keeps the shares: (B, heads, m, n) for every layer.

    Args:
        q: (B, heads, m, d).
        k, v: (B, heads, n, d).
        scale: of the products; None for d ** -0.5.

    Returns:
        (B, heads, m, d), as v's dtype.
    """
    if q.device.type == "cpu" and q.dtype is torch.bfloat16:
        # PyTorch's fused kernel is made for float32 there: at Google's shapes (16 heads of 48, 257 tokens) it takes
        # 3.5 ms, two products 2.1; with its gradient at ours (8 heads of 32, 256 tokens) twice as long as `_mix`.
        # Without a gradient `_mix` gains nothing, and takes half as long again where few rows ask (40 of 256).
        q = q * (q.shape[-1] ** -0.5 if scale is None else scale)
        if torch.is_grad_enabled():
            mixed: Tensor = _mix(q, k, v)[0]
            return mixed
        return torch.matmul(torch.matmul(q, k.transpose(-1, -2)).softmax(-1), v)
    return F.scaled_dot_product_attention(q, k, v, scale=scale)


# One operation to autograd and to torch.compile, which would unroll the loop. A sample at a time stays in the caches.
@torch.library.custom_op("maskgit_editor::mix", mutates_args=())
def _mix(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Mix values as `attend` does for scaled queries; returns them with their shares, (B, heads, m, n), too."""
    mixed, shares = q.new_empty(q.shape), _room(q, k)
    scores = shares.new_empty(shares.shape[1:])
    for i, each in enumerate(shares):
        torch.bmm(q[i], k[i].transpose(-1, -2), out=scores)
        torch.softmax(scores, -1, out=each)
        torch.bmm(each, v[i], out=mixed[i])
    return mixed, shares


@torch.library.custom_op("maskgit_editor::mix_backward", mutates_args=())
def _mix_backward(slope: Tensor, q: Tensor, k: Tensor, v: Tensor, shares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute the gradients of q, k and v from that of what was mixed."""
    to_q, to_k, to_v = (each.new_empty(each.shape) for each in (q, k, v))
    for i, each in enumerate(shares):
        torch.bmm(each.transpose(-1, -2), slope[i], out=to_v[i])
        to_shares = torch.bmm(slope[i], v[i].transpose(-1, -2))
        to_scores = torch._softmax_backward_data(to_shares, each, -1, each.dtype)
        torch.bmm(to_scores, k[i], out=to_q[i])
        torch.bmm(to_scores.transpose(-1, -2), q[i], out=to_k[i])
    return to_q, to_k, to_v


def _room(q: Tensor, k: Tensor) -> Tensor:
    return q.new_empty(*q.shape[:3], k.shape[2])


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, Tensor]) -> None:
    ctx.save_for_backward(*inputs, output[1])


def _gradients(ctx: Any, slope: Tensor, _: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    gradients: tuple[Tensor, Tensor, Tensor] = _mix_backward(slope, *ctx.saved_tensors)
    return gradients


_mix.register_fake(lambda q, k, v: (q.new_empty(q.shape), _room(q, k)))
_mix_backward.register_fake(lambda slope, *kept: tuple(each.new_empty(each.shape) for each in kept[:3]))
_mix.register_autograd(_gradients, setup_context=_keep)


class GELULinear(nn.Linear):
    """A linear layer and the tanh GELU of its result; packed (core/engine/products.py) both are one."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., i) to (..., o)."""
        return F.gelu(super().forward(x), approximate="tanh")
