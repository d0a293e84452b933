"""A request's groups of settings: view, painting, decoding, and codes to begin with.

Knows nothing of pictures, regions or models. A group with impossible settings is refused when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.checks import choice, number, pixels, switch, whole
from core.decoding.settings import Decoding
from core.errors import BadRequest
from core.values.finishing import FINISH_NAMES
from core.values.geometry import Box

DETAIL_NAMES = ("none", "grain", "patches", "auto")
"""How fine detail that the tokenizer loses is restored; described in core/canvas/detail.py."""

BLEND_NAMES = ("feather", "poisson", "auto")
"""How the edge of the hole is closed; described in core/canvas/edges.py. `auto` takes the one that shows less."""

GUIDED_NAMES = ("picture", "hole", "auto")
"""What guidance compares the class with; described in core/decoding/guidance.py."""

MOST_REFINE = 3  # each finer look has up to four times the windows: 64 times as many in the third
MOST_VARIATIONS = 16
"""Most variations: each takes the time of a whole edit, and canvases of its own in memory."""

MOST_GRID = 256  # cells per side of codes from outside; the largest published grid has 32


def _set(part: object, **values: Any) -> None:
    """Write checked values into a frozen part of a request."""
    for name, value in values.items():
        object.__setattr__(part, name, value)


@dataclass(frozen=True)
class DecodeOptions(Decoding):
    """How the unknown tokens are decoded, how often and from which seed; the model's advice replaces what is left out.

    Attributes:
        seed: of the first variation; variation i is drawn with seed + i, so that it can be drawn alone; 0..2**53 for
            each.
        variations: B in 1..16.
        only: index of the one variation that is wanted; None for all. See `EditRequest.single`.
        guided_by: one of `GUIDED_NAMES`: "picture" compares with and without the class in the surroundings, so that the
            hole blends in; "hole" adds the same comparison in the hole alone, so that it becomes the class whatever its
            surroundings, for twice the forwards; "auto" is "hole" for MANIPULATE and "picture" for the others.

    Raises:
        BadRequest: on construction, for any value outside these ranges.
    """

    seed: int = 0
    variations: int = 1
    only: int | None = None
    guided_by: str = "auto"

    def __post_init__(self) -> None:
        """Check the range of every chosen value."""
        super().__post_init__()
        variations = whole("variations", self.variations, 1, MOST_VARIATIONS)
        _set(
            self,
            variations=variations,
            seed=whole("seed", self.seed, 0, 2**53 - variations + 1),
            only=None if self.only is None else whole("variation", self.only, 0, variations - 1),
            guided_by=choice("guidance by", self.guided_by, GUIDED_NAMES),
        )

    @property
    def drawn_seed(self) -> int:
        """The seed of the first picture that is wanted."""
        return self.seed + (self.only or 0)

    def alone(self, variation: int) -> DecodeOptions:
        """Make the options that draw one variation of these alone."""
        return replace(self, seed=self.seed + variation, variations=1, only=None)


@dataclass(frozen=True, eq=False)
class Start:
    """Codes to begin with, so that decoding continues from them instead of from an empty hole.

    They count in the cells that the plan regenerates; the other cells always come from the picture. All variations
    begin with the same codes.

    Attributes:
        tokens: (h, w) int64 of the model's grid: codes, -1 where still unknown.
        step: 0 for a fresh schedule over the cells unknown in `tokens`; if none is, nothing is decoded. k > 0 continues
            with step k (from 0) of the schedule of the whole hole, as if its first k steps had led here: their random
            draws are skipped, so that an unchanged branch repeats the rest of its run bit for bit. If that schedule has
            no step k, one last step decodes everything unknown.

    Raises:
        BadRequest: on construction, for anything else.
    """

    tokens: NDArray[np.int64]
    step: int = 0

    def __post_init__(self) -> None:
        """Check the grid and the step."""
        tokens = self.tokens
        if not isinstance(tokens, np.ndarray) or tokens.dtype != np.int64 or tokens.ndim != 2 or not tokens.size:
            raise BadRequest(
                "start is {kind}: give (h, w) int64 codes.", kind=getattr(tokens, "dtype", type(tokens).__name__)
            )
        if max(tokens.shape) > MOST_GRID:
            raise BadRequest(
                "start has {columns}x{rows} cells: give at most {most} a side.",
                columns=tokens.shape[1],
                rows=tokens.shape[0],
                most=MOST_GRID,
            )
        if tokens.min() < -1:
            raise BadRequest(
                "start holds code {code}: give codes from 0, or -1 for what is unknown.", code=tokens.min()
            )
        _set(self, step=whole("step to start from", self.step, 0, tokens.size - 1))


@dataclass(frozen=True)
class View:
    """The windows that the model looks through, and the cells of them that it draws.

    Attributes:
        window: the one window to look through, instead of planned ones: a square on the canvas (the grown one, for
            EXTRAPOLATE) that contains every pixel to repaint. Not for GENERATE.
        context: side of a window as a multiple of the unknown region's longer side, 1..8.
        coverage: a cell is unknown if more than this share of it is brushed, 0 <= coverage < 1; 0 = any pixel.
        grow_tokens: unknown cells grow by this many cells, 0..8. Usually 0: the hole's old content is hidden from the
            model and from the soft edge in any case, and a larger hole has less around it to go by.
        refine: times that windows half as wide go over what the wider ones painted, 0..3; each finer look is up to four
            times the work, and ends where a window shows the model's own pixels.

    Raises:
        BadRequest: on construction, for any value outside these ranges.
    """

    window: Box | None = None
    context: float = 2.0
    coverage: float = 0.0
    grow_tokens: int = 0
    refine: int = 0

    def __post_init__(self) -> None:
        """Check every range."""
        _set(
            self,
            window=None if self.window is None else Box(*pixels("window", self.window, Box._fields, "window {}")),
            context=number("context", self.context, 1.0, 8.0),
            coverage=number("coverage", self.coverage, 0.0, 0.999),
            grow_tokens=whole("growth in cells", self.grow_tokens, 0, 8),
            refine=whole("refinements", self.refine, 0, MOST_REFINE),
        )


@dataclass(frozen=True)
class Painting:
    """How decoded pictures become pixels of the canvas.

    Attributes:
        finish: one of `FINISH_NAMES`. With "auto", INPAINT and EXTRAPOLATE end with pixels of the photo itself if
            enough lie around; feather, blend and detail are then not used. They are for everything else.
        follow: how much the model's picture counts in the finish, 0..1: at 0 the photo alone lays out the hole, at 1
            each variation's own tokens do. A border follows it above `FOLLOW` only: the photo's edge knows more of what
            continues there. Codes to begin with are always followed. None takes the model's advice.
        sharpen: 0 to 1, share of the sharpened picture where something new is made, by GENERATE and MANIPULATE alone; 0
            shows the model's own pixels. With a model's sharpener, generated pictures are larger; without one only the
            decoder's lattice is removed. Not used together with detail.
        match_colour: shift the hole by the colour difference seen on the ring of known pixels.
        detail: one of `DETAIL_NAMES`: whether the hole gets the grain, or the fine texture, of its surroundings; "auto"
            is "none" for MANIPULATE, which makes something else of the hole, and "patches" for the others.
        feather_px: width of the soft edge inside the mask, canvas pixels, 0..64; 0 is a hard edge.
        blend: one of `BLEND_NAMES`.
        opaque: make repainted pixels opaque, or leave alpha unchanged; None makes those parts of the hole opaque that
            contain a wholly transparent pixel, so that what is painted there can be seen.

    Raises:
        BadRequest: on construction, for any value outside these ranges.
    """

    finish: str = "auto"
    follow: float | None = None
    sharpen: float = 0.5
    match_colour: bool = True
    detail: str = "auto"
    feather_px: int = 8
    blend: str = "auto"
    opaque: bool | None = None

    def __post_init__(self) -> None:
        """Check every range."""
        _set(
            self,
            finish=choice("finish", self.finish, FINISH_NAMES),
            follow=None if self.follow is None else number("weight of the model", self.follow, 0.0, 1.0),
            sharpen=number("sharpness", self.sharpen, 0.0, 1.0),
            match_colour=switch("colour match", self.match_colour),
            detail=choice("detail", self.detail, DETAIL_NAMES),
            feather_px=whole("feather in pixels", self.feather_px, 0, 64),
            blend=choice("blend", self.blend, BLEND_NAMES),
            opaque=None if self.opaque is None else switch("opaque", self.opaque),
        )
