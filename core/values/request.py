"""What is asked of the engine.

Knows nothing of nets, files or screens. Everything that can change the picture is in `EditRequest`, the seed included;
the same request on the same weights and device gives the same bytes (the law of krita-ai-diffusion's WorkflowInput).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.checks import MOST_SIDE, choice, number, pixels, switch, whole
from core.decoding.settings import Decoding
from core.errors import BadRequest
from core.values.finishing import FINISH_NAMES, FOLLOW, followed
from core.values.geometry import Box, Sides

DETAIL_NAMES = ("none", "grain", "patches", "auto")
"""What is put back of the fine detail that the tokenizer loses; core/canvas/detail.py has the ways."""

BLEND_NAMES = ("feather", "poisson", "auto")
"""How the border of the hole is closed; core/canvas/edges.py has the ways. `auto` takes what shows less."""

GUIDED_NAMES = ("picture", "hole", "auto")
"""What guidance strengthens the class by; core/decoding/guidance.py has the ways."""

MOST_REFINE = 3  # each finer look has up to four times the windows: 64 times as many in the third
MOST_VARIATIONS = 16

MOST_GRID = 256  # cells a side of codes from outside; the largest published grid has 32


class Task(str, Enum):
    """What is unknown: a brushed hole, a new border, a box to become a class, or everything."""

    INPAINT = "inpaint"
    EXTRAPOLATE = "extrapolate"
    MANIPULATE = "manipulate"
    GENERATE = "generate"


@dataclass(frozen=True)
class DecodeOptions(Decoding):
    """How the unknown tokens are decoded, how often and from which seed; what is left out is the model's advice.

    Attributes:
        seed: of the first variation; the tokens of variation i are drawn with seed + i, so that they can be drawn
            alone; 0..2**53 for each.
        variations: B in 1..16.

    Raises:
        BadRequest: on construction, for any value outside these ranges.
    """

    seed: int = 0
    variations: int = 1

    def __post_init__(self) -> None:
        """Check the range of all that was chosen."""
        super().__post_init__()
        object.__setattr__(self, "variations", whole("variations", self.variations, 1, MOST_VARIATIONS))
        object.__setattr__(self, "seed", whole("seed", self.seed, 0, 2**53 - self.variations + 1))

    def alone(self, variation: int) -> DecodeOptions:
        """Return the options that draw one variation of these by itself."""
        return replace(self, seed=self.seed + variation, variations=1)


@dataclass(frozen=True, eq=False)
class Start:
    """Codes to begin with, so that decoding goes on from there instead of from an empty hole.

    They count in the cells that the plan regenerates; the other cells always come from the picture. Several variations
    all begin with the same codes.

    Attributes:
        tokens: (h, w) int64 of the model's grid: codes, -1 where still unknown.
        step: 0 for a fresh schedule over the cells unknown in `tokens`; where none is, nothing is decoded. k > 0 goes
            on with step k (from 0) of the schedule of the whole hole, as if its first k steps had led here: their
            random draws are skipped, so that a branch with nothing changed repeats the rest of its run bit for bit.
            Where that schedule has no step k, one last step decodes all that is unknown.

    Raises:
        BadRequest: on construction, for anything else.
    """

    tokens: NDArray[np.int64]
    step: int = 0

    def __post_init__(self) -> None:
        """Check the grid and the step."""
        tokens = self.tokens
        if not isinstance(tokens, np.ndarray) or tokens.dtype != np.int64 or tokens.ndim != 2 or not tokens.size:
            raise BadRequest(f"start is {getattr(tokens, 'dtype', type(tokens).__name__)}: give (h, w) int64 codes.")
        if max(tokens.shape) > MOST_GRID:
            raise BadRequest(f"start has {tokens.shape[1]}x{tokens.shape[0]} cells: give at most {MOST_GRID} a side.")
        if tokens.min() < -1:
            raise BadRequest(f"start holds code {tokens.min()}: give codes from 0, or -1 for what is unknown.")
        object.__setattr__(self, "step", whole("step to start from", self.step, 0, tokens.size - 1))


class Advisor(Protocol):
    """A model, as far as it advises how to edit; `core.models.ModelSpec` is one.

    Attributes:
        defaults: how to decode.
        follow: how much a finish should follow it, 0..1; None is as much as any.
    """

    @property
    def defaults(self) -> Decoding:
        """See above."""

    @property
    def follow(self) -> float | None:
        """See above."""


@dataclass(frozen=True, eq=False)
class EditRequest:
    """One edit, complete.

    Attributes:
        task: see `Task`.
        image: (H, W, 3) RGB or (H, W, 4) RGBA uint8; None only for GENERATE.
        mask: (H, W) bool, True = repaint, or uint8, how much of the new picture is blended in, 255 = all of it; cells
            go by what is above 0. For INPAINT and MANIPULATE; a MANIPULATE request may give `box` instead.
        box: the box to repaint, on the canvas; MANIPULATE only, instead of a mask.
        extend: pixels to add at each side; EXTRAPOLATE only.
        class_id: index into the model's classes, or None for no class.
        guided_by: one of `GUIDED_NAMES`: "picture" compares with and without the class in what is around, so that the
            hole blends in; "hole" adds the same in the hole alone, so that it becomes the class whatever is around, at
            twice the forwards; "auto" is "hole" for MANIPULATE and "picture" for the others.
        coverage: a cell is unknown where more than this share of it is brushed, 0 <= coverage < 1; 0 = any pixel.
        grow_tokens: unknown cells grow by this many cells, 0..8.
        feather_px: width of the soft edge inside the mask, canvas pixels, 0..64; 0 is a hard edge.
        context: side of a window as a multiple of the unknown region's longer side, 1..8.
        sharpen: 0 to 1, how much of a sharper picture is blended in where something new is made, by GENERATE and
            MANIPULATE alone; 0 shows the model's own pixels. With a model's sharpener pictures from nothing are larger;
            without one only the decoder's lattice is taken out. Not where detail is put on top.
        refine: times that windows half as wide go over what the wider ones painted, 0..3; each look is up to four
            times the work, and ends where a window shows the model's own pixels.
        match_colour: carry the colour difference seen on the ring of known pixels into the hole.
        detail: one of `DETAIL_NAMES`: whether the hole gets the grain, or the fine texture, of its surroundings; "auto"
            is "none" for MANIPULATE, which makes something else of the hole, and "patches" for the others.
        blend: one of `BLEND_NAMES`.
        opaque: make repainted pixels opaque, or leave alpha as it is; None makes those parts of the hole opaque in
            which something is wholly transparent, for what is painted there is to be seen.
        window: the one window to look through, instead of those planned: a square on the canvas (the grown one, for
            EXTRAPOLATE) that holds every pixel to repaint. Not for GENERATE.
        start: codes to begin with; only where one window shows all. See `Start`.
        finish: one of `FINISH_NAMES`. With "auto", INPAINT and EXTRAPOLATE end with pixels of the photo itself where
            enough lie around; feather, blend and detail have no part in it then. They serve everywhere else.
        follow: how much the model's idea counts in the finish, 0..1: at 0 the photo alone lays out the hole, at 1 each
            variation's own tokens do. A border begins to follow it above `FOLLOW` only: of what goes on beside it, the
            photo's edge knows more. Codes to begin with are always followed. None takes the model's advice.
        only: the one of the variations that is wanted, from 0; None for all. See `single`.
        options: see `DecodeOptions`.

    The same request always gives the same pictures. Where it is finished, the layouts of all its variations compete,
    and so a variation's picture hangs on all of them: alone, its tokens are the same, but its picture may follow
    another layout. Without a finish a variation drawn alone is what it is among others, to the bit.

    Raises:
        BadRequest: on construction, for any value outside these ranges or parts that do not belong together.
    """

    task: Task
    image: NDArray[np.uint8] | None = None
    mask: NDArray[np.bool_] | NDArray[np.uint8] | None = None
    box: Box | None = None
    extend: Sides = Sides()
    class_id: int | None = None
    guided_by: str = "auto"
    coverage: float = 0.0
    grow_tokens: int = 0
    feather_px: int = 8
    context: float = 2.0
    sharpen: float = 0.5
    refine: int = 0
    match_colour: bool = True
    detail: str = "auto"
    blend: str = "auto"
    opaque: bool | None = None
    window: Box | None = None
    start: Start | None = None
    finish: str = "auto"
    follow: float | None = None
    only: int | None = None
    options: DecodeOptions = field(default_factory=DecodeOptions)

    def __post_init__(self) -> None:
        """Check every range and that the parts belong together."""
        choice("task", self.task, tuple(Task))
        choice("detail", self.detail, DETAIL_NAMES)
        choice("blend", self.blend, BLEND_NAMES)
        choice("finish", self.finish, FINISH_NAMES)
        choice("guidance by", self.guided_by, GUIDED_NAMES)
        values = {
            "task": Task(self.task),
            "coverage": number("coverage", self.coverage, 0.0, 0.999),
            "grow_tokens": whole("growth in cells", self.grow_tokens, 0, 8),
            "feather_px": whole("feather in pixels", self.feather_px, 0, 64),
            "context": number("context", self.context, 1.0, 8.0),
            "sharpen": number("sharpness", self.sharpen, 0.0, 1.0),
            "refine": whole("refinements", self.refine, 0, MOST_REFINE),
            "class_id": None if self.class_id is None else whole("class id", self.class_id, 0, 2**31),
            "follow": None if self.follow is None else number("weight of the model", self.follow, 0.0, 1.0),
            "only": None if self.only is None else whole("variation", self.only, 0, self.options.variations - 1),
            "match_colour": switch("colour match", self.match_colour),
            "opaque": None if self.opaque is None else switch("opaque", self.opaque),
            "extend": Sides(*pixels("extension", self.extend, Sides._fields, "{} border in pixels")),
            "box": None if self.box is None else Box(*pixels("box", self.box, Box._fields, "box {}")),
            "window": None if self.window is None else Box(*pixels("window", self.window, Box._fields, "window {}")),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        if self.box is not None and (self.task is not Task.MANIPULATE or self.mask is not None):
            raise BadRequest("box is for task manipulate, instead of a mask: leave out the box, or the mask.")
        if any(self.extend) and self.task is not Task.EXTRAPOLATE:
            raise BadRequest(f"borders are for task extrapolate, not {self.task.value}: leave them out.")
        if self.start is not None and not isinstance(self.start, Start):
            raise BadRequest(f"start is {type(self.start).__name__}: give codes and a step.")
        if self.task is Task.GENERATE:
            if self.window is not None:
                raise BadRequest("a window was pinned, but task generate shows the whole picture: leave it out.")
            return
        if self.image is None:
            raise BadRequest(f"task {self.task.value} needs a picture: open one first.")
        if self.image.dtype != np.uint8 or self.image.ndim != 3 or self.image.shape[2] not in (3, 4):
            raise BadRequest(f"picture is {self.image.dtype} {self.image.shape}: give (H, W, 3 or 4) uint8.")
        if not self.image.size:
            raise BadRequest(f"picture is {self.image.shape[1]}x{self.image.shape[0]} px: give one with pixels in it.")
        if self.task is Task.EXTRAPOLATE:
            if not any(self.extend):
                raise BadRequest("no border to extend: all four sides are 0 px, give at least one.")
            height, width = self.image.shape[:2]
            grown = (width + self.extend.left + self.extend.right, height + self.extend.top + self.extend.bottom)
            if max(grown) > MOST_SIDE or grown[0] * grown[1] > 64_000_000:
                raise BadRequest(
                    f"extended picture would be {grown[0]}x{grown[1]} px: stay within 16384 px a side and 64 MP."
                )
        else:
            self._check_hole()
        if self.window is not None:
            self._check_window(self.window)

    def _check_hole(self) -> None:
        assert self.image is not None
        height, width = self.image.shape[:2]
        if self.box is not None:
            box = self.box
            if not (0 <= box.left < box.right <= width and 0 <= box.top < box.bottom <= height):
                raise BadRequest(
                    f"box {','.join(map(str, box))} does not lie on the {width}x{height} picture: "
                    "give left,top,right,bottom in pixels with left < right and top < bottom."
                )
            return
        if self.mask is None:
            raise BadRequest("there is no mask: paint what should be repainted.")
        if self.mask.dtype not in (np.bool_, np.uint8) or self.mask.shape != (height, width):
            raise BadRequest(
                f"mask is {self.mask.dtype} {self.mask.shape[::-1]} but the picture is {width}x{height} px: "
                "give a mask of the same size."
            )
        if not self.mask.any():
            raise BadRequest("mask is empty: paint what should be repainted.")

    def _check_window(self, window: Box) -> None:
        """Raise BadRequest unless a pinned window is a square on the canvas that holds every pixel to repaint."""
        assert self.image is not None
        left, top, right, bottom = self.extend
        height, width = self.image.shape[0] + top + bottom, self.image.shape[1] + left + right
        if self.task is Task.EXTRAPOLATE:
            upright, lying = left or right, top or bottom  # a strip spans the canvas where it meets another's corner
            hole = Box(
                0 if left or lying else width - right,
                0 if top or upright else height - bottom,
                width if right or lying else left,
                height if bottom or upright else top,
            )
        else:
            found = self.box if self.mask is None else Box.around(self.mask > 0)
            assert found is not None  # `_check_hole` saw to it
            hole = found
        on_canvas = window.right <= width and window.bottom <= height
        if not on_canvas or window.size.width != window.size.height or not window.holds(hole):
            raise BadRequest(
                f"window {','.join(map(str, window))} cannot be used: give a square on the {width}x{height} canvas "
                f"that holds {','.join(map(str, hole))}."
            )

    @property
    def way_of_detail(self) -> str:
        """`detail`, with "auto" decided; a new picture has nothing around it."""
        if self.task is Task.GENERATE:
            return "none"
        if self.detail != "auto":
            return self.detail
        return "none" if self.task is Task.MANIPULATE else "patches"

    @property
    def strength(self) -> float:
        """`sharpen` where something new is made; 0 where a hole is to look like what is around."""
        return self.sharpen if self.task in (Task.GENERATE, Task.MANIPULATE) else 0.0

    @property
    def is_guided_by_hole(self) -> bool:
        """Whether guidance also looks at the hole alone."""
        return self.guided_by == "hole" or (self.guided_by == "auto" and self.task is Task.MANIPULATE)

    def advised(self, model: Advisor) -> EditRequest:
        """Return the request with a model's advice where nothing was chosen."""
        return replace(self, follow=followed(self.follow, model.follow), options=self.options.over(model.defaults))

    @property
    def is_finished(self) -> bool:
        """Whether it asks to end with pixels of the photo itself."""
        return self.finish == "auto" and self.task in (Task.INPAINT, Task.EXTRAPOLATE)

    @property
    def following(self) -> float:
        """How much the finish follows the model: `follow`, of a border what is above `FOLLOW`; 1 for chosen codes."""
        if self.start is not None:
            return 1.0
        follow = followed(self.follow)
        if self.task is Task.EXTRAPOLATE:
            return max(0.0, (follow - FOLLOW) / (1 - FOLLOW))
        return follow

    @property
    def drawn_seed(self) -> int:
        """The seed of the tokens of the first picture that is wanted."""
        return self.options.seed + (self.only or 0)

    def alone(self, variation: int) -> EditRequest:
        """Return the request that draws the tokens of one variation of this by itself: none competes with it."""
        return replace(self, only=None, options=self.options.alone(variation))

    def single(self, variation: int) -> EditRequest:
        """Return the request that makes exactly one variation's picture again."""
        if self.only is not None:
            return self
        if self.is_finished and self.options.variations > 1:
            return replace(self, only=variation)
        return self.alone(variation)
