"""The versions of one picture: a tree, one of whose nodes is shown.

Knows nothing of files, runs, bounds or threads; `editor.documents.document` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from editor.documents.sources import Painted, moved
from editor.documents.store import Picture


@dataclass(frozen=True)
class Version:
    """One state of a document.

    Attributes:
        id: rises within a document; never used again.
        parent: the version it was made from; None for the first.
        picture: its pixels.
        offset: position of the parent's picture on this one, (x, y) in pixels; only extending moves it.
        painted: since the parent; empty if unknown, or if the picture was opened.
    """

    id: int
    parent: int | None
    picture: Picture
    offset: tuple[int, int]
    painted: Painted = ()

    @property
    def since(self) -> Painted:
        """What was painted since the parent; at least one edit if there is a parent."""
        return self.painted or (() if self.parent is None else (None,))

    @property
    def weight(self) -> int:
        """Its bytes, pixels of its picture included."""
        return self.picture.weight + self.memory

    @property
    def memory(self) -> int:
        """Its bytes in memory."""
        return sum(each.weight for each in self.painted if each is not None)


class Placed(NamedTuple):
    """A version, and the position of its picture on another one, (x, y) in pixels."""

    version: Version
    place: tuple[int, int]


class Versions:
    """The tree of versions."""

    def __init__(self) -> None:
        self._all: dict[int, Version] = {}
        self._head: int | None = None
        self._next = 0

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Version]:
        """Yield every version, each after its parent."""
        return (self._all[version] for version in sorted(self._all))

    def __contains__(self, version: object) -> bool:
        return version in self._all

    def __getitem__(self, version: int) -> Version:
        """Find a version that is kept."""
        return self._all[version]

    @property
    def head(self) -> Version | None:
        """The version shown, None before the first."""
        return None if self._head is None else self._all[self._head]

    def add(self, picture: Picture, offset: tuple[int, int], parent: int | None, painted: Painted) -> Version:
        """Add a picture as a child of a version (None for the head) and return it; it is not shown yet."""
        self._next += 1
        version = Version(self._next, self._head if parent is None else parent, picture, offset, painted)
        self._all[version.id] = version
        return version

    def show(self, version: int) -> tuple[int, int]:
        """Make a kept version the head; returns the position on it of the picture shown before, (x, y)."""
        before, self._head = self._head, version
        if before is None:
            return 0, 0
        (x, y), (old_x, old_y) = self._origin(version), self._origin(before)
        return x - old_x, y - old_y

    def restore(self, versions: Sequence[Version], head: int) -> None:
        """Take over saved versions with their ids, and show one; the tree must be empty."""
        assert not self._all
        self._all = {version.id: version for version in versions}
        self._head, self._next = head, max(self._all)

    def painted(self, version: int | None) -> Painted:
        """Return what was painted on the way to a version, positioned on it; None stands for no version."""
        if version is not None and version not in self._all:
            return (None,)
        found: Painted = ()
        x = y = 0
        for step in reversed(self._path(version)):
            found += moved(self._all[step].since, (x, y))
            x, y = x + self._all[step].offset[0], y + self._all[step].offset[1]
        return found

    def path(self, version: int) -> tuple[Placed, ...]:
        """Return every version on the way from the first to a kept one, with its position on that one."""
        found, (x, y) = list[Placed](), (0, 0)
        for step in reversed(self._path(version)):
            found.append(Placed(self._all[step], (x, y)))
            x, y = x + self._all[step].offset[0], y + self._all[step].offset[1]
        return tuple(reversed(found))

    def drop(self) -> Version:
        """Drop the oldest leaf that does not lead to the head, else the oldest step after the first on the way there.

        Children of a dropped version are attached to its parent, with the offsets of both added.
        """
        path = self._path(self._head)
        parents = {version.parent for version in self._all.values()}
        leaves = [version for version in sorted(self._all) if version not in parents and version not in path]
        gone = self._all.pop(leaves[0] if leaves else path[1])
        for child in [child for child in self._all.values() if child.parent == gone.id]:
            offset = (child.offset[0] + gone.offset[0], child.offset[1] + gone.offset[1])
            painted = child.since + moved(gone.since, child.offset)
            self._all[child.id] = replace(child, parent=gone.parent, offset=offset, painted=painted)
        return gone

    def clear(self) -> None:
        """Forget all versions; ids continue."""
        self._all.clear()
        self._head = None

    def _path(self, version: int | None) -> list[int]:
        """List the ids from the first version to this one."""
        path: list[int] = []
        while version is not None:
            path.append(version)
            version = self._all[version].parent
        return path[::-1]

    def _origin(self, version: int) -> tuple[int, int]:
        """Return the position of the first version's picture on a version."""
        offsets = [self._all[step].offset for step in self._path(version)]
        return sum(x for x, _ in offsets), sum(y for _, y in offsets)
