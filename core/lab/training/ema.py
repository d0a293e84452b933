"""Exponential moving average of weights.

Knows nothing of the weights' purpose.
"""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

M = TypeVar("M", bound=nn.Module)


class Ema(Generic[M]):
    """A slow copy of a module; its decay warms up, so that early weights are soon forgotten."""

    def __init__(self, module: M, decay: float) -> None:
        self.module: M = copy.deepcopy(module).eval().requires_grad_(False)
        self.decay = decay

    @torch.no_grad()
    def update(self, module: M, step: int) -> None:
        """Move towards `module` with decay min(decay, (1 + step) / (10 + step)); buffers are copied."""
        decay = min(self.decay, (1 + step) / (10 + step))
        # All weights in a few kernels: one kernel per weight would keep a GPU waiting.
        torch._foreach_lerp_(list(self.module.parameters()), list(module.parameters()), 1.0 - decay)
        for copied, buffer in zip(self.module.buffers(), module.buffers(), strict=True):
            copied.copy_(buffer)
