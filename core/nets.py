"""A model's two nets on their device, asked in numpy pictures and token grids; windows seen before are remembered.

Knows nothing of requests, canvases or schedules. On the CPU every sample goes through the nets by itself, so that a
variation drawn alone is bit-identical to itself drawn among others; on a GPU the samples share a batch.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.models.config import ModelSpec
from core.models.interfaces import MaskTransformer, VQTokenizer

_CACHED_WINDOWS = 64


class Nets:
    """Tokenizer and transformer of one model.

    Attributes:
        forwards: transformer passes so far, one for each sample and guidance branch.
        encodes: windows encoded so far; a window seen before is not encoded again.
        tokenizer, transformer: the nets themselves.
        device, dtype: where they are, and the number format that they compute in.
    """

    def __init__(
        self,
        spec: ModelSpec,
        tokenizer: VQTokenizer,
        transformer: MaskTransformer,
        *,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._spec = spec
        self.device, self.dtype = device, dtype
        placed: VQTokenizer = tokenizer.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.tokenizer = placed.eval()
        self.transformer = transformer.to(device).eval()
        self._tokens: OrderedDict[bytes, Tensor] = OrderedDict()
        self._swatches: NDArray[np.uint8] | None = None
        self._decode_seconds = 0.0
        self.forwards = 0
        self.encodes = 0

    def grids(self, sequences: Tensor) -> Tensor:
        """Return (B, N) as (B, h, w)."""
        return sequences.view(-1, self._spec.grid, self._spec.grid)

    @torch.no_grad()
    def forward(self, tokens: Tensor, class_ids: Tensor) -> Tensor:
        """Return (b, N, K) logits of (b, N) tokens, one sample at a time on the CPU."""
        self.forwards += len(tokens)
        with self.autocast():
            if self.device.type == "cpu":
                return torch.cat([self.transformer(t[None], c[None]) for t, c in zip(tokens, class_ids, strict=True)])
            logits: Tensor = self.transformer(tokens, class_ids)
            return logits

    @torch.no_grad()
    def encode(self, window: NDArray[np.uint8]) -> Tensor:
        """Return the (h, w) codes of an (S, S, 3) window, from the cache where it was seen before."""
        key = hashlib.blake2b(np.ascontiguousarray(window).tobytes(), digest_size=16).digest()
        if key in self._tokens:
            self._tokens.move_to_end(key)
            return self._tokens[key]
        self.encodes += 1
        pixels = torch.from_numpy(window).to(self.device).permute(2, 0, 1)[None].float() / 255.0
        with self.autocast():
            tokens: Tensor = self.tokenizer.encode(pixels.contiguous(memory_format=torch.channels_last))[0]
        self._tokens[key] = tokens
        if len(self._tokens) > _CACHED_WINDOWS:
            self._tokens.popitem(last=False)
        return tokens

    @torch.no_grad()
    def decode(self, tokens: Tensor) -> list[NDArray[np.uint8]]:
        """Return B pictures (S, S, 3) uint8 of (B, h, w) codes, one at a time on the CPU."""
        started = time.perf_counter()
        with self.autocast():
            parts = tokens.split(1) if self.device.type == "cpu" else (tokens,)
            pixels = torch.cat([self.tokenizer.decode(part).float() for part in parts])
        pictures = (pixels * 255.0).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        self._decode_seconds = (time.perf_counter() - started) / len(tokens)
        return list(pictures)

    def show(self, guess: Tensor, budget_s: float) -> tuple[list[NDArray[np.uint8]], bool]:
        """Return preview pictures of a step's (B, N) guess, and whether they are decoded or the codes' mean colours.

        Args:
            guess: codes.
            budget_s: seconds that decoding may take; beyond it they are mean colours.
        """
        if self._decode_seconds * len(guess) <= budget_s:
            return self.decode(self.grids(guess)), True
        if self._swatches is None:
            self._swatches = self._mean_colours()
        side = self._spec.pixels // self._spec.grid
        colours = self._swatches[self.grids(guess).cpu().numpy()]  # (B, h, w, 3)
        return list(colours.repeat(side, 1).repeat(side, 2)), False

    @torch.no_grad()
    def _mean_colours(self) -> NDArray[np.uint8]:
        """Return each code's mean colour (K, 3): the middle of a 3x3 patch of that code alone, decoded."""
        rows: list[Tensor] = []
        with self.autocast():
            for codes in torch.arange(self._spec.codebook_size, device=self.device).split(128):
                patch = self.tokenizer.decode(codes[:, None, None].expand(-1, 3, 3).contiguous()).float()
                third = patch.shape[-1] // 3
                rows.append(patch[:, :, third : 2 * third, third : 2 * third].mean((2, 3)))
        return (torch.cat(rows) * 255.0).round().byte().cpu().numpy()

    def autocast(self) -> torch.autocast:
        """Return the context that the nets run in: the number format on its device."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)
