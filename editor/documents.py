"""A visitor's pictures on the server: each a tree of versions, with the last runs made from it.

Knows nothing of nets, widgets or messages. The browser holds only unguessable ids, never paths; every look-up names
the visitor, and another visitor's id is treated as unknown.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from core import BadRequest
from editor import messages
from editor.runs import Run, SweptCells
from editor.settings import AppSettings
from editor.store import Picture, Pixels, Store, file_name

_RUNS = 64
"""Runs that stay to be gone on from, for each document; each keeps its files, masks and steps."""

_FOLDERS = 4
"""Exported files that stay to be downloaded, for each document."""


@dataclass(frozen=True)
class Version:
    """One state of a document.

    Attributes:
        id: rises in a document; never used again.
        parent: the version that it was made from; None for the first.
        picture: what it looks like.
        offset: where the parent's picture lies on this one, (x, y) in pixels; only extending moves it.
    """

    id: int
    parent: int | None
    picture: Picture
    offset: tuple[int, int]


class Shown(NamedTuple):
    """A version became the head.

    Attributes:
        version: the head.
        offset: where the picture shown before lies on it, (x, y) in pixels.
        dropped: versions that had to go, to stay within the bounds.
    """

    version: Version
    offset: tuple[int, int]
    dropped: tuple[int, ...]


class Document:
    """One open picture with its history.

    Attributes:
        id: unguessable; all that the browser knows.
        owner: the visitor's session.
        name: of the file it came from, without suffix.
        format: of that file: "png", "jpeg" or "webp".
        store: where its pictures lie.
    """

    def __init__(self, owner: str, name: str, store: Store, settings: AppSettings, *, file_format: str = "png") -> None:
        self.id = secrets.token_urlsafe(16)
        self.owner = owner
        self.name = name
        self.format = file_format
        self.store = store
        self._settings = settings
        self._versions: dict[int, Version] = {}
        self._head: int | None = None
        self._next = 0
        self._runs: OrderedDict[str, Run | SweptCells] = OrderedDict()
        self._folders: deque[Path] = deque()
        self._lock = threading.RLock()

    # versions ---------------------------------------------------------------------------------------------------------
    @property
    def version(self) -> Version | None:
        """The version shown; None for a document that has not received its first generated picture."""
        with self._lock:
            return None if self._head is None else self._versions[self._head]

    @property
    def head(self) -> Picture | None:
        """The picture shown, or None."""
        version = self.version
        return None if version is None else version.picture

    @property
    def tree(self) -> tuple[Version, ...]:
        """Every version, each after its parent."""
        with self._lock:
            return tuple(self._versions[version] for version in sorted(self._versions))

    def push(self, picture: Picture, *, offset: tuple[int, int] = (0, 0), parent: int | None = None) -> Shown:
        """Add a picture, which now belongs to this document, and show it.

        Args:
            picture: the new version.
            offset: where the parent's picture lies on it.
            parent: the version that it was made from; the head where None.
        """
        with self._lock:
            before = self._head
            parent = before if parent is None else parent
            self._next += 1
            version = Version(self._next, parent, picture, offset)
            self._versions[version.id] = version
            self._head = version.id
            moved = self._moved(before)
            return Shown(version, moved, self._bound())

    def goto(self, version: int) -> Shown:
        """Show a version.

        Raises:
            BadRequest: where it is not kept.
        """
        with self._lock:
            if version not in self._versions:
                raise BadRequest(messages.version_gone())
            before, self._head = self._head, version
            return Shown(self._versions[version], self._moved(before), ())

    def restore(self, versions: Sequence[Version], head: int) -> None:
        """Take over the versions of a saved document, each after its parent, and their ids.

        Args:
            versions: their pictures now belong to this document, which has none yet.
            head: id of the one to show.
        """
        with self._lock:
            assert not self._versions
            self._versions = {version.id: version for version in versions}
            self._head, self._next = head, max(self._versions)
            self._bound()

    # runs -------------------------------------------------------------------------------------------------------------
    def remember(self, run: Run | SweptCells) -> None:
        """Keep a run, in place of an earlier one of that id; the oldest runs go when the document holds too much."""
        with self._lock:
            self._forget(self._runs.pop(run.id, None))
            self._runs[run.id] = run
            self._bound()

    def run(self, run_id: str) -> Run:
        """Return a run that is kept.

        Raises:
            BadRequest: where it is not.
        """
        with self._lock:
            run = self._runs.get(run_id)
        if not isinstance(run, Run):
            raise BadRequest(messages.run_gone())
        return run

    def cells(self, run_id: str) -> SweptCells:
        """Return the cells of a sweep that are kept.

        Raises:
            BadRequest: where they are not.
        """
        with self._lock:
            cells = self._runs.get(run_id)
        if not isinstance(cells, SweptCells):
            raise BadRequest(messages.run_gone())
        return cells

    def made(self, run_id: str) -> bool:
        """Say whether a run is kept here."""
        with self._lock:
            return run_id in self._runs

    def accept(self, run_id: str, variation: int) -> Shown:
        """Make a variation the picture shown; it becomes a child of the version that its run was made from.

        Raises:
            BadRequest: where that run or variation is not kept, or was made for a picture of another size.
        """
        with self._lock:
            run = self.run(run_id)
            if not 0 <= variation < len(run.pictures):
                raise BadRequest(messages.run_gone())
            picture, head, source = run.pictures[variation], self.head, run.requests[variation].image
            if head is not None and source is not None:
                height, width = source.shape[:2]
                # The size of the result fits, too: another variation of an extension that was accepted already.
                if head.size not in ((width, height), picture.size):
                    raise BadRequest(messages.run_of_other_size(width, height))
            known = run.source in self._versions
            made_here = head is not None and source is not None and head.size == (source.shape[1], source.shape[0])
            offset = run.offset if known or made_here else (0, 0)
            self.store.share(picture)
            return self.push(picture, offset=offset, parent=run.source if known else None)

    # files ------------------------------------------------------------------------------------------------------------
    def folder(self) -> Path:
        """Return a new folder for files to be downloaded; it goes when newer ones need its place."""
        with self._lock:
            self._folders.append(self.store.new_folder())
            while len(self._folders) > _FOLDERS:
                self.store.remove_folder(self._folders.popleft())
            return self._folders[-1]

    def close(self) -> None:
        """Release every file."""
        with self._lock:
            for version in self._versions.values():
                self.store.release(version.picture)
            for run in self._runs.values():
                self._forget(run)
            for folder in self._folders:
                self.store.remove_folder(folder)
            self._versions.clear()
            self._runs.clear()
            self._folders.clear()
            self._head = None

    # bounds -----------------------------------------------------------------------------------------------------------
    def _bound(self) -> tuple[int, ...]:
        """Drop the oldest runs but the last, then versions, until the document holds no more than it may."""
        limit = self._settings.document_mb * 1_000_000
        while len(self._runs) > 1 and (len(self._runs) > _RUNS or self._weight() > limit):
            self._forget(self._runs.popitem(last=False)[1])
        dropped = []
        while len(self._versions) > 2 and (
            len(self._versions) > self._settings.undo_steps + 1 or self._weight() > limit
        ):
            dropped.append(self._drop_version())
        return tuple(dropped)

    def _weight(self) -> int:
        versions = sum(version.picture.weight for version in self._versions.values())
        return versions + sum(run.weight for run in self._runs.values())

    def _drop_version(self) -> int:
        """Drop the oldest leaf that does not lead to the head, else the oldest step after the first on the way there.

        The children of a version that goes hang on its parent afterwards, with the offsets of both.
        """
        path = self._path(self._head)
        parents = {version.parent for version in self._versions.values()}
        leaves = [version for version in sorted(self._versions) if version not in parents and version not in path]
        gone = self._versions.pop(leaves[0] if leaves else path[1])
        for child in [child for child in self._versions.values() if child.parent == gone.id]:
            offset = (child.offset[0] + gone.offset[0], child.offset[1] + gone.offset[1])
            self._versions[child.id] = replace(child, parent=gone.parent, offset=offset)
        self.store.release(gone.picture)
        return gone.id

    def _path(self, version: int | None) -> list[int]:
        """Return the ids from the first version to this one."""
        path: list[int] = []
        while version is not None:
            path.append(version)
            version = self._versions[version].parent
        return path[::-1]

    def _origin(self, version: int | None) -> tuple[int, int]:
        """Return where the first version's picture lies on a version."""
        offsets = [self._versions[step].offset for step in self._path(version)]
        return sum(x for x, _ in offsets), sum(y for _, y in offsets)

    def _moved(self, before: int | None) -> tuple[int, int]:
        """Return where the picture shown before lies on the head."""
        if before is None:
            return 0, 0
        (x, y), (old_x, old_y) = self._origin(self._head), self._origin(before)
        return x - old_x, y - old_y

    def _forget(self, run: Run | SweptCells | None) -> None:
        for picture in run.pictures if run is not None else ():
            self.store.release(picture)


class Documents:
    """Every visitor's open documents, bounded in number; thread-safe."""

    def __init__(self, store: Store, settings: AppSettings) -> None:
        self.store = store
        self._settings = settings
        self._visitors: OrderedDict[str, OrderedDict[str, Document]] = OrderedDict()  # longest absent first
        self._left: dict[str, float] = {}
        self._controls: OrderedDict[str, Mapping[str, Any]] = OrderedDict()  # longest untouched first
        self._lock = threading.RLock()

    def note_controls(self, owner: str, values: Mapping[str, Any]) -> None:
        """Remember a visitor's controls as last seen, whichever picture is open or not open yet."""
        with self._lock:
            self._controls[owner] = dict(values)
            self._controls.move_to_end(owner)
            while len(self._controls) > self._settings.visitors:
                self._controls.popitem(last=False)

    def controls(self, owner: str) -> Mapping[str, Any]:
        """Return a visitor's controls as last seen, by name; empty before the first of them was touched."""
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
        document = Document(owner, file_name(name), self.store, self._settings, file_format=file_format)
        if pixels is not None:
            document.push(self.store.put(pixels, document.name, notes))
        self._take(document, owner)
        return document

    def get(self, doc_id: object, owner: str) -> Document:
        """Return a visitor's document.

        Raises:
            BadRequest: where the id is unknown, dropped, or another visitor's; the three look alike from outside.
        """
        with self._lock:
            mine = self._visitors.get(owner)
            document = mine.get(doc_id) if mine is not None and isinstance(doc_id, str) else None
            if mine is None or document is None:
                raise BadRequest(messages.document_gone())
            mine.move_to_end(document.id)
            self._visitors.move_to_end(owner)
            self._left.pop(owner, None)
            return document

    def find(self, doc_id: object) -> Document:
        """Return a document by its unguessable id alone, for calls that carry no session (the overlay's plan).

        Raises:
            BadRequest: where the id is unknown.
        """
        with self._lock:
            for mine in self._visitors.values():
                if isinstance(doc_id, str) and doc_id in mine:
                    return mine[doc_id]
        raise BadRequest(messages.document_gone())

    def reopen(self, doc_id: object, owner: str) -> Document:
        """Hand a document over to the visitor who knows its unguessable id: the same one, after a reload of the page.

        Raises:
            BadRequest: where the id is unknown.
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
        """Drop a document that nobody asked for where its visitor has another one; say whether that was so."""
        with self._lock:
            mine = self._visitors.get(document.owner, OrderedDict())
            if len(mine) < 2 or document.id not in mine:
                return False
            mine.pop(document.id).close()
            return True

    def of_run(self, run_id: object, owner: str) -> Document:
        """Return the visitor's document that keeps a run.

        Raises:
            BadRequest: where none does.
        """
        with self._lock:
            for document in reversed(self._visitors.get(owner, OrderedDict()).values()):
                if isinstance(run_id, str) and document.made(run_id):
                    return self.get(document.id, owner)
        raise BadRequest(messages.run_gone())

    def leave(self, owner: str) -> None:
        """Note that a visitor's page was closed; the pictures go after a while, in case only the connection broke."""
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

    def _take(self, document: Document, owner: str) -> None:
        """Give a document to a visitor, as the one used last; beyond the bounds the oldest ones go."""
        with self._lock:
            self._tidy()
            mine = self._visitors.setdefault(owner, OrderedDict())
            self._visitors.move_to_end(owner)
            self._left.pop(owner, None)
            mine[document.id] = document
            while len(mine) > self._settings.documents_per_visitor:
                mine.popitem(last=False)[1].close()
            while len(self._visitors) > self._settings.visitors:
                self._drop(next(iter(self._visitors)))

    def _tidy(self) -> None:
        latest = time.monotonic() - 60.0 * self._settings.visitor_minutes
        for owner in [owner for owner, left in self._left.items() if left < latest]:
            self._drop(owner)

    def _drop(self, owner: str) -> None:
        self._left.pop(owner, None)
        self._controls.pop(owner, None)
        for document in self._visitors.pop(owner, OrderedDict()).values():
            document.close()
