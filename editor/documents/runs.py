"""The results of one press of Run: its variations, the steps that led to them, and the cells of a sweep.

Knows nothing of widgets, messages or files, except the pictures it names. Steps are kept as tokens, a few kilobytes
each: anything wanted of them later (a branch, a draft, a film) can be drawn from tokens again.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core import BadRequest, Cell, Machine
from core.models import ModelSpec
from core.values import Box, EditRequest, Preview, Start
from editor.documents.sources import Sources
from editor.documents.store import Picture, Pixels
from editor.sentences import on_page

Codes = NDArray[np.int64]
Cells = NDArray[np.bool_]

UNKNOWN = -1
"""A cell whose token is still undecided, as in `core.values.Start`."""


class Trace:
    """The steps of a run that took one window; thread-safe, because a run is weighed and filmed while it goes on.

    Attributes:
        window: position of the grid of cells on the canvas.
        hole: (h, w) bool, the cells that the run decides.
        fresh: whether the run began with some cells of the hole given, under a schedule of its own: its steps are then
            not those of a run of the whole hole.
    """

    def __init__(
        self, window: Box, hole: Cells, *, before: Mapping[int, Codes] | None = None, fresh: bool = False
    ) -> None:
        """Start a trace without steps.

        Args:
            window: see above.
            hole: see above.
            before: states that this run continues from, by step: (h, w) codes, `UNKNOWN` where undecided.
            fresh: see above.
        """
        self.window = window
        self.hole = hole
        self.fresh = fresh
        self._lock = threading.RLock()
        self._before = dict(before or {})
        self._guesses: dict[int, NDArray[np.int32]] = {}
        self._unknown: dict[int, Cells] = {}
        self._confidence: NDArray[np.float32] | None = None
        self._given: tuple[Cells, NDArray[np.float32]] | None = None

    def inherit(self, kept: Cells, origin: Trace, variation: int) -> None:
        """Take over the confidence of cells, (h, w) bool, that another run gave to this one."""
        assert origin._confidence is not None
        self._given = kept, origin._confidence[variation]

    def add(self, preview: Preview) -> None:
        """Keep a step: (B, h, w) tokens, the unknown cells, and the confidence."""
        with self._lock:
            self._guesses[preview.step] = preview.tokens.astype(np.int32)
            self._unknown[preview.step] = preview.unknown.copy()
            self._note(preview.confidence)

    def settle(self, tokens: Codes, confidence: NDArray[np.float32]) -> None:
        """Keep a run's result, (B, h, w) each, as its last step; a run with nothing to decode has no other."""
        with self._lock:
            self._guesses[self.last] = tokens.astype(np.int32)
            self._unknown[self.last] = np.zeros(tokens.shape, np.bool_)
            self._note(confidence)

    def _note(self, confidence: NDArray[np.float32]) -> None:
        self._confidence = confidence if self._given is None else np.where(*self._given, confidence)

    @classmethod
    def joined(cls, traces: Sequence[Trace]) -> Trace:
        """Join the traces of runs of one hole with equally many steps, with all their variations."""
        first = traces[0]
        trace = cls(first.window, first.hole, before=first._before, fresh=first.fresh)
        trace._given = first._given
        for step in first._guesses:
            trace._guesses[step] = np.concatenate([each._guesses[step] for each in traces])
            trace._unknown[step] = np.concatenate([each._unknown[step] for each in traces])
        trace._confidence = np.concatenate([each._confidence for each in traces if each._confidence is not None])
        return trace

    @property
    def last(self) -> int:
        """The last step reached; 0 before the first."""
        with self._lock:
            return max(self._guesses, default=0)

    @property
    def variations(self) -> int:
        """B, or 0 before the first step."""
        return 0 if self._confidence is None else len(self._confidence)

    @property
    def weight(self) -> int:
        """Bytes in memory."""
        with self._lock:
            return sum(part.nbytes for kept in (self._guesses, self._unknown, self._before) for part in kept.values())

    def guesses(self, variation: int) -> tuple[Codes, ...]:
        """Return the full guess (h, w) of each step seen, in order."""
        with self._lock:
            return tuple(self._guesses[step][variation].astype(np.int64) for step in sorted(self._guesses))

    def final(self, variation: int) -> Codes:
        """Return the full guess (h, w) of the last step: a code in every cell."""
        with self._lock:
            codes: Codes = self._guesses[self.last][variation].astype(np.int64)
            return codes

    def after(self, variation: int, step: int) -> Codes:
        """Return the codes (h, w) after a step, `UNKNOWN` where undecided; step 0 is the start.

        Raises:
            BadRequest: if that step is not kept.
        """
        with self._lock:
            if step in self._guesses:
                codes: Codes = self._guesses[step][variation].astype(np.int64)
                codes[self._unknown[step][variation]] = UNKNOWN
                return codes
        if step in self._before:
            return self._before[step]
        if step == 0:
            return np.full(self.hole.shape, UNKNOWN, np.int64)
        raise BadRequest(on_page.step_gone(step, self.last))

    def states(self, variation: int, until: int) -> dict[int, Codes]:
        """Return the kept states of a variation by step, from the start to step `until`."""
        with self._lock:
            kept = {0, *self._before, *self._guesses}
            return {step: self.after(variation, step) for step in sorted(kept) if step <= until}

    def weakest(self, variation: int, share: float, keep: Sequence[int]) -> Cells:
        """Find the cells of the hole with the lowest confidence, (h, w) bool.

        Args:
            variation: of the picture.
            share: of the hole, above 0 to 1; at least one cell is found.
            keep: cells, row-major, to leave out.
        """
        assert self._confidence is not None
        free = self.hole.reshape(-1).copy()
        free[list(keep)] = False
        candidates = np.flatnonzero(free)
        count = min(len(candidates), max(1, round(share * int(self.hole.sum()))))
        order = np.argsort(self._confidence[variation].reshape(-1)[candidates], kind="stable")
        named = np.zeros(free.shape, np.bool_)
        named[candidates[order[:count]]] = True
        return named.reshape(self.hole.shape)


@dataclass(frozen=True, eq=False)
class Run:
    """One run; its variations are kept until one is accepted, even after a later run.

    Attributes:
        id: the browser's own.
        requests: one per variation, each as if drawn alone.
        offset: position of the source on the pictures, (x, y).
        source: version of the document it was made from; None without one.
        spec: the model that made it.
        pictures: one per variation; none while the run goes on or after it was stopped, unless a draft was kept.
        trace: its steps, if it took one window.
        sources: origins of each picture's pixels; empty if unknown.
    """

    id: str
    requests: tuple[EditRequest, ...]
    offset: tuple[int, int]
    source: int | None
    spec: ModelSpec
    pictures: tuple[Picture, ...] = ()
    trace: Trace | None = None
    sources: tuple[Sources, ...] = ()

    @property
    def weight(self) -> int:
        """Bytes of it, pixels of its pictures included."""
        return sum(picture.weight for picture in self.pictures) + self.memory

    @property
    def memory(self) -> int:
        """Its bytes in memory."""
        steps = 0 if self.trace is None else self.trace.weight
        return _masks(self.requests) + steps + sum(each.weight for each in self.sources)

    def request(self, variation: int) -> EditRequest:
        """Return the request that drew a variation.

        Raises:
            BadRequest: if there is no such variation.
        """
        if not 0 <= variation < len(self.requests):
            raise BadRequest(on_page.run_gone())
        return self.requests[variation]

    def traced(self) -> Trace:
        """Return the steps.

        Raises:
            BadRequest: if they are not kept, because it took several passes or has not begun.
        """
        if self.trace is None or not self.trace.variations:
            raise BadRequest(on_page.no_trace())
        return self.trace

    def start(self, variation: int, *, step: int | None = None, pins: Mapping[int, int] | None = None) -> Start:
        """Make the start for continuing a decoding: after a step, or with a code in every cell if `step` is None.

        Raises:
            BadRequest: if the steps or that step are not kept, or a pin is outside the hole.
        """
        trace = self.traced()
        self.request(variation)
        if step is not None:
            return Start(trace.after(variation, step), 0 if trace.fresh else step)
        codes = trace.final(variation)
        for cell, code in (pins or {}).items():
            if cell >= trace.hole.size or not trace.hole.reshape(-1)[cell]:
                raise BadRequest(on_page.cell_outside())
            codes.reshape(-1)[cell] = code
        return Start(codes)


@dataclass(frozen=True, eq=False)
class SweptCells:
    """The cells of a sweep, one of which a person may adopt; only what each painted is kept, in memory.

    Attributes:
        id: the browser's own id of the run.
        source: version of the document it was made from; None without one.
        spec: the model that makes them.
        painted: (H, W) bool on the canvas, the pixels in which the cells may differ.
        labels: the settings of rows and of columns, for people.
        cells: by (row, column); the image of each is cropped to the box around `painted`.
        machine: that draws them.
    """

    id: str
    source: int | None
    spec: ModelSpec
    painted: Cells
    labels: tuple[Sequence[str], Sequence[str]]
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    machine: Machine | None = None

    @property
    def weight(self) -> int:
        """Its bytes."""
        return self.memory

    @property
    def memory(self) -> int:
        """Its bytes in memory, which are all of them."""
        cells = list(self.cells.values())
        masks = _masks([cell.request for cell in cells])
        return self.painted.nbytes + masks + sum(cell.image.nbytes for cell in cells)

    def add(self, cell: Cell) -> None:
        """Keep a cell, given with its whole picture."""
        box = Box.around(self.painted)
        assert box is not None
        self.cells[cell.row, cell.column] = replace(cell, image=cell.image[box.slices].copy())

    def cell(self, row: int, column: int) -> Cell:
        """Find a cell.

        Raises:
            BadRequest: if it is not there, or not yet.
        """
        if (row, column) not in self.cells:
            raise BadRequest(on_page.run_gone())
        return self.cells[row, column]

    def picture(self, cell: Cell) -> Pixels:
        """Draw the whole picture of a kept cell: its part on the source."""
        box, source = Box.around(self.painted), cell.request.image
        assert box is not None
        if source is None or box.size == (self.painted.shape[1], self.painted.shape[0]):
            return cell.image
        whole = np.array(source)
        whole[box.slices] = cell.image
        return whole


def _masks(requests: Sequence[EditRequest]) -> int:
    """Count the bytes of requests' masks; those of one run share theirs, as large as the whole picture."""
    masks = {id(request.mask): request.mask.nbytes for request in requests if request.mask is not None}
    return sum(masks.values())


def changed_outside(result_pixels: Pixels, source: Pixels, allowed: Cells, offset: tuple[int, int]) -> int:
    """Count the pixels that differ from the source although the request did not allow it.

    Args:
        result_pixels: (H', W', C) uint8.
        source: (H, W, C) uint8, positioned at `offset` (x, y) on the result.
        allowed: (H, W) bool on the source, True = may change.
        offset: see above.

    Returns:
        The count, by a real comparison of every channel; 0 is the promise.
    """
    x, y = offset
    height, width = source.shape[:2]
    now = result_pixels[y : y + height, x : x + width]
    if now.shape != source.shape:
        return int((~allowed).sum())
    return int(((now != source).any(axis=2) & ~allowed).sum())
