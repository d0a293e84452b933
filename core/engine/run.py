"""Paints one request: window by window, with less memory if it runs out, and again if a border repeats itself.

Knows nothing of nets (a painter has them), or of how an edit is finished from the photo.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from core.canvas.detail import Examples
from core.canvas.plan import Pass
from core.engine.asked import Asked
from core.engine.blending import blended
from core.engine.device import memory_errors_translated
from core.engine.learning import Learning
from core.engine.painter import Painted, Painter, Step
from core.engine.sample import Sample
from core.engine.sharpening import Sharpening
from core.engine.work import Work
from core.errors import OutOfMemory
from core.recipe import Machine
from core.values.region import Task
from core.values.request import EditRequest
from core.values.result import Preview

logger = logging.getLogger(__name__)

MOST_REDRAWN = 2
"""Times that a long border that repeats something is drawn anew, each as long as the edit; after that it stays."""


class Runner:
    """Paints requests of one model.

    Args:
        asked: the model, for its windows.
        painter: has the nets.
    """

    def __init__(self, asked: Asked, painter: Painter) -> None:
        self._asked, self._painter = asked, painter
        self._sharpening = Sharpening(painter, lattice=asked.spec.leaves_lattice)
        self._learning = Learning(painter, asked.spec.pixels)
        self._stepping = threading.Lock()

    def run(self, request: EditRequest, samples: list[Sample], preview_s: float | None) -> Iterator[Preview | Work]:
        """Paint one geometry for all samples; yields previews, then the work.

        When memory runs out it begins anew with less, as long as the painter can reduce it; and when another run had it
        reduced meanwhile, so that one picture has one number format.

        Args:
            request: checked, with the model's advice; its class, start and decoding options are not used.
            samples: they have those.
            preview_s: seconds that decoding one step's previews may take; None for no previews.

        Raises:
            OutOfMemory: if nothing is left to reduce.
        """
        while True:
            machine = self._painter.machine
            try:
                for item in self._without_repetition(request, samples, preview_s):
                    if isinstance(item, Work):
                        if self._painter.machine != machine:
                            break
                        item.told = self._painter.told()
                    yield item
                else:
                    return
            except Exception as error:
                if not self._smaller(machine, error):
                    raise
            self._learning.forget()

    def _smaller(self, machine: Machine, error: Exception) -> bool:
        """Take less memory where it ran out; tells whether the nets have changed since a run began on that machine.

        They may also have changed for another's sake: then any error may come of it.
        """
        with self._stepping:
            changed = self._painter.machine != machine
            return changed or (isinstance(error, OutOfMemory) and self._painter.step_down())

    def _without_repetition(
        self, request: EditRequest, samples: list[Sample], preview_s: float | None
    ) -> Iterator[Preview | Work]:
        """Run once, then draw those samples of a long border anew that repeat or mirror something.

        Only where no finish ends the border, and only samples from several windows: one from a single window may be
        continued, with its own seed. What is drawn anew depends on the sample alone, so that it is the same among
        others. Meanwhile the last preview is yielded again, so that the consumer may stop.
        """
        last: Preview | None = None
        for item in self._once(request, samples, preview_s):
            if isinstance(item, Preview):
                last = item
                yield item
                continue
            work = item
            may_repeat = request.task is Task.EXTRAPOLATE and work.first_passes > 1 and not work.finishing
            for attempt in range(1, MOST_REDRAWN + 1 if may_repeat else 0):
                rows = [row for row in range(len(work.samples)) if work.repeats(row)]
                if not rows:
                    break
                logger.info("%d of %d borders repeat something: drawn anew", len(rows), len(work.samples))
                again = [work.samples[row].redrawn(attempt) for row in rows]
                for other in self._once(request, again, None if last is None else 0.0):
                    if isinstance(other, Work):
                        work.take(rows, other)
                    elif last is not None:
                        yield last
            yield work

    def _once(self, request: EditRequest, samples: list[Sample], preview_s: float | None) -> Iterator[Preview | Work]:
        """Paint all windows once."""
        started = time.perf_counter()
        with memory_errors_translated(self._painter.machine.device):
            try:
                work = self._asked.work(request, samples)
                work.seconds["plan"] = time.perf_counter() - started
                yield from self._passes(work, request, preview_s)
                if not work.finishing:
                    with work.timed("composite"):
                        work.blended = blended(work.layers, request)
                work.seconds["total"] = time.perf_counter() - started
                logger.info("%s: %d passes, %.2f s", request.task.value, len(work.passes), work.seconds["total"])
                yield work
            finally:
                self._painter.release()

    def _passes(self, work: Work, request: EditRequest, preview_s: float | None) -> Iterator[Preview]:
        """Paint every window into the layers; yields previews, none if the budget is None."""
        samples, passes = work.samples, work.passes
        # Detail is what the model's own pixels lack; an edit that ends with the photo's pixels needs none.
        way = "none" if work.finishing else request.way_of_detail
        examples: dict[int, Examples] | None = None
        taken = max(sample.taken for sample in samples)
        steps = taken + sum(max(sample.steps(one) for sample in samples) for one in passes)
        for index, one in enumerate(passes):
            with work.timed("encode"):
                job = self._asked.job(work, one, preview_s)
            made = 0
            for item in self._painter.paint(job):
                if isinstance(item, Step):
                    made = item.steps
                    if item.images is not None:
                        yield _preview(item, work, index, taken, steps)
                    continue
                work.add(item)
                if examples is None:  # only now: on a large model the first preview would wait ten seconds for it
                    examples = self._learning.examples(work, way)
                detail = examples.get(one.window.size.width)
                images = list(item.images)
                if detail is None and not work.finishing:
                    with work.timed("decode"):
                        images = self._sharper(work, one, item, request.strength)
                with work.timed("composite"):
                    seeds = [sample.sampling.seed for sample in samples]
                    work.layers.paint(images, one, examples=detail, seeds=seeds, match=request.painting.match_colour)
            taken += made

    def _sharper(self, work: Work, one: Pass, painted: Painted, strength: float) -> list[NDArray[np.uint8]]:
        """Sharpen each sample's decoded picture of a pass, and add the grain of its window."""
        layers = work.layers
        known = ~(layers.unseen(one) | one.mask)
        before = [layers.seen(row, one) for row in range(len(painted.images))]
        seeds = [sample.sampling.seed for sample in work.samples]
        return self._sharpening.at_window(list(painted.images), before, known, strength, seeds)


def _preview(step: Step, work: Work, index: int, taken: int, steps: int) -> Preview:
    """Convert a step of a pass to a preview.

    Args:
        step: with images.
        work: its run.
        index: of the pass.
        taken: steps taken before this pass.
        steps: of all passes.
    """
    assert step.images is not None
    return Preview(
        step=taken + step.index + 1,
        steps=steps,
        pass_index=index,
        passes=len(work.passes),
        window=work.passes[index].window,
        images=step.images,
        exact=step.exact,
        unknown=step.unknown,
        tokens=step.tokens,
        confidence=step.confidence,
    )
