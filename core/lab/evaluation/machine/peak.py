"""What share of a processor's peak a model's stages reach.

Knows nothing of pictures or memory. The peak is that of one large product in the model's own number format and path;
operations are counted while nets of the same shapes run once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from core.engine.device import NumberFormat
from core.engine.products import PackedLinear
from core.models.config import ModelSpec
from core.models.families import build

_ROWS, _WIDTH, _TRIES = 512, 2048, 5
"""4.3 GFLOP at a time, beyond the caches of a core; the quickest try counts, whatever else the machine does."""


def measure_peak(number: NumberFormat, device: str = "cpu") -> float:
    """Measure the operations a second of a large product."""
    linear = nn.Linear(_WIDTH, _WIDTH, bias=False).to(device, number.dtype)
    product = PackedLinear(linear, _ROWS) if number.packed else linear
    x, best = torch.randn(_ROWS, _WIDTH).to(device, number.dtype), float("inf")
    with torch.no_grad():
        for _ in range(_TRIES):
            started = time.perf_counter()
            product(x)[0, 0].item()  # which waits for a GPU
            best = min(best, time.perf_counter() - started)
    return 2.0 * _ROWS * _WIDTH**2 / best


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
