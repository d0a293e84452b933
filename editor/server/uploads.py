"""Visitors' uploaded files, none of which is needed for long: removed by age, and oldest first if there are many.

Knows nothing of their content. Gradio keeps each in a folder named by its sha256, and while it comes in a file of its
own; opening one copies it into the store, and a program uses one in the call that follows.
"""

from __future__ import annotations

import logging
import re
import shutil
import threading
import time
from pathlib import Path

logger = logging.getLogger(__name__)

_FOLDER = re.compile(r"[0-9a-f]{64}")
_COMING = "tmp"
"""How the name of a file begins that is under way, or was when its server died."""
_MOST_S = 3600.0
"""Age in seconds at which an upload is removed: a program may prepare many files before it uses the first."""
_DEAD_S = 120.0
"""Age in seconds, counted from its last byte, at which a file under way is removed: the door waits 30 s for a piece, so
its sender has left. Gradio's parser removes most of them at once, and forgets some."""
_LEAST_S = 60.0  # an upload this young may be about to be opened


class Uploads:
    """Thread-safe; one per server."""

    def __init__(self, place: Path, most_bytes: int) -> None:
        self._place = place
        self._most = most_bytes
        self._lock = threading.Lock()

    def make_room(self, wanted: int) -> bool:
        """Remove old uploads, then the oldest until `wanted` bytes fit beside the others; tells whether they fit."""
        now = time.time()
        with self._lock:
            there = sorted(self._found())
            held = sum(size for _, size, _ in there)
            for changed, size, path in there:
                most = _DEAD_S if path.name.startswith(_COMING) else _MOST_S
                old, young = now - changed > most, now - changed < _LEAST_S
                if old or (held + wanted > self._most and not young):
                    _remove(path)
                    held -= size
            return held + wanted <= self._most

    def _found(self) -> list[tuple[float, int, Path]]:
        """List the folders, and the files under way, with their times of last writing and their bytes."""
        found = []
        for path in self._place.iterdir():
            try:
                if _FOLDER.fullmatch(path.name):
                    facts = [each.stat() for each in path.iterdir()]
                elif path.name.startswith(_COMING) and path.is_file():
                    facts = [path.stat()]
                else:
                    continue
                changed = max((each.st_mtime for each in facts), default=path.stat().st_mtime)
            except OSError:  # gone since it was listed
                continue
            found.append((changed, sum(each.st_size for each in facts), path))
        return found


def _remove(path: Path) -> None:
    """Remove a folder or a file that may be gone already."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
