"""`sweep`: one edit over a grid of settings, as a sheet, a table and a picture of every cell.

Knows nothing of how the cells are made (see core/engine/sweeps.py).
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli.output import say
from core.cli.requests import add_region, add_request, make_request, read_region
from core.cli.words import Command, flag, given, list_of, named_engine, number, whole
from core.errors import BadRequest
from core.values.saved import save_request

if TYPE_CHECKING:
    from core.engine import Engine
    from core.engine.sweeps import Cell
    from core.values.request import EditRequest

_AXES = {
    "schedules": ("schedule", "schedule"),
    "steps": ("steps", "steps"),
    "temperatures": ("temperature", "choice_temperature"),
    "token_temperatures": ("token_temperature", "token_temperature"),
    "guidances": ("guidance", "guidance_scale"),
    "seeds": ("seed", "seed"),
    "classes": ("class_name", "class_id"),
}
"""Sweep option -> (the option for a single value, axis of a sweep); the first of two axes makes the rows."""


def add_commands(command: Command) -> None:
    """Add the commands of this file."""
    sweep = command("sweep", _sweep, "Do one edit over a grid of settings; values are separated by commas.")
    add_region(sweep)
    add_request(sweep)
    sweep.add_argument("--schedules", type=list_of(str), metavar="A,B")
    sweep.add_argument("--steps", type=list_of(whole), metavar="T,T")
    sweep.add_argument("--temperatures", type=list_of(number), metavar="X,X")
    sweep.add_argument("--token-temperatures", type=list_of(number), metavar="X,X")
    sweep.add_argument("--guidances", type=list_of(number), metavar="S,S")
    sweep.add_argument("--seeds", type=list_of(whole), metavar="N,N")
    sweep.add_argument("--classes", type=list_of(str), metavar="NAME,NAME")


def _sweep(options: argparse.Namespace) -> None:
    from core.engine.sweeps import sheet, to_csv
    from core.pictures.encoding import encode_png, write_whole
    from core.values.labels import class_id

    wide = _varied(options)
    if options.output.exists() and not options.output.is_dir():
        raise BadRequest(f"--output {options.output} is a file: give a folder for the sheet, the CSV and the cells.")
    region = read_region(options)
    engine = named_engine(options)
    spec = engine.spec
    if "class_id" in wide:
        wide["class_id"] = [class_id(spec.classes, text) for text in wide["class_id"]]
    request = make_request(options, spec, **region)
    axes: dict[str, list[Any]] = wide or {"steps": [request.decoding.steps]}

    started = time.perf_counter()
    cells, outputs = _written(engine, request, axes, options.output / "cells")
    table, path = options.output / "sweep.csv", options.output / "sheet.png"
    write_whole(table, to_csv(cells).encode())
    write_whole(path, encode_png(sheet(cells, axes, spec.classes)))
    seconds = time.perf_counter() - started
    say(
        options,
        f"wrote {path}, sweep.csv and {len(cells)} cells: {seconds:.2f} s",
        {
            "outputs": [str(path), str(table), *outputs],
            "seconds": {"total": seconds},
            "forwards": sum(cell.forwards for cell in cells),
            "cells": [
                {"settings": dict(c.settings), "seconds": c.seconds, "forwards": c.forwards, "score": c.score}
                for c in cells
            ],
            "model": spec.name,
            "device": engine.device,
            "request": save_request(request),
        },
    )


def _varied(options: argparse.Namespace) -> dict[str, list[Any]]:
    """Collect the settings with several values; the single options get one valid value each.

    Raises:
        BadRequest: if a setting is given twice, or more than two vary.
    """
    wide: dict[str, list[Any]] = {}
    for word, (single, name) in _AXES.items():
        values = getattr(options, word)
        if values is None:
            continue
        if word != single and given(options, single):
            raise BadRequest(f"{flag(single)} and {flag(word)} say the same thing twice: give one of them.")
        # The request to vary must be valid by itself, start step included.
        setattr(options, single, values[0] if name != "steps" else max(values))
        if len(values) > 1:
            wide[name] = values
    if len(wide) > 2:
        raise BadRequest(f"a sheet has two sides but {len(wide)} settings vary ({', '.join(wide)}): vary at most two.")
    return wide


def _written(
    engine: Engine, request: EditRequest, axes: Mapping[str, list[Any]], folder: Path
) -> tuple[list[Cell], list[str]]:
    """Run a sweep, writing each cell as soon as it is there; returns the cells and their files."""
    from tqdm import tqdm

    from core.engine.sweeps import sweep
    from core.pictures.encoding import encode_png, write_whole
    from core.recipe import recipe_text

    folder.mkdir(parents=True, exist_ok=True)
    cells, outputs = [], []
    count = math.prod(len(values) for values in axes.values())
    for cell in tqdm(sweep(engine, request, axes), total=count, desc="sweep", unit="cell", leave=False, disable=None):
        name = "_".join(f"{axis}-{value}".replace(" ", "-") for axis, value in cell.settings.items())
        path = folder / f"{cell.row + 1}-{cell.column + 1}_{name}.png"
        text = recipe_text(engine.spec, cell.request, machine=engine.machine)
        write_whole(path, encode_png(cell.image, text=text))
        cells.append(cell)
        outputs.append(str(path))
    return cells, outputs
