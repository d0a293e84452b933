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

if TYPE_CHECKING:
    from core.lab.evaluation.machine.sizes import Cost
    from core.lab.evaluation.photos.asking import Findings, Photo

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_TILE = 1024  # pixels: part of a photo, of which the pictures of every size are laid


def add_commands(command: Command) -> None:
    """Add the command of this file."""
    parser = command("evaluate-photos", _evaluate_photos, "Measure edits of whole photos: holes, borders, cost.")
    parser.add_argument(
        "--photos", type=Path, nargs="+", required=True, metavar="DIR|ZIP", help="folders or zips of pictures"
    )
    parser.add_argument("--side", type=whole, metavar="PX", help="bring each photo's shorter side to PX, e.g. 512")
    parser.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    parser.add_argument("--limit", type=whole, metavar="N", help="most photos to take of each, spread over all")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="parts whose names begin so, e.g. hole border-top sizes"
    )
    add_engine(parser)


def _evaluate_photos(options: argparse.Namespace) -> None:
    from core.lab.evaluation.answers import chosen
    from core.lab.evaluation.judge import Judge
    from core.lab.evaluation.machine.sizes import measure_loads
    from core.lab.evaluation.photos.asking import NAMES, examine
    from core.lab.evaluation.photos.report import bars_table, table

    if options.limit is not None and options.limit < 1:
        raise BadRequest(f"--limit is {options.limit}: give at least 1 photo.")
    if options.side is not None and not 64 <= options.side <= 4096:
        raise BadRequest(f"--side is {options.side}: give 64 to 4096 pixels.")
    parts = chosen(NAMES, options.only)
    judge, groups = Judge(), _groups(options)
    engine = named_engine(options)
    model = options.model or engine.spec.name
    folder = Path(model) if (Path(model) / "config.json").is_file() else None
    largest = max(itertools.chain(*groups.values()), key=lambda photo: photo.pixels.size).pixels
    options.report.mkdir(parents=True, exist_ok=True)

    def costs() -> list[Cost]:
        tile = largest[:_TILE, :_TILE, :3].copy()
        return measure_loads(tile, model=model, folder=folder, device=options.device, dtype=options.dtype)

    started, outputs = time.perf_counter(), {options.report / "report.md"}
    findings = None
    for name, findings in examine(engine, groups, judge, parts=parts, most=options.limit, costs=costs):
        outputs.update(_written(options.report, findings))
        print(f"{name}: {time.perf_counter() - started:.0f} s since the start", file=sys.stderr, flush=True)
    assert findings is not None, "at least one part is chosen"
    print(bars_table(findings) or "\n".join(table(part) for part in findings.parts))
    facts = {
        "outputs": sorted(str(path) for path in outputs),
        "model": engine.spec.name,
        "seconds": findings.seconds,
        "photos": {name: len(photos) for name, photos in groups.items()},
    }
    say(options, f"wrote {options.report / 'report.md'}", facts)


def _groups(options: argparse.Namespace) -> dict[str, list[Photo]]:
    """Return the photos of each folder or zip by its name."""
    groups = {path.stem: _photos(path, options.limit, options.side) for path in options.photos}
    if len(groups) < len(options.photos):
        raise BadRequest("two of --photos have the same name: their figures would be mixed up.")
    return groups


def _photos(path: Path, limit: int | None, side: int | None) -> list[Photo]:
    """Return the pictures of a folder, or of a zip with its folders, spread over all.

    Raises:
        BadRequest: where there are none.
    """
    from core.lab.evaluation.photos.asking import Photo, spread
    from core.lab.evaluation.photos.cases import to_shorter
    from core.pictures.opening import open_picture

    def opened(name: str, source: Path | bytes) -> Photo:
        pixels = open_picture(source)
        return Photo(Path(name).stem, pixels if side is None else to_shorter(pixels, side))

    def pictures(names: Sequence[str]) -> list[str]:
        found = sorted(name for name in names if name.lower().endswith(_ENDINGS))
        if not found:
            raise BadRequest(f"--photos {path} holds no pictures: name a folder or zip of .jpg, .png or .webp files.")
        return spread(found, limit)

    if path.is_file():
        with data_errors(), zipfile.ZipFile(path) as archive:
            return [opened(name, archive.read(name)) for name in pictures(archive.namelist())]
    return [opened(name, path / name) for name in pictures([file.name for file in path.glob("*")])]


def _written(folder: Path, findings: Findings) -> list[Path]:
    """Write the report, every figure and the last part's sheets; return the files."""
    from core.lab.evaluation.answers import slug
    from core.lab.evaluation.photos.report import figures_csv, report
    from core.lab.evaluation.photos.tiles import sheets
    from core.pictures.encoding import encode_picture, write_whole

    files = {"report.md": report(findings).encode(), "figures.csv": figures_csv(findings).encode()}
    for part in findings.parts[-1:]:  # those before it were written before
        for name, sheet in sheets(part.tiles).items():
            files[f"{part.group}-{slug(part.question.name)}-{name}.jpg"] = encode_picture(sheet, "jpg", quality=92)
    for name, data in files.items():
        write_whole(folder / name, data)
    return [folder / name for name in files]
