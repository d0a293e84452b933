"""Mask schedules gamma(r): the share of tokens still masked after progress r = t / T.

Knows nothing of images, nets or orders. Source: Chang et al. 2022, section 3.3 and table 3; the exact arithmetic
(float32, clips, per-step clamps) is docs/algorithm.md, sections 2 and 3. Training draws r ~ U(0, 1) from the same
functions that decoding reads at r = t / T.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Schedule = Callable[[Tensor, int], Tensor]
"""(progress r in [0, 1] float32, number of unknown tokens n) -> share still masked, before clipping."""

_SMALLEST = 1e-6  # the reference clips gamma to [1e-6, 1]


def _cosine(r: Tensor, n: int) -> Tensor:
    return torch.cos(math.pi / 2.0 * r)


def _linear(r: Tensor, n: int) -> Tensor:
    return 1.0 - r


def _square(r: Tensor, n: int) -> Tensor:
    return 1.0 - r**2


def _cubic(r: Tensor, n: int) -> Tensor:
    return 1.0 - r**3


def _exponential(r: Tensor, n: int) -> Tensor:
    return 1.0 - torch.exp2(math.log2(max(n, 2)) * (r - 1.0))  # n = 1 would be 0 everywhere


def _square_root(r: Tensor, n: int) -> Tensor:
    return 1.0 - torch.sqrt(r)


def _logarithmic(r: Tensor, n: int) -> Tensor:
    return -torch.log2(r.clamp_min(_SMALLEST)) / math.log2(max(n, 2))  # n = 1 would divide by 0


def _arccos(r: Tensor, n: int) -> Tensor:
    return 2.0 / math.pi * torch.arccos(r)


def _arccos_counts(r: Tensor, n: int) -> Tensor:
    left = 1.0 - r  # 1 - the integral of arccos(1 - s) over s in [0, r], which is 1 at r = 1
    return 1.0 - torch.sqrt(1.0 - left**2) + left * torch.arccos(left)


SCHEDULES: dict[str, Schedule] = {
    "cosine": _cosine,
    "linear": _linear,
    "square": _square,
    "cubic": _cubic,
    "exponential": _exponential,
    "square root": _square_root,
    "logarithmic": _logarithmic,
    "arccos": _arccos,
    "arccos counts": _arccos_counts,
}
"""By the paper's names. `arccos` is MaskBit's reading: gamma(r) = 2/pi arccos(r) in Google's step 6.

`arccos counts` is valeo v1.0's: not the share left but the number revealed in each step grows as an arccos. Its
gamma(r) is the limit of many steps and tokens; decoding counts as valeo's code does, by `_PROFILES`.
"""

_PROFILES: dict[str, Callable[[Tensor], Tensor]] = {
    "arccos counts": lambda left: 2.0 / math.pi * torch.arccos(left),
}
"""Schedule -> relative number of tokens that each step reveals, of linspace(1, 0, T) float32.

Source: docs/algorithm.md, section 3.
"""


def masked_share(schedule: str, progress: Tensor, unknown: int) -> Tensor:
    """Return gamma(r) clipped to [1e-6, 1], float32, of the shape of `progress`.

    Args:
        schedule: a key of `SCHEDULES`.
        progress: float32 r in [0, 1].
        unknown: n, the number of unknown tokens (logarithmic and exponential depend on it).
    """
    return SCHEDULES[schedule](progress.float(), unknown).clamp(_SMALLEST, 1.0)


def masked_counts(
    unknown: int, steps: int, schedule: str, start_step: int = 0, *, order: str = "confidence"
) -> tuple[int, ...]:
    """Return how many tokens are still masked after each step, ending in 0.

    Google's rule: m = floor(n gamma((t + 1) / T)), clamped by `falling`; the last step's prediction fills all.
    Halton-MaskGIT's rule (order halton): m = n - floor(n (1 - gamma((t + 1) / T))), one more where that is not whole.
    valeo's rule (`arccos counts`): step t reveals round(n w_t / sum w), at least 1; the last takes what is left.

    Args:
        unknown: n >= 0 tokens to reveal.
        steps: T >= 1.
        schedule: a key of `SCHEDULES`.
        start_step: s0 in [0, T), the number of leading steps that count as done (the official demo edits with 2).
        order: whose rule.

    Returns:
        Strictly falling counts, at most min(T - s0, n) long; empty where n is 0.
    """
    if unknown == 0:
        return ()
    if schedule in _PROFILES and steps > 1:
        weights = _PROFILES[schedule](torch.linspace(1.0, 0.0, steps))
        revealed = (weights / weights.sum() * unknown).round().clamp_min(1.0).cumsum(0)
        return falling((unknown - revealed).int().tolist()[start_step:], unknown)
    progress = torch.arange(start_step + 1, steps + 1, dtype=torch.float32) / steps
    share = masked_share(schedule, progress, unknown)
    masked = unknown - torch.floor(unknown * (1.0 - share)) if order == "halton" else torch.floor(unknown * share)
    return falling(masked.int().tolist(), unknown)


def falling(wanted: Sequence[int], unknown: int) -> tuple[int, ...]:
    """Return the counts that a schedule wants, clamped: m = max(1, min(previous - 1, m)) for all but the last, then 0.

    Every step reveals at least one token and leaves at least one for the last. The original idles once a single token
    is left (docs/algorithm.md, section 2); here the next step is the last. Counts that are clamped already stay.

    Args:
        wanted: tokens still masked after each step; the last is not looked at.
        unknown: n >= 1 tokens masked before the first of them.
    """
    counts: list[int] = []
    now = unknown
    for count in wanted[:-1]:
        if now == 1:
            break
        now = max(1, min(now - 1, count))
        counts.append(now)
    return (*counts, 0)
