"""The two parts of a layer whose quickest way depends on device and number format: attention, and a GELU.

Knows nothing of layers.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attend(q: Tensor, k: Tensor, v: Tensor, *, scale: float | None = None) -> Tensor:
    """Mix values by the softmax of scaled products of queries and keys.

    Args:
        q: (B, heads, m, d).
        k, v: (B, heads, n, d).
        scale: of the products; None for d ** -0.5.

    Returns:
        (B, heads, m, d), as v's dtype.
    """
    if q.device.type == "cpu" and q.dtype is torch.bfloat16 and not torch.is_grad_enabled():
        # PyTorch's fused kernel is made for float32 there: at Google's shapes (16 heads of 48, 257 tokens) it takes
        # 3.5 ms, two products 2.1.
        scores = torch.matmul(q * (q.shape[-1] ** -0.5 if scale is None else scale), k.transpose(-1, -2))
        return torch.matmul(scores.softmax(-1), v)
    return F.scaled_dot_product_attention(q, k, v, scale=scale)


class GELULinear(nn.Linear):
    """A linear layer and the tanh GELU of its result; packed (core/engine/products.py) both are one."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., i) to (..., o)."""
        return F.gelu(super().forward(x), approximate="tanh")
