"""What every gesture needs: models, documents, limits, turns, the visitor, and how errors are answered.

Knows nothing of single gestures.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gradio as gr
from gradio.context import LocalContext

from core import BadRequest, Cell, CoreError, Engine, of_the_machine, sweep
from core.values import EditRequest
from editor.documents.document import Document
from editor.documents.gone import Gone
from editor.documents.store import Picture
from editor.documents.visitors import Documents
from editor.models.current import Models
from editor.sentences import on_page
from editor.sentences.language import translated
from editor.server.results import Results
from editor.server.turns import Turn, Turns
from editor.settings import AppSettings
from editor.wire import intents, replies
from editor.wire.replies import Address, Message

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_GUESS_S = 0.06  # a step of one variation, before any was measured
_FIRST_PACE = 0.7  # of a finish, likewise: two threads share it
_PROGRAMS = 4
"""Programs at work at a time: each holds a picture and its result, at 48 MP half a gigabyte."""
_WRITERS = 2
"""Exports that are written at a time: as many as there are processes that write (editor/server/darkroom.py)."""
_RESULTS = 2
"""Runs whose pictures are written at a time: while the nets draw a third, two more are in memory."""


def _learned(known: float, measured: float) -> float:
    """Update an estimate with a measurement, which counts for three tenths, because runs differ."""
    return known + 0.3 * (measured - known)


class Desk:
    """The models, the documents and the limits.

    Attributes:
        models: the one at work, and those that can be chosen.
        settings: the limits.
        documents: of every visitor.
        turns: at the engine, as many as it has places.
        programs: turns of programs, each from the opened picture to the stored result.
        exports: turns at writing files for download.
        results: files that belong to no document; a quarter of the disk, the rest is for documents.
        step_s: measured seconds of one decoding step of one variation.
        finish_pace: measured seconds of a finish, as a multiple of those expected on an ordinary machine.
    """

    def __init__(self, models: Models, settings: AppSettings, documents: Documents) -> None:
        self.models = models
        self.settings = settings
        self.documents = documents
        self.turns = Turns(models.engine.places)
        self.programs = Turns(_PROGRAMS)
        self.exports = Turns(_WRITERS)
        self.results = Results(settings.disk_mb * 1_000_000 // 4)
        self._storing = threading.BoundedSemaphore(_RESULTS)
        self.step_s = _FIRST_GUESS_S
        self.finish_pace = _FIRST_PACE
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine at work; a gesture asks once and keeps it to its end."""
        return self.models.engine

    def forget(self, owner: str) -> None:
        """Let a visitor who has left wait for nothing."""
        for each in (self.turns, self.programs, self.exports):
            each.forget(owner)

    @contextmanager
    def storing(self, turn: Turn | None) -> Iterator[None]:
        """Context in which a run's pictures are written: the nets go on with another run meanwhile.

        The run's turn is kept until there is room: otherwise finished pictures would fill the memory.
        """
        with self._storing:
            if turn is not None:
                self.turns.leave(turn)
            yield

    def measure(self, seconds: float) -> None:
        """Note the seconds of a step of one variation."""
        with self._lock:
            self.step_s = _learned(self.step_s, seconds)

    def measure_finish(self, seconds: float, expected: float) -> None:
        """Note the seconds of a finish, and those expected."""
        with self._lock:
            self.finish_pace = _learned(self.finish_pace, seconds / expected)

    def expected(self, request: EditRequest, steps: int) -> float:
        """Estimate the seconds of a run of `steps` decoding steps."""
        finish = self.engine.expected_finish(request)
        return self.step_s * request.decoding.variations * steps + self.finish_pace * finish

    def cells(self, engine: Engine, request: EditRequest, values: Mapping[str, Sequence[Any]]) -> Iterator[Cell]:
        """Sweep a request over a grid, each step of the iterator a turn as short as it can be."""
        return sweep(engine, request, values, together=engine.together)

    def document_of(self, payload: Mapping[str, Any], run: str, request: gr.Request) -> Document:
        """Find the document that keeps a run: the one the payload names, else any of the visitor's that has the run.

        Raises:
            Gone: if the named one is not kept any more.
            BadRequest: if the document does not keep the run, or none does.
        """
        if payload.get("doc") is not None and run not in self.document(payload, request).runs:
            raise Gone("run")
        return self.documents.of_run(run, owner_of(request))

    def document(self, payload: Mapping[str, Any], request: gr.Request) -> Document:
        """Find the document that a payload names, or the one that the visitor used last.

        Raises:
            Gone: if the named one is not kept any more, or is not this visitor's.
            BadRequest: if there is none.
        """
        owner = owner_of(request)
        if payload.get("doc") is not None:
            return self.documents.get(payload["doc"], owner)
        document = self.documents.current(owner)
        if document is None:
            raise BadRequest(on_page.nothing_open())
        return document


def echoed(message: Message | None, event: gr.EventData | None) -> Message | None:
    """Mark a message as the answer that the page waits for, if it does."""
    asked = None if event is None else intents.read_ask(payload_of(event))
    return message if message is None or asked is None else replies.answering(message, asked)


def answering(handler: Callable[[gr.EventData, gr.Request], Message]) -> Callable[..., Message | None]:
    """Wrap a handler so that its message is marked as the answer that the page waits for."""

    def answer(event: gr.EventData, request: gr.Request) -> Message | None:
        return echoed(handler(event, request), event)

    return answer


def answered(work: Callable[[], T], otherwise: Callable[[Message], T]) -> T:
    """Run a gesture; if it fails, answer with a sentence.

    Args:
        work: the gesture.
        otherwise: makes an answer of a notice.
    """
    try:
        return work()
    except CoreError as error:
        return otherwise(refusal(error))
    except Exception as error:
        logger.exception("gesture failed")
        return otherwise(replies.notice("error", apology(error)))


def apology(error: Exception) -> str:
    """Return the sentence for an unforeseen error: the machine's own if it can be shown, or an apology."""
    known = of_the_machine(error)
    return on_page.internal_error() if known is None else translated(known.sentence)


def refusal(error: CoreError, run: str | None = None) -> Message:
    """Make the page's message about an error, and about the run that it ended, if any."""
    return replies.notice(
        "error", translated(error.sentence), run=run, gone=error.what if isinstance(error, Gone) else None
    )


@contextmanager
def told_to_programs() -> Iterator[None]:
    """Turn errors of the core into Gradio's, for callers without the stage."""
    try:
        yield
    except CoreError as error:
        raise gr.Error(translated(error.sentence), print_exception=False) from error
    except (MemoryError, OSError) as error:
        if known := of_the_machine(error):
            raise gr.Error(translated(known.sentence), print_exception=False) from error
        raise


def still_there() -> bool:
    """Tell whether whoever called the function that runs now still listens; Gradio tells it nowhere but here."""
    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    event = None if blocks is None or event_id is None else blocks._queue.event_ids_to_events.get(event_id)
    return event is None or event.alive


def owner_of(request: gr.Request) -> str:
    """Return the visitor's session."""
    return str(request.session_hash or "")


def payload_of(event: gr.EventData) -> Mapping[str, Any]:
    """Return the whole payload of an event, empty if it is no JSON object."""
    data = event._data  # the only way to the whole payload of a custom event
    return data if isinstance(data, Mapping) else {}


def address_of(path: Path, request: gr.Request) -> str:
    """Return the browser's path of a served file, from the host's root, with the page's prefix."""
    prefix = ""
    if request.request is not None:
        prefix = urlsplit(str(getattr(request.request.app, "root_path", "") or "")).path
        prefix = prefix or request.request.url.path.partition("/gradio_api/")[0]
    return f"{prefix.rstrip('/')}/gradio_api/file={quote(path.as_posix())}"


def addresses(request: gr.Request) -> Address:
    """Make the function that returns the browser's path of a picture."""

    def address(picture: Picture) -> str:
        return address_of(picture.png, request)

    return address
