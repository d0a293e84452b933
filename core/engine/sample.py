"""One sample of a batch: its decoding settings, its class, and the codes it begins with.

Knows nothing of nets or pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.canvas.plan import Pass
from core.decoding.decode import Sampling, step_counts
from core.decoding.guidance import Condition
from core.decoding.settings import MASK, NO_CLASS
from core.values.groups import Start
from core.values.request import EditRequest

_OTHER_SEEDS = 2**53  # beyond the seeds of requests, which JavaScript must hold exactly


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample of the batch: its decoding settings, its class, and the codes it begins with."""

    sampling: Sampling
    condition: Condition
    start: Start | None

    @classmethod
    def drawn_for(cls, request: EditRequest, variation: int = 0) -> Sample:
        """Make the sample of one variation of a request."""
        options = request.decoding
        class_id = NO_CLASS if request.class_id is None else request.class_id
        return cls(
            Sampling.following(options, options.seed + variation),
            Condition(class_id, options.guidance_scale, options.guidance_ramp, request.is_guided_by_hole),
            request.start,
        )

    @property
    def taken(self) -> int:
        """Steps of its schedule that were taken before it begins."""
        return 0 if self.start is None else self.start.step

    def redrawn(self, attempt: int) -> Sample:
        """Make the sample that is drawn instead, with a seed that no variation beside it has."""
        return replace(self, sampling=replace(self.sampling, seed=self.sampling.seed + attempt * _OTHER_SEEDS))

    def unknown(self, one: Pass) -> NDArray[np.bool_]:
        """Find the (h, w) cells of a pass that this sample has to draw; a start applies to the first look alone."""
        return one.unknown if self.start is None or one.level else one.unknown & (self.start.tokens == MASK)

    def sampling_of(self, one: Pass) -> Sampling:
        """Return this sample's decoding settings in a pass; a branch's schedule counts over the whole hole."""
        if not self.taken or one.level:
            return self.sampling
        return replace(self.sampling, taken=self.taken, hole=int(one.unknown.sum()))

    def steps(self, one: Pass) -> int:
        """Count this sample's steps in a pass."""
        return len(step_counts(int(self.unknown(one).sum()), self.sampling_of(one)))
