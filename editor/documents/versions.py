"""The versions of one picture: a tree, one of whose nodes is shown.

Knows nothing of files, runs, bounds or threads; `editor.documents.document` does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from core.values import UNMOVED, Placing
from editor.documents.sources import Painted, moved
from editor.documents.store import Picture


@dataclass(frozen=True)
class Version:
    """One state of a document.

    Attributes:
        id: rises within a document; never used again.
        parent: the version it was made from; None for the first.
        picture: its pixels.
        placing: of the parent's picture on this one: extending moves it, framing anew turns and moves it. None if no
            pixel of the parent is left as it was, as after straightening: what is compared begins here.
        painted: since the parent; empty if unknown, or if the picture was opened.
    """

    id: int
    parent: int | None
    picture: Picture
    placing: Placing | None = UNMOVED
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
    """A version, and where its picture lies on another one."""

    version: Version
    place: Placing


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

    def add(self, picture: Picture, placing: Placing | None, parent: int | None, painted: Painted) -> Version:
        """Add a picture as a child of a version (None for the head) and return it; it is not shown yet."""
        self._next += 1
        version = Version(self._next, self._head if parent is None else parent, picture, placing, painted)
        self._all[version.id] = version
        return version

    def show(self, version: int) -> None:
        """Make a kept version the head."""
        self._head = version

    def restore(self, versions: Sequence[Version], head: int) -> None:
        """Take over saved versions with their ids, and show one; the tree must be empty."""
        assert not self._all
        self._all = {version.id: version for version in versions}
        self._head, self._next = head, max(self._all)

    def painted(self, version: int | None) -> Painted:
        """Return what was painted on the way to a version, positioned on it; None stands for no version."""
        if version is not None and version not in self._all:
            return (None,)
        path = () if version is None else self.path(version)
        found: Painted = ()
        for step in reversed(path):
            found += moved(step.version.since, step.place)
        return found

    def path(self, version: int) -> tuple[Placed, ...]:
        """Return every version on the way to a kept one, with its place on that one, from the first that has one."""
        found, place = list[Placed](), UNMOVED
        for step in reversed(self._path(version)):
            found.append(Placed(self._all[step], place))
            placing = self._all[step].placing
            if placing is None:
                break
            place = placing.then(place)
        return tuple(reversed(found))

    def drop(self) -> Version:
        """Drop the oldest leaf that does not lead to the head, else the oldest step after the first on the way there.

        Children of a dropped version are attached to its parent, with the placings of both joined.
        """
        path = self._path(self._head)
        parents = {version.parent for version in self._all.values()}
        leaves = [version for version in sorted(self._all) if version not in parents and version not in path]
        gone = self._all.pop(leaves[0] if leaves else path[1])
        for child in [child for child in self._all.values() if child.parent == gone.id]:
            placing = None
            painted = child.since
            if child.placing is not None:
                placing = gone.placing and gone.placing.then(child.placing)
                painted += moved(gone.since, child.placing)
            self._all[child.id] = replace(child, parent=gone.parent, placing=placing, painted=painted)
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
