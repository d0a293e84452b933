"""Runs an edit, of the open picture or of another one, stops it, and keeps the draft of a stopped run.

Knows nothing of how an edit is drawn, which `drawing` and `repeating` beside it do; it knows whose runs are on or wait
for their turn, and ends them.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any, NamedTuple

import gradio as gr

from core import BadRequest, CoreError, Engine
from core.values import EditRequest
from editor.documents.document import Document
from editor.handlers.desk import Desk, answered, apology, owner_of, payload_of, refusal, still_there
from editor.handlers.drawing import Drawing, Job, Live, Told
from editor.handlers.repeating import Repeating
from editor.handlers.sweeping import Sweeping
from editor.handlers.waiting import waited
from editor.sentences import on_page
from editor.server.heap import give_back
from editor.server.turns import Left, Turn
from editor.wire import intents, replies, requests, sent
from editor.wire.intents import Intent
from editor.wire.replies import Message
from editor.wire.sent import read

logger = logging.getLogger(__name__)

_UNWANTED = 256
"""Stopped runs of which nothing was heard yet; far fewer are on their way at a time (`Turns`)."""


class _Asked(NamedTuple):
    """What the stage requests, as read; the mask of a large photo takes 64 MB."""

    intent: Intent
    engine: Engine
    request: EditRequest


class Running:
    """The gestures that run the engine for the stage."""

    def __init__(self, desk: Desk, sweeping: Sweeping) -> None:
        self._desk = desk
        self._sweeping = sweeping
        self._repeating = Repeating(desk)
        self._drawing = Drawing(desk)
        self._live: dict[tuple[str, str], Live] = {}
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
        yield from self._led(event, request, lambda live: self._drawn(live, values, axes, event, request))

    def repeat(
        self, values: Mapping[str, Any], path: str | None, event: gr.EventData, request: gr.Request
    ) -> Generator[Told, None, None]:
        """Run what the page requests on another picture, of which nothing is kept but what was made, for a while.

        Args:
            values: the controls by name.
            path: of the uploaded picture; Gradio has checked that it is its own upload.
            event: what is to be repeated, a `sent.Repeat`.
            request: who asks.
        """
        yield from self._led(event, request, lambda live: self._repeating.drawn(live, values, path, event, request))

    def _led(
        self, event: gr.EventData, request: gr.Request, draw: Callable[[Live], Generator[Told, None, None]]
    ) -> Generator[Told, None, None]:
        """Lead a run to its end, whichever it is: Stop finds it, and an error becomes a sentence."""
        live = Live(owner_of(request), "")
        try:
            live.run = read(sent.OfRun, payload_of(event)).run
            self._live[live.owner, live.run] = live
            if live.run in self._unwanted:
                return
            with closing(draw(live)) as told:
                for each in told:
                    yield each
                    if live.stopped:
                        return
        except Left:
            return
        except CoreError as error:
            yield Told(refusal(error, live.run))
        except Exception as error:
            logger.exception("run failed")
            yield Told(replies.notice("error", apology(error), run=live.run))
        finally:
            self._ended(live)
            give_back()

    def _drawn(
        self, live: Live, values: Mapping[str, Any], axes: Sequence[str], event: gr.EventData, request: gr.Request
    ) -> Generator[Told, None, None]:
        """Draw in its turn what the stage requests, whatever its mode."""
        asked = self._asked(values, event, live.owner)
        seconds = self._expected(asked)
        del asked  # who waits keeps no mask, and is read again
        turn = self._desk.turns.wait(live.owner, seconds)
        yield from (Told(message) for message in waited(self._desk.turns, live, turn))
        intent, engine, wanted = self._asked(values, event, live.owner)
        document = intent.document or self._desk.documents.open(live.owner, None, "generated")
        source = None if intent.version is None else document.find(intent.version.id).id
        if intent.origin is not None:
            source = intent.origin.run.source
        job = Job(intent.run, document, wanted, source, intent.origin, engine, request, time.perf_counter())
        with document.working():
            if intent.mode == "sweep":
                yield from self._sweeping.cells(job, live, axes)
                yield Told(replies.stopped(job.run, on_page.sweep_done()))
            elif intent.origin is not None and intent.origin.how == "more":
                options = requests.read_options(values, engine.spec, from_nothing=wanted.image is None)
                yield from self._drawing.more(job, live, options.variations)
            else:
                yield from (Told(message) for message in self._drawing.edit(job, live))

    def _asked(self, values: Mapping[str, Any], event: gr.EventData, owner: str) -> _Asked:
        intent, engine = intents.read_intent(payload_of(event), self._desk.documents, owner=owner), self._desk.engine
        return _Asked(intent, engine, requests.read_request(intent, values, engine.spec))

    def _expected(self, asked: _Asked) -> float:
        """Estimate the seconds of a run's turn; a sweep's is one cell."""
        request, origin = asked.request, asked.intent.origin
        steps = asked.engine.expected_steps(request)
        if asked.intent.mode == "sweep":
            return self._desk.step_s * steps
        more = origin is not None and origin.how == "more"
        return self._desk.expected(request, steps) * (request.decoding.variations if more else 1)

    def _ended(self, live: Live) -> None:
        """Note that a run is over, however it ended: its turn is another's."""
        if self._live.get((live.owner, live.run)) is live:
            del self._live[live.owner, live.run]
        if live.turn is not None:
            self._desk.turns.leave(live.turn)

    def stop(self, request: gr.Request, wanted: object = None) -> Message:
        """End a run at its next step, or before it began, and report its progress.

        Args:
            request: of the visitor.
            wanted: the browser's id of the run; None for the one that was asked for first.
        """
        owner = owner_of(request)
        own = [live for live in dict(self._live).values() if live.owner == owner]
        live = next((each for each in own if wanted in (each.run, None)), None)
        if live is None and isinstance(wanted, str):
            self._unwanted.append(wanted[: sent.LONGEST_ID])
            return replies.stopped(wanted, on_page.stopped(0, 0))
        if live is None:
            return replies.notice("info", on_page.nothing_running())
        live.stopped = True
        if live.turn is not None and not live.turn.done():
            self._desk.turns.leave(live.turn)
        said = on_page.stopped(live.step, live.steps, draft=live.draft)
        return replies.stopped(live.run, said, draft=live.draft)

    def draft(self, event: gr.EventData, request: gr.Request) -> Message:
        """Make a result of a stopped run's last frame, {doc, run, variation}: what was seen, unfinished."""

        def work() -> Message:
            payload = payload_of(event)
            run_id = read(sent.OfRun, payload).run
            document = self._desk.document_of(payload, run_id, request)
            taken = self._desk.turns.taken(owner_of(request), self._desk.step_s, there=still_there)
            with document.working(), taken as turn:  # the run itself has given its turn back: its last step is kept
                return self._drafted(document, run_id, request, turn)

        return answered(work, lambda notice: notice)

    def _drafted(self, document: Document, run_id: str, request: gr.Request, turn: Turn) -> Message:
        """Draw the last frame of a stopped run without a finish."""
        run = document.runs.find(run_id)
        if run.trace is None or not run.trace.variations:
            raise BadRequest(on_page.no_draft())
        engine = self._desk.engine
        requests.check_model(run, engine.spec)
        asked = run.requests[0]
        painting = replace(asked.painting, finish="none")
        drawn = [replace(each, start=run.start(i), painting=painting) for i, each in enumerate(run.requests)]
        job = Job(run_id, document, asked, run.source, None, engine, request, time.perf_counter())
        results = engine.edit_together(drawn)
        with self._desk.storing(turn):
            return self._drawing.finished(job, drawn, results, run.trace, kept=run.requests, draft=True)
