"""Small stand-ins for the nets: a tokenizer whose codes are colours, and a transformer that answers by rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from core.decoding.settings import MASK, NO_CLASS, STANDARD
from core.engine import LocalEngine
from core.engine.device import FORMATS
from core.engine.local import LocalPainter
from core.engine.nets import Nets
from core.models.config import ModelSpec
from core.models.interfaces import MaskTransformer, VQTokenizer
from core.models.memory import Memory, rows_at
from core.values.request import EditRequest

LEVELS = 4


class ColourTokenizer(VQTokenizer):
    """A token is the mean colour of its cell, at four levels a channel: 64 codes."""

    codebook_size = LEVELS**3

    def __init__(self, downsample: int = 4) -> None:
        super().__init__()
        self.downsample = downsample

    def encode(self, pixels: Tensor) -> Tensor:
        levels = torch.nn.functional.avg_pool2d(pixels, self.downsample).mul(LEVELS).long().clamp(0, LEVELS - 1)
        return levels[:, 0] * LEVELS**2 + levels[:, 1] * LEVELS + levels[:, 2]

    def decode(self, tokens: Tensor) -> Tensor:
        digits = torch.stack([tokens // LEVELS**2, tokens // LEVELS % LEVELS, tokens % LEVELS], 1)
        colours = (digits.float() + 0.5) / LEVELS
        return colours.repeat_interleave(self.downsample, 2).repeat_interleave(self.downsample, 3)

    def code_vectors(self) -> Tensor:
        codes = torch.arange(LEVELS**3)
        return torch.stack([codes // LEVELS**2, codes // LEVELS % LEVELS, codes % LEVELS], 1) - (LEVELS - 1) / 2


class RuleTransformer(MaskTransformer):
    """Logits depend on the neighbours, the class and how much is known, so that every input matters."""

    def __init__(self, grid: int = 8, codebook_size: int = LEVELS**3, classes: int = 3) -> None:
        super().__init__()
        self.grid, self.codebook_size = grid, codebook_size
        generator = torch.Generator().manual_seed(1)
        self.rows = torch.nn.Parameter(torch.randn(codebook_size + 1, codebook_size, generator=generator))
        self.classes = torch.nn.Parameter(torch.randn(classes + 1, codebook_size, generator=generator))

    def forward(
        self, tokens: Tensor, class_ids: Tensor, *, cells: Tensor | None = None, memory: Memory | None = None
    ) -> Tensor:
        seen = self.rows[torch.where(tokens == MASK, self.codebook_size, tokens)]
        labels = torch.where(class_ids == NO_CLASS, len(self.classes) - 1, class_ids)
        logits = seen + seen.roll(1, 1) + seen.mean(1, keepdim=True) + self.classes[labels][:, None]
        return rows_at(logits, cells)


def fake_spec(**changes: object) -> ModelSpec:
    values: dict[str, object] = {
        "name": "fake",
        "title": "a fake",
        "family": "compact",
        "pixels": 32,
        "grid": 8,
        "codebook_size": LEVELS**3,
        "tokenizer": {},
        "transformer": {},
        "classes": ("lake", "lawn", "lava"),
        "null_class": True,
        "licence": "none",
        "defaults": STANDARD,
    }
    return ModelSpec(**{**values, **changes})  # type: ignore[arg-type]


def engine_of(
    spec: ModelSpec, tokenizer: VQTokenizer, transformer: MaskTransformer, sharpener: Any = None, **held: Any
) -> LocalEngine:
    held = {"device": torch.device("cpu"), "number": FORMATS["fp32"], **held}
    return LocalEngine(spec, LocalPainter(spec, Nets(spec, tokenizer, transformer, **held), sharpener))


def fake_engine(**changes: object) -> LocalEngine:
    return engine_of(fake_spec(**changes), ColourTokenizer(), RuleTransformer())


def painted(request: EditRequest, **changes: Any) -> EditRequest:
    """Return a request that is painted in another way."""
    return replace(request, painting=replace(request.painting, **changes))
