"""Whether ranking variations is worth it: does the first of several beat the mean of all on what is measured?

Knows nothing of how variations are painted. Each way of ranking uses only what the engine itself reports.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Paired, Picture
from core.lab.evaluation.photos.cases import Case, to_display
from core.lab.evaluation.photos.figures import hole_boxes, shown_mask
from core.values.geometry import Box, Size
from core.values.result import EditResult

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trial:
    """The variations of one case: what the engine says of them, and what is measured.

    Attributes:
        scores: (n,) mean log probability, higher is likelier.
        fits: (n,) the same with nothing of the hole given, see `EditResult.fits`.
        order: (n,) each variation's place in `EditResult.ranking`, 0 for the best.
        seams, shifts: (n,) step and colour difference across the border.
        distances: (n,) perceptual distance to the truth in the hole.
        surroundings: (n,) feature distance of the hole to what is around it.
    """

    scores: Values
    fits: Values
    order: Values
    seams: Values
    shifts: Values
    distances: Values
    surroundings: Values


WAYS: dict[str, Callable[[Trial], Values]] = {
    "the editor's own": lambda trial: trial.order,
    "score": lambda trial: -trial.scores,
    "fit": lambda trial: -trial.fits,
    "seam": lambda trial: trial.seams,
    "colour shift": lambda trial: trial.shifts,
    "score, seam and shift": lambda trial: places(-trial.scores) + places(trial.seams) + places(trial.shifts),
    "the best there is": lambda trial: trial.distances,
}
"""Way of ranking -> the value of each variation, of which the least comes first; the last is not to be had."""


@dataclass(frozen=True)
class Worth:
    """What rank 1 of one way is worth.

    Attributes:
        way, measure: names.
        paired: rank 1 beside the mean of all variations.
    """

    way: str
    measure: str
    paired: Paired


def places(values: Values) -> Values:
    """Return each value's place, 0 for the least; equal values share their mean place."""
    below = (values[None, :] < values[:, None]).sum(1)
    equal = (values[None, :] == values[:, None]).sum(1)
    return np.asarray(below + (equal - 1) / 2.0, np.float64)


def trial_of(judge: Judge, case: Case, result: EditResult, distances: Sequence[float]) -> Trial:
    """Return the engine's variations of a case with a truth, of which the distances are known already."""
    assert result.fits is not None, "several are judged"
    return Trial(
        np.array(result.scores),
        np.array(result.fits),
        np.argsort(result.ranking).astype(np.float64),
        np.array(result.seams),
        np.array(result.colour_shifts),
        np.array(distances),
        surroundings(judge, case, list(result.images)),
    )


def surroundings(judge: Judge, case: Case, pictures: Sequence[Picture]) -> Values:
    """Return how far each answer's hole is from what lies around it: 1 - cosine of pooled features, (n,) in 0..2.

    The features of the hole's crop against the mean of those of equal crops beside it that are wholly known.
    """
    hidden = shown_mask(case.mask)
    hole = hole_boxes(hidden)[0]
    beside = [box for box in neighbours(hole, Size(hidden.shape[1], hidden.shape[0])) if not hidden[box.slices].any()]
    if not beside:
        return np.full(len(pictures), np.nan)
    shown = [to_display(picture)[..., :3] for picture in pictures]
    around = judge.features([shown[0][box.slices] for box in beside]).numpy().astype(np.float64).mean(0)
    made = judge.features([picture[hole.slices] for picture in shown]).numpy().astype(np.float64)
    cosine = made @ around / (np.linalg.norm(made, axis=1) * np.linalg.norm(around) + 1e-12)
    return np.asarray(1.0 - cosine, np.float64)


def neighbours(box: Box, size: Size) -> list[Box]:
    """Return the boxes of equal size around a box, corners included; those beyond the picture are moved inside.

    Where a box and its neighbour are the same then, it is left out.
    """
    width, height = box.size
    moved = [(dx * width, dy * height) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dx or dy]
    inside = [box.shifted(dx, dy).shifted_inside(size) for dx, dy in moved]
    return [other for other in dict.fromkeys(inside) if other != box]


def worth(trials: Sequence[Trial]) -> list[Worth]:
    """Return what each way's rank 1 is worth on both measures, over trials whose measure is known."""
    lines = []
    for way, value in WAYS.items():
        for measure in ("distances", "surroundings"):
            pairs = []
            for trial in trials:
                measured: Values = getattr(trial, measure)
                if np.isfinite(measured).all():
                    pairs.append((float(measured[int(np.argmin(value(trial)))]), float(measured.mean())))
            if not pairs:
                continue
            name = "distance in hole" if measure == "distances" else "feature distance to surroundings"
            lines.append(Worth(way, name, Paired.of(*zip(*pairs, strict=True))))
    return lines
