"""Who answers a question at photo size: the editor, plain single-window MaskGIT, and fills that need no learning.

Knows nothing of figures or of how cases are drawn. Each method gets what a person would give it, and no truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from core.engine import Engine
from core.lab.evaluation.baselines import BASELINES, Fill, fill_by_patches, installed_baselines, reduced
from core.lab.evaluation.metrics import Mask, Picture
from core.lab.evaluation.photos.cases import Case, canvas_of
from core.values import region
from core.values.geometry import Box, Size
from core.values.groups import DecodeOptions, Painting, View
from core.values.request import EditRequest
from core.values.result import EditResult

EDITOR, FOLLOWED, PLAIN, PATCHMATCH = "editor", "editor, model followed", "plain MaskGIT", "PatchMatch"

VARIATIONS = 4
"""That the editor draws where the truth is known, as its page does; where it is not, one panorama is work enough."""

PLAIN_PAINTING = Painting(feather_px=0, match_colour=False, detail="none", blend="feather", finish="none")
"""What is set for plain MaskGIT besides its window: every finishing of the editor is off."""

PATCHMATCH_SIDE = 512
"""Longer side in pixels at which PatchMatch works: beyond, it takes minutes; its answer is enlarged."""

_CONTEXT = 2.0  # window over hole, of plain MaskGIT and of what the fills see
_BESIDE = 24  # pixels that OpenCV's fills see around a hole at least; they look 5 px far


@dataclass(frozen=True, eq=False)
class Painted:
    """What a method made of one case.

    Attributes:
        picture: (H, W, 3 or 4) uint8, the whole canvas; the first ranked of several.
        seconds: that it took.
        windows: looked through; 0 for a method without any.
        result: of an engine that drew several variations; None for others.
    """

    picture: Picture
    seconds: float
    windows: int = 0
    result: EditResult | None = None


Method = Callable[[Case, int], Painted]
"""(case, seed) -> what it made."""


def photo_methods(engine: Engine) -> tuple[dict[str, Method], list[str]]:
    """Return the methods that can run here by name, and a sentence for each that cannot."""
    installed, missing = installed_baselines()
    methods: dict[str, Method] = {
        EDITOR: partial(_edited, engine=engine, ask=_page_request),
        FOLLOWED: partial(_edited, engine=engine, ask=_followed_request),
        PLAIN: partial(_edited, engine=engine, ask=plain_request),
    }
    methods |= {name: partial(_filled, fill=BASELINES[name]) for name in ("Telea", "Navier-Stokes")}
    if any(name.startswith(PATCHMATCH) for name in installed):
        methods[PATCHMATCH] = partial(_patched, side=PATCHMATCH_SIDE)
    return methods, [sentence for sentence in missing if PATCHMATCH in sentence]


def editor_request(engine: Engine, case: Case, *, seed: int, variations: int = 1) -> EditRequest:
    """Return the request that the editor makes with all controls left as they are."""
    options = DecodeOptions(**engine.spec.defaults.plain)
    options = replace(options, seed=seed, variations=variations)
    # A model without a null class is asked for its first; which one it is does not matter to a comparison of methods.
    class_id = None if engine.spec.null_class else 0
    if case.is_hole:
        return EditRequest(case.given, region.Mask(case.mask), class_id, decoding=options)
    return EditRequest(case.given, case.sides, class_id, decoding=options)


def plain_request(engine: Engine, case: Case, *, seed: int) -> EditRequest:
    """Return the same without finishing and, where a square on the canvas can hold the hole, through one window."""
    view = View(window=single_window(case.mask))
    return replace(editor_request(engine, case, seed=seed), view=view, painting=PLAIN_PAINTING)


def single_window(mask: Mask) -> Box | None:
    """Return the square, at most twice as large as the hole, that shows it in its surroundings; None where none can."""
    size, hole = Size(mask.shape[1], mask.shape[0]), Box.around(mask)
    assert hole is not None, "a case hides something"
    longer = max(hole.size)
    if longer > min(size):
        return None
    side = min(round(_CONTEXT * longer), *size)
    window = hole.centred(side).shifted_inside(size)
    return None if mask[window.slices].all() else window


def _page_request(engine: Engine, case: Case, *, seed: int) -> EditRequest:
    return editor_request(engine, case, seed=seed, variations=1 if case.truth is None else VARIATIONS)


def _followed_request(engine: Engine, case: Case, *, seed: int) -> EditRequest:
    """Return the editor's request with its layout taken from the model's tokens."""
    return replace(editor_request(engine, case, seed=seed), painting=Painting(follow=1.0))


def _edited(case: Case, seed: int, *, engine: Engine, ask: Callable[..., EditRequest]) -> Painted:
    request = ask(engine, case, seed=seed)
    started = time.perf_counter()
    result = engine.edit(request)
    seconds = time.perf_counter() - started
    several = result if request.decoding.variations > 1 else None
    return Painted(result.image(result.ranking[0]), seconds, len(result.windows), several)


def _filled(case: Case, seed: int, *, fill: Fill) -> Painted:
    return _by_parts(case, fill, lambda bounds: _BESIDE)


def _patched(case: Case, seed: int, *, side: int) -> Painted:
    fill = partial(reduced, fill=fill_by_patches, side=side)
    return _by_parts(case, fill, lambda bounds: max(_BESIDE, max(bounds.size) // 2))


def _by_parts(case: Case, fill: Fill, beside: Callable[[Box], int]) -> Painted:
    """Fill each connected part of the mask in a crop of the canvas, as far around it as `beside` says."""
    started = time.perf_counter()
    canvas = canvas_of(case)
    size = Size(case.mask.shape[1], case.mask.shape[0])
    count, labels, stats, _ = cv2.connectedComponentsWithStats(case.mask.astype(np.uint8), connectivity=8)
    output = canvas.copy()
    for part in range(1, count):
        left, top, width, height = (int(n) for n in stats[part, :4])
        bounds = Box(left, top, left + width, top + height)
        crop = bounds.grown(beside(bounds)).clamped(size)
        own = labels[crop.slices] == part
        filled = fill(canvas[crop.slices][..., :3].copy(), case.mask[crop.slices])
        output[crop.slices][..., :3][own] = filled[own]
    return Painted(output, time.perf_counter() - started)
