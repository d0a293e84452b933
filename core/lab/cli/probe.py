"""The option of commands that judge by classes: photos, or a probe's file, from which the judge learns them.

Knows nothing of what is trained or measured on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.words import Parser

if TYPE_CHECKING:
    from core.lab.evaluation.judge import Judge

_MOST_PROBED = 220
"""Photos per class on which a probe is fitted: as many as for the figures of the model card."""
_PROBED_SIDE = 256
"""Pixels at which they are stored, like the evaluated photos; the metric net sees 224."""


def add_probe(parser: Parser) -> None:
    """Add the photos, or the file, from which the judge learns classes."""
    parser.add_argument(
        "--probe",
        type=Path,
        nargs="+",
        metavar="PATH",
        help="photos of every class, such as those that were trained on, to judge by which class is seen: class "
        "folders, zips of them, or the .npz file of a linear probe",
    )


def learn_classes(judge: Judge, paths: Sequence[Path], classes: Sequence[str]) -> None:
    """Let a judge distinguish classes: fit its probe on photos of them, or read it from a file.

    Raises:
        FileNotFoundError: if a path does not exist.
        ValueError: if the photos lack one of the classes, or a photo or file is damaged.
    """
    import torch

    from core.lab.features import Probe
    from core.lab.training.data import centre_square, load_files, spread_over_classes

    if [path.suffix for path in paths] == [".npz"]:
        judge.probe = Probe.read(paths[0])
        return
    files = load_files(paths)
    chosen = spread_over_classes(files, classes, _MOST_PROBED)
    features = torch.cat([judge.features([centre_square(files, i, _PROBED_SIDE)]) for i, _ in chosen])
    judge.probe = Probe.fitted(features, torch.tensor([class_id for _, class_id in chosen]), len(classes))
