"""Command line: `python -m core edit|extend|generate|batch|sweep|models|download|convert|reconstruct|suggest`.

Knows nothing of how pictures are made: it turns words into one request and enters through the engine, as the editor
    does. Command and option names are fixed; other programs rely on them. A user's mistake ends in exit status 2 and
    one sentence on standard error. Heavy packages are imported by the commands that need them, so that --help is
    instant.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli import batch, editing, models, sweeps
from core.cli.moved import MOVED, read_moved, where_the_lab_is
from core.cli.outcome import outcome
from core.cli.words import Parser, parser_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 for a user's mistake, 130 when interrupted.

    Args:
        arguments: as after `python -m core`; None takes them from the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return outcome(lambda: _read(words))


def _read(words: Sequence[str]) -> argparse.Namespace:
    return read_moved(words) if words and words[0] in MOVED else _parser().parse_args(words)


def _parser() -> Parser:
    return parser_of(
        "python -m core",
        "Repaint parts of pictures with a masked token transformer.",
        (editing, batch, sweeps, models),
        epilog=where_the_lab_is(),
    )
