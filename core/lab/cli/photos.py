"""`evaluate-photos`: edits of whole photos, of any size, beside fills that need no learning.

Knows nothing of how a figure is computed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.outcome import data_errors
from core.cli.output import say
from core.cli.words import Command, add_engine, named_engine, whole
from core.errors import BadRequest
from core.lab.cli.questions import chosen

if TYPE_CHECKING:
    from core.lab.evaluation.answers import Part
    from core.lab.evaluation.cases import Photo

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")


def add_commands(command: Command) -> None:
    """Add the command of this file."""
    parser = command("evaluate-photos", _evaluate_photos, "Measure edits of whole photos: holes, borders.")
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, metavar="DIR|ZIP", help="folders or zips of pictures"
    )
    parser.add_argument("--side", type=whole, metavar="PX", help="bring each photo's shorter side to PX, e.g. 512")
    parser.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    parser.add_argument("--limit", type=whole, metavar="N", help="most photos to take of each, spread over all")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="questions whose names begin so, e.g. hole border-top"
    )
    add_engine(parser)


def _evaluate_photos(options: argparse.Namespace) -> None:
    """Ask the questions; the report is written anew after each, so that an interrupted run leaves what it measured."""
    from core.lab.evaluation.judge import Judge
    from core.lab.evaluation.photos.asking import READING, ask, ours
    from core.lab.evaluation.photos.methods import photo_methods
    from core.lab.evaluation.photos.questions import PHOTO_BARS, QUESTIONS
    from core.lab.evaluation.report import bars_table, figures_csv, markdown, report, sheets
    from core.pictures.encoding import encode_picture, write_whole

    if options.limit is not None and options.limit < 1:
        raise BadRequest(f"--limit is {options.limit}: give at least 1 photo.")
    if options.side is not None and not 64 <= options.side <= 4096:
        raise BadRequest(f"--side is {options.side}: give 64 to 4096 pixels.")
    names = chosen([question.name for question in QUESTIONS], options.only)
    judge, groups = Judge(), _groups(options)
    engine = named_engine(options)
    methods, notes = photo_methods(engine)
    options.report.mkdir(parents=True, exist_ok=True)
    title = f"{engine.spec.name} ({engine.device}, {engine.dtype}) at photo size"
    parts: list[Part] = []
    outputs, seconds = [options.report / "report.md", options.report / "figures.csv"], {}
    for question, group in itertools.product((q for q in QUESTIONS if q.name in names), groups):
        started = time.perf_counter()
        part = ask(question, group, groups[group], methods, judge, options.limit)
        seconds[part.name] = time.perf_counter() - started
        if part.answers:
            parts.append(part)
        else:
            notes.append(f"No photo of {group} fits the question {question.name}.")
        for stem, sheet in sheets(part).items():
            outputs.append(options.report / f"{stem}.jpg")
            write_whole(outputs[-1], encode_picture(sheet, "jpg", quality=92))
        write_whole(outputs[0], report(title, parts, PHOTO_BARS, ours, [READING, *notes]).encode())
        write_whole(outputs[1], figures_csv(parts).encode())
        print(f"{part.name}: {seconds[part.name]:.0f} s", file=sys.stderr, flush=True)
    print(bars_table(PHOTO_BARS, parts, ours) or "\n".join(map(markdown, parts)))
    facts = {
        "outputs": sorted(map(str, outputs)),
        "model": engine.spec.name,
        "seconds": seconds,
        "photos": {name: len(photos) for name, photos in groups.items()},
    }
    say(options, f"wrote {outputs[0]}", facts)


def _groups(options: argparse.Namespace) -> dict[str, list[Photo]]:
    """Return the photos of each folder or zip by its name."""
    groups = {path.stem: _photos(path, options.limit, options.side) for path in options.photos}
    if len(groups) < len(options.photos):
        raise BadRequest("two of --photos have the same name: their figures would be mixed up.")
    return groups


def _photos(path: Path, limit: int | None, side: int | None) -> list[Photo]:
    """Return the pictures of a folder, or of a zip with its folders, spread over all.

    Raises:
        BadRequest: if there are none.
    """
    from core.lab.evaluation.answers import spread
    from core.lab.evaluation.cases import Photo, to_shorter
    from core.pictures.opening import open_picture

    def opened(name: str, source: Path | bytes) -> Photo:
        pixels = open_picture(source)
        return Photo(Path(name).stem, pixels if side is None else to_shorter(pixels, side))

    def pictures(names: Sequence[str]) -> list[str]:
        found = sorted(name for name in names if name.lower().endswith(_ENDINGS))
        if not found:
            raise BadRequest(f"--photos {path} holds no pictures: name a folder or zip of .jpg, .png or .webp files.")
        return [found[i] for i in spread(len(found), limit)]

    if path.is_file():
        with data_errors(), zipfile.ZipFile(path) as archive:
            return [opened(name, archive.read(name)) for name in pictures(archive.namelist())]
    return [opened(name, path / name) for name in pictures([file.name for file in path.glob("*")])]
