"""Google MaskGIT's transformer.

Knows nothing of containers or downloads; core/models/google_keys.py maps the published files' names to this net's.
Source of the net and its pitfalls: docs/architectures.md, section 2; of the token ids: docs/algorithm.md, section 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.settings import MASK
from core.models.attention import GELULinear, attend
from core.models.interfaces import MaskTransformer, check_classes
from core.models.memory import FORGETFUL, LayerMemory, Memory, rows_at, through


@dataclass(frozen=True)
class GoogleTransformerConfig:
    """Shape of a `GoogleTransformer`; the defaults are the 256 px net, grid 32 makes it the 512 px one.

    Heads do not show in most files: the released nets have 16 (the paper says 8).
    """

    width: int = 768
    layers: int = 24
    heads: int = 16
    hidden: int = 3072
    grid: int = 16
    codebook_size: int = 1024
    classes: int = 1000

    def __post_init__(self) -> None:
        """Raise ValueError if the width does not split into heads."""
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of heads {self.heads}")

    @property
    def rows(self) -> int:
        """Rows of the shared table: codes, classes, and the mask's row last."""
        return self.codebook_size + self.classes + 1


class _Layer(nn.Module):
    """BERT's post-norm layer: attention, then MLP with tanh GELU, a layer norm after each sum."""

    def __init__(self, config: GoogleTransformerConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.attention_norm = nn.LayerNorm(width, eps=1e-12)
        self.up = GELULinear(width, config.hidden)
        self.down = nn.Linear(config.hidden, width)
        self.mlp_norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        """Map (B, n, width) to (B, n, width), or to (B, m, width) for (m,) places of the sequence."""
        b, n, width = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)  # (B, heads, n, d)
        k, v = held.whole("k", k), held.whole("v", v)
        mixed = attend(rows_at(q, places), k, v).transpose(1, 2).flatten(2)
        x = self.attention_norm(rows_at(x, places) + self.out(mixed))
        y: Tensor = self.mlp_norm(x + self.down(self.up(x)))
        return y


class GoogleTransformer(MaskTransformer):
    """A post-norm BERT whose one table holds codes, classes and the mask; the class token comes first.

    Trained with labels only: there is no null class, so NO_CLASS is a ValueError.
    """

    def __init__(self, config: GoogleTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.grid = config.codebook_size, config.grid
        width = config.width
        self.tokens = nn.Embedding(config.rows, width)
        self.positions = nn.Parameter(torch.randn(config.grid**2 + 1, width) * 0.02)  # slot 0 = class
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.head = GELULinear(width, width)
        self.head_norm = nn.LayerNorm(width, eps=1e-12)
        self.bias = nn.Parameter(torch.zeros(config.rows))
        nn.init.normal_(self.tokens.weight, std=0.02)

    def forward(
        self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None, memory: Memory | None = None
    ) -> Tensor:
        config = self.config
        # The table is shared: a class id out of range would silently read a code's or the mask's row.
        advice = f"this family has no null class, give ids in 0..{config.classes - 1}"
        check_classes(class_ids, 0, config.classes, advice)
        rows = torch.where(tokens == MASK, config.rows - 1, tokens)
        rows = torch.cat((config.codebook_size + class_ids.unsqueeze(1), rows), dim=1)  # (B, 1 + N)
        places = None if cells is None else 1 + cells
        x = self.norm(self.tokens(rows) + self.positions)
        x = through(self.layers, x, places=places, memory=memory)
        x = x[:, 1:] if cells is None else x
        h = self.head_norm(self.head(x))
        codes = slice(config.codebook_size)  # the original drops the class and mask columns before sampling
        return F.linear(h, self.tokens.weight[codes], self.bias[codes])  # (B, M, K)
