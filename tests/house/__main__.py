"""`python -m tests.house`: the table, and exit status 1 where a target is missed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.house.table import Row, table


def main() -> int:
    """Write the table of a checkout; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.house", description="Count how a checkout is built.")
    parser.add_argument("checkout", nargs="?", default=".", type=Path)
    parser.add_argument("--names", action="store_true", help="list what is behind every count that is not met")
    asked = parser.parse_args()
    rows = table(asked.checkout.resolve())
    sys.stdout.writelines(f"{line}\n" for line in told(rows, names=asked.names))
    return int(any(row.met is False for row in rows))


def told(rows: Sequence[Row], *, names: bool) -> Iterator[str]:
    """Yield the table's lines."""
    width = max(len(row.what) for row in rows)
    yield f"{'what':<{width}}  {'counted':>22}  {'target':>8}  met"
    for row in rows:
        target = "" if row.most is None else f"<= {row.most:g}"
        verdict = {None: "", True: "yes", False: "NO"}[row.met]
        yield f"{row.what:<{width}}  {row.value!s:>22}  {target:>8}  {verdict}".rstrip()
        if names and not row.met:
            yield from (f"    {each}" for each in row.behind)
    missed = sum(row.met is False for row in rows)
    yield f"{missed} of {sum(row.met is not None for row in rows)} targets missed"


if __name__ == "__main__":
    sys.exit(main())
