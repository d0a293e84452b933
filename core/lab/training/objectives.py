"""What stage two learns beside the hidden codes: codes like them, and what a frozen classifier sees where they lie.

Knows nothing of how nets are run. Both are off unless the recipe weighs them; "loss" means the same with every recipe.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.lab.training.lessons import Lesson
from core.lab.training.losses import (
    masked_cosine_distance,
    masked_cross_entropy,
    neighbour_cross_entropy,
    neighbour_shares,
)
from core.lab.training.processes import Processes
from core.lab.training.recipes import MvtmRecipe
from core.models.compact import CompactTransformerConfig
from core.models.surroundings import FEATURE_CHANNELS


class Objective(nn.Module):
    """The loss terms of a lesson and their weights; its one layer, if any, learns with the transformer.

    Args:
        recipe: of the run.
        config: of the transformer.
        codes: (K, D) float32 unit vectors, on the CPU.
        processes: share each batch.
    """

    neighbours: Tensor | None

    def __init__(
        self, recipe: MvtmRecipe, config: CompactTransformerConfig, codes: Tensor, processes: Processes
    ) -> None:
        super().__init__()
        self._recipe, self._grid, self._processes = recipe, config.grid, processes
        # Made on the CPU: a GPU's TF32 is too coarse for this temperature.
        shares = neighbour_shares(codes, recipe.soft_temperature) if recipe.soft_targets else None
        self.register_buffer("neighbours", shares, persistent=False)
        self.readout = nn.Linear(config.width, FEATURE_CHANNELS[-1]) if recipe.feature_weight else None

    def forward(self, states: Tensor, logits: Tensor, lesson: Lesson) -> dict[str, Tensor]:
        """Compute this process's parts of the terms by name (scalars).

        Args:
            states: (B, N, width) float, what `logits` were made of.
            logits: (B, N, K) float.
            lesson: with features if they are weighed.
        """
        asked = logits, lesson.targets, lesson.hidden
        terms = {"loss": masked_cross_entropy(*asked, self._recipe.label_smoothing)}
        if self.neighbours is not None:
            terms["neighbours"] = neighbour_cross_entropy(*asked, self.neighbours)
        if self.readout is not None:
            assert lesson.features is not None
            wanted = self._on_grid(self._standardised(lesson.features))
            terms["features"] = masked_cosine_distance(self.readout(states.float()), wanted, lesson.hidden)
        return {name: term * lesson.share for name, term in terms.items()}

    def weighed(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Add the terms up to what is learnt (scalar)."""
        total = terms["loss"]
        if "neighbours" in terms:
            total = torch.lerp(total, terms["neighbours"], self._recipe.soft_targets)
        if "features" in terms:
            total = total + self._recipe.feature_weight * terms["features"]
        return total

    def _standardised(self, maps: Tensor) -> Tensor:
        """Bring each channel of (B, C, h, w) maps to mean 0 and deviation 1 over the batch of all processes."""
        processes = self._processes
        maps = maps - processes.sum(maps.mean((0, 2, 3), keepdim=True)) / processes.count
        variance = processes.sum(maps.square().mean((0, 2, 3), keepdim=True)) / processes.count
        return maps * (variance + 1e-6).rsqrt()

    def _on_grid(self, maps: Tensor) -> Tensor:
        """Bring (B, C, h, w) maps to the cells, (B, N, C), as the transformer's surroundings are."""
        cells = F.interpolate(maps, size=(self._grid, self._grid), mode="bilinear", align_corners=False)
        return cells.flatten(2).transpose(1, 2)
