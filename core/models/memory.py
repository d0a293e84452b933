"""What a transformer remembers of cells that stay as they are, so that later passes need not compute them again.

Knows nothing of what a layer computes, or of steps. Partial caching (Hayakawa et al. 2025; ReCAP, 2025): a first pass
stores what every layer makes of all cells; later passes compute the rows of the hole's cells alone and read all others
here. What is read was made while the hole held other tokens, so logits differ a little from those of a whole pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch import Tensor


class Memory:
    """What all layers remember of one sequence: empty before the first pass.

    Attributes:
        places: (m,) int64, the rows of the sequence that change; None before the first pass.
    """

    def __init__(self) -> None:
        self.places: Tensor | None = None
        self._layers: dict[int, LayerMemory] = {}

    def layer(self, index: int) -> LayerMemory:
        """Return what one layer remembers."""
        return self._layers.setdefault(index, LayerMemory(self))

    def filled(self, places: Tensor) -> None:
        """Say which rows change from now on; the pass that called the layers was the first."""
        self.places = places


class LayerMemory:
    """What one layer remembers; without a memory it remembers nothing, and all rows are computed."""

    def __init__(self, memory: Memory | None = None) -> None:
        self._memory = memory
        self._held: dict[str, Tensor] = {}

    def whole(self, name: str, rows: Tensor) -> Tensor:
        """Complete the rows that were computed, (..., m, d), to all rows, (..., n, d); keep all of a first pass."""
        if self._memory is None:
            return rows
        if self._memory.places is None:
            self._held[name] = rows
            return rows
        return self._held[name].index_copy(-2, self._memory.places, rows)

    def changing(self, rows: Tensor) -> Tensor:
        """Select those of all rows that are computed: all in a first pass."""
        return rows if self._memory is None else rows_at(rows, self._memory.places)


FORGETFUL = LayerMemory()
"""For passes without a memory."""


def through(
    layers: Iterable[Callable[..., Tensor]],
    x: Tensor,
    *conditions: Tensor,
    places: Tensor | None,
    memory: Memory | None,
) -> Tensor:
    """Run a stack of layers, of which the last answers some rows alone.

    Args:
        layers: called with rows, the conditions, the places to answer or None for all, and what they remember.
        x: (B, n, d), the sequence.
        conditions: what all layers get.
        places: (m,) int64, the rows wanted; None for all n.
        memory: of this sequence; it needs `places`. Once it is filled, all layers compute these rows alone.

    Returns:
        (B, m, d), or (B, n, d) without `places`.
    """
    filled = memory is not None and memory.places is not None
    x = rows_at(x, places) if filled else x
    stack = list(layers)
    for index, layer in enumerate(stack):
        last = index + 1 == len(stack)
        held = memory.layer(index) if memory else FORGETFUL
        x = layer(x, *conditions, places if last and not filled else None, held)
    if memory is not None and places is not None:
        memory.filled(places)
    return x


def rows_at(x: Tensor, places: Tensor | None) -> Tensor:
    """Select the rows of some places: (..., n, d) -> (..., m, d) for (m,) int64; None leaves all of them."""
    return x if places is None else x[..., places, :]
