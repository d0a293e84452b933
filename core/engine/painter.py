"""The painter's protocol: one pass of one window; what the rest of the engine asks of a model's nets.

Knows nothing of requests, canvases or photos. Windows come in at the model's size and pictures of that size go out, as
plain arrays of a few megabytes whatever the photo's size; nothing refers to anything outside. So a painter in another
process, or one that batches the work of many visitors, can implement the same protocol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.decoding.decode import Sampling
from core.decoding.guidance import Condition
from core.recipe import Machine


@dataclass(frozen=True, eq=False)
class Job:
    """One pass of one window for B samples, each with its own settings.

    Attributes:
        windows: (B, S, S, 3) uint8 RGB at the model's resolution, filled neutrally where `unseen`.
        unseen: (S, S) bool, True where the windows show no pixel of the photo.
        unknown: (h, w) bool, the cells to repaint.
        starts: B grids of (h, w) int64 codes to begin with, -1 where unknown; None for an empty hole.
        samplings: B decoding settings.
        conditions: B classes with their guidance.
        judged: whether to compute `Drawn.fits`, at the cost of one or two more forwards.
        preview_s: seconds that decoding one step's previews may take; if that is not enough, each cell shows about its
            code's colour. None for no previews.
    """

    windows: NDArray[np.uint8]
    unseen: NDArray[np.bool_]
    unknown: NDArray[np.bool_]
    starts: tuple[NDArray[np.int64] | None, ...]
    samplings: tuple[Sampling, ...]
    conditions: tuple[Condition, ...]
    judged: bool = False
    preview_s: float | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """The state of a pass after one decoding step.

    Attributes:
        index, steps: this step, from 0, and their number in this pass.
        tokens: (B, h, w) int64, the full guess; contains no -1.
        unknown: (B, h, w) bool, the cells that are still undecided.
        confidence: (B, h, w) float32, log probability of each cell's token; 0 for known cells.
        images: (B, S, S, 3) uint8, previews of the guess; None if none were requested.
        exact: False if the previews are not decoded, but each cell shows about its code's colour.
        forwards: (B,) int64 transformer passes of each sample so far.
    """

    index: int
    steps: int
    tokens: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    images: NDArray[np.uint8] | None
    exact: bool
    forwards: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Drawn:
    """The tokens of a pass.

    Attributes:
        tokens: (B, h, w) int64.
        confidence: (B, h, w) float32, see `Step`.
        fits: (B,) float64, summed log probability of the tokens in the hole with none of them given; None if not
            requested.
        class_fits: (B,) float64, the same minus that without a class; also None without a class, or if the model
            always needs one.
        forwards: (B,) int64 transformer passes of each sample, without those for `fits`.
    """

    tokens: NDArray[np.int64]
    confidence: NDArray[np.float32]
    fits: NDArray[np.float64] | None
    class_fits: NDArray[np.float64] | None
    forwards: NDArray[np.int64]

    def with_rows(self, rows: Sequence[int], others: Drawn) -> Drawn:
        """Replace some rows by others that were drawn for the same cells; the forwards add up."""
        parts = {}
        for each in fields(self):
            mine, theirs = getattr(self, each.name), getattr(others, each.name)
            if mine is not None and theirs is not None:
                mine = mine.copy()
                mine[list(rows)] = theirs + (mine[list(rows)] if each.name == "forwards" else 0)
            parts[each.name] = mine
        return Drawn(**parts)


@dataclass(frozen=True, eq=False)
class Painted:
    """The result of a pass.

    Attributes:
        images: (B, S, S, 3) uint8, the decoded pictures.
        drawn: their tokens.
        seconds: by stage: encode, transformer, decode.
    """

    images: NDArray[np.uint8]
    drawn: Drawn
    seconds: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Fitting:
    """One code that fits a cell.

    Attributes:
        code: codebook index.
        probability: the model's, in (0, 1].
        image: (S, S, 3) uint8, the window decoded with that code.
    """

    code: int
    probability: float
    image: NDArray[np.uint8]


class Painter(Protocol):
    """Turns windows into painted windows. Every call may raise OutOfMemory, or CheckpointError on overflow."""

    @property
    def machine(self) -> Machine:
        """What the last bits of the answers depend on, beside the weights."""

    @property
    def together(self) -> int:
        """Samples that take about as long as one."""

    @property
    def places(self) -> int:
        """Calls that may be under way at a time, each in a thread of its own."""

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """Decode the unknown cells; yields each step, then the result. Closing the iterator cancels."""

    def kept(self, windows: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
        """Encode and decode (S, S, 3) uint8 windows, to show what the tokenizer keeps."""

    def sharper(self, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]] | None:
        """Sharpen decoded pictures.

        (S, S, 3) uint8 -> (f S, f S, 3) float32 in levels of 255; None if the model has no sharpener.
        """

    def fitting(self, job: Job, cell: tuple[int, int], temperature: float, count: int) -> list[Fitting]:
        """Find the codes that fit one cell with all others given, likeliest first.

        Args:
            job: of one row, whose start leaves nothing unknown.
            cell: (row, column).
            temperature: divides the logits.
            count: at most this many.
        """

    def log_likelihood(self, job: Job, true: NDArray[np.uint8]) -> float:
        """Sum the log probabilities of a true window's tokens in the hole, with none of them given.

        Args:
            job: of one row; its start and sampling are not used.
            true: (S, S, 3) uint8.
        """

    def step_down(self) -> bool:
        """Use less memory from now on; returns whether there was anything left to reduce."""

    def told(self) -> tuple[str, ...]:
        """Return the sentences about lack of memory since the last call, and forget them."""

    def release(self) -> None:
        """Free memory that nothing uses."""
