"""The project file: a zip of every version of a document, their tree, and the stage's own state.

Knows nothing of visitors or widgets. The zip has project.json {app, version, name, format, head, tree, state} and one
versions/<id>.png for each entry of the tree {version, parent, offset, turn?, anew?}: where the parent lies on it, or
that nothing of it is left. A zip from outside is foreign: its directory is measured before it is read, other names are
refused, and nothing is unpacked beyond the bounds.
"""

from __future__ import annotations

import json
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from core import BadRequest
from core.values import UNMOVED, Placing, Turn
from editor.checks import is_list, is_whole, read_state
from editor.documents.document import Document
from editor.documents.versions import Version
from editor.sentences import about_files, on_page

MOST_STATE = 16_000_000
"""Most bytes of the stage's state as JSON; it comes in one request, of at most 24 MB (editor/server/doorway.py)."""

MOST_VERSIONS = 256
"""Most versions in a file: a document of 768 MB, the default bound, holds as many of one megapixel."""

_APP, _FORMAT = "maskgit-editor", 1
_INDEX = "project.json"
_NAME = re.compile(r"versions/([1-9][0-9]{0,8})\.png")
_MOST_INDEX = MOST_STATE + 1_000_000
"""Most bytes of project.json: the state, and 4 kB for each version."""
_MOST_DIRECTORY = 100 * (MOST_VERSIONS + 1)
"""Most bytes of the zip's directory: 46 and a name of up to 22 for each entry (APPNOTE.TXT, 4.3.12), and room."""
_END = struct.Struct("<4s4H2LH")
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError)
"""Exceptions of zipfile for damaged, encrypted or oddly compressed files; a JSON or UTF-8 error is a ValueError."""


class SavedVersion(NamedTuple):
    """One version in a file, as in `editor.documents.versions.Version`; its PNG has `size` bytes."""

    id: int
    parent: int | None
    placing: Placing | None
    size: int


class Project(NamedTuple):
    """A saved project, its pictures still in their file; each version comes after its parent."""

    path: Path
    name: str
    format: str
    head: int
    versions: tuple[SavedVersion, ...]
    state: dict[str, Any] | None

    def png(self, version: SavedVersion) -> bytes:
        """Read a version's PNG, not yet checked as a picture; only one at a time need be in memory.

        Raises:
            BadRequest: if it is damaged.
        """
        with _sound(), zipfile.ZipFile(self.path) as archive:
            return _unpacked(archive, f"versions/{version.id}.png", version.size)


def write_project(path: Path, document: Document, state: Mapping[str, Any] | None) -> None:
    """Write a document as a project file.

    Args:
        path: the file to write.
        document: with at least one version.
        state: the stage's own, checked by `editor.checks.read_state`.

    Raises:
        BadRequest: if nothing is open, or the state is larger than `MOST_STATE`.
    """
    head, tree = document.version, document.tree
    if head is None:
        raise BadRequest(on_page.nothing_open())
    index = {
        "app": _APP,
        "version": _FORMAT,
        "name": document.name,
        "format": document.format,
        "head": head.id,
        "tree": [_entry(each) for each in tree],
        "state": state,
    }
    text = json.dumps(index, separators=(",", ":")).encode()
    if len(text) > MOST_STATE:
        raise BadRequest(about_files.state_too_large(len(text) / 1e6, MOST_STATE / 1e6))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(_INDEX, text, zipfile.ZIP_DEFLATED)
        for version in tree:
            archive.write(version.picture.png, f"versions/{version.id}.png", zipfile.ZIP_STORED)


def _entry(version: Version) -> dict[str, Any]:
    """Describe a version; what is as in most versions is left out."""
    x, y, turn = version.placing or UNMOVED
    entry: dict[str, Any] = {"version": version.id, "parent": version.parent, "offset": [x, y]}
    if turn.number:
        entry["turn"] = turn.number
    if version.placing is None:
        entry["anew"] = True
    return entry


def is_project(path: Path) -> bool:
    """Tell whether a file begins like a zip."""
    with path.open("rb") as file:
        return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


def read_project(path: Path, *, most_bytes: int) -> Project:
    """Read the project in a zip.

    Args:
        path: the file.
        most_bytes: limit of its unpacked size.

    Raises:
        BadRequest: if it is no project, is damaged, or is larger than the bounds.
    """
    _check_directory(path)
    with _sound(), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        sizes = {entry.filename: entry.file_size for entry in entries}
        if len(entries) > MOST_VERSIONS + 1:
            raise BadRequest(about_files.project_too_many(len(entries), MOST_VERSIONS + 1))
        for name in sizes:
            if name != _INDEX and not _NAME.fullmatch(name):
                raise BadRequest(about_files.project_odd_name(name))
        if len(sizes) != len(entries) or _INDEX not in sizes:
            raise BadRequest(about_files.project_foreign())
        if sum(sizes.values()) > most_bytes:
            raise BadRequest(about_files.project_too_large(sum(sizes.values()) / 1e6, most_bytes / 1e6))
        return _project(json.loads(_unpacked(archive, _INDEX, _MOST_INDEX)), path, sizes)


@contextmanager
def _sound() -> Iterator[None]:
    """Turn exceptions of zipfile and json for a damaged file into one sentence."""
    try:
        yield
    except BadRequest:
        raise
    except (*_DAMAGE, RecursionError) as error:
        raise BadRequest(about_files.project_damaged()) from error


def _check_directory(path: Path) -> None:
    """Refuse a zip by its last bytes if its directory is larger than a project's, before zipfile reads it whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END.size - 2**16 - 20))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise BadRequest(about_files.project_damaged())
    *_, entries, directory, _, _ = _END.unpack_from(tail, at)
    if tail[max(0, at - 20) : at].startswith(b"PK\x06\x07"):  # zip64: for more than a project ever has
        raise BadRequest(about_files.project_foreign())
    if entries > MOST_VERSIONS + 1 or directory > _MOST_DIRECTORY:
        raise BadRequest(about_files.project_too_many(entries, MOST_VERSIONS + 1))


def _unpacked(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Unpack an entry, whose declared size may be false."""
    with archive.open(name) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise BadRequest(about_files.project_too_large(len(data) / 1e6, most / 1e6))
    return data


def _placing(entry: Mapping[str, Any]) -> Placing | None:
    offset, turn = entry.get("offset"), entry.get("turn", 0)
    if not is_list(offset) or len(offset) != 2 or not all(is_whole(pixels, -(2**24), 2**24) for pixels in offset):
        raise BadRequest(about_files.project_damaged())
    if not is_whole(turn, 0, 7):
        raise BadRequest(about_files.project_damaged())
    return None if entry.get("anew") is True else Placing(offset[0], offset[1], Turn.numbered(turn))


def _project(index: Any, path: Path, sizes: Mapping[str, int]) -> Project:
    if not isinstance(index, dict) or index.get("app") != _APP:
        raise BadRequest(about_files.project_foreign())
    if not is_whole(index.get("version"), _FORMAT, _FORMAT):
        raise BadRequest(about_files.project_newer(index.get("version")))
    tree, name, picture, head = index.get("tree"), index.get("name"), index.get("format"), index.get("head")
    if not is_list(tree) or not tree or not isinstance(name, str) or picture not in ("png", "jpeg", "webp"):
        raise BadRequest(about_files.project_damaged())
    versions: list[SavedVersion] = []
    known: set[int] = set()
    for entry in tree:
        if not isinstance(entry, dict):
            raise BadRequest(about_files.project_damaged())
        version, parent = entry.get("version"), entry.get("parent")
        if not is_whole(version, 1, 10**9 - 1) or version in known or f"versions/{version}.png" not in sizes:
            raise BadRequest(about_files.project_damaged())
        if (not is_whole(parent, 1, 10**9 - 1) or parent not in known) if versions else parent is not None:
            raise BadRequest(about_files.project_damaged())
        size = sizes[f"versions/{version}.png"]
        versions.append(SavedVersion(version, parent, _placing(entry), size))
        known.add(version)
    if not isinstance(head, int) or head not in known or len(sizes) != len(versions) + 1:
        raise BadRequest(about_files.project_damaged())
    return Project(path, name, picture, head, tuple(versions), read_state(index.get("state")))
