"""`Engine`: one model, and all that is asked of it.

Knows nothing of files, screens, picture formats or nets: its painter has those, in this process or elsewhere.
`Engine.stream` paints an edit and shows every step; `Engine.edit_together` paints several at once and shows none, and
`Engine.edit` is the same for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.canvas.frame import Frame
from core.canvas.plan import Pass
from core.engine import inspect
from core.engine.asked import Asked
from core.engine.ending import expected_finish, finished
from core.engine.painter import Painter
from core.engine.recognising import judged
from core.engine.run import Runner
from core.engine.sample import Sample
from core.engine.work import Work
from core.models.config import ModelSpec
from core.models.recogniser import Recogniser
from core.recipe import Machine
from core.values.finishing import Finishing
from core.values.request import EditRequest
from core.values.result import Alternative, EditResult, Preview


class Engine:
    """One model.

    As thread-safe as its painter.

    Attributes:
        spec: the model.
        recogniser: what recognises its classes in pictures; None if nothing does.
    """

    def __init__(self, spec: ModelSpec, painter: Painter, *, recogniser: Recogniser | None = None) -> None:
        self.spec, self.recogniser = spec, recogniser
        self._painter = painter
        self._asked = Asked(spec)
        self._runner = Runner(self._asked, painter)

    @property
    def device(self) -> str:
        """Kind of device of the nets, see `Machine.device`."""
        return self.machine.device

    @property
    def dtype(self) -> str:
        """Number format of the nets, e.g. "float32" or "float32 packed"."""
        return self.machine.dtype

    @property
    def machine(self) -> Machine:
        """What the last bits of its pictures depend on: on equal machines they are equal."""
        return self._painter.machine

    @property
    def together(self) -> int:
        """Samples that take about as long as one: those side by side on a CPU, a batch on a GPU."""
        return self._painter.together

    @property
    def places(self) -> int:
        """Requests that may be run at a time, each from a thread of its own."""
        return self._painter.places

    def plan(self, request: EditRequest) -> tuple[Pass, ...]:
        """Plan the windows of a request and the cells that each will regenerate, without running anything."""
        frame = Frame.around(request, self.spec.pixels)
        return frame.passes(self._asked.passes(frame.request(request)))

    def expected_steps(self, request: EditRequest, passes: Sequence[Pass] | None = None) -> int:
        """Count a request's decoding steps over all passes, without those that a start skips.

        Args:
            request: the edit.
            passes: its plan, if it is already known.
        """
        sample = Sample.drawn_for(request.advised(self.spec))
        return sum(sample.steps(one) for one in (self.plan(request) if passes is None else passes))

    def expected_finish(self, request: EditRequest) -> float:
        """Estimate the seconds of a request's finish on an ordinary machine; 0 without a finish."""
        advised = request.advised(self.spec)
        if not advised.is_finished:
            return 0.0
        return expected_finish(advised, advised.hole(self.spec.pixels))

    def edit(self, request: EditRequest) -> EditResult:
        """Run a request to its result; see `edit_together`."""
        return self.edit_together([request])[0]

    def stream(
        self, request: EditRequest, *, preview_budget_s: float = 0.1
    ) -> Iterator[Preview | Finishing | EditResult]:
        """Run a request, showing every decoding step; closing the iterator cancels and frees what it holds.

        Args:
            request: the edit.
            preview_budget_s: seconds that decoding one step's previews may take; if that is not enough, each cell shows
                about its code's colour.

        Yields:
            A `Preview` for each step, a `Finishing` every few dozen milliseconds of the finish, then one `EditResult`.

        Raises:
            BadRequest: if the model cannot do the request.
            OutOfMemory: if the device has too little memory.
        """
        request = self._asked.advised(request)
        samples = [Sample.drawn_for(request, i) for i in range(request.decoding.variations)]
        frame = Frame.around(request, self.spec.pixels)
        framed = frame.request(request)
        for item in self._runner.run(framed, samples, preview_budget_s):
            if not isinstance(item, Work):
                yield frame.preview(item)
                continue
            if item.finishing:
                for sign in finished(item, framed):
                    yield replace(sign, images=None) if any(frame.sides) else sign
            yield judged(frame.result(item.result(request), request), self.recogniser)

    def edit_together(self, requests: Sequence[EditRequest]) -> tuple[EditResult, ...]:
        """Run requests that differ only in class, start and decoding options as one batch.

        `seconds` of each result is that of the whole batch.
        """
        requests = [self._asked.advised(request) for request in requests]
        samples = [Sample.drawn_for(r, i) for r in requests for i in range(r.decoding.variations)]
        frame = Frame.around(requests[0], self.spec.pixels)
        run = self._runner.run(frame.request(requests[0]), samples, None)
        work = next(item for item in run if isinstance(item, Work))
        results, first = [], 0
        for request in requests:
            if work.finishing:
                for _ in finished(work, frame.request(request), first):
                    pass
            results.append(judged(frame.result(work.result(request, first), request), self.recogniser))
            first += request.decoding.variations
        return tuple(results)

    def reconstruct(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Encode and decode a picture in square windows along its longer side, to show what the tokenizer keeps.

        Args:
            image: (H, W, 3 or 4) uint8; alpha is ignored.

        Returns:
            (H, W, 3) uint8.
        """
        return inspect.reconstruct(self._painter, image, self.spec.pixels)

    def token_nll(self, request: EditRequest, truth: NDArray[np.uint8]) -> float:
        """Mean negative log-likelihood of a request's hidden tokens, in nats per token, over all windows.

        One forward per window, in which the other cells have the codes that an edit sees: those of the window with its
        hole filled neutrally. The hidden tokens are those of the true picture (MVTM's objective, Chang et al. 2022,
        equation 1, on the cells of this request). Guidance and temperatures are not used.

        Args:
            request: an edit, for its cells and its class.
            truth: (H, W, 3) uint8, the true picture of the whole canvas (of the grown one, for EXTRAPOLATE).

        Raises:
            BadRequest: if the model cannot do the request, or the true picture has another size.
        """
        return inspect.token_nll(self._asked, self._painter, request, truth)

    def alternatives(self, request: EditRequest, cell: tuple[int, int], count: int = 5) -> tuple[Alternative, ...]:
        """Find the codes that fit one cell of a finished edit, likeliest first.

        One forward (two or four with guidance) in which that cell alone is unknown. The request's class, guidance and
        token temperature are used, its schedule is not.

        Args:
            request: its start holds a code in every cell of the hole.
            cell: (row, column) of a cell of the hole.
            count: at most this many, at least 1.

        Raises:
            BadRequest: if the model cannot do the request, or its start or the cell does not qualify.
            OutOfMemory: if the device has too little memory.
        """
        return inspect.alternatives(self._asked, self._painter, request, cell, count)
