"""`python -m core.pictures.develop`: opens and writes picture files for another process, one at a time.

Knows nothing of who asks. A decoder has bugs of its own and strangers feed it: here it has no more memory and time than
a picture needs, writes no file, and harms no other process when it crashes.
"""

from __future__ import annotations

import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from core.errors import CoreError, Sentence, write_sentence
from core.pictures.encoding import encode_picture, encode_png
from core.pictures.frames import receive_message, send_message
from core.pictures.maskfiles import read_mask
from core.pictures.opening import read_picture
from core.values.geometry import Size

MOST_MEMORY = 4 * 2**30
"""Bytes of address space: twelve copies of 64 MP in four channels, and the libraries."""

MOST_SECONDS = {"read_picture": 40, "read_mask": 60, "encode_png": 90, "encode_picture": 300}
"""Seconds of processor time for one call: ten times what 64 MP take; lossless WebP takes longest."""


def main() -> int:
    """Answer until the other process is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in the terminal is for the server, which ends this process
    _limit()
    while True:
        try:
            asked = receive_message(sys.stdin.buffer)
        except EOFError:
            return 0
        send_message(sys.stdout.buffer, _answer(asked))


def _answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's answer, or `refused` with a written sentence, or `wrong` with the traceback of a bug."""
    arguments = dict(asked)
    call = str(arguments.pop("call"))
    _allow_time(MOST_SECONDS[call])
    try:
        return _CALLS[call](**arguments)
    except CoreError as error:
        return {"refused": write_sentence(error.sentence)}
    except MemoryError:
        more = Sentence("picture takes more memory than one may: save it again at 8 bits a channel, or smaller.")
        return {"refused": write_sentence(more)}
    except Exception:  # noqa: BLE001 - a bug is reported to the asker, which raises it
        return {"wrong": traceback.format_exc()}


def _read_picture(source: bytes) -> dict[str, Any]:
    read = read_picture(source)
    return {"pixels": read.pixels, "told": read.told and write_sentence(read.told)}


def _read_mask(source: bytes, size: list[int] | None) -> dict[str, Any]:
    read = read_mask(source, None if size is None else Size(*size))
    return {"mask": read.mask, "told": write_sentence(read.told), "plain": read.plain}


def _encode_png(pixels: Any, text: Mapping[str, str]) -> dict[str, Any]:
    return {"data": encode_png(pixels, text=text)}


def _encode_picture(pixels: Any, exif: bytes, **settings: Any) -> dict[str, Any]:
    return {"data": encode_picture(pixels, exif=exif or None, **settings)}


_CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "read_picture": _read_picture,
    "read_mask": _read_mask,
    "encode_png": _encode_png,
    "encode_picture": _encode_picture,
}


def _limit() -> None:
    """Take memory and files away; without such limits (Windows) only the asker bounds the time."""
    try:
        import resource
    except ImportError:
        return
    for what, most in (("RLIMIT_AS", MOST_MEMORY), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0), ("RLIMIT_NOFILE", 32)):
        kind = getattr(resource, what)
        hard = resource.getrlimit(kind)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))


def _allow_time(seconds: int) -> None:
    """Allow this process this many more seconds of processor time; then the system ends it."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds + 1, hard))


if __name__ == "__main__":
    sys.exit(main())
