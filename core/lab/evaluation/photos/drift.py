"""How far the colour of a panorama wanders from its photo, window by window.

Knows nothing of how the panorama was painted. Colours are means in CIELAB, distances CIE76 delta E.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import to_lab
from core.lab.evaluation.metrics import Picture

_COLUMN = 4  # pixels


@dataclass(frozen=True)
class Drift:
    """The colour of a panorama that grew to the right.

    Attributes:
        distance: delta E between the photo's last strip and the panorama's last strip.
        from_first: delta E between the first generated strip and the last: what ten windows added to the first one.
        brightness: L* of the last strip less that of the photo's last strip.
        own: mean delta E between any two strips of the photo itself: what is natural.
        step: largest delta E between neighbouring columns, each a mean over the whole height and `_COLUMN` px wide, of
            the generated part and its border: where one window ends and the next begins.
        own_step: the same of the photo itself.
        strips: delta E of each generated strip to the photo's last strip, outwards.
    """

    distance: float
    from_first: float
    brightness: float
    own: float
    step: float
    own_step: float
    strips: tuple[float, ...]


def colour_drift(picture: Picture, known: int, strip: int) -> Drift:
    """Return the drift of a panorama whose left part is the photo.

    Args:
        picture: (H, W, 3 or 4) uint8; columns from `known` on were generated.
        known: columns of the photo, at least `strip`.
        strip: columns of a strip: half a window.

    Raises:
        ValueError: where the photo or the generated part is narrower than a strip.
    """
    width = picture.shape[1]
    if not strip <= known <= width - strip:
        raise ValueError(f"strips of {strip} px do not fit beside {known} of {width} known columns")
    photo = [_mean(picture[:, end - strip : end]) for end in range(known, strip - 1, -strip)]
    made = [_mean(picture[:, start : start + strip]) for start in range(known, width - strip + 1, strip)]
    made[-1] = _mean(picture[:, width - strip :])
    steps = _steps(picture)  # of the border between columns x and x + 1
    pairs = [_distance(a, b) for a, b in itertools.combinations(photo, 2)]
    return Drift(
        distance=_distance(photo[0], made[-1]),
        from_first=_distance(made[0], made[-1]),
        brightness=float(made[-1][0] - photo[0][0]),
        own=float(np.mean(pairs)) if pairs else 0.0,
        step=float(steps[known - 1 :].max()),
        own_step=float(steps[: known - 1].max()) if known > 1 else 0.0,
        strips=tuple(_distance(photo[0], colour) for colour in made),
    )


def _mean(picture: Picture) -> NDArray[np.float64]:
    return np.asarray(to_lab(picture[..., :3]).reshape(-1, 3).mean(0, dtype=np.float64))


def _steps(picture: Picture) -> NDArray[np.float64]:
    """Return (W - 1,) delta E across each border between two columns; 0 where less than `_COLUMN` px lie beside it."""
    columns = to_lab(picture[..., :3]).mean(0, dtype=np.float64)  # (W, 3)
    steps = np.zeros(len(columns) - 1)
    sums = np.concatenate([np.zeros((1, 3)), columns.cumsum(0)])
    means = (sums[_COLUMN:] - sums[:-_COLUMN]) / _COLUMN  # of columns i .. i + _COLUMN - 1
    steps[_COLUMN - 1 : len(columns) - _COLUMN] = np.linalg.norm(means[_COLUMN:] - means[:-_COLUMN], axis=1)
    return steps


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(a - b))
