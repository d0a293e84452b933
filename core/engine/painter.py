"""What a painter is asked and what it answers: one pass of one window, and the only door to a model's nets.

Knows nothing of requests, canvases or photos. Windows come in at the model's size and pictures of that size go out, as
plain arrays of a few megabytes whatever the photo's size; nothing refers to anything outside. So a painter in another
process, or one that batches the work of many visitors, can stand behind the same protocol.
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
    """One pass of one window for B rows, each drawn in its own way.

    Attributes:
        windows: (B, S, S, 3) uint8 RGB at the model's resolution, filled neutrally where `unseen`.
        unseen: (S, S) bool, True where the windows show no pixel of the photo.
        unknown: (h, w) bool, the cells to repaint.
        starts: B grids of (h, w) int64 codes to begin with, -1 where unknown; None for an empty hole.
        samplings: B ways to draw tokens.
        conditions: B classes with their guidance.
        judged: whether `Drawn.fits` are wanted, at one or two more forwards.
        preview_s: seconds that decoding one step's previews may take, beyond which a cell has about its code's
            colour; None for no previews.
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
        tokens: (B, h, w) int64, the full guess; holds no -1.
        unknown: (B, h, w) bool, the cells that are still to be decided.
        confidence: (B, h, w) float32, log probability of each cell's token; 0 where it was given.
        images: (B, S, S, 3) uint8, previews of the guess; None where none are wanted.
        exact: False where the previews are not decoded, but a cell has about its code's colour.
    """

    index: int
    steps: int
    tokens: NDArray[np.int64]
    unknown: NDArray[np.bool_]
    confidence: NDArray[np.float32]
    images: NDArray[np.uint8] | None
    exact: bool


@dataclass(frozen=True, eq=False)
class Drawn:
    """The tokens that came of a pass.

    Attributes:
        tokens: (B, h, w) int64.
        confidence: (B, h, w) float32, see `Step`.
        fits: (B,) float64, summed log probability of the tokens in the hole with none of them given; None where nobody
            asked.
        class_fits: (B,) float64, the same less that without a class; None, too, where there is no class or the model
            cannot be asked without.
        forwards: (B,) int64 transformer passes of each row, without those for `fits`.
    """

    tokens: NDArray[np.int64]
    confidence: NDArray[np.float32]
    fits: NDArray[np.float64] | None
    class_fits: NDArray[np.float64] | None
    forwards: NDArray[np.int64]

    def with_rows(self, rows: Sequence[int], others: Drawn) -> Drawn:
        """Return the same with others, drawn for the same cells, in place of some of the rows; all forwards count."""
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
    """What came of a pass.

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
    """One code that could stand in a cell.

    Attributes:
        code: codebook index.
        probability: by the model, in (0, 1].
        image: (S, S, 3) uint8, the window decoded with that code.
    """

    code: int
    probability: float
    image: NDArray[np.uint8]


class Painter(Protocol):
    """Whoever turns windows into painted windows. Every call may raise OutOfMemory, or CheckpointError on overflow."""

    @property
    def machine(self) -> Machine:
        """What the last bits of the answers depend on beside the weights."""

    def paint(self, job: Job) -> Iterator[Step | Painted]:
        """Decode the unknown cells; yields each step, then what came of it. Closing the iterator cancels."""

    def kept(self, window: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return what the tokenizer keeps of an (S, S, 3) uint8 window: encoded and decoded."""

    def sharper(self, picture: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return the sharpener's picture of a decoded one.

        (S, S, 3) uint8 -> (f S, f S, 3) float32 in levels of 255; None where the model has no sharpener.
        """

    def fitting(self, job: Job, cell: tuple[int, int], temperature: float, count: int) -> list[Fitting]:
        """Return the codes that fit into one cell with all others given, likeliest first.

        Args:
            job: of one row, whose start leaves nothing unknown.
            cell: (row, column).
            temperature: divides the logits.
            count: at most so many.
        """

    def log_likelihood(self, job: Job, true: NDArray[np.uint8]) -> float:
        """Return the summed log probability of a true window's tokens in the hole, each with none of them given.

        Args:
            job: of one row; its start and sampling play no part.
            true: (S, S, 3) uint8.
        """

    def step_down(self) -> bool:
        """Make do with less memory from now on; returns whether there was anything left to try."""

    def told(self) -> tuple[str, ...]:
        """Return the sentences about want of memory that nobody has taken yet, and forget them."""

    def release(self) -> None:
        """Give back memory that nothing holds."""
