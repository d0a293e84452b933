"""A patch discriminator (Isola et al. 2017), used by stage one only.

Spectral norm is left out: with it this small net's scores stayed at zero (hinge loss 1.0 to the end of a run). What
keeps it from winning is R1 and a weight that follows the gradients (see train_tokenizer).
"""

from __future__ import annotations

import itertools

import torch.nn.functional as F
from torch import Tensor, nn


class PatchDiscriminator(nn.Module):
    """Scores overlapping patches; (B, 3, S, S) in [0, 1] -> (B, 1, S/8, S/8)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        widths = (3, width, 2 * width, 4 * width)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 4, stride=2, padding=1) for a, b in itertools.pairwise(widths))
        self.norms = nn.ModuleList(nn.GroupNorm(8, w) if i else nn.Identity() for i, w in enumerate(widths[1:]))
        self.score = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, pixels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the scores and the features of every layer."""
        x, features = pixels * 2.0 - 1.0, []
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = F.leaky_relu(norm(layer(x)), 0.2)
            features.append(x)
        return self.score(x), features
