"""How many tokens are still masked after each step, by the schedules of core/decoding/settings.py.

Knows nothing of images, nets or orders. The exact arithmetic (float32, clips, per-step clamps) is docs/algorithm.md,
sections 2 and 3. Training draws r ~ U(0, 1) from the same functions that decoding reads at r = t / T.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from core.decoding.settings import PROFILES, SCHEDULES, SMALLEST_SHARE


def masked_share(schedule: str, progress: Tensor, unknown: int) -> Tensor:
    """Compute gamma(r) clipped to [1e-6, 1], float32, in the shape of `progress`.

    Args:
        schedule: a key of `SCHEDULES`.
        progress: float32 r in [0, 1].
        unknown: n, the number of unknown tokens (logarithmic and exponential depend on it).
    """
    return SCHEDULES[schedule](progress.float(), unknown).clamp(SMALLEST_SHARE, 1.0)


def masked_counts(
    unknown: int, steps: int, schedule: str, start_step: int = 0, *, order: str = "confidence"
) -> tuple[int, ...]:
    """Count the tokens still masked after each step, ending in 0.

    Google's rule: m = floor(n gamma((t + 1) / T)), clamped by `falling`; the last step's prediction fills all.
    Halton-MaskGIT's rule (order halton): m = n - floor(n (1 - gamma((t + 1) / T))), plus one if that is not whole.
    valeo's rule (`arccos counts`): step t reveals round(n w_t / sum w), at least 1; the last takes the rest.

    Args:
        unknown: n >= 0 tokens to reveal.
        steps: T >= 1.
        schedule: a key of `SCHEDULES`.
        start_step: s0 in [0, T), the number of leading steps that count as done (the official demo edits with 2).
        order: "halton" counts by Halton-MaskGIT's rule; the others do not differ.

    Returns:
        Strictly falling counts, at most min(T - s0, n); empty if n is 0.
    """
    if unknown == 0:
        return ()
    if schedule in PROFILES and steps > 1:
        weights = PROFILES[schedule](torch.linspace(1.0, 0.0, steps))
        revealed = (weights / weights.sum() * unknown).round().clamp_min(1.0).cumsum(0)
        return falling((unknown - revealed).int().tolist()[start_step:], unknown)
    progress = torch.arange(start_step + 1, steps + 1, dtype=torch.float32) / steps
    share = masked_share(schedule, progress, unknown)
    masked = unknown - torch.floor(unknown * (1.0 - share)) if order == "halton" else torch.floor(unknown * share)
    return falling(masked.int().tolist(), unknown)


def falling(wanted: Sequence[int], unknown: int) -> tuple[int, ...]:
    """Clamp the counts that a schedule wants: m = max(1, min(previous - 1, m)) for all but the last, then 0.

    Every step reveals at least one token and leaves at least one for the last. The original idles once a single token
    is left (docs/algorithm.md, section 2); here the next step is the last. Counts already clamped are unchanged.

    Args:
        wanted: tokens still masked after each step; the last is ignored.
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
