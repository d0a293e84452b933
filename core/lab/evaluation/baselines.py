"""Fills without learning: what can be done without our model, on the same masks.

Knows nothing of models, questions or figures. No fill sees the hidden pixels. Some fills need an optional package
(requirements-eval.txt); if it is missing they are left out, with a sentence that says so.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from functools import partial

import cv2
import numpy as np

from core.lab.evaluation.cases import Case, Painted
from core.lab.evaluation.metrics import Mask, Picture

Fill = Callable[[Picture, Mask], Picture]
"""(photo (H, W, 3) uint8, hidden (H, W) bool with some False) -> the filled photo; pixels not hidden stay."""

_RADIUS = 5  # pixels around a hole that OpenCV's inpainting looks at
_SOLVED_SIDE = 128  # pixels: as large as scenes-128 itself works; PatchMatch takes 1 to 4 CPU seconds a photo at 256
_PATCH_RADIUS = 3  # PatchMatch compares patches of 7x7, as its own examples do; its default 15 takes ten times longer


def _opencv(photo: Picture, hidden: Mask, *, method: int) -> Picture:
    blanked = np.where(hidden[..., None], 0, photo).astype(np.uint8)
    return np.asarray(cv2.inpaint(blanked, hidden.astype(np.uint8) * 255, _RADIUS, method), np.uint8)


def _mean_colour(photo: Picture, hidden: Mask) -> Picture:
    colour = photo[~hidden].mean(0).round().astype(np.uint8)
    return np.where(hidden[..., None], colour, photo)


def _biharmonic(photo: Picture, hidden: Mask) -> Picture:
    from skimage.restoration import inpaint_biharmonic

    filled = inpaint_biharmonic(photo / 255.0, hidden, channel_axis=-1)
    return np.clip(np.rint(np.asarray(filled) * 255.0), 0, 255).astype(np.uint8)


def fill_by_patches(photo: Picture, hidden: Mask) -> Picture:
    """Fill a photo by PatchMatch at its own size; needs pypatchmatch."""
    import patchmatch

    patchmatch.set_random_seed(0)
    return np.asarray(patchmatch.inpaint(photo, hidden, patch_size=_PATCH_RADIUS), np.uint8)


def reduced(photo: Picture, hidden: Mask, *, fill: Fill, side: int) -> Picture:
    """Fill a copy of at most `side` px and paste its enlarged hole into the photo, for fills that are slow beyond."""
    blanked = np.where(hidden[..., None], 0, photo).astype(np.uint8)
    scale = side / max(hidden.shape)
    if scale >= 1.0:
        return fill(blanked, hidden)
    size = [max(8, round(n * scale)) for n in hidden.shape[::-1]]
    # Every small pixel that the hole touches is hidden: averaging must not let the hole's content out.
    touched = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    if touched.all():
        touched = cv2.resize(hidden.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)
    small[touched] = 0
    wide = cv2.resize(fill(small, touched), hidden.shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.where(hidden[..., None], np.asarray(wide, np.uint8), photo)


BASELINES: dict[str, Fill] = {
    "Telea": partial(_opencv, method=cv2.INPAINT_TELEA),
    "Navier-Stokes": partial(_opencv, method=cv2.INPAINT_NS),
    "mean colour": _mean_colour,
    f"biharmonic at {_SOLVED_SIDE} px": partial(reduced, fill=_biharmonic, side=_SOLVED_SIDE),
    f"PatchMatch at {_SOLVED_SIDE} px": partial(reduced, fill=fill_by_patches, side=_SOLVED_SIDE),
}
"""Name in the report -> fill."""

_PACKAGES = {"biharmonic": ("skimage.restoration", "scikit-image"), "PatchMatch": ("patchmatch", "pypatchmatch")}
"""First word of a baseline's name -> (module it needs, what to install)."""


def installed_baselines() -> tuple[dict[str, Fill], list[str]]:
    """Find the baselines that can run here, by name, and write a sentence for each that cannot."""
    fills, missing = {}, []
    for name, fill in BASELINES.items():
        module, package = _PACKAGES.get(name.split()[0], ("", ""))
        reason = _obstacle(module) if module else None
        if reason is None:
            fills[name] = fill
        else:
            missing.append(f"Baseline {name} was left out ({reason}): `pip install {package}` brings it.")
    return fills, missing


def _obstacle(module: str) -> str | None:
    """Return why a package cannot be used; None if it can."""
    try:
        found = importlib.import_module(module)
    except ImportError as error:
        return str(error)
    # pypatchmatch can be imported where its native library does not load.
    return None if getattr(found, "patchmatch_available", True) else f"the native library of {module} does not load"


def filled(case: Case, *, fill: Fill) -> Painted:
    """Answer with a fill that needs no learning."""
    started = time.perf_counter()
    picture = fill(case.canvas(), case.mask)
    return Painted(picture, {"seconds": time.perf_counter() - started})
