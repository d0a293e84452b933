"""Looks into a model: codes that fit a cell, the likelihood of a true picture, what the tokenizer keeps.

Knows nothing of nets, screens or files.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.canvas.compose import from_model, mask_to_model, paste, to_model
from core.canvas.fill import neutral_fill
from core.decoding.decode import Sampling
from core.decoding.guidance import Condition
from core.decoding.settings import NO_CLASS
from core.engine.asked import Asked
from core.engine.device import memory_errors_translated
from core.engine.painter import Job, Painter
from core.engine.sample import Sample
from core.errors import BadRequest
from core.values.geometry import Box
from core.values.request import EditRequest
from core.values.result import Alternative


def alternatives(
    asked: Asked, painter: Painter, request: EditRequest, cell: tuple[int, int], count: int
) -> tuple[Alternative, ...]:
    """Find the codes that fit one cell; see `Engine.alternatives`."""
    request = asked.advised(request)
    (row, column), side = cell, asked.spec.pixels // asked.spec.grid
    with memory_errors_translated(painter.machine.device):
        work = asked.work(request, [Sample.drawn_for(request)])
        (one, *_) = work.passes
        if request.start is None or work.samples[0].unknown(one).any():
            raise BadRequest("some cells are still undecided: look into a finished result.")
        if not (0 <= row < asked.spec.grid and 0 <= column < asked.spec.grid and one.unknown[row, column]):
            raise BadRequest(
                "cell {row},{column} is not repainted by this edit: choose one that is.", row=row, column=column
            )
        at = Box(column * side, row * side, (column + 1) * side, (row + 1) * side).slices
        fitting = painter.fitting(asked.job(work, one), cell, request.decoding.token_temperature, count)
        return tuple(Alternative(each.code, each.probability, each.image[at].copy()) for each in fitting)


def token_nll(asked: Asked, painter: Painter, request: EditRequest, truth: NDArray[np.uint8]) -> float:
    """Mean negative log-likelihood of a request's hidden tokens; see `Engine.token_nll`."""
    asked.check(request)
    width, height = request.canvas(asked.spec.pixels)
    if truth.shape[:2] != (height, width):
        raise BadRequest(
            "true picture is {truth} but the canvas is {canvas}: give equal sizes.",
            truth=truth.shape[:2],
            canvas=(height, width),
        )
    condition = Condition(NO_CLASS if request.class_id is None else request.class_id)
    total, count = 0.0, 0
    with memory_errors_translated(painter.machine.device):
        for one in asked.passes(request):
            true = to_model(truth, one.window, asked.spec.pixels)
            unseen = mask_to_model(one.hidden, asked.spec.pixels)
            window = neutral_fill(true, unseen)[None]
            job = Job(window, unseen, one.unknown, (None,), (Sampling(),), (condition,))
            total -= painter.log_likelihood(job, true)
            count += int(one.unknown.sum())
    return total / count


def reconstruct(painter: Painter, image: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """Encode and decode a picture; see `Engine.reconstruct`.

    Args:
        painter: has the tokenizer.
        image: (H, W, 3 or 4) uint8.
        pixels: side of the model's picture.
    """
    height, width = image.shape[:2]
    side = min(height, width)
    output = np.ascontiguousarray(image[..., :3]).copy()
    for start in dict.fromkeys([*range(0, max(height, width) - side, side), max(height, width) - side]):
        window = Box(start, 0, start + side, side) if width > height else Box(0, start, side, start + side)
        (shown,) = painter.kept([to_model(image, window, pixels)])
        paste(output, from_model(shown, window), window, np.ones((side, side), np.float32))
    return output
