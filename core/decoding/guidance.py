"""Classifier-free guidance: the only place where two logits meet.

Knows nothing of schedules or pictures. s = 1 is off; logits = uncond + s (cond - uncond) (Ho & Salimans 2022; the
papers' w is s - 1, ../shared/reference/algorithm.md, part 5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.decoding.decode import Predict

Net = Callable[[Tensor, Tensor], Tensor]
"""(tokens (b, N) int64, class ids (b,) int64) -> logits (b, N, K)."""

NO_CLASS = -1
"""The absence of a class; the same sentinel as the nets'."""


@dataclass(frozen=True)
class Condition:
    """What one sample is asked to be.

    Attributes:
        class_id: class index, or NO_CLASS.
        scale: s >= 0; 1 is off.
        ramp: "constant", or "linear" from 1 at the first step to `scale` at the last (valeo's rise).
    """

    class_id: int = NO_CLASS
    scale: float = 1.0
    ramp: str = "constant"

    def scale_at(self, place: float) -> float:
        """Return s at t / (T - 1) = `place`."""
        return 1.0 + (self.scale - 1.0) * place if self.ramp == "linear" else self.scale


def predictor(net: Net, conditions: Sequence[Condition], forwards: list[int] | None = None) -> Predict:
    """Return what `decode` calls: one forward a sample, two where guidance is on and a class is given.

    Args:
        net: the transformer.
        conditions: B of them, one a sample.
        forwards: B counts, to which each sample's forwards are added as they are made.
    """

    def predict(tokens: Tensor, rows: Sequence[int], places: Sequence[float]) -> Tensor:
        asked = [conditions[row] for row in rows]
        scales = [c.scale_at(place) for c, place in zip(asked, places, strict=True)]
        guided = [i for i, c in enumerate(asked) if c.class_id != NO_CLASS and scales[i] != 1.0]
        classes = [c.class_id for c in asked] + [NO_CLASS] * len(guided)
        if forwards is not None:
            for i, row in enumerate(rows):
                forwards[row] += 2 if i in guided else 1
        logits = net(torch.cat([tokens, tokens[guided]]), torch.tensor(classes, device=tokens.device))
        conditional, unconditional = logits[: len(rows)], logits[len(rows) :]
        if guided:
            scale = torch.tensor([scales[i] for i in guided], device=logits.device)[:, None, None]
            conditional = conditional.clone()
            conditional[guided] = unconditional + scale * (conditional[guided] - unconditional)
        return conditional

    return predict
