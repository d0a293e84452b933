"""`python -m core.lab`: see core/lab/cli/."""

from __future__ import annotations

import sys

from core.lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
