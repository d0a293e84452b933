"""Figures of one answer to a question at photo size.

Knows nothing of methods or of how cases are drawn. What a person sees whole on a screen is judged at display size, the
picture brought to 1024 px on its longer side; what a person sees who zooms in, at full size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from core.canvas.repetition import repetition
from core.canvas.seam import ring_shift, seam_score
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import Mask, Picture, changed_outside
from core.lab.evaluation.photos.cases import DRIFT, Case, canvas_of, to_display
from core.lab.evaluation.photos.drift import colour_drift
from core.lab.evaluation.photos.sharpness import sharpness_ratio
from core.values.geometry import Box, Size

SEAM, RING, SHARPNESS, DISTANCE = "seam ratio", "ring delta-E", "sharpness", "distance in hole"
SEAM_SHOWN, SHARPNESS_SHOWN = "seam ratio, shown", "sharpness, shown"
REPETITION, REPEATED = "repetition", "repeats itself"
DRIFTED, FROM_FIRST, BRIGHTNESS, OWN = (
    "drift delta-E",
    "drift from first window",
    "drift of L*",
    "photo's own variation",
)
SHARPNESS_KEPT = "sharpness, of the photo's"
STEP, OWN_STEP = "largest step of columns", "photo's own step"
CHANGED, SECONDS, OPENED = "changed outside", "seconds", "windows"
KID, FOUND, FOUND_MORE = "KID of hole crops", "found", "found, less PatchMatch's"
RATIO, NEARER = "distance / PatchMatch's", "nearer than PatchMatch"
GAIN, GAIN_ERROR = "nearer by", "its error"
MEAN = "mean of variations"
"""Ends the name of a method whose figures are means over its variations."""

_CROPS = 4  # at most, of one mask
_LONG = 2.0  # a part of the mask that is longer than this times its width is looked at in pieces
_RIM = 0.12  # of what is around a crop's part of the mask, as a share of it
_LEAST_CROP = 64  # pixels a side, where the picture has them: the metric net needs as many


def figures(case: Case, picture: Picture) -> dict[str, float]:
    """Return what can be measured of an answer without a metric net; nan where a measure does not apply.

    Args:
        case: the question.
        picture: (H, W, 3 or 4) uint8, the answer, or the truth itself.
    """
    shown, hidden = to_display(picture), shown_mask(case.mask)
    found = {
        SEAM: seam_score(picture, case.mask),
        SEAM_SHOWN: seam_score(shown, hidden),
        RING: ring_shift(picture, case.mask),
        SHARPNESS: sharpness_ratio(picture, case.mask),
        SHARPNESS_SHOWN: sharpness_ratio(shown, hidden),
        CHANGED: float(changed_outside(picture, canvas_of(case), case.mask)),
    }
    if not case.is_hole:
        alike = repetition(picture, case.mask)
        found |= {REPETITION: alike.highest, REPEATED: float(alike.found)}
    if case.question == DRIFT:
        drift = colour_drift(picture, case.inner.right, max(1, picture.shape[0] // 2))
        found |= {DRIFTED: drift.distance, FROM_FIRST: drift.from_first, BRIGHTNESS: drift.brightness, OWN: drift.own}
        found |= {STEP: drift.step, OWN_STEP: drift.own_step}
        found |= {f"strip {i + 1}": value for i, value in enumerate(drift.strips)}
    return found


def distances(judge: Judge, case: Case, answers: Mapping[str, Picture]) -> dict[str, float]:
    """Return each answer's perceptual distance to the truth in the hole at display size.

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
    """Return the crops of the hole at display size, with nothing of what is around its boxes."""
    shown = to_display(picture)
    return [shown[box.slices][..., :3] for box in hole_boxes(shown_mask(mask), rim=0.0)]


def shown_mask(mask: Mask) -> Mask:
    """Return a mask at display size: a pixel that it touches is in it."""
    return to_display(mask.astype(np.uint8) * 255) > 0


def hole_boxes(mask: Mask, *, rim: float = _RIM) -> Sequence[Box]:
    """Return the boxes to look at: around each of the largest parts of the mask, long ones in pieces.

    Args:
        mask: (H, W) bool.
        rim: share of a box's longer side that is seen around it.
    """
    size = Size(mask.shape[1], mask.shape[0])
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    largest = sorted(range(1, count), key=lambda part: -int(stats[part, cv2.CC_STAT_AREA]))[:_CROPS]
    boxes = []
    for part in largest:
        left, top, width, height = (int(n) for n in stats[part, :4])
        aspect = max(width, height) / min(width, height)
        pieces = min(round(aspect), max(1, _CROPS // len(largest))) if aspect > _LONG else 1
        for i in range(pieces):
            if width >= height:
                box = Box(left + width * i // pieces, top, left + width * (i + 1) // pieces, top + height)
            else:
                box = Box(left, top + height * i // pieces, left + width, top + height * (i + 1) // pieces)
            box = box.grown(max(2, round(rim * max(box.size))) if rim else 0).clamped(size)
            if mask[box.slices].any():
                boxes.append(box)
    return boxes
