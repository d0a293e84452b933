"""What a request means to one model: its advice applied, its limits checked, its windows planned.

Knows nothing of nets. Running, judging and inspecting a request all begin here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.canvas.anchor import Anchor
from core.canvas.borders import grow_canvas
from core.canvas.plan import Pass, plan
from core.engine.ending import can_finish
from core.engine.layers import Layers
from core.engine.painter import Job
from core.engine.sample import Sample
from core.engine.work import Work
from core.errors import BadRequest
from core.models.config import ModelSpec
from core.values.geometry import Box
from core.values.region import Task
from core.values.request import EditRequest

_NEW = 128  # grey level of an empty canvas, the middle of the range


@dataclass(frozen=True)
class Asked:
    """Prepares requests for one model.

    Attributes:
        spec: the model.
    """

    spec: ModelSpec

    def advised(self, request: EditRequest) -> EditRequest:
        """Fill in this model's advice for what a request leaves out.

        Raises:
            BadRequest: if the model cannot do the request.
        """
        request = request.advised(self.spec)
        self.check(request)
        return request

    def check(self, request: EditRequest) -> None:
        """Raise BadRequest if this model cannot do the request."""
        classes = self.spec.classes
        if request.class_id is not None and request.class_id >= len(classes):
            raise BadRequest(
                "class {class_id} is unknown: model {model} has 0 to {last}.",
                class_id=request.class_id,
                model=self.spec.name,
                last=len(classes) - 1,
            )
        if request.class_id is None and request.task is Task.MANIPULATE:
            raise BadRequest("no class was chosen: repainting a box as something needs a class.")
        if request.class_id is None and not self.spec.null_class:
            raise BadRequest("model {model} cannot work without a class: choose one.", model=self.spec.name)
        if request.start is not None:
            self._check_start(request.start.tokens)

    def _check_start(self, tokens: NDArray[np.int64]) -> None:
        grid = self.spec.grid
        if tokens.shape != (grid, grid):
            raise BadRequest(
                "start has {columns}x{rows} cells but model {model} has {grid}x{grid}: give codes of that model.",
                columns=tokens.shape[1],
                rows=tokens.shape[0],
                model=self.spec.name,
                grid=grid,
            )
        if tokens.max() >= self.spec.codebook_size:
            raise BadRequest(
                "start holds code {code} but model {model} has {codebook_size}: give codes of that model.",
                code=tokens.max(),
                model=self.spec.name,
                codebook_size=self.spec.codebook_size,
            )

    def side(self, request: EditRequest) -> int:
        """Side in pixels of the picture that windows are planned for: the model's own, or that of a new picture."""
        return self.spec.new_side(request.strength) if request.task is Task.GENERATE else self.spec.pixels

    def passes(self, request: EditRequest) -> tuple[Pass, ...]:
        """Plan the windows of a request, already framed if it needs a frame."""
        return plan(request, self.side(request), self.spec.grid)

    def work(self, request: EditRequest, samples: list[Sample]) -> Work:
        """Lay out the canvas and the passes of a request for some samples.

        Raises:
            BadRequest: if codes to start from are given but several windows are needed.
        """
        side = self.side(request)
        if request.image is None:
            base = np.full((side, side, 3), _NEW, np.uint8)
        else:
            base = grow_canvas(request.image, request.sides) if any(request.sides) else request.image
        allowed = request.hole(side)
        passes = self.passes(request)
        work = Work(
            samples=samples,
            passes=passes,
            layers=Layers(base, allowed, passes, len(samples), _anchor(request, base)),
            judged=request.decoding.variations > 1 and request.decoding.only is None,
            finishing=can_finish(request, base, allowed),
            pixel=passes[0].window.size.width / self.spec.pixels,
        )
        if work.first_passes > 1 and any(sample.start is not None for sample in samples):
            raise BadRequest(
                "this edit looks through {windows} windows, but codes to start from are those of one: leave "
                "them out, or repaint less at a time.",
                windows=work.first_passes,
            )
        return work

    def job(self, work: Work, one: Pass, preview_s: float | None = None) -> Job:
        """Make the painter's job for a pass, from the canvases as they are now."""
        windows, unseen = work.layers.windows(one, self.spec.pixels)
        starts = [None if one.level else sample.start for sample in work.samples]
        return Job(
            windows=windows,
            unseen=unseen,
            unknown=one.unknown,
            starts=tuple(None if start is None else start.tokens for start in starts),
            samplings=tuple(sample.sampling_of(one) for sample in work.samples),
            conditions=tuple(sample.condition for sample in work.samples),
            judged=work.judged and not one.level,
            preview_s=preview_s,
        )


def _anchor(request: EditRequest, base: NDArray[np.uint8]) -> Anchor | None:
    """Return the anchor that keeps a new border in the photo's colours; None for other edits."""
    if request.task is not Task.EXTRAPOLATE:
        return None
    left, top, right, bottom = request.sides
    return Anchor(base, Box(left, top, base.shape[1] - right, base.shape[0] - bottom))
