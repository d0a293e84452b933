"""Classifier-free guidance: the only place where two sets of logits are combined.

Knows nothing of schedules or pictures. s = 1 is off; logits = uncond + s (cond - uncond) (Ho & Salimans 2022; the
papers' w is s - 1, docs/algorithm.md, section 5).

Among surroundings of another class the two hardly differ: the surroundings say more than the label. So a sample may
    also add s (cond - uncond) for the hole alone, with everything around it masked: two conditions with a scale each,
    as in InstructPix2Pix (Brooks et al. 2023, equation 3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from core.decoding.decode import Predict
from core.decoding.settings import MASK, NO_CLASS


class Row(NamedTuple):
    """One row of a `Net` call.

    Attributes:
        sample: whose row it is.
        place: its t / (T - 1).
        alone: whether it must see nothing around its hole.
    """

    sample: int
    place: float
    alone: bool = False


Net = Callable[[Tensor, Tensor, Sequence[Row]], Tensor]
"""(tokens (b, N) int64, class ids (b,) int64, b rows) -> logits (b, M, K)."""


@dataclass(frozen=True)
class Condition:
    """The class and guidance of one sample.

    Attributes:
        class_id: class index, or NO_CLASS.
        scale: s >= 0; 1 is off.
        ramp: "constant", or "linear" from 1 at the first step to `scale` at the last (valeo's rise).
        by_hole: add what the class changes in the hole alone.
    """

    class_id: int = NO_CLASS
    scale: float = 1.0
    ramp: str = "constant"
    by_hole: bool = False

    def scale_at(self, place: float) -> float:
        """Return s at t / (T - 1) = `place`."""
        return 1.0 + (self.scale - 1.0) * place if self.ramp == "linear" else self.scale


def predictor(
    net: Net, conditions: Sequence[Condition], forwards: list[int] | None = None, hole: Tensor | None = None
) -> Predict:
    """Make the function that `decode` calls: one forward per sample, two with guidance and a class, four by hole.

    Args:
        net: the transformer.
        conditions: B of them, one per sample.
        forwards: B counts, to which each sample's forwards are added as they are made.
        hole: (N,) bool, the cells that are decoded. Without it, or without anything around it, `by_hole` adds nothing.
    """
    around = None if hole is None or bool(hole.all()) else ~hole

    def predict(tokens: Tensor, rows: Sequence[int], places: Sequence[float]) -> Tensor:
        asked = [conditions[row] for row in rows]
        scales = [c.scale_at(place) for c, place in zip(asked, places, strict=True)]
        guided = [i for i, c in enumerate(asked) if c.class_id != NO_CLASS and scales[i] != 1.0]
        alone = [i for i in guided if asked[i].by_hole and around is not None]
        if forwards is not None:
            for i, row in enumerate(rows):
                forwards[row] += 1 + (i in guided) + 2 * (i in alone)
        given, named = [tokens, tokens[guided]], [c.class_id for c in asked] + [NO_CLASS] * len(guided)
        if around is not None and alone:
            given += [tokens[alone].masked_fill(around, MASK)] * 2
            named += [asked[i].class_id for i in alone] + [NO_CLASS] * len(alone)
        seeing = [Row(row, place) for row, place in zip(rows, places, strict=True)]
        lonely = [seeing[i]._replace(alone=True) for i in alone]
        whose = [*seeing, *(seeing[i] for i in guided), *lonely, *lonely]
        logits = net(torch.cat(given), torch.tensor(named, device=tokens.device), whose)
        parts: tuple[Tensor, ...] = logits.split([len(rows), len(guided), len(alone), len(alone)])
        conditional, unconditional, conditional_alone, unconditional_alone = parts
        if guided:
            scale = torch.tensor(scales, device=logits.device)[:, None, None]
            conditional = conditional.to(torch.float32, copy=True)  # a scale would not fit into half precision
            conditional[guided] = unconditional + scale[guided] * (conditional[guided] - unconditional)
            conditional[alone] += scale[alone] * (conditional_alone - unconditional_alone)
        return conditional

    return predict


def seen_by(seen: Tensor | None, rows: Sequence[Row]) -> Tensor | None:
    """Select what the rows of a `Net` call see, (b, N, width): zeros where a row sees nothing; None if no row sees any.

    Args:
        seen: (B, N, width), one for each sample.
        rows: b of them.
    """
    if seen is None:
        return None
    samples = torch.tensor([row.sample for row in rows], device=seen.device)
    blind = torch.tensor([row.alone for row in rows], device=seen.device)
    return seen[samples].masked_fill(blind[:, None, None], 0.0)
