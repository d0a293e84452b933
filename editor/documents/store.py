"""Picture files on the server: content-addressed, reference-counted, removed with the last use.

Knows nothing of visitors, documents or the browser. Pixels lie in files (a PNG that the browser shows and downloads,
and the raw array beside it, memory-mapped), so that a long history costs no memory.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
import tempfile
import threading
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from core.values import Size
from editor.server.darkroom import encode_png

Pixels = NDArray[np.uint8]

_LONGEST_NAME = 120  # bytes of UTF-8; file systems take 255, and suffixes are added
_MAPPED: WeakValueDictionary[Path, Pixels] = WeakValueDictionary()
_MAPPING = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """One picture in the store, never changed once written.

    Attributes:
        png: the file that the browser may read; its last part is its name when downloaded.
        raw: the same pixels as an array file, outside any folder that the server gives away.
        size: width and height.
        alpha: whether it has a fourth channel.
    """

    png: Path
    raw: Path
    size: Size
    alpha: bool

    def pixels(self) -> Pixels:
        """Map the (H, W, 3 or 4) uint8 pixels, read from disk as they are touched.

        Each mapping keeps a file open while it is used, and every run has its source: all share one mapping.
        """
        with _MAPPING:
            pixels = _MAPPED.get(self.raw)
            if pixels is None:
                pixels = _MAPPED[self.raw] = np.load(self.raw, mmap_mode="r", allow_pickle=False)
            return pixels

    @property
    def weight(self) -> int:
        """Bytes of pixels."""
        return self.size.width * self.size.height * (4 if self.alpha else 3)


class Store:
    """Content-addressed picture files; equal pictures with equal notes share one file.

    There are two folders: PNGs lie where the page server may read them, arrays where it may not. Names are keyed with a
    secret of this process, so that nobody can ask whether a picture of theirs was edited here.
    """

    def __init__(self, served: Path) -> None:
        served.mkdir(parents=True, exist_ok=True)
        self._served = tempfile.TemporaryDirectory(prefix="maskgit-editor-", dir=served)
        self._private = tempfile.TemporaryDirectory(prefix="maskgit-editor-raw-")
        self._secret = secrets.token_bytes(32)
        self._uses: dict[Path, int] = {}
        self._bytes: dict[Path, int] = {}
        self._folders: set[Path] = set()
        self._lock = threading.Lock()

    @property
    def served(self) -> Path:
        """The folder that the page server may read."""
        return Path(self._served.name)

    @property
    def disk(self) -> int:
        """Bytes of all files: each picture is stored twice, as a PNG and as an array."""
        with self._lock:
            pictures, folders = sum(self._bytes.values()), list(self._folders)
        return pictures + sum(self.size(folder) for folder in folders)

    def size(self, kept: Picture | Path) -> int:
        """Count the bytes of a picture's files, or of those in a folder; 0 if they are gone by now."""
        if isinstance(kept, Picture):
            with self._lock:
                return self._bytes.get(kept.raw, 0)
        try:
            return sum(path.stat().st_size for path in kept.iterdir())
        except OSError:
            return 0

    def put(self, pixels: Pixels, name: str, notes: Mapping[str, str] | None = None) -> Picture:
        """Write a picture and return it; each `put` needs one `release`.

        Args:
            pixels: (H, W, 3 or 4) uint8.
            name: for download, without suffix; odd characters are dropped.
            notes: text chunks of the PNG.
        """
        notes = notes or {}
        digest = hashlib.blake2b(key=self._secret, digest_size=16)
        digest.update(repr((pixels.shape, name, sorted(notes.items()))).encode())
        digest.update(np.ascontiguousarray(pixels).data)
        png = self.served / digest.hexdigest() / f"{file_name(name)}.png"
        raw = Path(self._private.name) / f"{digest.hexdigest()}.npy"
        picture = Picture(png, raw, Size(pixels.shape[1], pixels.shape[0]), pixels.shape[2] == 4)
        with self._lock:
            self._uses[raw] = self._uses.get(raw, 0) + 1
        try:
            if not png.exists():  # the PNG comes last: if it is there, so is the array
                png.parent.mkdir(exist_ok=True)
                _publish(raw, raw.parent, lambda file: np.save(file, pixels, allow_pickle=False))
                _publish(png, self.served, lambda file: file.write(encode_png(pixels, text=notes)))
            size = png.stat().st_size + raw.stat().st_size
        except BaseException:
            self.release(picture)
            raise
        with self._lock:
            self._bytes[raw] = size
        return picture

    def share(self, picture: Picture) -> None:
        """Count one more use of a picture in use; it needs one more `release`."""
        with self._lock:
            self._uses[picture.raw] += 1

    def release(self, picture: Picture) -> None:
        """Count one use of a picture less; the last one removes its files."""
        with self._lock:
            left = self._uses.get(picture.raw, 0) - 1
            if left > 0:
                self._uses[picture.raw] = left
                return
            self._uses.pop(picture.raw, None)
            self._bytes.pop(picture.raw, None)
            for path in (picture.png, picture.raw):
                path.unlink(missing_ok=True)
            if picture.png.parent.exists():
                picture.png.parent.rmdir()

    def new_folder(self) -> Path:
        """Make a folder that the page server may read, for files that are no pictures of a document."""
        folder = Path(tempfile.mkdtemp(dir=self.served))
        with self._lock:
            self._folders.add(folder)
        return folder

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder made by `new_folder`."""
        with self._lock:
            self._folders.discard(folder)
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        self._served.cleanup()
        self._private.cleanup()


def _publish(path: Path, draft: Path, write: Callable[[BinaryIO], object]) -> None:
    """Write a file so that it is there whole or not at all, even if others read, map or write it meanwhile.

    Args:
        path: of the file.
        draft: folder on the same disk, for the unfinished file.
        write: its content.
    """
    part = draft / f"{secrets.token_hex(8)}.part"
    try:
        with part.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def file_name(name: str) -> str:
    """Clean a name for every file system: letters and digits of any script, spaces and ._-() ; 1 to 120 bytes.

    Args:
        name: of a file from anywhere.
    """
    plain = unicodedata.normalize("NFC", name)
    kept = "".join(each if each in " ._-()" or unicodedata.category(each)[0] in "LMN" else "-" for each in plain)
    short = re.sub(r"-{2,}", "-", kept).encode()[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip(" -.") or "picture"
