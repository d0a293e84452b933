"""Draws one edit for the stage: a message per step, then its pictures, kept with the tokens of each step.

Knows nothing of nets, nor of when to stop: it forwards what the engine streams. Who asked counts for the addresses of
pictures alone.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import NamedTuple

import gradio as gr
import numpy as np

from core import Engine
from core.values import Box, EditRequest, EditResult, Finishing, Preview
from editor.documents import export
from editor.documents.document import Document
from editor.documents.runs import UNKNOWN, Cells, Run, Trace, changed_outside
from editor.documents.sources import Sources
from editor.documents.store import Picture, Pixels
from editor.handlers.desk import Desk, address_of
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.server.turns import Turn
from editor.wire import replies, requests
from editor.wire.intents import Origin
from editor.wire.replies import Message

logger = logging.getLogger(__name__)

Streamed = Preview | Finishing | EditResult


class Told(NamedTuple):
    """One item of a run: a message for the stage, and the sweep's grid, sheet and CSV; None leaves a part unchanged."""

    message: Message | None = None
    grid: str | None = None
    sheet: gr.DownloadButton | None = None
    csv: gr.DownloadButton | None = None


@dataclass
class Live:
    """Progress of a visitor's run, for Stop to report, and its turn at the engine, once it has asked for one."""

    owner: str
    run: str
    turn: Turn | None = None
    step: int = 0
    steps: int = 0
    draft: bool = False
    stopped: bool = False


@dataclass(frozen=True, eq=False)
class Job:
    """One edit under way.

    Attributes:
        run: the browser's id.
        document: keeps the results.
        asked: the request, with all its variations.
        source: version it is made from.
        origin: the run it continues.
        engine: draws all of it, whatever model is at work by then.
        visitor: Gradio's request, for the addresses of the pictures.
        started: `time.perf_counter()` seconds.
    """

    run: str
    document: Document
    asked: EditRequest
    source: int | None
    origin: Origin | None
    engine: Engine
    visitor: gr.Request
    started: float

    @property
    def offset(self) -> tuple[int, int]:
        """Position of the source on the results, (x, y)."""
        return self.asked.sides.left, self.asked.sides.top


@dataclass(frozen=True, eq=False)
class _Route:
    """Summary of an edit's passes.

    Attributes:
        window: of the first pass.
        hole: (h, w) bool, the cells that it decides.
        passes: their number.
    """

    window: Box
    hole: Cells
    passes: int

    @classmethod
    def planned(cls, engine: Engine, asked: EditRequest) -> _Route:
        """Plan an edit and summarise its passes."""
        passes = engine.plan(asked)
        return cls(passes[0].window, passes[0].unknown, len(passes))


@contextmanager
def _closed(stream: Iterator[Streamed]) -> Iterator[Iterator[Streamed]]:
    """Close the engine's stream as soon as nobody listens, so that a stopped run frees the device at once."""
    try:
        yield stream
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()


class Drawing:
    """Draws edits and keeps their results."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def edit(self, job: Job, live: Live) -> Iterator[Message]:
        """Stream one edit: a message per step, a sign of life if there is nothing to show, then the result."""
        asked, variations = job.asked, job.asked.decoding.variations
        route = _Route.planned(job.engine, asked)
        trace = self._trace(job, route)
        alone = tuple(asked.alone(i) for i in range(variations))
        canvas = asked.canvas(job.engine.spec.new_side(asked.strength))
        before = job.started
        last: Preview | None = None
        result: EditResult | None = None
        with _closed(job.engine.stream(asked)) as stream:
            for item in stream:
                if isinstance(item, EditResult):
                    result = item
                    continue
                if isinstance(item, Finishing):
                    yield replies.alive(job.run) if last is None else self._frame(job, item, last, route, before)
                    continue
                last = item
                now = time.perf_counter()
                self._desk.measure((now - before) / variations)
                before = now
                live.step, live.steps = item.step, item.steps
                if trace is not None:
                    trace.add(item)
                    if not live.draft:  # from here on there is a draft to keep when it is stopped
                        job.document.remember(Run(job.run, alone, job.offset, job.source, job.engine.spec, trace=trace))
                        live.draft = True
                yield self._step(job, item, canvas)
        if result is None:
            return
        if finish := result.seconds.get("finish"):
            self._desk.measure_finish(finish, job.engine.expected_finish(asked))
        drawn = tuple(asked.single(i) for i in range(variations))
        with self._desk.storing(live.turn):
            message = self.finished(job, drawn, [result], trace, kept=alone)
        yield message

    def more(self, job: Job, live: Live, count: int) -> Iterator[Told]:
        """Draw one picture again at other temperatures, without previews; yields between steps, so that Stop works."""
        assert job.origin is not None
        drawn = requests.more_requests(job.origin, count)
        results, traces = [], []
        for each in drawn:
            trace = self._trace(replace(job, asked=each), _Route.planned(job.engine, each))
            with _closed(job.engine.stream(each, preview_budget_s=0.0)) as stream:
                for item in stream:
                    if isinstance(item, EditResult):
                        results.append(item)
                        if trace is not None:
                            self._settle(trace, [item])
                            traces.append(trace)
                        continue
                    if trace is not None and isinstance(item, Preview):
                        trace.add(item)
                    yield Told(replies.alive(job.run))
        notes = [on_page.temperature_note(each.decoding.token_temperature) for each in drawn]
        joined = Trace.joined(traces) if len(traces) == len(drawn) else None
        with self._desk.storing(live.turn):
            message = self.finished(job, drawn, results, joined, notes=notes)
        yield Told(message)

    def _trace(self, job: Job, route: _Route) -> Trace | None:
        """Start the trace of this edit; None if it takes several windows."""
        if route.passes > 1:
            return None
        hole, start, origin = route.hole, job.asked.start, job.origin
        if start is None:
            return Trace(route.window, hole)
        given = hole & (start.tokens != UNKNOWN)
        before = {0: start.tokens}
        if origin is not None and start.step:
            before = origin.run.traced().states(origin.variation, start.step)
        trace = Trace(route.window, hole, before=before, fresh=not start.step and bool(given.any()))
        if origin is not None:
            trace.inherit(given, origin.run.traced(), origin.variation)
        return trace

    def _step(self, job: Job, preview: Preview, canvas: tuple[int, int]) -> Message:
        return replies.Step(
            job.run,
            preview,
            urls=[export.preview_url(image) for image in preview.images],
            canvas=canvas,
            offset=job.offset,
            seconds_left=self._desk.step_s * len(preview.images) * (preview.steps - preview.step),
        ).message()

    def _frame(self, job: Job, item: Finishing, last: Preview, route: _Route, started: float) -> Message:
        """Show a picture that is being finished, as a step after the last, or send a sign of life.

        Args:
            job: the edit.
            item: from the engine.
            last: the last step.
            route: the edit's passes; with several windows no one picture shows all.
            started: `time.perf_counter()` seconds of the last step.
        """
        if item.images is None:
            return replies.alive(job.run)
        window = last.window.shifted(-item.area.left, -item.area.top).slices
        shown = [export.shrunk(image[window], export.FRAME_SIDE) for image in item.images] if route.passes == 1 else []
        spent = time.perf_counter() - started
        return replies.Step(
            job.run,
            last,
            urls=[export.preview_url(image) for image in shown],
            canvas=job.asked.canvas(job.engine.spec.pixels),
            offset=job.offset,
            seconds_left=spent * (1 - item.share) / max(item.share, 0.1),
            finish=True,
        ).message()

    # results ----------------------------------------------------------------------------------------------------------
    def finished(
        self,
        job: Job,
        drawn: Sequence[EditRequest],
        results: Sequence[EditResult],
        trace: Trace | None,
        *,
        kept: tuple[EditRequest, ...] | None = None,
        notes: Sequence[str] | None = None,
        draft: bool = False,
    ) -> Message:
        """Keep the pictures of finished edits as one run and make the message about it.

        Args:
            job: the edit.
            drawn: for each variation the request that draws it and no other.
            results: their variations, one after the other, are those of `drawn`.
            trace: of all of them, or None.
            kept: requests that a later run continues from, if they are not those of `drawn`.
            notes: what distinguishes each variation, if the seed does not.
            draft: see `replies.Result`.
        """
        if trace is not None and not draft:  # the steps of a draft are already kept
            self._settle(trace, results)
        images = [(result, i) for result in results for i in range(len(result.patches))]
        judged = len(results) == 1 and results[0].fits is not None
        spec = job.engine.spec
        pictures, sources, outside = self._stored(job, drawn, images)
        made = Run(job.run, kept or tuple(drawn), job.offset, job.source, spec, pictures, trace, sources)
        job.document.remember(made)
        told = [
            replies.Variation(
                url=address_of(pictures[index].png, job.visitor),
                seed=drawn[index].decoding.drawn_seed,
                score=result.scores[i],
                seam=result.seams[i],
                shift=result.colour_shifts[i],
                changed_outside=outside[index],
                fit=None if result.fits is None else result.fits[i],
                class_fit=None if result.class_fits is None else result.class_fits[i],
                worth=None if result.worths is None or result.places is not None else result.worths[i],
                note=_note(result, i, None if notes is None else notes[index]),
            )
            for index, (result, i) in enumerate(images)
        ]
        return replies.Result(
            job.run,
            told,
            canvas=job.asked.canvas(spec.new_side(job.asked.strength)),
            offset=job.offset,
            seconds=time.perf_counter() - job.started,
            branchable=trace is not None,
            caption=replies.caption(job.asked, spec),
            ranking=results[0].ranking if judged else None,
            origin=job.origin,
            draft=draft,
            told=tuple(dict.fromkeys(translated(sentence) for result in results for sentence in result.told)),
        ).message()

    def _stored(
        self, job: Job, drawn: Sequence[EditRequest], images: Sequence[tuple[EditResult, int]]
    ) -> tuple[tuple[Picture, ...], tuple[Sources, ...], tuple[int, ...]]:
        """Store every variation; returns the pictures, their sources, and their numbers of pixels changed outside.

        Args:
            job: the edit.
            drawn: for each variation the request that draws it and no other.
            images: each as a result and its index in it.
        """
        spec, store = job.engine.spec, self._desk.documents.store
        stored: list[Picture] = []

        def keep(index: int) -> tuple[Picture, Sources, int]:
            result, i = images[index]
            image = result.image(i)
            picture = export.store_variation(store, image, job.document.name, spec, drawn[index], job.engine.machine)
            stored.append(picture)
            return picture, Sources.of(result, i), self._changed_outside(job, image, result.canvas_mask)

        # Compressing PNGs takes longer than decoding tokens, and threads help; each holds one whole picture.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            each = [pool.submit(keep, index) for index in range(len(images))]
        try:
            pictures, sources, outside = zip(*(one.result() for one in each), strict=True)
        except BaseException:  # a full disk: release those that found room, too
            for picture in stored:
                store.release(picture)
            raise
        return pictures, sources, outside

    def _settle(self, trace: Trace, results: Sequence[EditResult]) -> None:
        tokens = np.concatenate([result.tokens[0] for result in results])
        confidence = np.concatenate([result.confidence[0] for result in results])
        trace.settle(tokens, confidence)

    def _changed_outside(self, job: Job, image: Pixels, allowed: Cells) -> int:
        source = job.asked.image
        if source is None:
            return 0
        (x, y), (height, width) = job.offset, source.shape[:2]
        outside = changed_outside(image, source, allowed[y : y + height, x : x + width], job.offset)
        if outside:
            logger.error("%d pixels changed outside the mask", outside)
        return outside


def _note(result: EditResult, variation: int, note: str | None) -> str | None:
    """Describe what distinguishes a picture: its note, and what its finish follows."""
    said = [note] if note else []
    if result.follows is not None:
        said.append(on_page.follows(result.follows[variation]))
    return ", ".join(said) or None
