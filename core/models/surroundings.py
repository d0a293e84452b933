"""What a transformer sees of a window's known pixels, beside their tokens.

Knows nothing of tokens or of holes' shapes. Tokens keep about 20 dB of the known part; its pixels are available. A stem
of convolutions reads the known pixels, and projections read feature maps of a frozen classifier, which has learnt
surfaces and things from far more photos than a small model ever sees. Both add one vector to each cell's embedding. The
last weights start at zero, so that a trained transformer starts unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FEATURE_BLOCKS = (4, 10)
"""Blocks of EfficientNet-Lite0 whose outputs are read, the last before each halving: at 128 px 16x16 cells and 8x8."""
FEATURE_CHANNELS = (40, 112)
"""Channels of those outputs."""
_STEM = (64, 128, 192)
"""Channels of the stem: its cost is a tenth of the bundled transformer's, once per window and not once per step."""


class Surroundings(nn.Module):
    """Known pixels and feature maps -> one vector for each cell.

    Args:
        width: of the transformer.
        grid: token rows (= columns).
        downsample: pixels per token side, at least 4.
    """

    def __init__(self, width: int, grid: int, downsample: int) -> None:
        super().__init__()
        self.grid = grid
        patch = downsample // 2
        self.patch = nn.Conv2d(4, _STEM[0], patch, stride=patch)
        self.near = nn.Conv2d(_STEM[0], _STEM[1], 3, padding=1)
        self.halve = nn.Conv2d(_STEM[1], _STEM[2], 3, stride=2, padding=1)
        self.out = nn.Conv2d(_STEM[2], width, 1)
        self.features = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in FEATURE_CHANNELS)
        for last in (self.out, *self.features):
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)

    def forward(self, pictures: Tensor, known: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """Compute (B, grid * grid, width), one vector per cell in row-major order.

        Args:
            pictures: (B, 3, S, S) float in [0, 1]; read only where known.
            known: (B, 1, S, S) bool, True = the photo's own pixel.
            maps: outputs of `FEATURE_BLOCKS` for the neutral-filled pictures, (B, C, h, w) each.
        """
        share = known.to(pictures.dtype)
        x = torch.cat([(pictures * 2.0 - 1.0) * share, share], 1)
        x = F.silu(self.patch(x))
        x = F.silu(self.near(x))
        cells: Tensor = self.out(F.silu(self.halve(x)))
        for project, features in zip(self.features, maps, strict=True):
            read = project(features)
            cells = cells + F.interpolate(read, size=(self.grid, self.grid), mode="bilinear", align_corners=False)
        # If nothing is known there is nothing to see: the fill's features must not distinguish windows.
        anything = known.flatten(1).any(1).to(cells.dtype)
        return cells.flatten(2).transpose(1, 2) * anything[:, None, None]
