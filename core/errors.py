"""Everything that can go wrong for a person, as one tree; every message says what is wrong, the value seen, what to do.

    CoreError
    ├── BadRequest        the request, picture, mask or an option cannot be used (also a ValueError)
    ├── UnknownModel      no model of that name
    ├── CheckpointError   weight files are missing, broken, or not of this model
    ├── OutOfMemory       the device has too little memory for this edit
    └── NoRoom            the disk is full, or too many files are open

Programming errors are not in this tree: they stay loud.
"""

from __future__ import annotations

import errno


class CoreError(Exception):
    """Base of all errors that a user can cause and understand; `str(error)` is one sentence for them."""


class BadRequest(CoreError, ValueError):
    """The picture, the mask or an option cannot be used."""


class UnknownModel(CoreError, LookupError):
    """No model of that name is bundled, known or on disk."""


class CheckpointError(CoreError):
    """Weight files are missing, truncated, of another model, or not safe to open."""


class OutOfMemory(CoreError):
    """The device cannot hold what this edit needs."""


class NoRoom(CoreError):
    """The machine's disk is full, or it has as many files open as it allows."""


def of_the_machine(error: BaseException) -> CoreError | None:
    """Convert the machine's errors (a full disk, too many open files) to one for people; None for every other error."""
    if isinstance(error, MemoryError):
        return OutOfMemory("this machine has too little free memory for that: close other programs, or ask for less.")
    if not isinstance(error, OSError):
        return None
    place = f" for {error.filename}" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return NoRoom(f"the disk is full{place}: make room on it, then try again.")
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return NoRoom(f"too many files are open on this machine{place}: close other programs, or restart this one.")
    return None
