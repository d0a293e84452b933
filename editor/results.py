"""What was made for programs and for the form, for as long as it may still be fetched: the last few of each client.

Knows nothing of pictures. A result belongs to no document, so nothing else would ever remove it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

_OF_A_CLIENT = 8
_IN_ALL = 64


class _Result(NamedTuple):
    client: str
    remove: Callable[[], None]


class Results:
    """Thread-safe; one for a server."""

    def __init__(self) -> None:
        self._kept: deque[_Result] = deque()
        self._lock = threading.Lock()

    def keep(self, client: str, remove: Callable[[], None]) -> None:
        """Keep a result, and remove the oldest where there are too many of this client or in all.

        Args:
            client: who may fetch it.
            remove: removes its files.
        """
        with self._lock:
            self._kept.append(_Result(client, remove))
            gone = []
            own = [result for result in self._kept if result.client == client]
            if len(own) > _OF_A_CLIENT:
                gone.append(own[0])
            elif len(self._kept) > _IN_ALL:
                gone.append(self._kept[0])
            for result in gone:
                self._kept.remove(result)
        for result in gone:
            result.remove()
