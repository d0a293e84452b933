"""Results of the engine: previews while it runs, and the result.

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
    """One code that fits a cell.

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
    """One decoding step, to be shown.

    Attributes:
        step, steps: this step (from 1) and their number, over all passes, including those that a start skips.
        pass_index, passes: this window (from 0) and their number.
        window: position of the pictures on the canvas (the grown canvas, for EXTRAPOLATE).
        images: (B, S, S, 3) uint8 RGB at the model's resolution: the step's full guess, decoded.
        exact: False if each cell shows about its code's colour, because decoding would take too long.
        unknown: (B, h, w) bool, cells that are still undecided.
        tokens: (B, h, w) int64 codes of the full guess.
        confidence: (B, h, w) float32 log probability of each cell's token; 0 for known cells.
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
        base: (H, W, 3 or 4) uint8, the canvas before anything was painted, with the channels of the request's picture.
        area: the part of the canvas that was painted.
        patches: (B, h, w, 3 or 4) uint8, that part of each finished picture.
        scores: mean log probability of the drawn tokens, one per variation; higher is likelier. Tokens from a start do
            not count; 0 if none were drawn.
        fits: how well each variation suits its surroundings: the mean log probability of the hole's tokens given the
            surroundings alone. (A flat patch is likely step by step, yet no better answer; scores hide that.) None for
            a single variation, which needs no judging.
        class_fits: how much likelier the class makes them: the same minus that without a class. None without a class,
            or if the model always needs one.
        shows: how surely each variation shows the class that was asked for, a log probability; what recognises the
            model's classes looks at the repainted part alone. None for a single variation, without a class, or if
            nothing recognises it.
        windows: the passes' windows on the canvas.
        latent_masks: (h, w) bool unknown cells, one per pass.
        tokens: (B, h, w) int64 final codes, one array per pass.
        confidence: (B, h, w) float32 log probability of each cell's code, one array per pass; 0 for known cells.
        seams: how much the edge of the repainted pixels shows, one per variation; see `core.canvas.seam.seam_score`.
        colour_shifts: colour difference across that edge, one per variation; see `core.canvas.seam.ring_shift`.
        follows: in a finish, the share of each hole that the model laid out, 0 to 1; the photo laid out the rest. None
            without a finish.
        places: likewise, the rank of each finished picture among the others, as a sum of ranks; smaller is better.
        sources: likewise, (B, h, w, 2) int32, row and column on the canvas from which each pixel of the area was
            copied; -1 outside the hole. Also None if the picture was framed by its mirror images.
        canvas_mask: (H, W) bool: the pixels that the request allowed to change.
        seconds: by stage: plan, encode, transformer, decode, composite, finish and its own stages, total.
        forwards: transformer passes, one per sample and guidance branch.
        request: the request itself.
        told: sentences about what was done for lack of memory, or of a photo to finish from; usually empty.
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
    shows: tuple[float, ...] | None = None

    def image(self, variation: int) -> NDArray[np.uint8]:
        """Build a finished picture, (H, W, 3 or 4) uint8, a new array of the canvas's size."""
        picture = self.base.copy()
        picture[self.area.slices] = self.patches[variation]
        return picture

    @property
    def worths(self) -> tuple[float, ...] | None:
        """Values by which variations are ranked, higher is better; None for a single one.

        For finished pictures their ranks (core/canvas/finish/ranking.py). For others, if a class is the aim (a
        repainted box, a new picture), how surely they show it, or if nothing recognises it, how much likelier it makes
        them; otherwise how well they fit, minus the visibility of their seam. core/lab/evaluation measures what this
        gains over mean log probability and other measures.
        """
        if self.places is not None:
            return None if len(self.places) < 2 else tuple(-place for place in self.places)
        if self.fits is None:
            return None
        if self.shows is not None:
            return self.shows
        if self.class_fits is not None and self.request.is_new:
            return self.class_fits
        return tuple(fit - seam / 2 for fit, seam in zip(self.fits, self.seams, strict=True))

    @property
    def ranking(self) -> tuple[int, ...]:
        """Indices of variations, best first by `worths`; a single one stays as drawn."""
        worths, drawn = self.worths, range(len(self.patches))
        return tuple(drawn) if worths is None else tuple(sorted(drawn, key=lambda i: -worths[i]))

    @property
    def images(self) -> NDArray[np.uint8]:
        """Every finished picture: (B, H, W, 3 or 4) uint8, new each time; take large photos one by one."""
        return np.stack([self.image(variation) for variation in range(len(self.patches))])

    @property
    def unknown_tokens(self) -> int:
        """Cells of the hole, over all passes: decoded by one variation that does not start from codes."""
        return sum(int(m.sum()) for m in self.latent_masks)
