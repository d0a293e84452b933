"""The canvases of a run's samples while windows are painted into them.

Knows nothing of nets or tokens. Pictures are kept only as far as windows reach, so that memory follows the edit and not
the photo.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.canvas.anchor import Anchor
from core.canvas.colours import keep_colours, match_colour
from core.canvas.compose import from_model, mask_to_model, paste, to_model
from core.canvas.detail import Examples
from core.canvas.edges import joint_weight
from core.canvas.fill import neutral_fill
from core.canvas.masks import mask_weight, parts_that_hold
from core.canvas.plan import Pass
from core.canvas.seam import RING_PX
from core.values.geometry import Box, Size
from core.values.request import EditRequest

_JOINT = 8
"""Windows blend over what was painted beside them within an eighth of their side: two cells of a 16 x 16 grid."""


def shown_window(seen: NDArray[np.uint8], unseen: NDArray[np.bool_], pixels: int) -> NDArray[np.uint8]:
    """Cut out a square of a canvas at the model's resolution, filled neutrally where `unseen`.

    Args:
        seen: (s, s, 3) uint8.
        unseen: (S, S) bool.
        pixels: S.
    """
    return neutral_fill(to_model(seen, Box(0, 0, *seen.shape[1::-1]), pixels), unseen)


class Layers:
    """B pictures of one area, painted window by window.

    Attributes:
        base: (H, W, C) uint8, the canvas before anything was painted; never changed.
        allowed: (H, W) bool, the pixels that may change.
        area: the box around all windows.
        pixels: (B, h, w, 3) uint8, the area of each sample: painted pixels as the model made them, others as in `base`.
        painted: (h, w) bool, pixels of the area that a pass has painted.

    Args:
        base: see above.
        allowed: see above.
        passes: the windows to come.
        rows: B.
        anchor: the photo whose colours a new border keeps; None for other edits.
    """

    def __init__(
        self,
        base: NDArray[np.uint8],
        allowed: NDArray[np.bool_],
        passes: Sequence[Pass],
        rows: int,
        anchor: Anchor | None = None,
    ) -> None:
        self.base, self.allowed, self._anchor = base, allowed, anchor
        windows = functools.reduce(Box.joined, (one.window for one in passes))
        canvas = Size(base.shape[1], base.shape[0])
        self.area = windows.grown(RING_PX + 1).clamped(canvas)  # contains the whole edge of what changes
        shown = base[self.area.slices]
        self.pixels = np.repeat(shown[None, ..., :3], rows, 0)
        self.painted = np.zeros(shown.shape[:2], np.bool_)

    @property
    def hole(self) -> NDArray[np.bool_]:
        """Pixels of the area that may change, (h, w) bool."""
        return self.allowed[self.area.slices]

    @property
    def under(self) -> NDArray[np.uint8]:
        """The area of the base, (h, w, C) uint8."""
        return self.base[self.area.slices]

    def share(self, mask: NDArray[np.bool_] | NDArray[np.uint8] | None) -> NDArray[np.float32]:
        """Share of the new picture at each pixel of the area, (h, w) float32 in [0, 1].

        Args:
            mask: (H, W), as in a request; None uses all of it in the hole.
        """
        return mask_weight(self.hole if mask is None else mask[self.area.slices])

    def here(self, box: Box) -> tuple[slice, slice]:
        """Index a box of the canvas in the area's arrays."""
        return box.shifted(-self.area.left, -self.area.top).slices

    def seen(self, row: int, one: Pass) -> NDArray[np.uint8]:
        """Return a pass's window from a sample's present canvas: a (s, s, 3) view."""
        view: NDArray[np.uint8] = self.pixels[row][self.here(one.window)]
        return view

    def unseen(self, one: Pass) -> NDArray[np.bool_]:
        """Find the (s, s) pixels of a window without a usable colour: not yet painted ones, and transparent ones."""
        return one.hidden | (self.transparent(one.window) & ~self.painted[self.here(one.window)])

    def transparent(self, window: Box) -> NDArray[np.bool_]:
        """Find the transparent pixels (s, s) of a window of the base."""
        pixels = self.base[window.slices]
        return pixels[..., 3] == 0 if pixels.shape[2] == 4 else np.zeros(pixels.shape[:2], np.bool_)

    def windows(self, one: Pass, pixels: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Prepare a pass's windows for a painter.

        Args:
            one: the pass.
            pixels: side S of the model's picture.

        Returns:
            (B, S, S, 3) uint8, each sample's window, filled neutrally where no colour is usable; and those pixels,
            (S, S) bool.
        """
        unseen = mask_to_model(self.unseen(one), pixels)
        rows = range(len(self.pixels))
        return np.stack([shown_window(self.seen(row, one), unseen, pixels) for row in rows]), unseen

    def paint(
        self,
        pictures: Sequence[NDArray[np.uint8]],
        one: Pass,
        *,
        examples: Examples | None,
        seeds: Sequence[int],
        match: bool,
    ) -> None:
        """Put each sample's decoded picture where a pass is responsible, and softly over what was painted beside it.

        Args:
            pictures: (S, S, 3) uint8, one per sample.
            one: the pass.
            examples: source of fine detail for windows of this size; None adds none.
            seeds: of that detail, one per sample.
            match: shift the colours of what is painted to those around it.
        """
        painted, unseen = self.painted[self.here(one.window)], self.unseen(one)
        share = joint_weight(one.mask, painted, one.window.size.width // _JOINT)
        first = match and not one.level
        hold = self._anchor.at(one.window, one.mask) if first and self._anchor is not None else None
        for row, picture in enumerate(pictures):
            seen = self.seen(row, one)
            generated = from_model(picture, one.window)
            if examples is not None:
                added = examples.detail(picture, share > 0, seeds[row])
                generated = np.clip(np.rint(generated + added), 0, 255).astype(np.uint8)
            if first:
                generated = match_colour(generated, seen, unseen)
                if hold is not None:
                    generated = hold.on(generated)
            elif match:
                generated = keep_colours(generated, seen)
            paste(self.pixels[row], generated, one.window.shifted(-self.area.left, -self.area.top), share)
        painted |= one.mask

    def made_opaque(self, request: EditRequest) -> NDArray[np.bool_] | None:
        """Find the (h, w) pixels of the area that become opaque; None if there are none."""
        opaque = request.painting.opaque
        if self.base.shape[2] == 3 or opaque is False:
            return None
        return self.hole if opaque else parts_that_hold(self.hole, self.transparent(self.area))
