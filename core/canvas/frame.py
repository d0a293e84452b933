"""Mirror images beside a picture that is far longer than wide, so that windows may reach beyond its edges.

Knows nothing of nets. A window is a square on the canvas, and a strip of 3000 x 50 pixels takes a hundred of them, each
of which shows next to nothing. Framed by its own mirror images, hole included, the strip takes a dozen. Constants:
docs/canvas.md, section 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from core.canvas.plan import Pass
from core.values.geometry import Box, Sides, Size
from core.values.region import Mask, Task
from core.values.request import EditRequest
from core.values.result import EditResult, Preview

MOST_WINDOWS = 12
"""Windows that one hole may take along a picture before it is framed: each is a whole pass."""


@dataclass(frozen=True)
class Frame:
    """Width in pixels of the mirror images at each side; 0 where there is none."""

    sides: Sides = Sides()

    @classmethod
    def around(cls, request: EditRequest, pixels: int) -> Frame:
        """Compute the frame that a request needs.

        Args:
            request: the edit.
            pixels: side of the model's picture.
        """
        if request.image is None or request.task not in (Task.INPAINT, Task.MANIPULATE):
            return cls()
        height, width = request.image.shape[:2]
        shorter, longer = min(width, height), max(width, height)
        if 2 * longer < MOST_WINDOWS * shorter or request.view.window is not None or request.start is not None:
            return cls()
        hole = Box.around(request.hole())
        assert hole is not None  # a request has one
        length = hole.size.width if width > height else hole.size.height
        side = max(pixels, math.ceil(2 * length / (MOST_WINDOWS - 1)))
        if length <= shorter or 2 * length <= (MOST_WINDOWS - 1) * shorter:
            return cls()
        before = (side - shorter) // 2
        after = side - shorter - before
        return cls(Sides(top=before, bottom=after) if width > height else Sides(left=before, right=after))

    def request(self, request: EditRequest) -> EditRequest:
        """Translate a request to the framed picture; the hole's mirror images are holes, too."""
        if not any(self.sides) or request.image is None:
            return request
        mask = request.hole() if request.mask is None else request.mask
        wide = self._mirrored(mask.astype(np.uint8))
        framed = wide.astype(np.bool_) if mask.dtype == np.bool_ else wide
        # The finish would lay out every mirror image of the hole as well, for many times the work.
        painting = replace(request.painting, finish="none")
        return replace(
            request, image=self._mirrored(request.image), region=Mask(framed, new=request.is_new), painting=painting
        )

    def passes(self, passes: Sequence[Pass]) -> tuple[Pass, ...]:
        """Translate passes over the framed picture back to the picture; their windows may reach beyond it."""
        return tuple(replace(one, window=self._back(one.window)) for one in passes)

    def preview(self, preview: Preview) -> Preview:
        """Translate a step over the framed picture back to the picture."""
        return replace(preview, window=self._back(preview.window)) if any(self.sides) else preview

    def result(self, result: EditResult, request: EditRequest) -> EditResult:
        """Translate the framed picture's result back to the request's picture."""
        if not any(self.sides) or request.image is None:
            return result
        height, width = request.image.shape[:2]
        picture = Box(0, 0, width, height)
        area = self._back(result.area).clamped(Size(width, height))
        inside = area.shifted(self.sides.left - result.area.left, self.sides.top - result.area.top)
        at = picture.shifted(self.sides.left, self.sides.top)
        return replace(
            result,
            base=request.image,
            area=area,
            patches=result.patches[:, inside.top : inside.bottom, inside.left : inside.right],
            windows=tuple(self._back(window) for window in result.windows),
            canvas_mask=result.canvas_mask[at.slices],
            sources=None,
            request=request,
        )

    def _back(self, box: Box) -> Box:
        return box.shifted(-self.sides.left, -self.sides.top)

    def _mirrored(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        left, top, right, bottom = self.sides
        return np.asarray(cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_REFLECT), np.uint8)
