"""What the commands that read labelled photos share: the folder of the metric nets, and sentences for broken data.

Knows nothing of what is trained or measured on them.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path

from core.cli.words import Parser
from core.errors import BadRequest, CoreError


def add_metrics(parser: Parser) -> None:
    """Add the folder of the metric nets."""
    parser.add_argument("--metrics", type=Path, metavar="DIR", help="the metric nets; default: ../metrics of the data")


def metrics_folder(options: argparse.Namespace) -> Path:
    """Return the folder of the metric nets: as given, or beside the folder of the data (a path into a zip or not)."""
    if options.metrics is not None:
        return Path(options.metrics)
    data = next((p for p in options.data[0].parents if p.suffix.lower() == ".zip"), options.data[0])
    return Path(data.parent.parent / "metrics")


@contextlib.contextmanager
def data_errors() -> Iterator[None]:
    """Turn what the training rooms raise about their data, recipe and folders into a sentence for the user."""
    import zipfile

    try:
        yield
    except CoreError:
        raise
    except (ValueError, zipfile.BadZipFile) as error:
        raise BadRequest(f"{str(error).rstrip('.')}.") from error
