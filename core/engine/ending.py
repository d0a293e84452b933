"""How Fill and Extend end: the model's pictures become guides, and the photo's own pixels are laid where it says.

Knows nothing of nets, or of how a hole is finished. It stands between the engine's work and core/canvas/finish; where
the model's own pixels stay, core/engine/blending.py ends an edit.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.expected import expected_seconds
from core.canvas.finish.finish import STAGES, Finished, Frame, Wish, enough, finish
from core.engine.blending import Ended, Laid
from core.engine.work import Work
from core.values.finishing import Finishing
from core.values.request import EditRequest, Task


def can_finish(request: EditRequest, base: NDArray[np.uint8], hole: NDArray[np.bool_]) -> bool:
    """Return whether an edit ends with the photo's own pixels: it is asked for, and enough of them are there.

    Args:
        request: what is asked.
        base: (H, W, 3 or 4) uint8, the canvas.
        hole: (H, W) bool, what may change.
    """
    return request.is_finished and enough(base, hole)


def expected_finish(request: EditRequest, hole: NDArray[np.bool_]) -> float:
    """Return about how many processor seconds finishing takes on an ordinary machine.

    Args:
        request: what is asked, a finish among it and the model's advice in it.
        hole: (H, W) bool, what may change.
    """
    seeds = tuple(range(request.options.variations))
    return expected_seconds(hole, _wish(request, seeds, 1.0))


def _wish(request: EditRequest, seeds: tuple[int, ...], pixel: float) -> Wish:
    return Wish(
        follow=request.following,
        seed=request.options.seed,
        seeds=seeds,
        border=request.task is Task.EXTRAPOLATE,
        only=request.only,
        pixel=pixel,
    )


def finished(work: Work, request: EditRequest, first: int = 0) -> Iterator[Finishing]:
    """Finish the rows of one request; closing the iterator ends the work.

    Args:
        work: painted, all of it.
        request: whose rows begin with `first`; in the end `Work.finished` has what came of them.
        first: see above.
    """
    before, stage = time.perf_counter(), STAGES[0]
    samples = work.samples[first : first + request.options.variations]
    wish = _wish(request, tuple(sample.sampling.seed for sample in samples), work.pixel)
    rows = slice(first, first + len(samples))
    layers = work.layers
    for item in finish(layers.base, layers.allowed, layers.pixels[rows], layers.area, wish):
        if isinstance(item, Finished):
            work.finished[first] = _ended(work, request, item)
        spent = time.perf_counter() - before
        for name in (f"finish: {stage}", "finish", "total"):
            work.seconds[name] += spent
        if isinstance(item, Frame):
            stage = item.stage
            yield Finishing(item.share, layers.area, item.layers)
        before = time.perf_counter()  # whoever looks at a frame takes time of his own


def _ended(work: Work, request: EditRequest, made: Finished) -> Ended:
    """Return the finished area of each picture: on the photo, as much of it as the mask asks for."""
    laid = Laid(work.layers, request)
    patches, seams, shifts = zip(*(laid(layer) for layer in made.layers), strict=True)
    return Ended(
        np.stack(patches), seams, shifts, tuple(made.follows.tolist()), tuple(made.worth.tolist()), made.sources
    )
