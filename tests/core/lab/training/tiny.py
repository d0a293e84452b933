"""Recipes of a few thousand weights, and clocks that count steps instead of seconds."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.lab.training.recipes import MvtmRecipe, TokenizerRecipe
from core.lab.training.run import Limits
from core.models.compact import CompactTokenizerConfig, CompactTransformerConfig

TOKENIZER = TokenizerRecipe(
    net=CompactTokenizerConfig(channels=(32, 32), blocks=(1, 1), code_dim=8, codebook_size=16),
    size=32,
    stored=36,
    batch=4,
    warmup_steps=1,
    continuous_steps=2,
    restart_every=2,
    adversarial_from=0.0,
    r1_every=2,
    perceptual_block=2,
    perceptual_side=0,
)
MVTM = MvtmRecipe(
    net=CompactTransformerConfig(width=32, layers=1, heads=2, hidden=32, sees_pixels=True),
    versions=2,
    batch=4,
    warmup_steps=1,
)
TAUGHT = replace(MVTM, soft_targets=0.3, feature_weight=0.5)
"""With every objective of stage two."""
LATE = replace(TOKENIZER, adversarial_from=0.5, balance=0.0)
"""Without a discriminator at first; each photo once an epoch."""


class Ticks:
    """A clock that moves a second with each reading, so that every step takes one; `ended` is called at a reading."""

    def __init__(self, end_at: int | None = None, ended: Callable[[], None] = lambda: None) -> None:
        self.now, self._end_at, self._ended = 0, end_at, ended

    def __call__(self) -> float:
        self.now += 1
        if self.now == self._end_at:
            self._ended()
        return float(self.now)


def ticking(steps: int, clock: Callable[[], float] | None = None) -> Limits:
    """Return limits that end after so many steps, log each, and save every other."""
    return Limits(steps / 60.0, save_every_s=1.5, sheet_every_s=1e9, log_every=1, clock=clock or Ticks())


def metrics_of(folder: Path) -> list[dict[str, str]]:
    """Return the rows of a run's metrics."""
    with (folder / "metrics.csv").open(newline="") as file:
        return list(csv.DictReader(file))
