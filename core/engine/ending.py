"""Ends Fill and Extend with the photo's own pixels, with the model's pictures as guides.

Knows nothing of nets, or of how a hole is finished. It connects the engine's work with core/canvas/finish;
core/engine/blending.py ends edits that keep the model's own pixels.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.expected import expected_seconds
from core.canvas.finish.finish import STAGES, Finished, Progress, Wish, enough, finish
from core.engine.blending import Ended, Laid
from core.engine.work import Work
from core.values.finishing import Finishing
from core.values.region import Task
from core.values.request import EditRequest


def can_finish(request: EditRequest, base: NDArray[np.uint8], hole: NDArray[np.bool_]) -> bool:
    """Tell whether an edit ends with the photo's own pixels: it was requested, and there are enough of them.

    Args:
        request: the edit.
        base: (H, W, 3 or 4) uint8, the canvas.
        hole: (H, W) bool, the pixels that may change.
    """
    return request.is_finished and enough(base, hole)


def expected_finish(request: EditRequest, hole: NDArray[np.bool_]) -> float:
    """Estimate the processor seconds of a finish on an ordinary machine.

    Args:
        request: the edit, with a finish and the model's advice.
        hole: (H, W) bool, the pixels that may change.
    """
    seeds = tuple(range(request.decoding.variations))
    return expected_seconds(hole, _wish(request, seeds, 1.0))


def _wish(request: EditRequest, seeds: tuple[int, ...], pixel: float) -> Wish:
    return Wish(
        follow=request.following,
        seed=request.decoding.seed,
        seeds=seeds,
        border=request.task is Task.EXTRAPOLATE,
        only=request.decoding.only,
        pixel=pixel,
    )


def finished(work: Work, request: EditRequest, first: int = 0) -> Iterator[Finishing]:
    """Finish the samples of one request; closing the iterator ends the work.

    Args:
        work: all of it painted.
        request: its samples begin with `first`; the result goes into `Work.finished`.
        first: see above.
    """
    before, stage = time.perf_counter(), STAGES[0]
    samples = work.samples[first : first + request.decoding.variations]
    wish = _wish(request, tuple(sample.sampling.seed for sample in samples), work.pixel)
    rows = slice(first, first + len(samples))
    layers = work.layers
    for item in finish(layers.base, layers.allowed, layers.pixels[rows], layers.area, wish):
        if isinstance(item, Finished):
            work.finished[first] = _ended(work, request, item)
        spent = time.perf_counter() - before
        for name in (f"finish: {stage}", "finish", "total"):
            work.seconds[name] += spent
        if isinstance(item, Progress):
            stage = item.stage
            yield Finishing(item.share, layers.area, item.layers)
        before = time.perf_counter()  # the consumer's own time between reports does not count


def _ended(work: Work, request: EditRequest, made: Finished) -> Ended:
    """Blend the finished area of each picture into the photo, as strongly as the mask says."""
    laid = Laid(work.layers, request)
    patches, seams, shifts = zip(*(laid(layer) for layer in made.layers), strict=True)
    return Ended(
        np.stack(patches), seams, shifts, tuple(made.follows.tolist()), tuple(made.worth.tolist()), made.sources
    )
