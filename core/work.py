"""One run of the engine on its way: the rows of its batch, the canvases being painted, the accounts.

Knows nothing of nets, or of how a window is painted; the engine does that and writes down here what came of it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.canvas.anchor import Anchor
from core.canvas.colours import keep_colours, match_colour
from core.canvas.compose import from_model, paste
from core.canvas.detail import Examples
from core.canvas.edges import Feather, joint_weight, poisson
from core.canvas.masks import mask_weight, parts_that_hold
from core.canvas.plan import Pass
from core.canvas.repetition import repetition
from core.canvas.seam import RING_PX, Border, shows, visibility
from core.decoding.decode import MASK, Sampling, step_counts
from core.decoding.guidance import NO_CLASS, Condition
from core.finishing import UNFINISHED
from core.geometry import Box, Size
from core.request import EditRequest, EditResult, Start

_STAGES = ("plan", "encode", "transformer", "decode", "composite", "finish")
_OTHER_SEEDS = 2**53  # beyond those of requests
_MOST_PATCHES = 24
_JOINT = 8
"""Windows blend over what was painted beside them within this share of their side: about two cells."""


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
            Condition(class_id, options.guidance_scale, options.guidance_ramp, request.is_guided_by_hole),
            request.start,
        )

    @property
    def taken(self) -> int:
        """Steps of its schedule that were taken before it begins."""
        return 0 if self.start is None else self.start.step

    def redrawn(self, attempt: int) -> Sample:
        """Return the row as it is drawn instead, with a seed that no variation beside it has."""
        return replace(self, sampling=replace(self.sampling, seed=self.sampling.seed + attempt * _OTHER_SEEDS))

    def unknown(self, one: Pass) -> NDArray[np.bool_]:
        """Return the (h, w) cells of a pass that this row has to draw; a start is of the first look alone."""
        return one.unknown if self.start is None or one.level else one.unknown & (self.start.tokens == MASK)

    def sampling_of(self, one: Pass) -> Sampling:
        """Return how this row is decoded in a pass; the schedule of a branch counts over the whole hole."""
        if not self.taken or one.level:
            return self.sampling
        return replace(self.sampling, taken=self.taken, hole=int(one.unknown.sum()))

    def steps(self, one: Pass) -> int:
        """Return how many steps this row takes in a pass."""
        return len(step_counts(int(self.unknown(one).sum()), self.sampling_of(one)))


@dataclass(frozen=True, eq=False)
class Ended:
    """What the finish made of a request's rows, in place of what the model painted.

    Attributes:
        patches: (B, h, w, C) uint8, the finished area.
        seams, colour_shifts: of each picture.
        follows, places, sources: see `EditResult`.
    """

    patches: NDArray[np.uint8]
    seams: tuple[float, ...]
    colour_shifts: tuple[float, ...]
    follows: tuple[float, ...]
    places: tuple[float, ...]
    sources: NDArray[np.int32] | None


@dataclass
class Work:
    """What one run keeps for its B rows; the pictures only as far as windows reach, so that memory follows the edit.

    Attributes:
        samples: the rows.
        base: (H, W, C) uint8, the canvas before anything was painted; never changed.
        allowed: (H, W) bool, the pixels that may change.
        passes: the windows, in their order.
        area: the box around all windows.
        layers: (B, h, w, 3) uint8, the area of each row: painted pixels as the model made them, others as in `base`.
        painted: (h, w) bool, pixels of the area that a pass has painted.
        forwards: transformer passes of each row so far.
        judged: whether it is asked how well each row fits in.
        anchor: the photo whose colours a new border keeps; None for other edits.
        finishing: whether it ends with the photo's own pixels: what is painted is a guide then, with no detail put
            back and no border blended.
        pixel: side of the model's own pixels on the canvas.
        ended: what the finish made, by the first row of a request.
        tokens, confidence: (B, h, w) int64 and float32, one array for each pass that is done.
        fits: (B,) float64, the summed log probability of each row's tokens, see `EditResult.fits`.
        class_fits: the same with the class against without, or None where there is none.
        patches: (B, h, w, C) uint8, the finished area.
        seams, colour_shifts: of each finished picture.
        seconds: by stage.
        told: sentences about what was done for want of memory.
    """

    samples: list[Sample]
    base: NDArray[np.uint8]
    allowed: NDArray[np.bool_]
    passes: tuple[Pass, ...]
    forwards: list[int]
    judged: bool = False
    anchor: Anchor | None = None
    finishing: bool = False
    pixel: float = 1.0
    ended: dict[int, Ended] = field(default_factory=dict)
    area: Box = field(init=False)
    layers: NDArray[np.uint8] = field(init=False)
    painted: NDArray[np.bool_] = field(init=False)
    patches: NDArray[np.uint8] = field(init=False)
    tokens: list[NDArray[np.int64]] = field(default_factory=list)
    confidence: list[NDArray[np.float32]] = field(default_factory=list)
    fits: NDArray[np.float64] | None = None
    class_fits: NDArray[np.float64] | None = None
    seams: list[float] = field(default_factory=list)
    colour_shifts: list[float] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STAGES, 0.0))
    told: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Lay out the area."""
        windows = functools.reduce(Box.joined, (one.window for one in self.passes))
        canvas = Size(self.base.shape[1], self.base.shape[0])
        self.area = windows.grown(RING_PX + 1).clamped(canvas)  # so that the border of what changes is seen whole
        shown = self.base[self.area.slices]
        self.layers = np.repeat(shown[None, ..., :3], len(self.samples), 0)
        self.painted = np.zeros(shown.shape[:2], np.bool_)

    @property
    def looks(self) -> int:
        """Passes of the first look."""
        return sum(not one.level for one in self.passes)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the body's wall-clock seconds to a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] += time.perf_counter() - started

    def here(self, box: Box) -> tuple[slice, slice]:
        """Return the index of a box of the canvas in the area's arrays."""
        return box.shifted(-self.area.left, -self.area.top).slices

    def seen(self, row: int, one: Pass) -> NDArray[np.uint8]:
        """Return a pass's window as a row has it by now: a (s, s, 3) view."""
        view: NDArray[np.uint8] = self.layers[row][self.here(one.window)]
        return view

    def unseen(self, one: Pass) -> NDArray[np.bool_]:
        """Return the (s, s) pixels of a window that carry no colour to go by: nobody's yet, and transparent ones."""
        return one.hidden | (self.transparent(one.window) & ~self.painted[self.here(one.window)])

    def transparent(self, window: Box) -> NDArray[np.bool_]:
        """Return the (s, s) pixels of a window of the base whose colour nobody sees."""
        pixels = self.base[window.slices]
        return pixels[..., 3] == 0 if pixels.shape[2] == 4 else np.zeros(pixels.shape[:2], np.bool_)

    def paint(
        self, pictures: Sequence[NDArray[np.uint8]], one: Pass, examples: Examples | None, *, match: bool
    ) -> None:
        """Put each row's decoded picture where a pass is responsible, and softly over what was painted beside it.

        Args:
            pictures: (S, S, 3) uint8, one a row.
            one: the pass.
            examples: what fine detail is taken from, for windows of this size; None adds none.
            match: carry the colours seen around it into what is painted.
        """
        painted, unseen = self.painted[self.here(one.window)], self.unseen(one)
        share = joint_weight(one.mask, painted, one.window.size.width // _JOINT)
        first = match and not one.level
        hold = self.anchor.at(one.window, one.mask) if first and self.anchor is not None else None
        for row, picture in enumerate(pictures):
            seen = self.seen(row, one)
            generated = from_model(picture, one.window)
            if examples is not None:
                added = examples.detail(picture, share > 0, self.samples[row].sampling.seed)
                generated = np.clip(np.rint(generated + added), 0, 255).astype(np.uint8)
            if first:
                generated = match_colour(generated, seen, unseen)
                if hold is not None:
                    generated = hold.on(generated)
            elif match:
                generated = keep_colours(generated, seen)
            paste(self.layers[row], generated, one.window.shifted(-self.area.left, -self.area.top), share)
        painted |= one.mask

    def finish(self, request: EditRequest) -> None:
        """Blend each row's layer into the photo, and measure how much the border shows."""
        hole = self.allowed[self.area.slices]
        border, feather = Border.of(hole), Feather.of(hole, request.feather_px)
        share = mask_weight(hole if request.mask is None else request.mask[self.area.slices])
        patches = []
        for layer in self.layers:
            patch, seam, shift = self._blended(layer, request, border, feather, share)
            patches.append(patch)
            self.seams.append(seam)
            self.colour_shifts.append(shift)
        self.patches = np.stack(patches)

    def _blended(
        self,
        layer: NDArray[np.uint8],
        request: EditRequest,
        border: Border,
        feather: Feather,
        share: NDArray[np.float32],
    ) -> tuple[NDArray[np.uint8], float, float]:
        """Return a finished area, its seam and its colour shift, blended as asked; "auto" takes what shows less."""
        under = self.base[self.area.slices]

        opaque = self.made_opaque(request)

        def measured(made: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, float]:
            patch = under.copy()
            paste(patch, made, Box(0, 0, patch.shape[1], patch.shape[0]), share, opaque=opaque)
            return patch, border.seam_score(patch), border.ring_shift(patch)

        soft = measured(feather.over(layer, under))
        if request.blend == "feather" or (request.blend == "auto" and not shows(*soft[1:])):
            return soft
        cloned = poisson(under, layer, self.allowed[self.area.slices])
        if cloned is None:
            return soft
        closed = measured(cloned)
        return closed if request.blend == "poisson" or visibility(*closed[1:]) < visibility(*soft[1:]) else soft

    def made_opaque(self, request: EditRequest) -> NDArray[np.bool_] | None:
        """Return the (h, w) pixels of the area that become opaque, None where none does."""
        if self.base.shape[2] == 3 or request.opaque is False:
            return None
        hole = self.allowed[self.area.slices]
        return hole if request.opaque else parts_that_hold(hole, self.transparent(self.area))

    def repeats(self, row: int) -> bool:
        """Return whether a finished border is a copy, or the mirror image, of something else in its picture."""
        picture = self.base.copy()
        picture[self.area.slices] = self.patches[row]
        return repetition(picture, self.allowed, _MOST_PATCHES).found

    def take(self, rows: Sequence[int], other: Work) -> None:
        """Put the rows of another run over the same passes in place of some of these."""
        for index, row in enumerate(rows):
            self.patches[row], self.seams[row] = other.patches[index], other.seams[index]
            self.colour_shifts[row] = other.colour_shifts[index]
            self.forwards[row] += other.forwards[index]
            for tokens, theirs in zip(self.tokens, other.tokens, strict=True):
                tokens[row] = theirs[index]
            for confidence, of_others in zip(self.confidence, other.confidence, strict=True):
                confidence[row] = of_others[index]
            for fits, of_theirs in ((self.fits, other.fits), (self.class_fits, other.class_fits)):
                if fits is not None and of_theirs is not None:
                    fits[row] = of_theirs[index]
        for stage, seconds in other.seconds.items():
            self.seconds[stage] += seconds

    def result(self, request: EditRequest, first: int = 0) -> EditResult:
        """Return the part of finished work that belongs to one request, whose rows begin with `first`."""
        rows = slice(first, first + request.options.variations)
        if request.only is not None:
            rows = slice(first + request.only, first + request.only + 1)
        ended = self.ended.get(first) or Ended(
            self.patches[rows], tuple(self.seams[rows]), tuple(self.colour_shifts[rows]), (), (), None
        )
        return EditResult(
            base=self.base,
            area=self.area,
            patches=ended.patches,
            scores=tuple(self._score(row) for row in range(rows.start, rows.stop)),
            windows=tuple(p.window for p in self.passes),
            latent_masks=tuple(p.unknown for p in self.passes),
            fits=self._means(self.fits, rows),
            class_fits=self._means(self.class_fits, rows),
            tokens=tuple(tokens[rows] for tokens in self.tokens),
            confidence=tuple(confidence[rows] for confidence in self.confidence),
            seams=ended.seams,
            colour_shifts=ended.colour_shifts,
            follows=ended.follows or None,
            places=ended.places or None,
            sources=ended.sources,
            canvas_mask=self.allowed,
            seconds=self.seconds,
            forwards=sum(self.forwards[rows]),
            request=request,
            told=self.told if self.finishing or not request.is_finished else (*self.told, UNFINISHED),
        )

    def _score(self, row: int) -> float:
        """Return the mean log probability of the tokens that a row drew, 0 where it drew none."""
        drawn = [self.samples[row].unknown(one) for one in self.passes]
        count = sum(int(unknown.sum()) for unknown in drawn)
        total = sum(float(c[row][unknown].sum()) for c, unknown in zip(self.confidence, drawn, strict=True))
        return total / count if count else 0.0

    def _means(self, sums: NDArray[np.float64] | None, rows: slice) -> tuple[float, ...] | None:
        """Return the rows' sums over the cells of the hole as means."""
        count = sum(int(one.unknown.sum()) for one in self.passes if not one.level)
        return None if sums is None else tuple((sums[rows] / count).tolist())
