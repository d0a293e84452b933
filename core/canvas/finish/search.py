"""PatchMatch on arrays: finds a similar known patch for each patch over the hole (Barnes et al. 2009).

Knows nothing of pictures; a ground has the patches' descriptors. All patches search at the same time: they try to
continue their neighbours' matches, then random places, ever nearer. Constants: docs/finish.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.ground import JUMPS, Ground, Places

_STICK = 0.15
"""A direct neighbour's continuation is taken even at this much higher cost, as a share: pieces stay whole."""
_RIM_TRIALS = 8
"""Random places for a patch over the rim, on every level: a wrong piece would show there as a kink."""
_SHRINKS = 3
"""Factor by which each random trial is nearer than the one before."""

_AT_ONCE = 4096
"""Targets compared at a time: their differences, 0.4 MB, stay in the processor's cache."""


@dataclass(eq=False)
class Field:
    """The match of each target.

    Attributes:
        places: (m,) int32, the sources.
        costs: (m,) float32, squared differences of the descriptors.
    """

    places: Places
    costs: NDArray[np.float32]


def costs_of(ground: Ground, asked: NDArray[np.float32], places: Places) -> NDArray[np.float32]:
    """Compute the costs (m,) float32 of all targets' sources; `asked` comes from `Ground.asked`."""
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
    """Improve matches, in place.

    Args:
        ground: the level.
        asked: from `Ground.asked`, for the picture as it is.
        field: the matches so far.
        rng: draws random places, equally many whatever is found.
        rounds: number of times that neighbours are tried.
        trials: random places per target and round.
        reach: largest distance of a random place, in pixels.
    """
    for _ in range(rounds):
        for index in (*range(len(JUMPS)), len(JUMPS) - 1):
            kept = 1 - _STICK if JUMPS[index] == 1 else 1.0
            for step, beside in zip(ground.away, ground.beside[index], strict=True):
                # All see the matches from before this step, however the targets are divided among threads.
                near = np.append(field.places, np.int32(0)).take(beside) - JUMPS[index] * step
                asking = np.flatnonzero(beside < len(ground.targets))
                _try(ground, asked, field, asking, near[asking], kept)
        _at_random(ground, asked, field, rng, trials, reach)


def _at_random(
    ground: Ground, asked: NDArray[np.float32], field: Field, rng: np.random.Generator, trials: int, reach: int
) -> None:
    """Try random places around the matches: for all targets, then for those over the rim."""
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
    """Take other places where they cost less; new costs are multiplied by `kept` for the comparison."""

    def tried(part: slice) -> None:
        targets, there = asking[part], places[part]
        new = there != field.places[targets]
        targets, there = targets[new], there[new]
        rows = ground.row.take(there, mode="clip")  # outside the picture: its corner, which is no patch's middle
        free = rows >= 0
        targets, there, rows = targets[free], there[free], rows[free]
        away = asked.take(targets, 0) - ground.described.take(rows, 0)
        costs = np.einsum("ij,ij->i", away, away)
        better = costs * np.float32(kept) < field.costs[targets]
        taking = targets[better]
        field.places[taking] = there[better]
        field.costs[taking] = costs[better]

    ground.crew.share(len(asking), tried)
