"""What every gesture works on: the models, the documents, the limits, and who asks.

Knows nothing of single gestures.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gradio as gr

from core import BadRequest, CoreError, Engine
from editor import messages
from editor.documents import Document, Documents
from editor.models import Models
from editor.settings import AppSettings
from editor.store import Picture
from editor.wire import replies
from editor.wire.replies import Address, Message

logger = logging.getLogger(__name__)

T = TypeVar("T")

_FIRST_GUESS_S = 0.06  # a step of one variation, before any was measured


class Desk:
    """The models, the documents and the limits.

    Attributes:
        models: what works, and what can be chosen.
        settings: the limits.
        documents: every visitor's.
        step_s: measured seconds of one decoding step of one variation.
    """

    def __init__(self, models: Models, settings: AppSettings, documents: Documents) -> None:
        self.models = models
        self.settings = settings
        self.documents = documents
        self.step_s = _FIRST_GUESS_S
        self._lock = threading.Lock()

    @property
    def engine(self) -> Engine:
        """The engine that works now: a gesture asks once and keeps it to its end."""
        return self.models.engine

    def measure(self, seconds: float) -> None:
        """Note how long a step of one variation took."""
        with self._lock:
            self.step_s += 0.3 * (seconds - self.step_s)

    def document(self, payload: Mapping[str, Any], request: gr.Request) -> Document:
        """Return the document that a payload names, or the one that the visitor used last.

        Raises:
            BadRequest: where there is none, or it is not this visitor's.
        """
        owner = owner_of(request)
        if payload.get("doc") is not None:
            return self.documents.get(payload["doc"], owner)
        document = self.documents.current(owner)
        if document is None:
            raise BadRequest(messages.nothing_open())
        return document


def answered(work: Callable[[], T], otherwise: Callable[[Message], T]) -> T:
    """Return what a gesture answers; where it fails, what is answered with a sentence about it.

    Args:
        work: the gesture.
        otherwise: makes an answer of a notice.
    """
    try:
        return work()
    except CoreError as error:
        return otherwise(replies.notice("error", str(error)))
    except Exception:
        logger.exception("gesture failed")
        return otherwise(replies.notice("error", messages.internal_error()))


@contextmanager
def told_to_programs() -> Iterator[None]:
    """Turn errors of the core into what Gradio tells those who called without the stage."""
    try:
        yield
    except CoreError as error:
        raise gr.Error(str(error), print_exception=False) from error


def owner_of(request: gr.Request) -> str:
    """Return the visitor's session."""
    return str(request.session_hash or "")


def payload_of(event: gr.EventData) -> Mapping[str, Any]:
    """Return the whole payload of an event, empty where it is no JSON object."""
    data = event._data  # the only way to the whole payload of an event of one's own
    return data if isinstance(data, Mapping) else {}


def address_of(path: Path, request: gr.Request) -> str:
    """Return where the browser finds a served file: a path from the host's root, prefixed as the page is."""
    prefix = ""
    if request.request is not None:
        prefix = urlsplit(str(getattr(request.request.app, "root_path", "") or "")).path
        prefix = prefix or request.request.url.path.partition("/gradio_api/")[0]
    return f"{prefix.rstrip('/')}/gradio_api/file={quote(path.as_posix())}"


def addresses(request: gr.Request) -> Address:
    """Return the function that says where the browser finds a picture."""

    def address(picture: Picture) -> str:
        return address_of(picture.png, request)

    return address
