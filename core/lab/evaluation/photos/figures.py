"""Figures of one answer to a question at photo size.

Knows nothing of methods or of how cases are drawn. Figures called "shown" are of the picture at display size, 1024 px
on its longer side; the others are of the full size.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.colours import to_lab
from core.canvas.repetition import repetition
from core.canvas.seam import ring_shift, seam_score
from core.lab.evaluation.cases import Case, to_display
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Mask, Picture, changed_outside
from core.lab.evaluation.photos.questions import DRIFT
from core.values.geometry import Box, Size, distance_inside

_CROPS = 4  # at most, of one mask
_LONG = 2.0  # a part of the mask that is longer than this times its width is looked at in pieces
_RIM = 0.12  # of what is around a crop's part of the mask, as a share of it
_ROUNDING = 20.0 / 12.0
"""Mean squared Laplacian that rounding to whole levels leaves in a flat picture: 1/12 a pixel, weights 4 and 1."""
_RING = 0.25  # width of the ring of `sharpness_ratio` as a share of the region's own width
_LEAST_RING = 6  # pixels
_COLUMN = 4  # pixels: wider than grain, narrower than what a photo shows
_LEAST_CROP = 64  # pixels a side, where the picture has them: the metric net needs as many


def figures(case: Case, picture: Picture) -> dict[str, float]:
    """Measure an answer without a metric net; nan if a measure does not apply.

    Args:
        case: the question.
        picture: (H, W, 3 or 4) uint8, the answer, or the truth itself.
    """
    shown, hidden = to_display(picture), shown_mask(case.mask)
    found = {
        "seam ratio": seam_score(picture, case.mask),
        "seam ratio, shown": seam_score(shown, hidden),
        "ring delta-E": ring_shift(picture, case.mask),
        "sharpness": sharpness_ratio(picture, case.mask),
        "sharpness, shown": sharpness_ratio(shown, hidden),
        "changed outside": float(changed_outside(picture, case.canvas(), case.mask)),
    }
    if not case.is_hole:
        alike = repetition(picture, case.mask)
        found |= {"repetition": alike.highest, "repeats itself": float(alike.found)}
    if case.question == DRIFT:
        found |= colour_drift(picture, case.inner.right, max(1, picture.shape[0] // 2))
    return found


def distances(judge: Judge, case: Case, answers: Mapping[str, Picture]) -> dict[str, float]:
    """Measure each answer's perceptual distance to the truth in the hole at display size.

    The crops of the hole are compared at their own size.

    Args:
        judge: the metric net.
        case: with a truth.
        answers: picture by method.
    """
    assert case.truth is not None, "a distance needs a truth"
    hidden = shown_mask(case.mask)
    size = Size(hidden.shape[1], hidden.shape[0])
    boxes = [
        box.grown(max(0, -(-(_LEAST_CROP - min(box.size)) // 2))).clamped(size).slices for box in hole_boxes(hidden)
    ]
    truth, *made = ([to_display(p)[b][..., :3] for b in boxes] for p in (case.truth, *answers.values()))
    return judge.distances_as_they_are(truth, dict(zip(answers, made, strict=True)), [hidden[b] for b in boxes])


def hole_pictures(mask: Mask, picture: Picture) -> list[Picture]:
    """Cut the boxes of the hole out of a picture at display size, without their surroundings."""
    shown = to_display(picture)
    return [shown[box.slices][..., :3] for box in hole_boxes(shown_mask(mask), rim=0.0)]


def shown_mask(mask: Mask) -> Mask:
    """Scale a mask to display size: every pixel that it touches is in it."""
    return to_display(mask.astype(np.uint8) * 255) > 0


def hole_boxes(mask: Mask, *, rim: float = _RIM) -> list[Box]:
    """Choose the boxes to look at: around each of the largest parts of the mask, long parts in pieces.

    Args:
        mask: (H, W) bool.
        rim: share of a box's longer side that is added around it.
    """
    size = Size(mask.shape[1], mask.shape[0])
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = sorted(range(1, count), key=lambda part: -int(stats[part, cv2.CC_STAT_AREA]))[:_CROPS]
    boxes = []
    for part in largest:
        left, top, width, height = (int(n) for n in stats[part, :4])
        aspect = max(width, height) / min(width, height)
        pieces = min(round(aspect), max(1, _CROPS // len(largest))) if aspect > _LONG else 1
        for first, last in itertools.pairwise(max(width, height) * i // pieces for i in range(pieces + 1)):
            if width >= height:
                box = Box(left + first, top, left + last, top + height)
            else:
                box = Box(left, top + first, left + width, top + last)
            box = box.grown(max(2, round(rim * max(box.size))) if rim else 0).clamped(size)
            if mask[box.slices].any():
                boxes.append(box)
    return boxes


def sharpness_ratio(picture: Picture, mask: Mask) -> float:
    """Compare the Laplacian energy inside a mask with that in a ring around it: 1 is natural, below 1 is a blur.

    The mean square of the luma's Laplacian (4 neighbours), of pixels whose neighbours lie on their own side; the noise
    of rounding is added to both, so that two flat sides make 1.

    Args:
        picture: (H, W, 3 or 4) uint8.
        mask: (H, W) bool, True = repainted.

    Returns:
        0 or more; nan if a side has no pixels.
    """
    bounds = Box.around(mask)
    if bounds is None or mask.all():
        return float("nan")
    depth = float(distance_inside(mask[bounds.slices], edge=True).max())
    width = max(_LEAST_RING, round(_RING * 2.0 * depth))
    reach = width + 2
    near = bounds.grown(reach).clamped(Size(mask.shape[1], mask.shape[0]))
    hole = mask[near.slices]
    away = distance_inside(~hole)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inside = cv2.erode(hole.astype(np.uint8), cross, borderValue=1) > 0
    if not inside.any():
        inside = hole
    ring = (away > 1.0) & (away <= width + 1.0)
    if not ring.any():
        return float("nan")
    luma = cv2.cvtColor(np.ascontiguousarray(picture[near.slices][..., :3]), cv2.COLOR_RGB2GRAY)
    energy = np.asarray(cv2.Laplacian(luma, cv2.CV_32F, ksize=1), np.float32) ** 2
    return (float(energy[inside].mean()) + _ROUNDING) / (float(energy[ring].mean()) + _ROUNDING)


def colour_drift(picture: Picture, known: int, strip: int) -> dict[str, float]:
    """Measure the drift of a panorama that grew to the right.

    The drift itself is between the photo's last strip and the panorama's; a step is the largest between neighbouring
    columns, each averaged over the whole height and `_COLUMN` px: where one window ends and the next begins.

    Args:
        picture: (H, W, 3 or 4) uint8; columns from `known` on were generated.
        known: columns of the photo, at least `strip`.
        strip: columns of a strip: half a window.

    Raises:
        ValueError: if the photo or the generated part is narrower than a strip.
    """
    width = picture.shape[1]
    if not strip <= known <= width - strip:
        raise ValueError(f"strips of {strip} px do not fit beside {known} of {width} known columns")
    photo = [_colour(picture[:, end - strip : end]) for end in range(known, strip - 1, -strip)]
    first, last = _colour(picture[:, known : known + strip]), _colour(picture[:, width - strip :])
    steps = _steps(picture)  # of the border between columns x and x + 1
    pairs = [np.linalg.norm(a - b) for a, b in itertools.combinations(photo, 2)]
    return {
        "drift delta-E": float(np.linalg.norm(photo[0] - last)),
        "drift from first window": float(np.linalg.norm(first - last)),
        "drift of L*": float(last[0] - photo[0][0]),
        "photo's own variation": float(np.mean(pairs)) if pairs else 0.0,
        "largest step of columns": float(steps[known - 1 :].max()),
        "photo's own step": float(steps[: known - 1].max(initial=0.0)),
    }


def _colour(picture: Picture) -> NDArray[np.float64]:
    return np.asarray(to_lab(picture[..., :3]).reshape(-1, 3).mean(0, dtype=np.float64))


def _steps(picture: Picture) -> NDArray[np.float64]:
    """Compute (W - 1,) delta E between neighbouring columns; 0 within `_COLUMN` px of the picture's edge."""
    columns = to_lab(picture[..., :3]).mean(0, dtype=np.float64)  # (W, 3)
    steps = np.zeros(len(columns) - 1)
    sums = np.concatenate([np.zeros((1, 3)), columns.cumsum(0)])
    means = (sums[_COLUMN:] - sums[:-_COLUMN]) / _COLUMN  # of columns i .. i + _COLUMN - 1
    steps[_COLUMN - 1 : len(columns) - _COLUMN] = np.linalg.norm(means[_COLUMN:] - means[:-_COLUMN], axis=1)
    return steps
