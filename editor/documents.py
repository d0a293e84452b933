"""A visitor's pictures on the server: the head, the stack of accepted results, the last runs.

Knows nothing of nets, widgets or messages. The browser holds only unguessable ids, never paths; every look-up names
the visitor, and another visitor's id is treated as unknown. Pixels lie in files (a PNG that the browser shows and
downloads, and the raw array beside it, memory-mapped), so that a long undo stack costs no memory.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core import BadRequest, EditRequest, Size, encode_png
from editor import messages
from editor.settings import AppSettings

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Picture:
    """One picture in the store, never changed once written.

    Attributes:
        png: the file that the browser may read; its last part is the name under which it is downloaded.
        raw: the same pixels as an array file; outside any folder that the server gives away.
        size: width and height.
        alpha: whether it has a fourth channel.
    """

    png: Path
    raw: Path
    size: Size
    alpha: bool

    def pixels(self) -> Pixels:
        """Return the (H, W, 3 or 4) uint8 pixels, read from disk as they are touched."""
        return np.load(self.raw, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]

    @property
    def weight(self) -> int:
        """Bytes of pixels."""
        return self.size.width * self.size.height * (4 if self.alpha else 3)


class Store:
    """Content-addressed picture files; equal pictures with equal notes share one file.

    Two folders: PNGs lie where the page server may read them, arrays where it may not. Names are keyed with a secret
    of this process, so that nobody can ask whether a picture they hold was edited here.
    """

    def __init__(self, served: Path) -> None:
        served.mkdir(parents=True, exist_ok=True)
        self._served = tempfile.TemporaryDirectory(prefix="maskgit-editor-", dir=served)
        self._private = tempfile.TemporaryDirectory(prefix="maskgit-editor-raw-")
        self._secret = secrets.token_bytes(32)
        self._uses: dict[Path, int] = {}
        self._lock = threading.Lock()

    def put(self, pixels: Pixels, name: str, notes: Mapping[str, str] | None = None) -> Picture:
        """Write a picture and return where it lies; each `put` needs one `release`.

        Args:
            pixels: (H, W, 3 or 4) uint8.
            name: under which it is downloaded, without suffix; anything odd in it is dropped.
            notes: text chunks of the PNG.
        """
        notes = notes or {}
        digest = hashlib.blake2b(key=self._secret, digest_size=16)
        digest.update(repr((pixels.shape, name, sorted(notes.items()))).encode())
        digest.update(np.ascontiguousarray(pixels).data)
        png = Path(self._served.name) / digest.hexdigest() / f"{file_name(name)}.png"
        raw = Path(self._private.name) / f"{digest.hexdigest()}.npy"
        with self._lock:
            self._uses[raw] = self._uses.get(raw, 0) + 1
        if not png.exists():
            png.parent.mkdir(exist_ok=True)
            np.save(raw, pixels, allow_pickle=False)
            part = png.with_suffix(f".{secrets.token_hex(4)}")
            part.write_bytes(encode_png(pixels, text=notes))
            part.replace(png)  # whole or not at all, for whoever asks for it meanwhile
        return Picture(png, raw, Size(pixels.shape[1], pixels.shape[0]), pixels.shape[2] == 4)

    def new_folder(self) -> Path:
        """Return a new folder that the page server may read, for files that are no pictures of a document."""
        return Path(tempfile.mkdtemp(dir=self._served.name))

    def share(self, picture: Picture) -> None:
        """Note one more use of a picture that is in use; it needs one more `release`."""
        with self._lock:
            self._uses[picture.raw] += 1

    def release(self, picture: Picture) -> None:
        """Forget one use of a picture; the last one removes its files."""
        with self._lock:
            left = self._uses.get(picture.raw, 0) - 1
            if left > 0:
                self._uses[picture.raw] = left
                return
            self._uses.pop(picture.raw, None)
            for path in (picture.png, picture.raw):
                path.unlink(missing_ok=True)
            if picture.png.parent.exists():
                picture.png.parent.rmdir()

    def close(self) -> None:
        """Remove everything."""
        self._served.cleanup()
        self._private.cleanup()


class Version(NamedTuple):
    """One state of a document."""

    picture: Picture
    offset: tuple[int, int]
    """Where the state shown before lies on this one, (x, y) in pixels; only extending moves it."""


@dataclass(frozen=True, eq=False)
class Run:
    """What one press of Run brought: the variations wait here until one is accepted, even after a later run."""

    id: str
    request: EditRequest
    pictures: tuple[Picture, ...]
    offset: tuple[int, int]


class Document:
    """One open picture with its history.

    Attributes:
        id: unguessable; all that the browser knows.
        owner: the visitor's session.
        name: of the file it came from, without suffix.
        view: the controls that decide which cells are regenerated, as last seen; the overlay's plan reads them.
        used: when it was last asked for, `time.monotonic()` seconds.
    """

    def __init__(self, owner: str, name: str, store: Store, settings: AppSettings) -> None:
        self.id = secrets.token_urlsafe(16)
        self.owner = owner
        self.name = name
        self.view: dict[str, Any] = {}
        self.used = time.monotonic()
        self._store = store
        self._settings = settings
        self._versions: list[Version] = []
        self._head = -1
        self._runs: OrderedDict[str, Run] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def head(self) -> Picture | None:
        """The current picture; None for a document that has not received its first generated picture."""
        with self._lock:
            return self._versions[self._head].picture if self._versions else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before this one."""
        return self._head > 0

    @property
    def can_redo(self) -> bool:
        """Whether a state was undone."""
        return self._head < len(self._versions) - 1

    def push(self, picture: Picture, offset: tuple[int, int] = (0, 0)) -> Version:
        """Make a picture, which now belongs to this document, the head; what was undone before is dropped."""
        with self._lock:
            for undone in self._versions[self._head + 1 :]:
                self._store.release(undone.picture)
            del self._versions[self._head + 1 :]
            self._versions.append(Version(picture, offset))
            while len(self._versions) > self._settings.undo_steps + 1:
                gone = self._versions.pop(1)  # the original at 0 stays reachable
                self._store.release(gone.picture)
                after = self._versions[1]
                moved = (after.offset[0] + gone.offset[0], after.offset[1] + gone.offset[1])
                self._versions[1] = Version(after.picture, moved)
            self._head = len(self._versions) - 1
            return self._versions[-1]

    def remember(self, run: Run) -> None:
        """Keep a run's variations; the oldest runs go when the document holds too much."""
        with self._lock:
            self._forget(self._runs.pop(run.id, None))
            self._runs[run.id] = run
            limit = self._settings.document_mb * 1_000_000
            while len(self._runs) > 1 and sum(p.weight for r in self._runs.values() for p in r.pictures) > limit:
                self._forget(self._runs.popitem(last=False)[1])

    def accept(self, run_id: str, variation: int) -> Version:
        """Make a variation the current picture.

        Raises:
            BadRequest: where that run or variation is not kept, or was made for a picture of another size.
        """
        with self._lock:
            run = self._runs.get(run_id)
            if run is None or not 0 <= variation < len(run.pictures):
                raise BadRequest(messages.run_gone())
            picture, head = run.pictures[variation], self.head
            offset = run.offset
            if head is not None and run.request.image is not None:
                height, width = run.request.image.shape[:2]
                if picture.size == head.size:
                    offset = (0, 0)  # another variation of an extension that was accepted already
                elif head.size != (width, height):
                    raise BadRequest(messages.run_of_other_size(width, height))
            self._store.share(picture)
            return self.push(picture, offset)

    def undo(self) -> Version:
        """Go back one accepted result.

        Raises:
            BadRequest: where there is none.
        """
        with self._lock:
            if not self.can_undo:
                raise BadRequest(messages.nothing_to_undo())
            x, y = self._versions[self._head].offset
            self._head -= 1
            return Version(self._versions[self._head].picture, (-x, -y))

    def redo(self) -> Version:
        """Go forward to the result that was undone.

        Raises:
            BadRequest: where there is none.
        """
        with self._lock:
            if not self.can_redo:
                raise BadRequest(messages.nothing_to_redo())
            self._head += 1
            return self._versions[self._head]

    def made(self, run_id: str) -> bool:
        """Say whether a run's variations are kept here."""
        with self._lock:
            return run_id in self._runs

    def close(self) -> None:
        """Release every file."""
        with self._lock:
            for version in self._versions:
                self._store.release(version.picture)
            for run in self._runs.values():
                self._forget(run)
            self._versions.clear()
            self._runs.clear()
            self._head = -1

    def _forget(self, run: Run | None) -> None:
        for picture in run.pictures if run is not None else ():
            self._store.release(picture)


class Documents:
    """Every visitor's open documents, bounded in number; thread-safe."""

    def __init__(self, store: Store, settings: AppSettings) -> None:
        self.store = store
        self._settings = settings
        self._visitors: OrderedDict[str, OrderedDict[str, Document]] = OrderedDict()  # longest absent first
        self._left: dict[str, float] = {}
        self._lock = threading.RLock()

    def open(self, owner: str, pixels: Pixels | None, name: str) -> Document:
        """Open a picture, or a blank document that waits for its first generated picture."""
        document = Document(owner, file_name(name), self.store, self._settings)
        if pixels is not None:
            document.push(self.store.put(pixels, document.name))
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
            document.used = time.monotonic()
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

    def current(self, owner: str) -> Document | None:
        """Return the document that a visitor used last, if any."""
        with self._lock:
            mine = self._visitors.get(owner)
            return next(reversed(mine.values())) if mine else None

    def of_run(self, run_id: str, owner: str) -> Document:
        """Return the visitor's document that keeps a run.

        Raises:
            BadRequest: where none does.
        """
        with self._lock:
            for document in reversed(self._visitors.get(owner, OrderedDict()).values()):
                if document.made(run_id):
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

    def _tidy(self) -> None:
        latest = time.monotonic() - 60.0 * self._settings.visitor_minutes
        for owner in [owner for owner, left in self._left.items() if left < latest]:
            self._drop(owner)

    def _drop(self, owner: str) -> None:
        self._left.pop(owner, None)
        for document in self._visitors.pop(owner, OrderedDict()).values():
            document.close()


def file_name(name: str) -> str:
    """Return a name that every file system and header takes: letters, digits, dot, dash, underscore; 1 to 64 long."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.")[:64] or "picture"
