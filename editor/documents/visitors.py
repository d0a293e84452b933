"""Every visitor's open documents: who may see which, and who makes room when there are too many.

Knows nothing of nets, widgets or messages. The browser holds only unguessable ids, never paths; every look-up names the
visitor, and another visitor's id is treated as unknown.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from editor.documents.document import Document
from editor.documents.gone import Gone
from editor.documents.store import Pixels, Store, file_name
from editor.settings import AppSettings

logger = logging.getLogger(__name__)

_MB = 1_000_000
"""Bytes of the settings' megabytes, decimal as disks are sold."""


class Documents:
    """Every visitor's open documents, bounded in number and in bytes; thread-safe.

    To make room, the visitor who left first is dropped, else the one not heard of for longest; never one whose picture
    is being worked on, nor that picture. If all are at work, more are kept than the bound until one rests. Bytes are
    freed picture by picture, in the same order; the browser has its own copy of what is dropped.
    """

    def __init__(self, store: Store, settings: AppSettings) -> None:
        self.store = store
        self._settings = settings
        self._visitors: OrderedDict[str, OrderedDict[str, Document]] = OrderedDict()  # longest absent first
        self._left: dict[str, float] = {}
        self._controls: OrderedDict[str, Mapping[str, Any]] = OrderedDict()  # longest untouched first
        self._lock = threading.RLock()

    def note_controls(self, owner: str, values: Mapping[str, Any]) -> None:
        """Remember a visitor's controls as last seen, whichever picture is open or will be."""
        with self._lock:
            self._controls[owner] = dict(values)
            self._controls.move_to_end(owner)
            while len(self._controls) > self._settings.visitors:
                self._controls.popitem(last=False)

    def controls(self, owner: str) -> Mapping[str, Any]:
        """Return a visitor's controls as last seen, by name; empty before the first was touched."""
        with self._lock:
            return self._controls.get(owner, {})

    def open(
        self,
        owner: str,
        pixels: Pixels | None,
        name: str,
        *,
        file_format: str = "png",
        notes: Mapping[str, str] | None = None,
    ) -> Document:
        """Open a picture, or a blank document that waits for its first generated picture or its saved versions.

        Args:
            owner: the visitor's session.
            pixels: (H, W, 3 or 4) uint8, or None.
            name: of the file it came from, without suffix.
            file_format: of that file.
            notes: text chunks of its PNG.
        """
        document = Document(
            owner, file_name(name), self.store, self._settings, file_format=file_format, grown=self._fit
        )
        if pixels is not None:
            document.push(self.store.put(pixels, document.name, notes))
        self._take(document, owner)
        return document

    def get(self, doc_id: object, owner: str) -> Document:
        """Find a visitor's document.

        Raises:
            Gone: if the id is unknown, dropped, or another visitor's; the three look alike from outside.
        """
        with self._lock:
            mine = self._visitors.get(owner)
            document = mine.get(doc_id) if mine is not None and isinstance(doc_id, str) else None
            if mine is None or document is None:
                raise Gone("document")
            mine.move_to_end(document.id)
            self._here(owner)
            document.used = time.monotonic()
            return document

    def find(self, doc_id: object) -> Document:
        """Find a document by its unguessable id alone, for calls without a session (the overlay's plan).

        Raises:
            Gone: if the id is unknown.
        """
        with self._lock:
            for owner, mine in self._visitors.items():
                if isinstance(doc_id, str) and doc_id in mine:
                    self._here(owner)
                    mine[doc_id].used = time.monotonic()
                    return mine[doc_id]
        raise Gone("document")

    def reopen(self, doc_id: object, owner: str) -> Document:
        """Give a document to the visitor who knows its unguessable id: the same one, after a reload of the page.

        Raises:
            Gone: if the id is unknown.
        """
        with self._lock:
            document = self.find(doc_id)
            del self._visitors[document.owner][document.id]
            document.owner = owner
            self._take(document, owner)
            return document

    def current(self, owner: str) -> Document | None:
        """Return the document that a visitor used last, if any."""
        with self._lock:
            mine = self._visitors.get(owner)
            return next(reversed(mine.values())) if mine else None

    def withdrawn(self, document: Document) -> bool:
        """Drop a document that nobody asked for if its visitor has another one; tells whether it was dropped."""
        with self._lock:
            mine = self._visitors.get(document.owner, OrderedDict())
            if len(mine) < 2 or document.id not in mine:
                return False
            mine.pop(document.id).close()
            return True

    def of_run(self, run_id: object, owner: str) -> Document:
        """Find the visitor's document that keeps a run.

        Raises:
            BadRequest: if none does.
        """
        with self._lock:
            for document in reversed(self._visitors.get(owner, OrderedDict()).values()):
                if isinstance(run_id, str) and run_id in document.runs:
                    return self.get(document.id, owner)
        raise Gone("run")

    def leave(self, owner: str) -> None:
        """Note that a visitor's page was closed; the pictures stay a while, in case only the connection broke."""
        with self._lock:
            if owner in self._visitors:
                self._left[owner] = time.monotonic()
            self._tidy()

    def close(self) -> None:
        """Drop all visitors and remove all files."""
        with self._lock:
            for owner in list(self._visitors):
                self._drop(owner)
        self.store.close()

    def _here(self, owner: str) -> None:
        """Note that a visitor was heard of."""
        self._visitors.move_to_end(owner)
        self._left.pop(owner, None)

    def _take(self, document: Document, owner: str) -> None:
        """Give a document to a visitor as the last used one; beyond the bounds, others make room."""
        with self._lock:
            self._tidy()
            mine = self._visitors.setdefault(owner, OrderedDict())
            self._here(owner)
            mine[document.id] = document
            spare = [each for each in mine.values() if not each.works and each is not document]
            for old in spare[: max(0, len(mine) - self._settings.documents_per_visitor)]:
                mine.pop(old.id).close()
            left = [each for each in self._left if each in self._visitors]
            resting = [each for each in (*left, *self._visitors) if each != owner and not self._works(each)]
            for gone in list(dict.fromkeys(resting))[: max(0, len(self._visitors) - self._settings.visitors)]:
                self._drop(gone)

    def _fit(self, grown: Document) -> None:
        """Drop pictures until everything kept is within the bounds, except `grown` and what is being worked on.

        Those of visitors who left are dropped first, then those unused for longest.
        """
        with self._lock:
            everything = [each for mine in self._visitors.values() for each in mine.values()]
            for each in sorted(everything, key=lambda each: (each.owner not in self._left, each.used)):
                if not self._too_much(everything):
                    return
                if each is not grown and not each.works:
                    logger.info("a picture gave way to newer ones")
                    del self._visitors[each.owner][each.id]
                    each.close()

    def _too_much(self, everything: Sequence[Document]) -> bool:
        memory = sum(each.memory for each in everything)
        return self.store.disk > self._settings.disk_mb * _MB or memory > self._settings.memory_mb * _MB

    def _works(self, owner: str) -> bool:
        return any(document.works for document in self._visitors[owner].values())

    def _tidy(self) -> None:
        latest = time.monotonic() - 60.0 * self._settings.visitor_minutes
        for owner in [owner for owner, left in self._left.items() if left < latest]:
            if owner not in self._visitors or not self._works(owner):
                self._drop(owner)

    def _drop(self, owner: str) -> None:
        self._left.pop(owner, None)
        self._controls.pop(owner, None)
        for document in self._visitors.pop(owner, OrderedDict()).values():
            document.close()
