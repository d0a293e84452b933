"""The transformer of Halton-MaskGIT, its published sizes, and the other contents of its files.

Knows nothing of containers, downloads or the Halton order (core/decoding/order.py). Source of the net:
docs/architectures.md, section 5; of the token ids: docs/algorithm.md, section 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.decoding.settings import MASK, NO_CLASS
from core.errors import CheckpointError
from core.models.attention import attend
from core.models.interfaces import MaskTransformer
from core.models.memory import FORGETFUL, LayerMemory, Memory, rows_at, through


@dataclass(frozen=True)
class HaltonTransformerConfig:
    """Shape of a `HaltonTransformer`; the defaults are "base" at 256 px, grid 24 is the 384 px nets'.

    The width need not divide into heads: the rest is not attended to (small: 6 heads of 85 = 510 of 512).
    """

    width: int = 768
    layers: int = 12
    heads: int = 12
    grid: int = 16
    codebook_size: int = 16384
    classes: int = 1000

    def __post_init__(self) -> None:
        """Raise ValueError if the numbers cannot make a net."""
        if not 1 <= self.heads <= self.width:
            raise ValueError(f"heads {self.heads} cannot share width {self.width}")

    @property
    def attended(self) -> int:
        """Width of queries, keys and values: heads x (width // heads)."""
        return self.heads * (self.width // self.heads)

    @property
    def hidden(self) -> int:
        """Width inside SwiGLU: two thirds of 4 x width, rounded up to a multiple of 256."""
        return 256 * math.ceil((2 * 4 * self.width // 3) / 256)


SIZES: dict[str, HaltonTransformerConfig] = {
    "tiny": HaltonTransformerConfig(width=384, layers=6, heads=6),
    "small": HaltonTransformerConfig(width=512, layers=12, heads=6),
    "base": HaltonTransformerConfig(width=768, layers=12, heads=12),
    "large": HaltonTransformerConfig(width=1024, layers=24, heads=16),
}
"""The published sizes at grid 16; heads do not show in the files, so a loader finds them here by width."""


def _rms_norm(x: Tensor) -> Tensor:
    """Root-mean-square norm over the last axis, in float32."""
    return F.rms_norm(x.float(), (x.shape[-1],), eps=1e-5).to(x.dtype)


class _RMSNorm(nn.Module):
    """`_rms_norm` with weights and, at the end of the net, a bias."""

    def __init__(self, width: int, *, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.bias = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        x = _rms_norm(x) * self.weight
        return x if self.bias is None else x + self.bias


class _Attention(nn.Module):
    """Self-attention without biases; queries and keys are normed over all heads together, before the split."""

    def __init__(self, config: HaltonTransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.wq = nn.Linear(config.width, config.attended, bias=False)
        self.wk = nn.Linear(config.width, config.attended, bias=False)
        self.wv = nn.Linear(config.width, config.attended, bias=False)
        self.wo = nn.Linear(config.attended, config.width, bias=False)

    def forward(self, x: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        """Map (B, n, width) to (B, n, width), or to (B, m, width) for (m,) places of the sequence."""
        q, k, v = (
            y.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, m or n, d)
            for y in (_rms_norm(self.wq(rows_at(x, places))), _rms_norm(self.wk(x)), self.wv(x))
        )
        k, v = held.whole("k", k), held.whole("v", v)
        y: Tensor = self.wo(attend(q, k, v).transpose(1, 2).flatten(2))
        return y


class _SwiGLU(nn.Module):
    """w2(silu(w1 x) * w3 x), without biases."""

    def __init__(self, config: HaltonTransformerConfig) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.width, config.hidden, bias=False)
        self.w2 = nn.Linear(config.hidden, config.width, bias=False)
        self.w3 = nn.Linear(config.width, config.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.w2(F.silu(self.w1(x)) * self.w3(x))
        return y


def _modulation(width: int, parts: int) -> nn.Sequential:
    """AdaLN's projection of the class; zero at the start, so that every layer starts as the identity."""
    linear = nn.Linear(width, parts * width)
    nn.init.zeros_(linear.weight)
    nn.init.zeros_(linear.bias)
    return nn.Sequential(nn.SiLU(), linear)


class _Layer(nn.Module):
    """DiT's layer: attention and SwiGLU, each normed, shifted, scaled and gated by the class."""

    def __init__(self, config: HaltonTransformerConfig) -> None:
        super().__init__()
        self.mlp = _modulation(config.width, 6)
        self.ln1 = _RMSNorm(config.width)
        self.attn = _Attention(config)
        self.ln2 = _RMSNorm(config.width)
        self.ff = _SwiGLU(config)

    def forward(self, x: Tensor, c: Tensor, places: Tensor | None = None, held: LayerMemory = FORGETFUL) -> Tensor:
        """Map (B, n, width) to (B, n, width), or to (B, m, width) for (m,) places of the sequence."""
        y: Tensor
        shift1, scale1, gate1, shift2, scale2, gate2 = self.mlp(c).unsqueeze(1).chunk(6, dim=-1)  # (B, 1, width) each
        y = rows_at(x, places) + gate1 * self.attn(self.ln1(x) * (1.0 + scale1) + shift1, places, held)
        y = y + gate2 * self.ff(self.ln2(y) * (1.0 + scale2) + shift2)
        return y


class _LastNorm(nn.Module):
    """RMS norm with weight and bias, then shifted and scaled by the class."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm_final = _RMSNorm(width, bias=True)
        self.mlp = _modulation(width, 2)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift, scale = self.mlp(c).unsqueeze(1).chunk(2, dim=-1)
        y: Tensor = self.norm_final(x) * (1.0 + scale) + shift
        return y


class _Layers(nn.Module):
    """The stack, under the published name."""

    def __init__(self, config: HaltonTransformerConfig) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    def forward(self, x: Tensor, c: Tensor, places: Tensor | None, memory: Memory | None) -> Tensor:
        return through(self.layers, x, c, places=places, memory=memory)


class _Bias(nn.Module):
    """The bias of the output layer, whose weight is the token table."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(rows))


class HaltonTransformer(MaskTransformer):
    """A DiT-like transformer: the class enters by AdaLN, one register token follows the grid.

    The state-dict names are the published ones without `head.weight`, which is `tok_emb.weight` again: one tensor
    cannot diverge when a file is loaded, and safetensors holds no shared ones.
    """

    def __init__(self, config: HaltonTransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.codebook_size, self.grid = config.codebook_size, config.grid
        width = config.width
        self.tok_emb = nn.Embedding(config.codebook_size + 1, width)  # last row = MASK
        self.cls_emb = nn.Embedding(config.classes + 1, width)  # last row = NO_CLASS
        self.pos_emb = nn.Embedding(config.grid**2, width)
        self.reg_tokens = nn.Embedding(1, width)
        self.transformer = _Layers(config)
        self.last_norm = _LastNorm(width)
        self.head = _Bias(config.codebook_size + 1)
        for table in (self.tok_emb, self.cls_emb, self.pos_emb, self.reg_tokens):
            nn.init.normal_(table.weight, std=0.02)

    def forward(
        self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None, memory: Memory | None = None
    ) -> Tensor:
        config = self.config
        rows = torch.where(tokens == MASK, config.codebook_size, tokens)
        c = self.cls_emb(torch.where(class_ids == NO_CLASS, config.classes, class_ids))  # (B, width)
        x = self.tok_emb(rows) + self.pos_emb.weight
        register = self.reg_tokens.weight.expand(len(x), 1, -1)
        x = self.transformer(torch.cat((x, register), dim=1), c, cells, memory)
        x = x[:, :-1] if cells is None else x
        codes = slice(config.codebook_size)  # the original lets the net choose the mask id
        return F.linear(self.last_norm(x, c), self.tok_emb.weight[codes], self.head.bias[codes])  # (B, M, K)


def transformer_from_published(state: Mapping[str, Tensor], what: str = "Halton transformer") -> dict[str, Tensor]:
    """Convert a published state dict, which has the token table twice, to a `HaltonTransformer`'s.

    Args:
        state: by the published names; on the meta device there are no numbers to compare.
        what: the file, for the error's sentence.

    Raises:
        CheckpointError: if the two differ, so that this net's tied output would not be the file's.
    """
    ours = dict(state)
    head, table = ours.pop("head.weight", None), ours.get("tok_emb.weight")
    if head is not None and table is not None and not head.is_meta and not torch.equal(head, table):
        raise CheckpointError(
            "{what}: 'head.weight' and 'tok_emb.weight' differ, but the output of a published "
            "Halton-MaskGIT is tied: fetch the file again.",
            what=what,
        )
    return ours


def tokenizer_from_published(state: Mapping[str, Tensor], what: str = "") -> dict[str, Tensor]:
    """Convert a published state dict, which also has usage counts of the codes, to a `LlamaGenTokenizer`'s."""
    return {name: value for name, value in state.items() if name != "quantize.codebook_used"}
