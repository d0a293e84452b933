"""Commands that moved to the lab: for one release their old names still work.

The only file outside the lab that names it, as a text that is looked up when needed: everything else runs without it.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections.abc import Sequence

from core.errors import BadRequest

MOVED = ("train-tokenizer", "train-mvtm", "train-sharpener", "evaluate", "evaluate-photos", "bench")
"""Names of the lab's commands."""
_LAB = "core.lab"
_LABS_COMMANDS = "core.lab.cli"


def where_the_lab_is() -> str | None:
    """Say how the lab is called; None if it is not installed."""
    return (
        None if importlib.util.find_spec(_LAB) is None else f"To train and to measure models: python -m {_LAB} --help."
    )


def read_moved(words: Sequence[str]) -> argparse.Namespace:
    """Say a command's new name on standard error and return its options as the lab reads them.

    Args:
        words: as after `python -m core`; the first is one of `MOVED`.

    Raises:
        BadRequest: if the lab is not installed, or for wrong words.
    """
    name = words[0]
    if where_the_lab_is() is None:
        raise BadRequest(f"`{name}` is a command of the lab, which is not here: get the whole repository to use it.")
    told = f"`python -m core {name}` is now `python -m core.lab {name}`: the old name goes with the next release."
    print(told, file=sys.stderr)
    options: argparse.Namespace = importlib.import_module(_LABS_COMMANDS).read(words)
    return options
