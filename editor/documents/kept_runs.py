"""The last runs of one picture, to be continued or accepted.

Knows nothing of versions, or of how much a document may hold in all; `editor.documents.document` does.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import RLock
from typing import TypeVar

from editor.documents.gone import Gone
from editor.documents.runs import Run, SweptCells
from editor.documents.store import Store

Kept = TypeVar("Kept", Run, SweptCells)

_MOST = 64
"""Runs kept per document; each holds files, masks and steps."""


class Runs:
    """Runs and sweeps by the browser's ids, oldest first; their pictures are released with them."""

    def __init__(self, store: Store, lock: RLock) -> None:
        """Start empty.

        Args:
            store: holds their pictures.
            lock: of the document, held by the caller of every method.
        """
        self._store = store
        self._lock = lock
        self._all: OrderedDict[str, Run | SweptCells] = OrderedDict()

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, run_id: str) -> bool:
        with self._lock:
            return run_id in self._all

    @property
    def too_many(self) -> bool:
        """Whether there are so many that the oldest has to go."""
        return len(self._all) > _MOST

    @property
    def weight(self) -> int:
        """Bytes of all of them, pixels of their pictures included."""
        return sum(run.weight for run in self._all.values())

    @property
    def memory(self) -> int:
        """Their bytes in memory."""
        return sum(run.memory for run in self._all.values())

    def keep(self, run: Run | SweptCells) -> None:
        """Keep a run as the newest, replacing an earlier one with its id."""
        self._release(self._all.pop(run.id, None))
        self._all[run.id] = run

    def find(self, run_id: str) -> Run:
        """Find a run.

        Raises:
            Gone: if it is not kept.
        """
        return self._of_kind(Run, run_id)

    def cells(self, run_id: str) -> SweptCells:
        """Find a sweep.

        Raises:
            Gone: if they are not kept.
        """
        return self._of_kind(SweptCells, run_id)

    def _of_kind(self, kind: type[Kept], run_id: str) -> Kept:
        with self._lock:
            kept = self._all.get(run_id)
        if not isinstance(kept, kind):
            raise Gone("run")
        return kept

    def drop_oldest(self) -> None:
        """Drop the oldest run."""
        self._release(self._all.popitem(last=False)[1])

    def clear(self) -> None:
        """Drop all runs."""
        while self._all:
            self.drop_oldest()

    def _release(self, run: Run | SweptCells | None) -> None:
        for picture in run.pictures if run is not None else ():
            self._store.release(picture)
