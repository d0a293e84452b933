"""The transformer of valeo's MaskGIT in PyTorch, version 1.0, and the other contents of its files.

Knows nothing of containers or downloads. The state-dict names are the published ones, so strict loading is direct.
Source of the net: docs/architectures.md, section 4; of the token ids: docs/algorithm.md, section 1.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.settings import MASK, NO_CLASS
from core.models.attention import attend
from core.models.interfaces import MaskTransformer, check_classes
from core.models.memory import FORGETFUL, LayerMemory, Memory, rows_at, through


@dataclass(frozen=True)
class ValeoTransformerConfig:
    """Shape of a `ValeoTransformer`; the defaults are the 256 px net, grid 32 makes it the 512 px one.

    Heads do not show in the files: the published nets have 16 (the original class's default is 8).
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
        """Rows of the shared table: codes, mask, classes, no class."""
        return self.codebook_size + self.classes + 2


class _Attention(nn.Module):
    """Self-attention under the parameter names of torch's nn.MultiheadAttention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)

    def forward(self, x: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        """Map (B, n, width) to (B, n, width), or to (B, m, width) for (m,) places of the sequence."""
        b, n, width = x.shape
        stacked = F.linear(x, self.in_proj_weight, self.in_proj_bias)
        q, k, v = stacked.view(b, n, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)  # (B, heads, n, d)
        k, v = held.whole("k", k), held.whole("v", v)
        mixed = attend(rows_at(q, places), k, v).transpose(1, 2).flatten(2)
        y: Tensor = self.out_proj(mixed)
        return y


class _Residual(nn.Module):
    """x + fn(norm(x))."""

    def __init__(self, width: int, name: str, fn: nn.Module) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)  # eps 1e-5, unlike the first and the last layer
        self.fn = nn.Sequential(OrderedDict({name: fn}))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.fn(self.norm(x))
        return y


class _Attending(_Residual):
    """The same of self-attention, for all rows or those at (m,) places."""

    def forward(self, x: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        (attention,) = self.fn
        y: Tensor = rows_at(x, places) + attention(self.norm(x), places, held)
        return y


class _Layer(nn.Sequential):
    """Attention, then feed-forward."""

    def forward(self, x: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        attending, feeding = self
        y: Tensor = feeding(attending(x, places, held))
        return y


def _layer(config: ValeoTransformerConfig) -> nn.Module:
    width = config.width
    # The published names count the original's dropouts, which do nothing after training: Identity keeps their place.
    net = nn.Sequential(
        nn.Linear(width, config.hidden), nn.GELU(), nn.Identity(), nn.Linear(config.hidden, width), nn.Identity()
    )
    return _Layer(
        _Attending(width, "mha", _Attention(width, config.heads)),
        _Residual(width, "net", net),
    )


class ValeoTransformer(MaskTransformer):
    """A pre-norm transformer whose one table holds codes, mask, classes and no class; the class token comes last.

    The output bias differs by position. The original lets the net choose the mask id; that column is dropped here.
    """

    def __init__(self, config: ValeoTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.grid = config.codebook_size, config.grid
        width, slots = config.width, config.grid**2 + 1
        self.tok_emb = nn.Embedding(config.rows, width)
        self.pos_emb = nn.Parameter(torch.randn(1, slots, width) * 0.02)
        self.first_layer = nn.Sequential(
            nn.LayerNorm(width, eps=1e-12),
            nn.Identity(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.LayerNorm(width, eps=1e-12),
            nn.Identity(),
            nn.Linear(width, width),
        )
        layers = nn.Sequential(*(_layer(config) for _ in range(config.layers)))
        self.transformer = nn.Sequential(OrderedDict(layers=layers))
        self.last_layer = nn.Sequential(
            nn.LayerNorm(width, eps=1e-12),
            nn.Identity(),
            nn.Linear(width, width),
            nn.GELU(),
            nn.LayerNorm(width, eps=1e-12),
        )
        self.bias = nn.Parameter(torch.zeros(slots, config.rows))

    def forward(
        self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None, memory: Memory | None = None
    ) -> Tensor:
        config = self.config
        # The table is shared: a class id out of range would silently read another class's or the mask's row.
        advice = f"give ids in 0..{config.classes - 1}, or NO_CLASS"
        check_classes(class_ids, NO_CLASS, config.classes, advice)
        rows = torch.where(tokens == MASK, config.codebook_size, tokens)
        labels = torch.where(class_ids == NO_CLASS, config.classes, class_ids) + config.codebook_size + 1
        x = self.tok_emb(torch.cat((rows, labels.unsqueeze(1)), dim=1)) + self.pos_emb  # (B, N + 1, width)
        layers = self.transformer.get_submodule("layers").children()
        x = through(layers, self.first_layer(x), places=cells, memory=memory)
        h: Tensor = self.last_layer(x[:, :-1] if cells is None else x)
        codes = config.codebook_size
        bias = rows_at(self.bias[:-1, :codes], cells)
        return h @ self.tok_emb.weight[:codes].T + bias  # (B, M, K)


def tokenizer_from_lightning(state: Mapping[str, Tensor], what: str = "") -> dict[str, Tensor]:
    """Convert the state dict of VQGAN/last.ckpt, which also has the training losses' nets, to a `TamingTokenizer`'s."""
    return {name: value for name, value in state.items() if not name.startswith("loss.")}
