"""Where photos lie: in class folders, zips and tars; each one's bytes by its index, read when they are asked for.

Knows nothing of classes or pixels. A place keeps names and positions in arrays, a hundred bytes a photo whatever its
size, and no file open. What a file that was changed since would give is refused.
"""

from __future__ import annotations

import os
import struct
import tarfile
import zipfile
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

import numpy as np

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp"})
_LOCAL_HEADER = 30  # bytes before a zip member's name (PKWARE's APPNOTE, 4.3.7)
_LENGTHS = struct.Struct("<HH")
"""Of the name and of what follows it, at the end of that header."""
_RAW = -15  # of zlib: no header around the data


class Place(Protocol):
    """Photos of one data path, in an order that does not change."""

    def __len__(self) -> int:
        """Return the number of photos."""

    def name(self, index: int) -> str:
        """Return "folder/file"; the folder is "" at the top."""

    def read(self, index: int) -> bytes:
        """Read a photo's file; thread-safe.

        Raises:
            ValueError: if it is not what it was.
        """


def place_at(path: Path) -> Place:
    """Find the photos of a data path: a folder of class folders, a zip or a tar of such, or a folder inside a zip.

    Raises:
        FileNotFoundError: if there is nothing.
        ValueError: if an archive is damaged, or compressed in a way that leaves no single photo readable.
    """
    outer, part = inside_zip(path)
    if not outer.exists():
        raise FileNotFoundError(f"no training data at {path}: give class folders, or a zip or tar of class folders")
    if outer.is_dir():
        return _Folder(outer)
    return _Tar(outer) if outer.suffix.lower() == ".tar" and not part else _Zip(outer, part)


def inside_zip(path: Path) -> tuple[Path, str]:
    """Split a path into the archive or folder and its part inside a zip, "" for all of it."""
    for outer in path.parents:
        if outer.is_file():
            return outer, f"{path.relative_to(outer).as_posix()}/"
    return path, ""


def _is_photo(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in _SUFFIXES


class _Names:
    """Many names in two arrays: a list of them takes several times the memory."""

    def __init__(self, names: Iterable[str]) -> None:
        text, ends = bytearray(), array("q", [0])
        for name in names:
            text += os.fsencode(name)
            ends.append(len(text))
        self._text, self._ends = bytes(text), np.array(ends, np.int64)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, index: int) -> str:
        return os.fsdecode(self._text[self._ends[index] : self._ends[index + 1]])


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._names = _Names(self._found())

    def _found(self) -> Iterator[str]:
        for folder in sorted(each.name for each in os.scandir(self._root) if each.is_dir()):
            for name in sorted(each.name for each in os.scandir(self._root / folder) if _is_photo(each.name)):
                yield f"{folder}/{name}"

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        return self._names[index]

    def read(self, index: int) -> bytes:
        try:
            return (self._root / self._names[index]).read_bytes()
        except FileNotFoundError:
            raise ValueError(f"{self._root / self._names[index]} is gone since the start: put it back") from None


class _Member(NamedTuple):
    """A file in an archive: its path there, where it begins, and its bytes there."""

    path: str
    start: int
    size: int


class _Archive:
    """The members of an archive by their places in its file."""

    def __init__(self, path: Path, members: Iterable[_Member]) -> None:
        self._path = path
        starts, sizes = array("q"), array("q")

        def named() -> Iterator[str]:
            for member in members:
                starts.append(member.start)
                sizes.append(member.size)
                yield member.path

        self._names = _Names(named())
        self._starts, self._sizes = np.array(starts, np.int64), np.array(sizes, np.int64)

    def __len__(self) -> int:
        return len(self._names)

    def name(self, index: int) -> str:
        inside = PurePosixPath(self._names[index])
        return f"{inside.parent.name}/{inside.name}"

    def _piece(self, start: int, size: int) -> bytes:
        """Read a piece of the file."""
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(size)


class _Tar(_Archive):
    def __init__(self, path: Path) -> None:
        try:
            super().__init__(path, _members_of_tar(path))
        except (tarfile.TarError, EOFError) as error:
            raise ValueError(f"{path} is not a whole tar file ({error}): fetch it again, or unpack it first") from error

    def read(self, index: int) -> bytes:
        data = self._piece(int(self._starts[index]), int(self._sizes[index]))
        if len(data) != self._sizes[index]:
            raise ValueError(f"{self._path} is not a whole tar file ({self.name(index)} is cut off): fetch it again")
        return data


def _members_of_tar(path: Path) -> Iterator[_Member]:
    with tarfile.open(path, "r:") as archive:
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else it keeps a kilobyte of each
            if info.isfile() and _is_photo(info.name):
                yield _Member(info.name, info.offset_data, info.size)


class _Zip(_Archive):
    def __init__(self, path: Path, part: str) -> None:
        try:
            with zipfile.ZipFile(path) as archive:
                found = [info for info in archive.infolist() if info.filename.startswith(part)]
        except (zipfile.BadZipFile, EOFError) as error:
            raise self._broken(path, str(error)) from error
        photos = sorted((info for info in found if _is_photo(info.filename)), key=lambda info: info.filename)
        odd = [each for each in photos if each.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)]
        if odd:
            raise ValueError(f"{path} has {odd[0].filename} in a rare compression: pack it anew, stored or deflated")
        super().__init__(path, (_Member(each.filename, each.header_offset, each.compress_size) for each in photos))
        self._deflated = np.array([each.compress_type == zipfile.ZIP_DEFLATED for each in photos], np.bool_)
        self._sums = np.array([each.CRC for each in photos], np.uint32)

    def read(self, index: int) -> bytes:
        start, size = int(self._starts[index]), int(self._sizes[index])
        # The lengths in the directory may differ from those beside the data.
        lengths = self._piece(start + _LOCAL_HEADER - _LENGTHS.size, _LENGTHS.size)
        try:
            data = self._piece(start + _LOCAL_HEADER + sum(_LENGTHS.unpack(lengths)), size)
            data = zlib.decompress(data, _RAW) if self._deflated[index] else data
        except (struct.error, zlib.error) as error:
            raise self._broken(self._path, f"{self.name(index)}: {error}") from error
        if zlib.crc32(data) != self._sums[index]:
            raise self._broken(self._path, f"{self.name(index)} has another sum than its directory says")
        return data

    @staticmethod
    def _broken(path: Path, why: str) -> ValueError:
        return ValueError(f"{path} is not a whole zip file ({why}): fetch it again")
