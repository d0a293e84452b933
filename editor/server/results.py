"""Results for programs, the form and the photos of a folder, kept for fetching: the last few of each client.

Knows nothing of pictures. A result belongs to no document, so nothing else would remove it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

_OF_A_CLIENT = 8
"""Results kept per client: a program fetches each right after the call that made it."""
_IN_ALL = 64
"""Results kept for all clients together: eight busy ones."""


class _Result(NamedTuple):
    client: str
    size: int
    remove: Callable[[], None]


class Results:
    """Thread-safe; one per server."""

    def __init__(self, most_bytes: int) -> None:
        """Start empty; never keep more than `most_bytes`, except for the newest."""
        self._most = most_bytes
        self._kept: deque[_Result] = deque()
        self._lock = threading.Lock()

    def keep(self, client: str, size: int, remove: Callable[[], None]) -> None:
        """Keep a result, and remove the oldest if there are too many of this client or in all.

        Args:
            client: who may fetch it.
            size: bytes of its files.
            remove: removes them.
        """
        with self._lock:
            self._kept.append(_Result(client, size, remove))
            gone = [result for result in self._kept if result.client == client][:-_OF_A_CLIENT]
            for result in gone:
                self._kept.remove(result)
            while len(self._kept) > 1 and (len(self._kept) > _IN_ALL or self._held > self._most):
                gone.append(self._kept.popleft())
        for result in gone:
            result.remove()

    @property
    def _held(self) -> int:
        return sum(result.size for result in self._kept)
