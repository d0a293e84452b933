"""Makes terminals show names whose letters their encoding lacks.

Knows nothing of what is printed.
"""

from __future__ import annotations

import sys


def show_every_name() -> None:
    """Let standard output and error show letters that their encoding lacks as escapes, instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # replaced streams, as in tests, may have none
            reconfigure(errors="backslashreplace")
