"""One run of the engine on its way: the rows of its batch, the canvases being painted, the accounts.

Knows nothing of nets, or of how a window is painted; the engine does that and writes down here what came of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.canvas.plan import Pass
from core.canvas.seam import Border
from core.decoding.decode import MASK, Sampling, step_counts
from core.decoding.guidance import NO_CLASS, Condition
from core.request import EditRequest, EditResult, Start

_STAGES = ("plan", "encode", "transformer", "decode", "composite")


@dataclass(frozen=True, eq=False)
class Sample:
    """One row of the batch: how it is drawn, what it is asked to be, and the codes that it begins with."""

    sampling: Sampling
    condition: Condition
    start: Start | None

    @classmethod
    def drawn_for(cls, request: EditRequest, variation: int = 0) -> Sample:
        """Return the row of one variation of a request."""
        options = request.options
        class_id = NO_CLASS if request.class_id is None else request.class_id
        return cls(
            Sampling.following(options, options.seed + variation),
            Condition(class_id, options.guidance_scale, options.guidance_ramp),
            request.start,
        )

    @property
    def taken(self) -> int:
        """Steps of its schedule that were taken before it begins."""
        return 0 if self.start is None else self.start.step

    def unknown(self, one: Pass) -> NDArray[np.bool_]:
        """Return the (h, w) cells of a pass that this row has to draw."""
        return one.unknown if self.start is None else one.unknown & (self.start.tokens == MASK)

    def sampling_of(self, one: Pass) -> Sampling:
        """Return how this row is decoded in a pass; the schedule of a branch counts over the whole hole."""
        return replace(self.sampling, taken=self.taken, hole=int(one.unknown.sum())) if self.taken else self.sampling

    def steps(self, one: Pass) -> int:
        """Return how many steps this row takes in a pass."""
        return len(step_counts(int(self.unknown(one).sum()), self.sampling_of(one)))


@dataclass
class Work:
    """What one run keeps for its B rows.

    Attributes:
        samples: the rows.
        canvases: (B, H, W, C) uint8, painted in place.
        allowed: (H, W) bool, the pixels that may change.
        passes: the windows, in their order.
        forwards: transformer passes of each row so far.
        tokens, confidence: (B, h, w) int64 and float32, one array for each pass that is done.
        seams, colour_shifts: of each finished canvas.
        seconds: by stage.
    """

    samples: list[Sample]
    canvases: NDArray[np.uint8]
    allowed: NDArray[np.bool_]
    passes: tuple[Pass, ...]
    forwards: list[int]
    tokens: list[NDArray[np.int64]] = field(default_factory=list)
    confidence: list[NDArray[np.float32]] = field(default_factory=list)
    seams: list[float] = field(default_factory=list)
    colour_shifts: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the body's wall-clock seconds to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started

    def judge_borders(self) -> None:
        """Measure how much the border shows on every canvas."""
        border = Border.of(self.allowed)
        self.seams = [border.seam_score(canvas) for canvas in self.canvases]
        self.colour_shifts = [border.ring_shift(canvas) for canvas in self.canvases]

    def result(self, request: EditRequest, first: int = 0) -> EditResult:
        """Return the part of finished work that belongs to one request, whose rows begin with `first`."""
        rows = slice(first, first + request.options.variations)
        return EditResult(
            images=self.canvases[rows],
            scores=tuple(self._score(row) for row in range(rows.start, rows.stop)),
            windows=tuple(p.window for p in self.passes),
            latent_masks=tuple(p.unknown for p in self.passes),
            tokens=tuple(tokens[rows] for tokens in self.tokens),
            confidence=tuple(confidence[rows] for confidence in self.confidence),
            seams=tuple(self.seams[rows]),
            colour_shifts=tuple(self.colour_shifts[rows]),
            canvas_mask=self.allowed,
            seconds=self.seconds,
            forwards=sum(self.forwards[rows]),
            request=request,
        )

    def _score(self, row: int) -> float:
        """Return the mean log probability of the tokens that a row drew, 0 where it drew none."""
        drawn = [self.samples[row].unknown(one) for one in self.passes]
        count = sum(int(unknown.sum()) for unknown in drawn)
        total = sum(float(c[row][unknown].sum()) for c, unknown in zip(self.confidence, drawn, strict=True))
        return total / count if count else 0.0
