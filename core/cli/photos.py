"""`evaluate-photos`: edits of whole photos, of any size, beside fills that need no learning.

Knows nothing of how a figure is computed.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.data import data_errors
from core.cli.output import say
from core.cli.words import Command, add_engine, named_engine, whole
from core.errors import BadRequest

if TYPE_CHECKING:
    from core.evaluation.photos import Findings, Photo
    from core.evaluation.scaling import Cost

_ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
_DATA_SIDE = 256  # pixels of the photos in an evaluation zip
_TILE = 1024  # pixels: part of a photo, of which the pictures of every size are laid


def add_commands(command: Command) -> None:
    """Add the command of this file."""
    parser = command("evaluate-photos", _evaluate_photos, "Measure edits of whole photos: holes, borders, cost.")
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="a folder of pictures")
    parser.add_argument("--data", type=Path, nargs="+", help="class folders, or zips of them: asked about besides")
    parser.add_argument("--metrics", type=Path, metavar="DIR", help="the metric nets; default: ../metrics of --photos")
    parser.add_argument("--report", type=Path, required=True, metavar="DIR", help="where the report is written")
    parser.add_argument("--limit", type=whole, metavar="N", help="so many photos of each kind, spread over all")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help="parts whose names begin so, e.g. hole border-top ranking sizes"
    )
    add_engine(parser)


def _evaluate_photos(options: argparse.Namespace) -> None:
    from core.evaluation.judge import Judge
    from core.evaluation.photo_report import bar_lines, table
    from core.evaluation.photos import chosen, examine
    from core.evaluation.scaling import measure_loads

    if options.limit is not None and options.limit < 1:
        raise BadRequest(f"--limit is {options.limit}: give at least 1 photo.")
    parts = chosen(options.only)
    judge = Judge(options.metrics or options.photos.parent / "metrics")
    groups = _groups(options)
    engine = named_engine(options)
    model = options.model or engine.spec.name
    folder = Path(model) if (Path(model) / "config.json").is_file() else None
    largest = max(groups["photos"], key=lambda photo: photo.pixels.size).pixels
    options.report.mkdir(parents=True, exist_ok=True)

    def costs() -> list[Cost]:
        tile = largest[:_TILE, :_TILE, :3].copy()
        return measure_loads(tile, model=model, folder=folder, device=options.device, dtype=options.dtype)

    started, outputs = time.perf_counter(), {options.report / "report.md"}
    findings = None
    for name, findings in examine(engine, groups, judge, parts=parts, costs=costs):
        outputs.update(_written(options.report, findings))
        print(f"{name}: {time.perf_counter() - started:.0f} s since the start", file=sys.stderr, flush=True)
    assert findings is not None, "at least one part is chosen"
    for line in bar_lines(findings) or [table(part) for part in findings.parts]:
        print(line)
    facts = {
        "outputs": sorted(str(path) for path in outputs),
        "model": engine.spec.name,
        "seconds": findings.seconds,
        "photos": {name: len(photos) for name, photos in groups.items()},
    }
    say(options, f"wrote {options.report / 'report.md'}", facts)


def _groups(options: argparse.Namespace) -> dict[str, list[Photo]]:
    """Return the photos of the folder, and those of --data, by the name of their group."""
    from core.evaluation.photos import Photo, spread
    from core.pictures import open_picture
    from core.training.data import load_photos

    files = sorted(path for path in options.photos.glob("*") if path.suffix.lower() in _ENDINGS)
    if not files:
        raise BadRequest(f"--photos {options.photos} holds no pictures: name a folder of .jpg, .png or .webp files.")
    groups = {"photos": [Photo(path.stem, open_picture(path)) for path in spread(files, options.limit)]}
    if options.data:
        with data_errors():
            data = load_photos(options.data, _DATA_SIDE)
        numbers = spread(range(len(data.pixels)), options.limit)
        groups["data"] = [Photo(f"{data.classes[int(data.labels[i])]} {i}", data.pixels[i].numpy()) for i in numbers]
    return groups


def _written(folder: Path, findings: Findings) -> list[Path]:
    """Write the report, every figure and the last part's sheets; return the files."""
    from core.evaluation.photo_report import figures_csv, report
    from core.evaluation.photo_sheets import sheets
    from core.pictures import encode_picture, write_whole

    files = {"report.md": report(findings).encode(), "figures.csv": figures_csv(findings).encode()}
    for part in findings.parts[-1:]:  # those before it were written before
        for name, sheet in sheets(part.tiles).items():
            files[f"{part.group}-{part.question.slug}-{name}.jpg"] = encode_picture(sheet, "jpg")
    for name, data in files.items():
        write_whole(folder / name, data)
    return [folder / name for name in files]
