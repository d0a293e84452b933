"""Command line: `python -m core.lab train-tokenizer|train-mvtm|train-sharpener|train-recogniser|evaluate|...`.

Knows nothing of how a model learns or a figure is computed. Options are read and commands end as in core/cli.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from core.cli.outcome import outcome
from core.cli.words import parser_of
from core.lab.cli import evaluation, photos, training


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 for a user's mistake, 130 when interrupted.

    Args:
        arguments: as after `python -m core.lab`; None takes them from the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return outcome(lambda: read(words))


def read(words: Sequence[str]) -> argparse.Namespace:
    """Read a command's options; `run` among them does the work.

    Raises:
        BadRequest: for words that no command takes.
    """
    rooms = (training, evaluation, photos)
    return parser_of("python -m core.lab", "Train and measure models of the editor.", rooms).parse_args(words)
