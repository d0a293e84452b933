"""Counts the operations of a model's stages, while nets of the same shapes run once.

Knows nothing of pictures, memory or seconds.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from core.models.config import ModelSpec
from core.models.families import build


def operations(spec: ModelSpec, unknown: NDArray[np.bool_]) -> dict[str, int]:
    """Count the operations of one encode, of one forward that answers the (h, w) unknown cells, and of one decode."""
    tokenizer, transformer = nets = build(spec)
    for net in nets:
        net.eval()
    grid, cells = torch.zeros(1, spec.grid, spec.grid, dtype=torch.int64), torch.from_numpy(np.flatnonzero(unknown))
    return {
        "encode": counted(lambda: tokenizer.encode(torch.zeros(1, 3, spec.pixels, spec.pixels))),
        "transformer": counted(lambda: transformer(grid.flatten(1), torch.zeros(1, dtype=torch.int64), cells=cells)),
        "decode": counted(lambda: tokenizer.decode(grid)),
    }


def counted(work: Callable[[], object]) -> int:
    """Count the operations of the products and convolutions in some work, those of attention included."""
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())
