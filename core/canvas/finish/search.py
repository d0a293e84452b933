"""PatchMatch on arrays: for each patch over the hole, a known one that looks like it (Barnes et al. 2009).

Knows nothing of pictures; what patches look like is laid out in a ground. All patches look at the same time: at what
goes on where a neighbour's find left off, and at places at random, ever nearer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.ground import JUMPS, Ground, Places

_STICK = 0.15
"""A next neighbour's continuation is taken even where it costs so much more: pieces stay whole."""
_RIM_TRIALS = 8
"""Random places that a patch over the rim looks at, at any level: there a wrong piece is seen as a kink."""
_SHRINKS = 3
"""Each random place is looked for so many times nearer than the one before."""

_AT_ONCE = 4096
"""Targets whose costs are computed at a time: what is subtracted stays in the processor's cache."""


@dataclass(eq=False)
class Field:
    """What each target was found to look like.

    Attributes:
        places: (m,) int32, a source each.
        costs: (m,) float32, squared differences of the descriptors.
    """

    places: Places
    costs: NDArray[np.float32]


def costs_of(ground: Ground, asked: NDArray[np.float32], places: Places) -> NDArray[np.float32]:
    """Return (m,) float32: the costs of all targets' sources; `asked` is of `Ground.asked`."""
    output = np.empty(len(places), np.float32)

    def compared(targets: slice) -> None:
        for start in range(targets.start, targets.stop, _AT_ONCE):
            ground.crew.pause()
            part = slice(start, min(start + _AT_ONCE, targets.stop))
            away = asked[part] - ground.described.take(ground.row[places[part]], 0)
            output[part] = np.einsum("ij,ij->i", away, away)

    ground.crew.share(len(places), compared)
    return output


def improve(
    ground: Ground,
    asked: NDArray[np.float32],
    field: Field,
    rng: np.random.Generator,
    *,
    rounds: int,
    trials: int,
    reach: int,
) -> None:
    """Find what looks more like it, in place.

    Args:
        ground: the level.
        asked: of `Ground.asked`, of the picture as it is.
        field: what was found so far.
        rng: draws random places, equally many whatever is found.
        rounds: times that neighbours are asked.
        trials: random places that every target looks at in each round.
        reach: farthest of these, in pixels.
    """
    for _ in range(rounds):
        for index in (*range(len(JUMPS)), len(JUMPS) - 1):
            kept = 1 - _STICK if JUMPS[index] == 1 else 1.0
            for step, beside in zip(ground.away, ground.beside[index], strict=True):
                # All look at what was there before any of them took something else, however they are shared out.
                near = np.append(field.places, np.int32(0)).take(beside) - JUMPS[index] * step
                asking = np.flatnonzero(beside < len(ground.targets))
                _try(ground, asked, field, asking, near[asking], kept)
        _at_random(ground, asked, field, rng, trials, reach)


def _at_random(
    ground: Ground, asked: NDArray[np.float32], field: Field, rng: np.random.Generator, trials: int, reach: int
) -> None:
    """Let targets look at random places about what they found: all of them, then those over the rim."""
    everybody = np.arange(len(ground.targets))
    height, width = ground.level.size
    for trial in range(max(trials, _RIM_TRIALS)):
        asking = everybody if trial < trials else ground.over_rim
        radius = max(1, reach // _SHRINKS**trial)
        offsets = rng.integers(-radius, radius + 1, (2, len(asking)), np.int32)
        y, x = np.divmod(field.places[asking], width)
        y, x = (y + offsets[0]).clip(0, height - 1), (x + offsets[1]).clip(0, width - 1)
        _try(ground, asked, field, asking, y * width + x, 1.0)


def _try(
    ground: Ground,
    asked: NDArray[np.float32],
    field: Field,
    asking: NDArray[np.int64],
    places: Places,
    kept: float,
) -> None:
    """Let some targets take other places where these cost less; of the new cost the share `kept` counts."""

    def tried(part: slice) -> None:
        targets, there = asking[part], places[part]
        new = there != field.places[targets]
        targets, there = targets[new], there[new]
        rows = ground.row.take(there, mode="clip")  # beyond the picture lies its corner, which is no patch's middle
        free = rows >= 0
        targets, there, rows = targets[free], there[free], rows[free]
        away = asked.take(targets, 0) - ground.described.take(rows, 0)
        costs = np.einsum("ij,ij->i", away, away)
        better = costs * np.float32(kept) < field.costs[targets]
        taking = targets[better]
        field.places[taking] = there[better]
        field.costs[taking] = costs[better]

    ground.crew.share(len(asking), tried)
