"""Runs an edit, stops it, and keeps the draft of a stopped run.

Knows nothing of how an edit is drawn, which `editor.handlers.drawing` does; it knows whose run is on, and ends it.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import gradio as gr

from core import BadRequest, CoreError
from editor.handlers.desk import Desk, answered, apology, owner_of, payload_of, refusal
from editor.handlers.drawing import Drawing, Job, Live, Told
from editor.handlers.sweeping import Sweeping
from editor.sentences import on_page
from editor.server.heap import give_back
from editor.wire import intents, replies, requests, sent
from editor.wire.replies import Message
from editor.wire.sent import read

logger = logging.getLogger(__name__)

_UNWANTED = 256
"""Stopped runs that were still waiting for their turn; the queue holds far fewer (32, editor/page/layout.py)."""


class Running:
    """The gestures that run the engine for the stage."""

    def __init__(self, desk: Desk, sweeping: Sweeping) -> None:
        self._desk = desk
        self._sweeping = sweeping
        self._drawing = Drawing(desk)
        self._live: dict[str, Live] = {}
        self._unwanted: deque[str] = deque(maxlen=_UNWANTED)

    def run(
        self, values: Mapping[str, Any], axes: Sequence[str], event: gr.EventData, request: gr.Request
    ) -> Generator[Told, None, None]:
        """Run what the stage requests.

        Args:
            values: the controls by name.
            axes: row axis, its values, column axis, its values, as typed.
            event: the intent.
            request: who asks.
        """
        owner, live = owner_of(request), Live("")
        try:
            live = self._live[owner] = Live(read(sent.OfRun, payload_of(event)).run)
            if live.run in self._unwanted:
                return
            drawn = self._drawn(live, values, axes, event, request)
            with closing(drawn) as told, self._desk.turns.taken():
                for each in () if live.stopped else told:
                    yield each
                    if live.stopped:
                        return
        except CoreError as error:
            yield Told(refusal(error, live.run))
        except Exception as error:
            logger.exception("run failed")
            yield Told(replies.notice("error", apology(error), run=live.run))
        finally:
            if self._live.get(owner) is live:
                del self._live[owner]
            give_back()

    def _drawn(
        self, live: Live, values: Mapping[str, Any], axes: Sequence[str], event: gr.EventData, request: gr.Request
    ) -> Generator[Told, None, None]:
        """Draw what the stage requests, whatever its mode."""
        owner = owner_of(request)
        intent = intents.read_intent(payload_of(event), self._desk.documents, owner=owner)
        engine = self._desk.engine
        asked = requests.read_request(intent, values, engine.spec)
        document = intent.document or self._desk.documents.open(owner, None, "generated")
        source = None if intent.version is None else document.goto(intent.version.id).version.id
        if intent.origin is not None:
            source = intent.origin.run.source
        job = Job(intent.run, document, asked, source, intent.origin, engine, request, time.perf_counter())
        with document.working():
            if intent.mode == "sweep":
                yield from self._swept(job, live, axes)
            elif intent.origin is not None and intent.origin.how == "more":
                yield from self._drawing.more(job, requests.read_options(values, engine.spec).variations)
            else:
                yield from (Told(message) for message in self._drawing.edit(job, live))

    def stop(self, request: gr.Request, wanted: object = None) -> Message:
        """End a run at its next step, or before it began, and report its progress.

        Args:
            request: of the visitor.
            wanted: the browser's id of the run; None for the one under way.
        """
        live = self._live.get(owner_of(request))
        if isinstance(wanted, str) and (live is None or live.run != wanted):
            self._unwanted.append(wanted[: sent.LONGEST_ID])
            return replies.stopped(wanted, on_page.stopped(0, 0))
        if live is None:
            return replies.notice("info", on_page.nothing_running())
        live.stopped = True
        said = on_page.stopped(live.step, live.steps, draft=live.draft)
        return replies.stopped(live.run, said, draft=live.draft)

    def draft(self, event: gr.EventData, request: gr.Request) -> Message:
        """Make a result of a stopped run's last frame, {doc, run, variation}: what was seen, unfinished."""

        def work() -> Message:
            payload = payload_of(event)
            run_id = read(sent.OfRun, payload).run
            document = self._desk.document_of(payload, run_id, request)
            run = document.runs.find(run_id)
            if run.trace is None or not run.trace.variations:
                raise BadRequest(on_page.no_draft())
            engine = self._desk.engine
            requests.check_model(run, engine.spec)
            asked = run.requests[0]
            painting = replace(asked.painting, finish="none")
            drawn = [replace(each, start=run.start(i), painting=painting) for i, each in enumerate(run.requests)]
            job = Job(run_id, document, asked, run.source, None, engine, request, time.perf_counter())
            with document.working(), self._desk.turns.taken():
                results = engine.edit_together(drawn)
                return self._drawing.finished(job, drawn, results, run.trace, kept=run.requests, draft=True)

        return answered(work, lambda notice: notice)

    def _swept(self, job: Job, live: Live, axes: Sequence[str]) -> Iterator[Told]:
        """Draw a sweep; its cells appear beside the stage."""
        cells = self._sweeping.cells(job.run, job.document, job.asked, job.source, axes, job.engine)
        for done, grid, sheet, csv in cells:
            live.step, live.steps = done
            yield Told(replies.alive(job.run), grid, sheet, csv)
        yield Told(replies.stopped(job.run, on_page.sweep_done()))
