"""What comes back from the engine: what is shown meanwhile, and the result.

Knows nothing of nets, files or screens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.values.geometry import Box
from core.values.request import EditRequest


@dataclass(frozen=True, eq=False)
class Alternative:
    """One code that could stand in a cell.

    Attributes:
        code: codebook index.
        probability: of the code in this cell, by the model, in (0, 1].
        patch: (p, p, 3) uint8 RGB, the cell's pixels in the picture decoded with that code, at the model's resolution.
    """

    code: int
    probability: float
    patch: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Preview:
    """One decoding step, for whoever watches.

    Attributes:
        step, steps: this step (from 1) and their number, over all passes; those that a start skips count along.
        pass_index, passes: this window (from 0) and their number.
        window: where the pictures lie on the canvas (the grown canvas, for EXTRAPOLATE).
        images: (B, S, S, 3) uint8 RGB at the model's resolution: the step's full guess, decoded.
        exact: False where a cell has about its code's colour because decoding would take too long.
        unknown: (B, h, w) bool, cells that are still to be decided.
        tokens: (B, h, w) int64 codes of the full guess.
        confidence: (B, h, w) float32 log probability of each cell's token; 0 where it was given.
    """

    step: int
    steps: int
    pass_index: int
    passes: int
    window: Box
    images: NDArray[np.uint8]
    exact: bool
    unknown: NDArray[np.bool_]
    tokens: NDArray[np.int64]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class EditResult:
    """The result of a request.

    Attributes:
        base: (H, W, 3 or 4) uint8, the canvas before anything was painted, as many channels as the request's picture.
        area: the part of the canvas in which something was painted.
        patches: (B, h, w, 3 or 4) uint8, that part of each finished picture.
        scores: mean log probability of the tokens that were drawn, one per variation; higher is likelier. Those that a
            start gave do not count; 0 where nothing was drawn.
        fits: how well each variation suits its surroundings: the mean log probability of the hole's tokens where none
            of them is given, only what is around. A flat patch is likely step by step, yet no better answer, and scores
            hide that. None for one variation alone, which needs no judge.
        class_fits: how much likelier the class makes them: the same less that without a class. None if there is no
            class, or the model cannot be asked without.
        windows: the passes' windows on the canvas.
        latent_masks: (h, w) bool unknown cells, one per pass.
        tokens: (B, h, w) int64 final codes, one array a pass.
        confidence: (B, h, w) float32 log probability of each cell's code, one array a pass; 0 where it was given.
        seams: how much the edge of the repainted pixels shows, one per variation; see `core.canvas.seam.seam_score`.
        colour_shifts: colour difference across that edge, one per variation; see `core.canvas.seam.ring_shift`.
        follows: where the pictures were finished, how much of each hole the model laid out, 0 to 1; the photo did the
            rest. None if they were not.
        places: likewise, how each finished picture fared beside the others, in sums of places; less is better.
        sources: likewise, (B, h, w, 2) int32, row and column on the canvas that each pixel of the area was copied from;
            -1 outside the hole. None, too, where the picture was framed by its mirror images.
        canvas_mask: (H, W) bool: the pixels that the request allowed to change.
        seconds: by stage: plan, encode, transformer, decode, composite, finish and its own stages, total.
        forwards: transformer passes, one for each sample and guidance branch.
        request: the request itself.
        told: sentences about what was done for want of memory, or of a photo to finish from; none as a rule.
    """

    base: NDArray[np.uint8]
    area: Box
    patches: NDArray[np.uint8]
    scores: tuple[float, ...]
    fits: tuple[float, ...] | None
    class_fits: tuple[float, ...] | None
    windows: tuple[Box, ...]
    latent_masks: tuple[NDArray[np.bool_], ...]
    tokens: tuple[NDArray[np.int64], ...]
    confidence: tuple[NDArray[np.float32], ...]
    seams: tuple[float, ...]
    colour_shifts: tuple[float, ...]
    canvas_mask: NDArray[np.bool_]
    seconds: dict[str, float]
    forwards: int
    request: EditRequest
    told: tuple[str, ...] = ()
    follows: tuple[float, ...] | None = None
    places: tuple[float, ...] | None = None
    sources: NDArray[np.int32] | None = None

    def image(self, variation: int) -> NDArray[np.uint8]:
        """Return a finished picture, (H, W, 3 or 4) uint8, a new array of the canvas's size."""
        picture = self.base.copy()
        picture[self.area.slices] = self.patches[variation]
        return picture

    @property
    def worths(self) -> tuple[float, ...] | None:
        """Values that variations are ranked by, higher is better; None for a single one.

        Of finished pictures how they fared beside each other (core/canvas/finish/ranking.py). Of others, where a class
        is the point (a repainted box, a new picture), how much likelier the class makes them, else how well they fit
        in, less what their seam shows. What that is worth, beside mean log probability and others, is measured by
        core/lab/evaluation/photos/asking.py.
        """
        if self.places is not None:
            return None if len(self.places) < 2 else tuple(-place for place in self.places)
        if self.fits is None:
            return None
        if self.class_fits is not None and self.request.is_new:
            return self.class_fits
        return tuple(fit - seam / 2 for fit, seam in zip(self.fits, self.seams, strict=True))

    @property
    def ranking(self) -> tuple[int, ...]:
        """Variations, best first by `worths`; those drawn alone stay as drawn."""
        worths, drawn = self.worths, range(len(self.patches))
        return tuple(drawn) if worths is None else tuple(sorted(drawn, key=lambda i: -worths[i]))

    @property
    def images(self) -> NDArray[np.uint8]:
        """Every finished picture: (B, H, W, 3 or 4) uint8, made anew; large photos are better taken one by one."""
        return np.stack([self.image(variation) for variation in range(len(self.patches))])

    @property
    def unknown_tokens(self) -> int:
        """Cells of the hole, over all passes: what one variation decodes that does not start from codes."""
        return sum(int(m.sum()) for m in self.latent_masks)
