"""State of one run: the samples of its batch, their canvases, and the accounts.

Knows nothing of nets, or of how a window is painted; `core.engine.run` records the results here.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.canvas.finish.finish import STAGES
from core.canvas.plan import Pass
from core.canvas.repetition import repetition
from core.engine.blending import Ended
from core.engine.clock import timed
from core.engine.layers import Layers
from core.engine.painter import Drawn, Painted
from core.engine.sample import Sample
from core.values.finishing import UNFINISHED
from core.values.request import EditRequest
from core.values.result import EditResult

_STAGES = ("plan", "encode", "transformer", "decode", "composite", "finish", *(f"finish: {stage}" for stage in STAGES))
_MOST_PATCHES = 24
"""Patches of a border that are searched for elsewhere: more found no further repetitions and took as much time
again."""


@dataclass
class Work:
    """State of one run of B samples, kept for the area of its windows only.

    Attributes:
        samples: the samples.
        passes: the windows, in order.
        layers: the canvases.
        judged: whether to compute how well each sample fits.
        finishing: whether it ends with the photo's own pixels: the painted picture is then a guide, without detail and
            with no blended border.
        pixel: side of the model's own pixels on the canvas.
        drawn: the tokens of the passes that are done.
        blended: the pictures that end with the model's own pixels, of all samples; None if they end with the photo's.
        finished: results of the finish, by the first sample of a request.
        seconds: by stage.
        told: sentences about what was done for lack of memory.
    """

    samples: list[Sample]
    passes: tuple[Pass, ...]
    layers: Layers
    judged: bool = False
    finishing: bool = False
    pixel: float = 1.0
    drawn: list[Drawn] = field(default_factory=list)
    blended: Ended | None = None
    finished: dict[int, Ended] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0))
    told: tuple[str, ...] = ()

    @property
    def first_passes(self) -> int:
        """Number of passes of the first look."""
        return sum(not one.level for one in self.passes)

    def timed(self, stage: str) -> AbstractContextManager[None]:
        """Add the body's wall-clock seconds to a stage."""
        return timed(self.seconds, stage)

    def add(self, painted: Painted) -> None:
        """Record the result of a pass; its pictures go to the layers."""
        self.drawn.append(painted.drawn)
        for stage, seconds in painted.seconds.items():
            self.seconds[stage] += seconds

    def repeats(self, row: int) -> bool:
        """Tell whether a blended border is a copy, or the mirror image, of something else in its picture."""
        assert self.blended is not None
        picture = self.layers.base.copy()
        picture[self.layers.area.slices] = self.blended.patches[row]
        return repetition(picture, self.layers.allowed, _MOST_PATCHES).found

    def take(self, rows: Sequence[int], other: Work) -> None:
        """Replace some of the samples by those of another run over the same passes."""
        assert self.blended is not None
        assert other.blended is not None
        self.blended = self.blended.with_rows(rows, other.blended)
        pairs = zip(self.drawn, other.drawn, strict=True)
        self.drawn = [mine.with_rows(rows, theirs) for mine, theirs in pairs]
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds

    def result(self, request: EditRequest, first: int = 0) -> EditResult:
        """Return the part of finished work that belongs to one request, whose samples begin with `first`."""
        asked = request.decoding
        rows = slice(first, first + asked.variations)
        if asked.only is not None:
            rows = slice(first + asked.only, first + asked.only + 1)
        ended = self.finished.get(first)
        if ended is None:
            assert self.blended is not None
            ended = self.blended.rows(rows)
        return EditResult(
            base=self.layers.base,
            area=self.layers.area,
            patches=ended.patches,
            scores=tuple(self._score(row) for row in range(rows.start, rows.stop)),
            windows=tuple(p.window for p in self.passes),
            latent_masks=tuple(p.unknown for p in self.passes),
            fits=self._means([drawn.fits for drawn in self.drawn], rows),
            class_fits=self._means([drawn.class_fits for drawn in self.drawn], rows),
            tokens=tuple(drawn.tokens[rows] for drawn in self.drawn),
            confidence=tuple(drawn.confidence[rows] for drawn in self.drawn),
            seams=ended.seams,
            colour_shifts=ended.colour_shifts,
            follows=ended.follows,
            places=ended.places,
            sources=ended.sources,
            canvas_mask=self.layers.allowed,
            seconds=self.seconds,
            forwards=sum(int(drawn.forwards[rows].sum()) for drawn in self.drawn),
            request=request,
            told=self.told if self.finishing or not request.is_finished else (*self.told, UNFINISHED),
        )

    def _score(self, row: int) -> float:
        """Mean log probability of the tokens that a sample drew, 0 if it drew none."""
        cells = [self.samples[row].unknown(one) for one in self.passes]
        count = sum(int(unknown.sum()) for unknown in cells)
        pairs = zip(self.drawn, cells, strict=True)
        total = sum(float(drawn.confidence[row][unknown].sum()) for drawn, unknown in pairs)
        return total / count if count else 0.0

    def _means(self, sums: Sequence[NDArray[np.float64] | None], rows: slice) -> tuple[float, ...] | None:
        """Average the samples' sums over the passes that have some, per cell of the hole."""
        known = [each for each in sums if each is not None]
        if not known:
            return None
        count = sum(int(one.unknown.sum()) for one in self.passes if not one.level)
        return tuple((sum(known[1:], known[0])[rows] / count).tolist())
