"""Iterative parallel decoding of masked tokens: a generator that yields after every step.

Knows nothing of images, classes or nets; `Predict` hides the net, its class and its guidance. The procedure is Google's
(Chang et al. 2022, section 3.2; docs/algorithm.md, section 2, whose step numbers the comments quote), with settings for
each sample: variations and sweep cells share a batch, and each draws from a seed of its own, so that it equals itself
drawn alone as far as `Predict` answers each row by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from core.decoding.order import confidence_priority, halton_priority, lowest, raster_priority
from core.decoding.schedule import falling, masked_counts
from core.decoding.settings import LEFT_OUT, MASK, STANDARD, Decoding

Predict = Callable[[Tensor, Sequence[int], Sequence[float]], Tensor]
"""(tokens (b, N) int64 with MASK, indices of their samples, each sample's t / (T - 1)) -> logits (b, M, K).

They are those of the `cells` that `decode` is given, of all N without."""


@dataclass(frozen=True)
class Sampling(Decoding):
    """How one sample is decoded; settings left out take their standard values.

    A sample may continue another run: `taken` steps of a schedule over `hole` tokens, all that were unknown before
        those steps. It takes the remaining steps, and skips the random draws of those already taken.
    """

    seed: int = 0
    taken: int = 0
    hole: int = 0

    def __post_init__(self) -> None:
        """Take the standard settings for what was left out."""
        super().__post_init__()
        for name, value in STANDARD.plain.items():
            if getattr(self, name) is LEFT_OUT:
                object.__setattr__(self, name, value)

    @classmethod
    def following(cls, decoding: Decoding, seed: int) -> Sampling:
        """Return a sample's settings: the given ones and its own seed."""
        return cls(**decoding.plain, seed=seed)


@dataclass(frozen=True, eq=False)
class DecodeStep:
    """The state after one step.

    Attributes:
        index: of this step, from 0, not counting steps that a sample had taken before.
        steps: their number.
        guess: (B, N) int64, the full prediction; contains no MASK.
        tokens: (B, N) int64, MASK where masked again; equal to `guess` after the last step.
        confidence: (B, N) float32, log probability of each cell's token in `guess`; 0 for known cells.
    """

    index: int
    steps: int
    guess: Tensor
    tokens: Tensor
    confidence: Tensor


class _Schedule(NamedTuple):
    """One sample's schedule: tokens masked after each remaining step, the first of these t, the number of steps T."""

    counts: tuple[int, ...]
    start: int
    steps: int

    def progress(self, index: int) -> float:
        """Progress r = (t + 1) / T after a step."""
        return min(1.0, (self.start + index + 1) / self.steps)

    def noise(self, index: int, sampling: Sampling) -> float:
        """Weight of the Gumbel noise on the confidence at a step."""
        gone = self.progress(index) if sampling.anneal == "next step" else self.place(index)
        return sampling.choice_temperature * (1.0 - gone)

    def temperature(self, index: int, sampling: Sampling) -> float:
        """Temperature at which tokens are drawn at a step; divides the logits."""
        warm = 2.0 if self.start + index < sampling.warm_up else 1.0
        return warm * sampling.token_temperature / (1.0 + (sampling.token_cooling - 1.0) * self.place(index))

    def place(self, index: int) -> float:
        """Place t / (T - 1) of a step; 1 if T is 1."""
        return min(1.0, (self.start + index) / (self.steps - 1)) if self.steps > 1 else 1.0


def step_counts(unknown: int, sampling: Sampling) -> tuple[int, ...]:
    """Count the tokens still masked after each step of a sample with `unknown` unknown tokens."""
    return _schedule(unknown, sampling).counts


def _schedule(unknown: int, sampling: Sampling) -> _Schedule:
    """Plan the remaining steps; each still reveals at least one token."""
    if not sampling.taken:
        return _whole_schedule(unknown, sampling)
    whole = _whole_schedule(sampling.hole, sampling)
    counts = falling(whole.counts[sampling.taken :], unknown) if unknown else ()
    return _Schedule(counts, whole.start + sampling.taken, whole.steps)


def _whole_schedule(unknown: int, sampling: Sampling) -> _Schedule:
    """Clamp T to the unknown tokens and count; the raster order takes one token per step.

    If leading steps count as done, T stays: they are a share of T, and a small hole still takes its steps.
    """
    if sampling.order == "raster":
        return _Schedule(tuple(range(unknown - 1, -1, -1)), 0, unknown)
    steps = sampling.steps if sampling.start_step else max(1, min(sampling.steps, unknown))
    start = min(sampling.start_step, steps - 1)
    return _Schedule(masked_counts(unknown, steps, sampling.schedule, start, order=sampling.order), start, steps)


@torch.no_grad()
def decode(
    tokens: Tensor, predict: Predict, samplings: Sequence[Sampling], cells: Tensor | None = None
) -> Iterator[DecodeStep]:
    """Fill the unknown tokens step by step; stops as soon as nothing is left to decode.

    Args:
        tokens: (B, N) int64, MASK where unknown; N must be a square number for the order halton. Not changed.
        predict: the net; called once per step with the samples that still have unknown tokens.
        samplings: B settings, one per sample.
        cells: (M,) int64, ascending, among which all unknown tokens are: `predict` answers these. None for all N.

    Yields:
        One `DecodeStep` per step; none if nothing is unknown. Known tokens never change, and the last step's `tokens`
        contain no MASK.
    """
    tokens = tokens.clone()
    given = tokens != MASK
    plans = [_schedule(int(n), s) for n, s in zip((~given).sum(1).tolist(), samplings, strict=True)]
    generators = [torch.Generator().manual_seed(s.seed) for s in samplings]
    positions = tokens.shape[1]
    offsets = [int(torch.randint(positions, (1,), generator=g)) for g in generators]
    for sampling, generator in zip(samplings, generators, strict=True):
        for _ in range(sampling.taken):
            _uniform(positions, generator)
    guess = tokens.clone()
    confidence = torch.zeros(tokens.shape, dtype=torch.float32, device=tokens.device)
    total = max((len(p.counts) for p in plans), default=0)
    for index in range(total):
        rows = [b for b, plan in enumerate(plans) if index < len(plan.counts)]
        settings = [samplings[b] for b in rows]
        current = tokens[rows]
        unknown = current == MASK
        logits = predict(current, rows, [plans[b].place(index) for b in rows])  # step 1: (b, M, K)
        noise = [_uniform(positions, generators[b]) for b in rows]  # on the CPU: the draw is the same on every device
        uniform, gumbel = (torch.stack(part).to(tokens.device) for part in zip(*noise, strict=True))
        temperatures = [plans[b].temperature(index, samplings[b]) for b in rows]
        asked = logits[unknown if cells is None else unknown[:, cells]]
        picks, log_p = _draw(asked, unknown, uniform, temperatures)  # steps 2, 4, 5
        guess[rows] = torch.where(unknown, picks, current)
        confidence[rows] = torch.where(unknown, log_p, confidence[rows])
        # Steps 6 to 9: the lowest priorities among the unknown are masked again.
        weight = [plans[b].noise(index, samplings[b]) for b in rows]
        priority = _priority(settings, log_p, gumbel, weight, [offsets[b] for b in rows])
        counts = torch.tensor([plans[b].counts[index] for b in rows], device=tokens.device)
        tokens[rows] = guess[rows].masked_fill(lowest(priority, unknown, counts), MASK)
        yield DecodeStep(index, total, guess.clone(), tokens.clone(), confidence.clone())


def _uniform(positions: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw the (uniform, Gumbel) noise of one sample and step, each (N,) float32."""
    both = torch.rand(2, positions, generator=generator).clamp_(1e-12, 1.0 - 1e-7)
    return both[0], -torch.log(-torch.log(both[1]))


def _draw(logits: Tensor, unknown: Tensor, uniform: Tensor, temperatures: Sequence[float]) -> tuple[Tensor, Tensor]:
    """Draw a token for every unknown position by the inverse of its distribution function.

    One uniform number per position has the same distribution as argmax(logits + Gumbel), with K times less noise.

    Args:
        logits: (U, K) float, of the U unknown positions.
        unknown: (b, N) bool. uniform: (b, N) float32 in (0, 1). temperatures: b numbers.

    Returns:
        Picks (b, N) int64 and their log probabilities (b, N) float32; 0 where known.
    """
    divisor = torch.tensor(temperatures, device=logits.device)[:, None].expand_as(uniform)[unknown]
    log_p = torch.log_softmax(logits.float() / divisor[:, None], dim=-1)  # (U, K)
    reached = log_p.exp().cumsum(-1)
    target = uniform[unknown][:, None] * reached[:, -1:]
    chosen = torch.searchsorted(reached, target).clamp_max(logits.shape[-1] - 1)  # (U, 1)
    picks = torch.zeros_like(unknown, dtype=torch.int64)
    picks[unknown] = chosen[:, 0]
    chosen_log_p = torch.zeros_like(uniform)
    chosen_log_p[unknown] = log_p.gather(1, chosen)[:, 0]
    return picks, chosen_log_p


def _priority(
    settings: Sequence[Sampling], log_p: Tensor, gumbel: Tensor, weight: Sequence[float], offsets: Sequence[int]
) -> Tensor:
    """Compute each sample's priority (b, N) by its own order."""
    device, positions = log_p.device, log_p.shape[1]
    rows: list[Tensor] = []
    for i, sampling in enumerate(settings):
        one = slice(i, i + 1)
        if sampling.order == "halton":
            rows.append(halton_priority(positions, torch.tensor([offsets[i]], device=device)))
        elif sampling.order == "raster":
            rows.append(raster_priority(positions, 1, device))
        else:
            rows.append(confidence_priority(log_p[one], gumbel[one], torch.tensor([[weight[i]]], device=device)))
    return torch.cat(rows)
