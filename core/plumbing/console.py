"""The terminal that a program speaks to, which may know fewer letters than file names have.

Knows nothing of what is said.
"""

from __future__ import annotations

import sys


def show_every_name() -> None:
    """Let standard output and error show letters that their encoding lacks as escapes, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # whoever replaced the streams, as tests do, may have none
            reconfigure(errors="backslashreplace")
