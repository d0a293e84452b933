"""What can go wrong for a person, as one tree; every message says what is wrong, the value seen and what to do.

    CoreError
    ├── BadRequest        the request, picture, mask or an option cannot be used (also a ValueError)
    ├── UnknownModel      no model of that name
    ├── CheckpointError   weight files are missing, broken, or not of this model
    └── OutOfMemory       the device has too little memory for this edit

Programming errors are not in this tree: they stay loud.
"""

from __future__ import annotations


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
