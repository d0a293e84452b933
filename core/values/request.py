"""`EditRequest`: one edit, complete.

Knows nothing of nets, files or screens. Everything that can change the picture is in `EditRequest`, the seed included;
the same request on the same weights and device gives the same bytes (the law of krita-ai-diffusion's WorkflowInput).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.checks import MOST_PIXELS, MOST_SIDE, pixels, whole
from core.decoding.settings import Decoding
from core.errors import BadRequest
from core.values.finishing import FOLLOW, followed
from core.values.geometry import Box, Sides, Size
from core.values.groups import DecodeOptions, Painting, Start, View
from core.values.region import Mask, Region, Task


class Advisor(Protocol):
    """The advice of a model; `core.models.ModelSpec` gives one.

    Attributes:
        follow: how much a finish should follow it, 0..1; None for the general default.
    """

    @property
    def follow(self) -> float | None:
        """See above."""

    def advice(self, *, from_nothing: bool) -> Decoding:
        """Return its decoding settings for a picture from nothing or for an edit of one."""


@dataclass(frozen=True, eq=False)
class EditRequest:
    """One edit, complete; the region says what kind of edit it is.

    Attributes:
        image: (H, W, 3) RGB or (H, W, 4) RGBA uint8; None to make a new picture.
        region: the part to repaint: a mask (INPAINT; MANIPULATE if it makes something new), a box (MANIPULATE) or new
            borders (EXTRAPOLATE); None without a picture (GENERATE).
        class_id: index into the model's classes, or None for no class.
        view: see `View`.
        painting: see `Painting`.
        decoding: see `DecodeOptions`.
        start: codes to begin with; only if one window shows everything. See `Start`.

    The same request always gives the same pictures. In a finish the layouts of all its variations compete, so that a
    variation's picture depends on all of them: drawn alone its tokens are the same, but its picture may follow another
    layout. Without a finish, a variation drawn alone equals itself among others: on a CPU to the bit, while on a GPU
    samples share a batch, whose size may move the last bits of the logits.

    Raises:
        BadRequest: on construction, if the parts do not belong together.
    """

    image: NDArray[np.uint8] | None = None
    region: Region | None = None
    class_id: int | None = None
    view: View = View()
    painting: Painting = Painting()
    decoding: DecodeOptions = DecodeOptions()
    start: Start | None = None

    def __post_init__(self) -> None:
        """Check that the parts belong together."""
        if self.class_id is not None:
            object.__setattr__(self, "class_id", whole("class id", self.class_id, 0, 2**31))
        if self.region is None or self.image is None:
            if self.region is not None or self.image is not None:
                raise BadRequest("picture and region belong together: give both, or neither to make a new picture.")
            if self.view.window is not None:
                raise BadRequest("a window was pinned, but a new picture is shown whole: leave it out.")
            return
        if not isinstance(self.region, Region):
            raise BadRequest("region is {kind}: give Mask(pixels), a Box or Sides.", kind=type(self.region).__name__)
        image = self.image
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4) or not image.size:
            raise BadRequest(
                "picture is {dtype} {shape}: give (H, W, 3 or 4) uint8 with pixels in it.",
                dtype=image.dtype,
                shape=image.shape,
            )
        self._check_region(self.region, Size(image.shape[1], image.shape[0]))
        if self.view.window is not None:
            self._check_window(self.view.window)

    def _check_region(self, region: Region, picture: Size) -> None:
        """Raise BadRequest if the region does not suit the picture."""
        width, height = picture
        match region:
            case Mask(pixels=marked):
                if marked.shape != (height, width):
                    raise BadRequest(
                        "mask is {mask_width}x{mask_height} px but the picture is {width}x{height} px: give a mask "
                        "of the same size.",
                        mask_width=marked.shape[1],
                        mask_height=marked.shape[0],
                        width=width,
                        height=height,
                    )
            case Box():
                box = Box(*pixels("box", region, Box._fields, "box {}"))
                object.__setattr__(self, "region", box)
                if not (box.left < box.right <= width and box.top < box.bottom <= height):
                    raise BadRequest(
                        "box {box} does not lie on the {width}x{height} picture: give left,top,right,bottom in "
                        "pixels with left < right and top < bottom.",
                        box=",".join(map(str, box)),
                        width=width,
                        height=height,
                    )
            case Sides():
                object.__setattr__(
                    self, "region", Sides(*pixels("extension", region, Sides._fields, "{} border in pixels"))
                )
                if not any(region):
                    raise BadRequest("no border to extend: all four sides are 0 px, give at least one.")
                grown = self.canvas()
                if max(grown) > MOST_SIDE or grown.width * grown.height > MOST_PIXELS:
                    raise BadRequest(
                        "extended picture would be {width}x{height} px: stay within {most_side} px a side and "
                        "{most:g} MP.",
                        width=grown.width,
                        height=grown.height,
                        most_side=MOST_SIDE,
                        most=MOST_PIXELS / 1e6,
                    )

    def _check_window(self, window: Box) -> None:
        """Raise BadRequest unless a pinned window is a square on the canvas that holds every pixel to repaint."""
        hole = self.hole()
        height, width = hole.shape
        needed = Box.around(hole)
        assert needed is not None  # a region has pixels
        on_canvas = window.right <= width and window.bottom <= height
        if not on_canvas or window.size.width != window.size.height or not window.holds(needed):
            raise BadRequest(
                "window {window} cannot be used: give a square on the {width}x{height} canvas that holds {needed}.",
                window=",".join(map(str, window)),
                width=width,
                height=height,
                needed=",".join(map(str, needed)),
            )

    @property
    def task(self) -> Task:
        """The kind of edit, by the region."""
        match self.region:
            case None:
                return Task.GENERATE
            case Sides():
                return Task.EXTRAPOLATE
            case Mask(new=False):
                return Task.INPAINT
        return Task.MANIPULATE

    @property
    def is_new(self) -> bool:
        """Whether it makes something new, alone or in the picture, instead of continuing the surroundings."""
        return self.task in (Task.GENERATE, Task.MANIPULATE)

    @property
    def mask(self) -> NDArray[np.bool_] | NDArray[np.uint8] | None:
        """The brushed pixels; None for another region."""
        return self.region.pixels if isinstance(self.region, Mask) else None

    @property
    def sides(self) -> Sides:
        """The pixels to add at each side; 0 for another region."""
        return self.region if isinstance(self.region, Sides) else Sides()

    def canvas(self, new_side: int | None = None) -> Size:
        """Size of the canvas.

        Args:
            new_side: pixels per side of a new picture; not needed where there is one already.
        """
        if self.image is None:
            assert new_side is not None, "a new picture has no size of its own"
            return Size(new_side, new_side)
        left, top, right, bottom = self.sides
        return Size(left + self.image.shape[1] + right, top + self.image.shape[0] + bottom)

    def hole(self, new_side: int | None = None) -> NDArray[np.bool_]:
        """Find the pixels of the canvas that may change, even where a soft mask blends in only a little.

        Args:
            new_side: see `canvas`.

        Returns:
            (H, W) bool, a new array; of the grown canvas for EXTRAPOLATE.
        """
        if self.mask is not None:
            return self.mask.astype(np.bool_)  # comparing with 0 takes three times as long
        width, height = self.canvas(new_side)
        hole = np.full((height, width), not isinstance(self.region, Box))
        if isinstance(self.region, Box):
            hole[self.region.slices] = True
        elif self.image is not None:
            left, top, *_ = self.sides
            hole[top : top + self.image.shape[0], left : left + self.image.shape[1]] = False
        return hole

    @property
    def way_of_detail(self) -> str:
        """`Painting.detail` with "auto" decided; a new picture has no surroundings."""
        if self.task is Task.GENERATE:
            return "none"
        if self.painting.detail != "auto":
            return self.painting.detail
        return "none" if self.is_new else "patches"

    @property
    def strength(self) -> float:
        """`Painting.sharpen` if something new is made; 0 for a hole that continues its surroundings."""
        return self.painting.sharpen if self.is_new else 0.0

    @property
    def is_guided_by_hole(self) -> bool:
        """Whether guidance also looks at the hole alone."""
        by = self.decoding.guided_by
        return by == "hole" or (by == "auto" and self.task is Task.MANIPULATE)

    def advised(self, model: Advisor) -> EditRequest:
        """Return the request with a model's advice for what was left out."""
        painting = replace(self.painting, follow=followed(self.painting.follow, model.follow))
        advice = model.advice(from_nothing=self.task is Task.GENERATE)
        return replace(self, painting=painting, decoding=self.decoding.over(advice))

    @property
    def is_finished(self) -> bool:
        """Whether it is to end with pixels of the photo itself."""
        return self.painting.finish == "auto" and not self.is_new

    @property
    def following(self) -> float:
        """How much the finish follows the model: `follow`, for a border its part above `FOLLOW`; 1 for chosen codes."""
        if self.start is not None:
            return 1.0
        follow = followed(self.painting.follow)
        if self.task is Task.EXTRAPOLATE:
            return max(0.0, (follow - FOLLOW) / (1 - FOLLOW))
        return follow

    def alone(self, variation: int) -> EditRequest:
        """Make the request that draws the tokens of one variation alone, without competition."""
        return replace(self, decoding=self.decoding.alone(variation))

    def single(self, variation: int) -> EditRequest:
        """Make the request that repeats exactly one variation's picture."""
        if self.decoding.only is not None:
            return self
        if self.is_finished and self.decoding.variations > 1:
            return replace(self, decoding=replace(self.decoding, only=variation))
        return self.alone(variation)
