"""An open picture on the server: a tree of versions, with the last runs made from it.

Knows nothing of nets, widgets, messages or visitors; `editor.documents.visitors` keeps the pictures of all of them.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from core import BadRequest
from core.values import UNMOVED, Placing
from editor.documents.gone import Gone
from editor.documents.kept_runs import Runs
from editor.documents.runs import Run, SweptCells
from editor.documents.sources import Painted, moved
from editor.documents.store import Picture, Store
from editor.documents.versions import Placed, Version, Versions
from editor.sentences import on_page
from editor.settings import AppSettings

_FOLDERS = 4
"""Exported files kept for download, per document; a new one removes the oldest."""


class Shown(NamedTuple):
    """The result of making a version the head.

    Attributes:
        version: the head.
        dropped: versions that were removed to stay within the bounds.
    """

    version: Version
    dropped: tuple[int, ...]


class Document:
    """One open picture with its history.

    Attributes:
        id: unguessable; the browser knows nothing else of it.
        owner: the visitor's session.
        name: of the file it came from, without suffix.
        format: of that file: "png", "jpeg" or "webp".
        store: holds its pictures.
        runs: the last ones made from it.
        used: `time.monotonic()` seconds of its visitor's last request.
    """

    def __init__(
        self,
        owner: str,
        name: str,
        store: Store,
        settings: AppSettings,
        *,
        file_format: str = "png",
        grown: Callable[[Document], None] = lambda document: None,
    ) -> None:
        """Create a document without a picture; `grown` is called after each addition, with no lock held."""
        self.id = secrets.token_urlsafe(16)
        self.owner = owner
        self.name = name
        self.format = file_format
        self.store = store
        self.used = time.monotonic()
        self._lock = threading.RLock()
        self._grown = grown
        self._settings = settings
        self._versions = Versions()
        self.runs = Runs(store, self._lock)
        self._folders: deque[Path] = deque()
        self._works = 0
        self._closed = False

    @contextmanager
    def working(self) -> Iterator[None]:
        """Mark that the picture is being worked on; it is not dropped meanwhile to make room for another."""
        with self._lock:
            self._works += 1
        try:
            yield
        finally:
            with self._lock:
                self._works -= 1

    @property
    def works(self) -> bool:
        """Whether it is being worked on now."""
        with self._lock:
            return self._works > 0

    @property
    def memory(self) -> int:
        """Bytes in memory: steps, masks and cells of its runs, and sources of pixels; pictures lie in files."""
        with self._lock:
            return self.runs.memory + sum(each.memory for each in self._versions)

    # versions ---------------------------------------------------------------------------------------------------------
    @property
    def version(self) -> Version | None:
        """The version shown; None for a document that has not received its first generated picture."""
        with self._lock:
            return self._versions.head

    def find(self, version: int) -> Version:
        """Find a version.

        Raises:
            BadRequest: if it is not kept.
        """
        with self._lock:
            self._check_open()
            if version not in self._versions:
                raise Gone("version")
            return self._versions[version]

    @property
    def head(self) -> Picture | None:
        """The picture shown, or None."""
        version = self.version
        return None if version is None else version.picture

    @property
    def tree(self) -> tuple[Version, ...]:
        """Every version, each after its parent."""
        with self._lock:
            return tuple(self._versions)

    def push(
        self, picture: Picture, *, placing: Placing | None = UNMOVED, parent: int | None = None, painted: Painted = ()
    ) -> Shown:
        """Add a picture, which now belongs to this document, and show it.

        Args:
            picture: the new version.
            placing: of the parent's picture on it; see `Version`.
            parent: the version it was made from; None for the head.
            painted: see `Version`.

        Raises:
            Gone: if this document was dropped meanwhile; the picture is then released.
        """
        with self._lock:
            shown = self._pushed(picture, placing, parent, painted)
        self._grown(self)
        return shown

    def _pushed(self, picture: Picture, placing: Placing | None, parent: int | None, painted: Painted) -> Shown:
        self._check_open(picture)
        version = self._versions.add(picture, placing, parent, painted)
        self._versions.show(version.id)
        return Shown(version, self._bound())

    def goto(self, version: int) -> Shown:
        """Show a version.

        Raises:
            BadRequest: if it is not kept.
        """
        with self._lock:
            found = self.find(version)
            self._versions.show(version)
            return Shown(found, ())

    def path(self, version: int) -> tuple[Placed, ...]:
        """Return every version on the way to a kept one, with its place on that one, from the first that has one."""
        with self._lock:
            self.find(version)
            return self._versions.path(version)

    def painted(self, version: int | None) -> Painted:
        """Return what was painted on the way to a version, positioned on it; None stands for no version."""
        with self._lock:
            return self._versions.painted(version)

    def painted_by(self, run_id: str, variation: int) -> Painted:
        """Return the same for a variation of a kept run, including what lay under it.

        Raises:
            BadRequest: if that run or variation is not kept.
        """
        with self._lock:
            run = self.runs.find(run_id)
            run.request(variation)
            own: Painted = run.sources[variation : variation + 1] or (None,)
            return own + moved(self.painted(run.source), Placing(*run.offset))

    def restore(self, versions: Sequence[Version], head: int) -> None:
        """Take over the versions of a saved document, each after its parent, with their ids.

        Args:
            versions: their pictures now belong to this document, which has none yet.
            head: id of the one to show.
        """
        with self._lock:
            self._versions.restore(versions, head)
            self._bound()
        self._grown(self)

    # runs -------------------------------------------------------------------------------------------------------------
    def remember(self, run: Run | SweptCells) -> None:
        """Keep a run, replacing an earlier one with its id; the oldest runs are dropped when the document is too large.

        Raises:
            Gone: if this document was dropped meanwhile; the run's pictures are then released.
        """
        with self._lock:
            self._check_open(*run.pictures)
            self.runs.keep(run)
            self._bound()
        self._grown(self)

    def accept(self, run_id: str, variation: int) -> Shown:
        """Make a variation the head, a child of the version that its run was made from.

        Raises:
            BadRequest: if that run or variation is not kept, or was made for a picture of another size.
        """
        with self._lock:
            run = self.runs.find(run_id)
            if not 0 <= variation < len(run.pictures):
                raise Gone("run")
            picture, head, source = run.pictures[variation], self.head, run.requests[variation].image
            known = run.source in self._versions
            if head is not None and source is not None and not known:
                height, width = source.shape[:2]
                # Another variation of an extension that was accepted already: the size of the result fits, too.
                if head.size not in ((width, height), picture.size):
                    raise BadRequest(on_page.run_of_other_size(width, height))
            made_here = head is not None and source is not None and head.size == (source.shape[1], source.shape[0])
            placing = Placing(*run.offset) if known or made_here else UNMOVED
            self.store.share(picture)
            painted = run.sources[variation : variation + 1]
            return self._pushed(picture, placing, run.source if known else None, painted)

    # files ------------------------------------------------------------------------------------------------------------
    def folder(self) -> Path:
        """Make a folder for files to be downloaded; the oldest is removed when there are too many.

        Raises:
            Gone: if this document was dropped meanwhile.
        """
        with self._lock:
            self._check_open()
            self._folders.append(self.store.new_folder())
            while len(self._folders) > _FOLDERS:
                self.store.remove_folder(self._folders.popleft())
            return self._folders[-1]

    def close(self) -> None:
        """Release every file."""
        with self._lock:
            for version in self._versions:
                self.store.release(version.picture)
            for folder in self._folders:
                self.store.remove_folder(folder)
            self._versions.clear()
            self.runs.clear()
            self._folders.clear()
            self._closed = True

    def _check_open(self, *brought: Picture) -> None:
        if self._closed:
            for picture in brought:
                self.store.release(picture)
            raise Gone("document")

    # bounds -----------------------------------------------------------------------------------------------------------
    def _bound(self) -> tuple[int, ...]:
        """Drop the oldest runs but the last, then versions, until the document is within its bounds."""
        limit = self._settings.document_mb * 1_000_000
        while self.runs.too_many or (len(self.runs) > 1 and self._weight() > limit):
            self.runs.drop_oldest()
        dropped = []
        while len(self._versions) > 2 and (
            len(self._versions) > self._settings.undo_steps + 1 or self._weight() > limit
        ):
            gone = self._versions.drop()
            self.store.release(gone.picture)
            dropped.append(gone.id)
        return tuple(dropped)

    def _weight(self) -> int:
        return self.runs.weight + sum(version.weight for version in self._versions)
