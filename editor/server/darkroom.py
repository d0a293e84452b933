"""Opens and writes visitors' picture files in a few bounded processes that are kept warm.

Knows nothing of formats; core/pictures/develop.py does the work in those processes. A decoder that crashes, loops or
takes too much memory costs the one picture, with a sentence. The processes start when first needed and end with this
one, however it ends; they get no environment but what Python needs, and their answers are not trusted.
"""

from __future__ import annotations

import atexit
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core import BadRequest
from core.pictures import MaskFile, PictureFile, read_sentence, receive_message, send_message
from core.values import Sentence, Size
from editor.sentences import on_page

logger = logging.getLogger(__name__)

Pixels = NDArray[np.uint8]

_ROOT = Path(__file__).resolve().parents[2]
"""Folder from which `python -m core` finds this very core: the repository, or the installed package."""
_COMMAND = (sys.executable, "-m", "core.pictures.develop")
_PROCESSES = 2
"""Processes at a time: one alone would let a large picture delay everybody's, and each may take 4 GiB."""
_PATIENCE_S = {"read_picture": 120.0, "read_mask": 180.0, "encode_png": 300.0, "encode_picture": 900.0}
"""Seconds of wall-clock time, three times the process's own processor time: other programs take theirs, too."""
_MOST_BYTES = 2**28  # of a file that is handed over; core refuses smaller ones, by their kind
_NEEDED = ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "PYTHONPATH", "LANG", "LC_ALL")


def open_picture(source: bytes | Path) -> Pixels:
    """Read the pixels of a picture file; see `core.pictures.open_picture`."""
    return read_picture(source).pixels


def read_picture(source: bytes | Path) -> PictureFile:
    """Read a picture file; see `core.pictures.read_picture`."""
    answer = _POOL.ask("read_picture", source=_data(source))
    return PictureFile(_pixels(answer), _told(answer))


def read_mask(source: bytes | Path, size: Size | None) -> MaskFile:
    """Read a mask file; see `core.pictures.read_mask`."""
    answer = _POOL.ask("read_mask", source=_data(source), size=None if size is None else list(size))
    mask = answer.get("mask")
    if not isinstance(mask, np.ndarray) or mask.ndim != 2 or (size is not None and mask.shape != (size[1], size[0])):
        raise RuntimeError("the process that opens masks answers with none")
    return MaskFile(mask, _told(answer) or "", answer.get("plain") is True)


def encode_png(pixels: Pixels, *, text: Mapping[str, str] | None = None) -> bytes:
    """Encode a PNG; see `core.pictures.encode_png`."""
    return _file(_POOL.ask("encode_png", pixels=np.asarray(pixels), text=dict(text or {})))


def encode_picture(pixels: Pixels, file_format: str, *, exif: bytes | None = None, **settings: Any) -> bytes:
    """Encode a PNG, JPEG or WebP file; see `core.pictures.encode_picture`."""
    settings |= {"file_format": file_format, "exif": exif or b""}
    return _file(_POOL.ask("encode_picture", pixels=np.asarray(pixels), **settings))


def warm() -> None:
    """Start the processes, so that the first picture need not wait for them."""
    threading.Thread(target=_POOL.warm, name="warm darkroom", daemon=True).start()


class _Process:
    """One process, asked by one thread at a time."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self._child = subprocess.Popen(
            _COMMAND,
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    @property
    def lives(self) -> bool:
        """Whether it is alive."""
        return self._child.poll() is None

    def ask(self, call: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call the process and return its answer.

        Raises:
            EOFError, OSError, ValueError: if the process is gone, was stopped, or gives an invalid answer.
        """
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        watch = threading.Timer(_PATIENCE_S[call], self._child.kill)
        watch.daemon = True
        watch.start()
        try:
            send_message(self._child.stdin, {"call": call, **arguments})
            return receive_message(self._child.stdout)
        finally:
            watch.cancel()

    def end(self) -> None:
        """End the process."""
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


class _Pool:
    """Thread-safe; serves as many threads at a time as it has processes, the others wait."""

    def __init__(self) -> None:
        self._idle: list[_Process] = []
        self._turns = threading.BoundedSemaphore(_PROCESSES)
        self._lock = threading.Lock()

    def ask(self, call: str, **arguments: Any) -> dict[str, Any]:
        """Call a process and return its answer.

        Raises:
            BadRequest: as from the call; or if the picture ended the process.
        """
        with self._turns:
            process = self._taken()
            try:
                answer = process.ask(call, arguments)
            except (EOFError, OSError, ValueError, TypeError) as error:
                process.end()
                logger.warning("%s ended its process: %s", call, error)
                raise BadRequest(on_page.picture_ended_its_process(opened=call.startswith("read"))) from error
            except BaseException:
                process.end()  # otherwise its unread answer would be taken for the next one's
                raise
            with self._lock:
                self._idle.append(process)
        if "refused" in answer:
            raise BadRequest(read_sentence(answer["refused"]))
        if "wrong" in answer:
            raise RuntimeError(f"{call} failed:\n{answer['wrong']}")
        return answer

    def warm(self) -> None:
        """Start the missing processes."""
        started = [self._taken() for _ in range(_PROCESSES)]
        with self._lock:
            self._idle += started

    def close(self) -> None:
        """End every idle process."""
        with self._lock:
            ending, self._idle = self._idle, []
        for process in ending:
            process.end()

    def _taken(self) -> _Process:
        """Take a living process, a new one if none is idle."""
        while True:
            with self._lock:
                process = self._idle.pop() if self._idle else None
            if process is None:
                return _Process()
            if process.lives:
                return process
            process.end()


_POOL = _Pool()
atexit.register(_POOL.close)


def _data(source: bytes | Path) -> bytes:
    """Read a file's bytes; core judges whether they are too many, and errors do not tell the file's name."""
    if isinstance(source, bytes):
        return source
    with source.open("rb") as file:
        return file.read(_MOST_BYTES)


def _pixels(answer: Mapping[str, Any]) -> Pixels:
    pixels = answer.get("pixels")
    if not isinstance(pixels, np.ndarray) or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise RuntimeError("the process that opens pictures answers with none")
    return pixels


def _told(answer: Mapping[str, Any]) -> Sentence | None:
    told = answer.get("told")
    return None if told is None else read_sentence(told)


def _file(answer: Mapping[str, Any]) -> bytes:
    data = answer.get("data")
    if not isinstance(data, bytes):
        raise RuntimeError("the process that writes pictures answers with none")
    return data
