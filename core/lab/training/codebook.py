"""Learning of a `CompactTokenizer`'s codes: moving averages, a start from data, restarts of dead codes."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models.interfaces import nearest_code


class CodebookTrainer(nn.Module):
    """Spherical k-means on line (van den Oord et al. 2017, appendix A.1, on unit vectors)."""

    counts: Tensor
    sums: Tensor

    def __init__(self, codebook: Tensor, decay: float) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("counts", torch.ones(len(codebook)))
        self.register_buffer("sums", codebook.detach().clone())

    @torch.no_grad()
    def start(self, codebook: Tensor, vectors: Tensor) -> None:
        """Set the codes to vectors drawn from the data. codebook: (K, D), changed in place; vectors: (M, D), M >= K."""
        self._place(codebook, torch.arange(len(codebook), device=codebook.device), vectors)

    def _place(self, codebook: Tensor, dead: Tensor, vectors: Tensor) -> None:
        chosen = vectors[torch.randperm(len(vectors), device=vectors.device)[: len(dead)]]
        dead = dead[: len(chosen)]
        codebook[dead] = chosen
        self.sums[dead] = chosen
        self.counts[dead] = 1.0

    def quantise(self, codebook: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise (B, D, h, w) unit vectors; returns straight-through codes, commitment loss and indices."""
        b, d, h, w = vectors.shape
        flat = vectors.permute(0, 2, 3, 1).reshape(-1, d)
        indices = nearest_code(flat.detach(), codebook)
        codes = codebook[indices]
        commitment = (flat - codes).square().sum(1).mean()
        passed = (flat + (codes - flat).detach()).view(b, h, w, d).permute(0, 3, 1, 2).contiguous()
        return passed, commitment, indices

    @torch.no_grad()
    def update(self, codebook: Tensor, vectors: Tensor, indices: Tensor, restart: bool) -> None:
        """Move each code to the mean direction of its vectors; with `restart`, re-seed unused codes from this batch.

        codebook: (K, D), changed in place; vectors: (M, D) unit; indices: (M,) int64.
        """
        ones = torch.ones(len(indices), device=indices.device)
        counts = torch.zeros(len(codebook), device=indices.device).index_add_(0, indices, ones)  # bincount would wait
        sums = torch.zeros_like(codebook).index_add_(0, indices, vectors)
        self.counts.lerp_(counts, 1.0 - self.decay)
        self.sums.lerp_(sums, 1.0 - self.decay)
        codebook.copy_(F.normalize(self.sums, dim=1))
        if restart:
            # A code is dead below 3 % of an even share.
            dead = (self.counts < 0.03 * self.counts.mean()).nonzero()[:, 0]
            self._place(codebook, dead, vectors)
