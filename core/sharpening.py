"""A model's sharpener on its device, asked in numpy pictures; and what stands in for it where a model has none.

Knows nothing of requests or windows. On the CPU every picture goes through the net by itself, so that a variation drawn
alone is bit-identical to itself drawn among others.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from core.canvas.compose import from_model
from core.canvas.notch import without_lattice
from core.canvas.sharpen import LEAST_WINDOW, as_sharp_as, sharpened
from core.errors import CheckpointError
from core.geometry import Box
from core.models.sharpener import Sharpener
from core.nets import Nets


class Sharpening:
    """Sharper pictures of decoded ones.

    Args:
        net: the model's sharpener; None where it has none.
        nets: the model's others: it computes where and as they do.
        lattice: where there is no net, take out the decoder's lattice, and do no more.
    """

    def __init__(self, net: Sharpener | None, nets: Nets, *, lattice: bool) -> None:
        self._net = None if net is None else net.eval()
        self._nets, self._lattice = nets, lattice

    def at_window(
        self, decoded: NDArray[np.uint8], seen: NDArray[np.uint8], known: NDArray[np.bool_], strength: float
    ) -> NDArray[np.uint8]:
        """Return a decoded picture sharpened for its window, no sharper than what is known there.

        Args:
            decoded: (S, S, 3) uint8.
            seen: (s, s, 3) uint8, the window as it is.
            known: (s, s) bool, which of its pixels show the photo.
            strength: 0 to 1; 0 returns the picture as it is.

        Returns:
            A square uint8 picture of any size, to be fitted into the window.
        """
        if strength == 0.0 or seen.shape[0] <= LEAST_WINDOW * decoded.shape[0]:
            return decoded
        if self._net is None:
            return without_lattice(decoded) if self._lattice else decoded
        made = self._made(decoded)
        full = sharpened(decoded, made, strength)
        window = Box(0, 0, seen.shape[1], seen.shape[0])
        share = as_sharp_as(seen, known, from_model(full, window))
        return full if share == 1.0 else sharpened(decoded, made, share * strength)

    @torch.no_grad()
    def _made(self, decoded: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the net's picture of a decoded one, (f S, f S, 3) float32 in levels of 255."""
        assert self._net is not None
        net = self._net.to(self._nets.device)  # which may have changed since, where memory was short
        pixels = torch.from_numpy(decoded).to(self._nets.device).permute(2, 0, 1)[None].float() / 255.0
        with self._nets.autocast():
            made = net(pixels)[0].float()
        if not torch.isfinite(made).all():
            raise CheckpointError(f"the sharpener's pixels overflow {self._nets.dtype}: choose bf16 or fp32 instead.")
        return np.ascontiguousarray((made * 255.0).permute(1, 2, 0).cpu().numpy())
