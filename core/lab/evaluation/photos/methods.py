"""The methods at photo size: the editor, plain single-window MaskGIT, and fills that need no learning.

Knows nothing of figures or of how cases are drawn. Each method gets what a person would give it, never the truth.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from core.engine import Engine
from core.lab.evaluation import requests
from core.lab.evaluation.baselines import BASELINES, Fill, fill_by_patches, installed_baselines, reduced
from core.lab.evaluation.cases import Case, Method, Painted
from core.lab.evaluation.metrics import Mask
from core.values.geometry import Box, Size
from core.values.groups import Painting, View
from core.values.request import EditRequest

EDITOR, FOLLOWED, PLAIN, PATCHMATCH = "editor", "editor, model followed", "plain MaskGIT", "PatchMatch"

VARIATIONS = 4
"""That the editor draws where the truth is known, as its page does; where it is not, one panorama is work enough."""
PATCHMATCH_SIDE = 512
"""Longer side in pixels at which PatchMatch works: beyond, it takes minutes; its answer is enlarged."""
_CONTEXT = 2  # window over hole, of plain MaskGIT and of what PatchMatch sees
_BESIDE = 24  # pixels that fills see around a hole at least; OpenCV's look 5 px far


def photo_methods(engine: Engine) -> tuple[dict[str, Method], list[str]]:
    """Find the methods that can run here, by name, and write a sentence for each that cannot."""
    installed, missing = installed_baselines()
    asked = {EDITOR: page_request, FOLLOWED: followed_request, PLAIN: plain_request}
    methods: dict[str, Method] = {name: partial(_edited, engine=engine, ask=ask) for name, ask in asked.items()}
    methods |= {name: partial(_filled, fill=BASELINES[name], context=1) for name in ("Telea", "Navier-Stokes")}
    if any(name.startswith(PATCHMATCH) for name in installed):
        patched = partial(reduced, fill=fill_by_patches, side=PATCHMATCH_SIDE)
        methods[PATCHMATCH] = partial(_filled, fill=patched, context=_CONTEXT)
    return methods, [sentence for sentence in missing if PATCHMATCH in sentence]


def page_request(engine: Engine, case: Case) -> EditRequest:
    """Make the request that the editor makes with all controls left as they are."""
    variations = 1 if case.truth is None else VARIATIONS
    return requests.edit(case, **requests.advised(engine.spec, seed=case.seed, variations=variations))


def followed_request(engine: Engine, case: Case) -> EditRequest:
    """Make the same request for one variation, with its layout taken from the model's tokens."""
    return replace(_one(page_request(engine, case)), painting=Painting(follow=1.0))


def plain_request(engine: Engine, case: Case) -> EditRequest:
    """Make the same request without finishing and, if a square on the canvas can hold the hole, with one window."""
    view = View(window=single_window(case.mask))
    return replace(_one(page_request(engine, case)), view=view, painting=requests.UNFINISHED)


def _one(request: EditRequest) -> EditRequest:
    return replace(request, decoding=replace(request.decoding, variations=1))


def single_window(mask: Mask) -> Box | None:
    """Choose the square, at most twice as large as the hole, that shows it in its surroundings; None if none can."""
    size, hole = Size(mask.shape[1], mask.shape[0]), Box.around(mask)
    assert hole is not None, "a case hides something"
    longer = max(hole.size)
    if longer > min(size):
        return None
    window = hole.centred(min(_CONTEXT * longer, *size)).shifted_inside(size)
    return None if mask[window.slices].all() else window


def _edited(case: Case, *, engine: Engine, ask: Callable[[Engine, Case], EditRequest]) -> Painted:
    request = ask(engine, case)
    started = time.perf_counter()
    result = engine.edit(request)
    figures = {"seconds": time.perf_counter() - started, "windows": float(len(result.windows))}
    several = result if request.decoding.variations > 1 else None
    return Painted(result.image(result.ranking[0]), figures, several)


def _filled(case: Case, *, fill: Fill, context: int) -> Painted:
    """Fill each connected part of the mask in a crop of the canvas, `context` times as large but never too tight."""
    started = time.perf_counter()
    canvas = case.canvas()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(case.mask.astype(np.uint8), connectivity=8)
    output = canvas.copy()
    for part in range(1, count):
        left, top, width, height = (int(n) for n in stats[part, :4])
        beside = max(_BESIDE, (context - 1) * max(width, height) // 2)
        crop = Box(left, top, left + width, top + height).grown(beside).clamped(case.size).slices
        own = labels[crop] == part
        filled = fill(canvas[crop][..., :3].copy(), case.mask[crop])
        output[crop][..., :3][own] = filled[own]
    return Painted(output, {"seconds": time.perf_counter() - started, "windows": 0.0})
