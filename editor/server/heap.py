"""How the threads of a server share its memory: out of one heap, which is given back after each edit.

Knows nothing of what lies in it. Gradio runs each request in one of forty threads, and glibc gives threads heaps of
their own, up to eight for each core. What an edit frees stays in the heap of the thread that it ran in, for that
thread alone: thirty-two edits held 280 MB that nobody used, and more with each thread that had its first one.
"""

from __future__ import annotations

import ctypes
import os

_ARENA_MAX = -8  # M_ARENA_MAX in glibc's malloc.h


def share_one_heap() -> None:
    """Let all threads allocate from one heap, unless the user set their number; does nothing where there is no glibc.

    To be called while there is one thread. Nets take their memory in few large pieces, so nobody waits for the lock.
    """
    if "MALLOC_ARENA_MAX" in os.environ or not _glibc():
        return
    ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """Return what is free in the heap to the system; 2 to 7 ms after an edit."""
    if _glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _glibc() -> bool:
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (AttributeError, OSError, ValueError):  # Windows; macOS and musl
        return False
