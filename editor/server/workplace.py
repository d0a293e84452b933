"""The folder of one server process, with everything that visitors bring or make; removed when the process ends.

Knows nothing of its content. A lock distinguishes folders of running servers from those of killed ones, which the next
start removes: uploads may say where a photo was taken.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from core import BadRequest
from editor.sentences import about_start

logger = logging.getLogger(__name__)

_PREFIX = "maskgit-editor-run-"
_LOCK = "lock"
_YOUNG_S = 3.0  # between a folder's creation and its lock another start must not take it for a leftover


class Workplace(NamedTuple):
    """The two folders of a server process.

    Attributes:
        served: files that the page server may give away.
        private: everything else.
    """

    served: Path
    private: Path

    def remove(self) -> None:
        """Remove both, with what is in them."""
        shutil.rmtree(self.served.parent, ignore_errors=True)


@contextmanager
def workplace(parent: str | None) -> Iterator[Workplace]:
    """Make the folders of this process, and let Gradio and `tempfile` use them; removed at the end, however it ends.

    Args:
        parent: folder to make them in; None for the system's folder for temporary files.

    Raises:
        BadRequest: if nothing can be written there.
    """
    wanted = parent or "the folder for temporary files"
    try:
        place = Path(parent or tempfile.gettempdir()).resolve()
        wanted = str(place)
        place.mkdir(parents=True, exist_ok=True)
        sweep(place)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    except OSError as error:
        raise BadRequest(about_start.no_place(wanted, (error.strerror or str(error)).lower())) from error
    made = Workplace(folder / "served", folder / "private")
    before, gradio = tempfile.tempdir, os.environ.get("GRADIO_TEMP_DIR")
    try:
        with FileLock(folder / _LOCK):
            for each in made:
                each.mkdir()
            tempfile.tempdir = str(made.private)
            os.environ["GRADIO_TEMP_DIR"] = str(made.served)
            yield made
    finally:
        tempfile.tempdir = before
        os.environ.pop("GRADIO_TEMP_DIR", None)
        if gradio is not None:
            os.environ["GRADIO_TEMP_DIR"] = gradio
        made.remove()


def sweep(place: Path) -> None:
    """Remove the leftovers of killed runs, except those that others own or still use."""
    for folder in place.glob(f"{_PREFIX}*"):
        try:
            facts = folder.lstat()
            mine = not hasattr(os, "getuid") or facts.st_uid == os.getuid()
            if folder.is_symlink() or not folder.is_dir() or not mine or time.time() - facts.st_mtime < _YOUNG_S:
                continue
            with FileLock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)  # including the lock, where an open file cannot be removed
            logger.info("removed what an earlier run left in %s", folder)
        except (OSError, Timeout):
            continue
