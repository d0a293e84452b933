"""Spreads a transformer over more layers, for a net that computes the same and can learn more.

Knows nothing of data or optimisers. An added layer is a copy of the one before it that adds nothing yet (LLaMA Pro,
Wu et al. 2024): what it reads is learnt, what it writes starts at zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from core.models.compact import WRITTEN


def layers_of(weights: Mapping[str, Tensor]) -> int:
    """Count the layers of a transformer's weights."""
    return 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("layers."))


def added(begun: int, layers: int) -> tuple[int, ...]:
    """Return which of `layers` are added to a transformer of `begun` layers; none if it has as many or more."""
    sources = _sources(begun, layers)
    return tuple(layer for layer in range(1, layers) if sources[layer] == sources[layer - 1])


def grown(weights: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Spread weights over as many layers; those of as many or more are returned as they are."""
    begun = layers_of(weights)
    if layers <= begun:
        return weights
    new = added(begun, layers)
    spread = {name: value for name, value in weights.items() if not name.startswith("layers.")}
    for layer, source in enumerate(_sources(begun, layers)):
        for name, value in weights.items():
            if name.startswith(prefix := f"layers.{source}."):
                part = name.removeprefix(prefix)
                silent = layer in new and part in WRITTEN
                spread[f"layers.{layer}.{part}"] = torch.zeros_like(value) if silent else value
    return spread


def _sources(begun: int, layers: int) -> list[int]:
    """Return which layer each layer is a copy of."""
    return [layer * begun // layers if layers > begun else layer for layer in range(layers)]
