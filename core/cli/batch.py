"""`batch`: one edit of every picture in a folder, to be gone on with where it stopped.

Knows nothing of how an edit is made. An output that is there and whose text says the same request is never made again;
one of another request is never replaced.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.editing import add_settings, write_pictures
from core.cli.output import aside, output_paths, say
from core.cli.requests import add_sides, read_settings, read_sides
from core.cli.words import Command, flag, named_engine
from core.errors import BadRequest, CoreError, NoRoom, of_the_machine

if TYPE_CHECKING:
    from core.engine import Engine, LocalEngine
    from core.recipe import Machine, Recipe
    from core.values.region import Region
    from core.values.request import EditRequest

_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".gif", ".heic", ".heif"})
"""Of the files that `read_picture` opens; whatever else lies in the folder is no picture."""
_MANIFEST = "manifest.csv"
_COLUMNS = ("image", "mask", "status", "outputs", "best", "seconds", "told")
_MADE, _FAILED = "made", "failed"
_KEPT = "kept"  # of a run alone: in the manifest it stays made
_BETWEEN = "; "  # between the outputs in one cell of the manifest

Row = Mapping[str, str]
"""A line of the manifest: `_COLUMNS` by name."""
_Job = tuple[Path, Path]
"""A picture and its output."""


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    batch = command("batch", _batch, "Do one edit to every picture in a folder; go on where it was stopped.")
    batch.add_argument("--images", type=Path, required=True, metavar="DIR", help="the pictures")
    batch.add_argument(
        "--masks", type=Path, metavar="DIR|FILE", help="a mask named as each picture is, or one for all of them"
    )
    add_sides(batch)
    batch.add_argument("--output", type=Path, required=True, metavar="DIR", help="for a PNG of each, and manifest.csv")
    add_settings(batch)
    batch.add_argument(
        "--ray",
        action="store_true",
        help="on all machines of the Ray cluster that this one belongs to, which share the folders",
    )


def _batch(options: argparse.Namespace) -> None:
    started = time.perf_counter()
    pictures = _pictures(options)
    engine = named_engine(options)
    settings = read_settings(options, engine.spec)
    manifest = _Manifest(options.output, [path.name for path in pictures])
    counts: Counter[str] = Counter()
    for status, row in _done(options, engine, settings, list(_named(pictures, options.output).items())):
        counts[status] += 1
        if status == _KEPT:
            manifest.keep(row)
            continue
        if status == _FAILED:
            aside(f"{row['image']}: {row['told']}")
        manifest.add(row)
    manifest.sort()
    made, kept, failed = (counts[status] for status in (_MADE, _KEPT, _FAILED))
    say(
        options,
        f"wrote {manifest.path}: {made} made, {kept} there before, {failed} failed, "
        f"{time.perf_counter() - started:.2f} s",
        {"manifest": str(manifest.path), "made": made, "kept": kept, "failed": failed, "device": engine.device},
    )
    if failed:
        raise BadRequest(f"{failed} of {len(pictures)} pictures failed: {manifest.path} says why of each.")


def _pictures(options: argparse.Namespace) -> list[Path]:
    """List the pictures by name.

    Raises:
        BadRequest: for folders that cannot be used, and unless just one of masks and sides is given.
    """
    sides = [word for word in ("left", "top", "right", "bottom", "aspect") if getattr(options, word)]
    if (options.masks is None) == (not sides):
        raise BadRequest("give either --masks or how far every picture grows (--left, --aspect, ...): not both.")
    for word in ("images", "masks"):
        folder = getattr(options, word)
        if folder is None or (word == "masks" and folder.is_file()):
            continue
        if not folder.is_dir():
            raise BadRequest(f"{flag(word)} {folder} is not there: name a folder.")
        if options.output.resolve() == folder.resolve():
            raise BadRequest(
                f"--output {options.output} is the folder of {flag(word)}: name another, so that all stay."
            )
    if options.output.exists() and not options.output.is_dir():
        raise BadRequest(f"--output {options.output} is a file: name a folder.")
    found = _pictures_in(options.images)
    if not found:
        raise BadRequest(
            f"--images {options.images} holds no pictures: name a folder of {', '.join(sorted(_ENDINGS))}."
        )
    return found


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())


def _named(pictures: list[Path], folder: Path) -> dict[Path, Path]:
    """Name each picture's output after it; with its ending if two are called alike before it."""
    alike = Counter(path.stem.lower() for path in pictures)
    return {path: folder / f"{path.stem if alike[path.stem.lower()] == 1 else path.name}.png" for path in pictures}


def _mask_of(image: Path, masks: Path) -> Path:
    """Find a picture's mask: the file for all, one of its whole name, or one of its name with another ending."""
    if masks.is_file():
        return masks
    if (masks / image.name).is_file():
        return masks / image.name
    found = [path for path in _pictures_in(masks) if path.stem == image.stem]
    if len(found) != 1:
        many = "no mask" if not found else f"{len(found)} masks ({', '.join(path.name for path in found)})"
        raise BadRequest(f"{image.name} has {many} in {masks}: put one there that is called {image.stem}.png.")
    return found[0]


@dataclass(frozen=True)
class _Hand:
    """Does pictures in another process, as this one would.

    Attributes:
        options: the command's.
        machine: of this process's engine.
    """

    options: argparse.Namespace
    machine: Machine

    def __call__(self) -> Callable[[_Job], tuple[str, Row]]:
        """Load the engine there."""
        from core.engine.device import format_called

        engine = named_engine(self.options, dtype=format_called(self.machine.dtype))
        engine.divide_among(self.machine.threads)
        return partial(_do, self.options, engine, read_settings(self.options, engine.spec))


def _done(
    options: argparse.Namespace, engine: LocalEngine, settings: Mapping[str, Any], jobs: list[_Job]
) -> Iterator[tuple[str, Row]]:
    """Do pictures one after another, or on a cluster; yields what `_do` returns as each is done."""
    if not options.ray:
        yield from (_do(options, engine, settings, job) for job in jobs)
        return
    from core.serve import spread

    hand = _Hand(_absolute(options), engine.machine)
    whole = [(path.resolve(), output.resolve()) for path, output in jobs]
    yield from spread(hand, whole, gpus=1.0 if engine.device == "cuda" else 0.0)


def _absolute(options: argparse.Namespace) -> argparse.Namespace:
    """Return the options without what another process cannot know: the folder of this one, and its commands."""
    told = {name: value for name, value in vars(options).items() if not callable(value)}
    if options.model and Path(options.model).is_dir():
        told["model"] = str(Path(options.model).resolve())
    return argparse.Namespace(**{n: v.resolve() if isinstance(v, Path) else v for n, v in told.items()})


def _do(options: argparse.Namespace, engine: LocalEngine, settings: Mapping[str, Any], job: _Job) -> tuple[str, Row]:
    """Do one picture; returns whether it was made, there before or cannot be, and its line.

    Raises:
        CoreError, OSError: if the machine cannot do any.
    """
    path, output = job
    try:
        one = _One.of(options, settings, path, output)
        return (_KEPT, one.row(_MADE)) if one.is_there(engine) else (_MADE, one.make(engine))
    except (CoreError, OSError) as error:
        if isinstance(error, NoRoom) or of_the_machine(error):
            raise
        return _FAILED, _row(image=path.name, status=_FAILED, told=str(error))


def _row(**values: str) -> Row:
    return {column: values.get(column, "") for column in _COLUMNS}


@dataclass(frozen=True)
class _One:
    """A picture with its request, and where its results go.

    Attributes:
        image, mask: their files; None where all grow.
        request: what is asked.
        output: its file; that of several variations without their numbers.
        told: what was noted when they were read.
    """

    image: Path
    mask: Path | None
    request: EditRequest
    output: Path
    told: tuple[str, ...]

    @classmethod
    def of(cls, options: argparse.Namespace, settings: Mapping[str, Any], path: Path, output: Path) -> _One:
        """Read a picture and its mask; see `read_settings` for the settings."""
        from core.pictures.maskfiles import read_mask
        from core.pictures.opening import read_picture
        from core.values.geometry import Size
        from core.values.region import Mask
        from core.values.request import EditRequest

        read = read_picture(path)
        size, notes = Size(read.pixels.shape[1], read.pixels.shape[0]), [read.told]
        mask: Path | None = None
        region: Region = read_sides(options, size)
        if options.masks is not None:
            mask = _mask_of(path, options.masks)
            marked = read_mask(mask, size)
            region = Mask(marked.mask)
            notes.append(None if marked.plain else marked.told)
        request = EditRequest(read.pixels, region, **settings)
        return cls(path, mask, request, output, tuple(note for note in notes if note))

    @property
    def outputs(self) -> list[Path]:
        """One file for each variation."""
        return output_paths(self.output, self.request.decoding.variations)

    def is_there(self, engine: Engine) -> bool:
        """Tell whether all of its results are there.

        Raises:
            BadRequest: if one of another request is in their place.
        """
        from core.pictures.pngtext import read_png_text
        from core.recipe import read_recipe, recipe_text

        there = [path.exists() for path in self.outputs]
        for i, path in enumerate(self.outputs):
            if not there[i]:
                continue
            wanted = read_recipe(recipe_text(engine.spec, self.request, i))
            found: Recipe | None = None
            with contextlib.suppress(BadRequest):  # no recipe, or none of ours
                found = replace(read_recipe(read_png_text(path.read_bytes())), machine=None)
            if found != wanted:
                raise BadRequest(f"{path} is there and of another request: choose another --output, or move it away.")
        return all(there)

    def make(self, engine: Engine) -> Row:
        """Run the request, write its pictures and return their row."""
        result = engine.edit(self.request)
        paths = write_pictures(engine, self.request, result, self.output, engine.machine)
        best = paths[result.ranking[0]].name
        told = " ".join((*self.told, *result.told))
        return {**self.row(_MADE), "best": best, "seconds": f"{result.seconds['total']:.2f}", "told": told}

    def row(self, status: str) -> Row:
        """Return what is known of it without making it."""
        return _row(
            image=self.image.name,
            mask="" if self.mask is None else self.mask.name,
            status=status,
            outputs=_BETWEEN.join(path.name for path in self.outputs),
        )


class _Manifest:
    """The table of what became of each picture; a line is there as soon as its picture is, whatever comes then."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        """Go on with the table in a folder, which is made if need be.

        Args:
            folder: of the outputs.
            names: of the pictures, in the order that the table ends in; lines of others stay behind them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / _MANIFEST
        self._order = {name: i for i, name in enumerate(names)}
        self._rows: dict[str, Row] = {}
        if self.path.exists():
            with self.path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if all(
                        isinstance(row.get(column), str) for column in _COLUMNS
                    ):  # else it was stopped within a line
                        self._rows[row["image"]] = {column: row[column] for column in _COLUMNS}
        self.sort()

    def keep(self, row: Row) -> None:
        """Take what is known of a picture that is there, unless the table knows it already."""
        known = self._rows.get(row["image"])
        if known is None or known["status"] != _MADE:
            self.add(row)

    def add(self, row: Row) -> None:
        """Write a line, for its picture's last one if there was one."""
        self._rows[row["image"]] = row
        with self.path.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, _COLUMNS, lineterminator="\n").writerow(row)

    def sort(self) -> None:
        """Write the table anew with one line for each picture, in their order."""
        from core.pictures.encoding import write_whole

        text = io.StringIO()
        writer = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(self._rows.values(), key=lambda row: self._order.get(row["image"], len(self._order))))
        write_whole(self.path, text.getvalue().encode())
