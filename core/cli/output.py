"""Output of commands: a sentence, a line of JSON, a picture file.

Knows nothing of how the pictures were made.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadRequest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def say(options: argparse.Namespace, sentence: str, facts: Mapping[str, Any]) -> None:
    """Print the sentence and, if requested, the facts as the last line."""
    print(sentence)
    if options.json:
        print(json.dumps(facts))


def aside(sentence: str | None) -> None:
    """Print a note to standard error, if there is one."""
    if sentence:
        print(sentence, file=sys.stderr)


def check_output(path: Path) -> None:
    """Refuse an output that cannot be written, before any work is done."""
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise BadRequest(f"--output {path} has no known ending: name it .png, .jpg or .webp.")
    if path.is_dir():
        raise BadRequest(f"--output {path} is a folder: name a file in it.")
    if not path.parent.is_dir():
        raise BadRequest(f"--output {path}: there is no folder {path.parent}, make it first.")


def output_paths(path: Path, count: int) -> list[Path]:
    """Name the files of so many variations: several have -1, -2, ... before the ending."""
    return [path] if count == 1 else [path.with_stem(f"{path.stem}-{i + 1}") for i in range(count)]


def encoded(pixels: NDArray[np.uint8], path: Path, text: Mapping[str, str] | None = None) -> bytes:
    """Encode a picture in the format of the path's ending; a PNG carries the text.

    Reports the difference from the picture if its format cannot hold it exactly.
    """
    from core.pictures.encoding import encode_picture, encode_png, loss_of

    if path.suffix.lower() == ".png":
        return encode_png(pixels, text=text)
    data = encode_picture(pixels, path.suffix)
    lost = loss_of(data, pixels)
    if lost:
        aside(f"{path} differs by up to {lost} of 255 levels in every part: name it .png or .webp to keep all exactly.")
    return data
