"""Visitors' uploaded files, none of which is needed for long: removed by age, and oldest first if there are many.

Knows nothing of their content. Gradio keeps each in a folder named by its sha256; opening one copies it into the store,
and a program uses one in the call that follows.
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
_MOST_S = 3600.0
"""Age in seconds at which an upload is removed: a program may prepare many files before it uses the first."""
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
            there = sorted(self._folders())
            held = sum(size for _, size, _ in there)
            for changed, size, folder in there:
                old, young = now - changed > _MOST_S, now - changed < _LEAST_S
                if old or (held + wanted > self._most and not young):
                    shutil.rmtree(folder, ignore_errors=True)
                    held -= size
            return held + wanted <= self._most

    def _folders(self) -> list[tuple[float, int, Path]]:
        """List the folders with their times of last writing and their bytes."""
        found = []
        for folder in self._place.iterdir():
            if not _FOLDER.fullmatch(folder.name):
                continue
            try:
                facts = [path.stat() for path in folder.iterdir()]
                changed = max((each.st_mtime for each in facts), default=folder.stat().st_mtime)
            except OSError:  # gone since it was listed
                continue
            found.append((changed, sum(each.st_size for each in facts), folder))
        return found
