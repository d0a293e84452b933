"""Values that core computes and the page's scripts compute again: golden.json, to which both are held.

`python -m tests.scripts.golden` writes the file anew; look at what changed in it before it is committed.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.canvas.masks import feather_weight, latent_mask
from core.canvas.plan import plan
from core.cli import batch
from core.cli.output import output_paths
from core.values.framing import Placing, Turn, largest_box
from core.values.geometry import Box, Size, cell_areas
from core.values.groups import View
from core.values.labels import class_names, search_classes
from core.values.region import Mask
from core.values.request import EditRequest
from editor.wire.bits import cells_hex, write_mask

FILE = Path(__file__).parent / "golden.json"
PIXELS, GRID = 32, 8
"""The model that plans are made for: small, so that the file is."""
CLASSES = ("coast", "forest path", "daisy", "black-eyed susan", "street", "tulip", "office building", "sunflowers")
QUERIES = ("", "daisies", "FOREST_path", "path", "t", "black", "build", "sunflower", "qqqq")
FOLDERS = (["Küste.jpg", "b, c.png"], ["A.jpg", "a.PNG", "b.1.tif"])


def golden() -> dict[str, list[Any]]:
    """Return the whole table as JSON values."""
    draw = np.random.default_rng(7)
    return {
        "cells": [_cells(draw, side, grid) for side, grid in ((32, 8), (33, 8), (61, 16), (17, 4), (9, 16), (40, 7))],
        "plans": [_plan(draw, number) for number in range(24)],
        "feathers": [_feather(draw, radius) for radius in (0, 1, 4, 9, 64, 6)],
        "straight": [_straight(draw) for _ in range(24)],
        "placings": [_placing(draw, number) for number in range(64)],
        "classes": [{"id": i, "names": _own(name), "also": _also(name)} for i, name in enumerate(CLASSES)],
        "folders": [_folder(names) for names in FOLDERS],
        "searches": [{"query": query, "found": list(search_classes(CLASSES, query))} for query in QUERIES],
    }


def _folder(names: list[str]) -> dict[str, Any]:
    """The photos of a folder: what is made of each is called, and the table of what became of them."""
    outputs = [path.name for path in batch._named([Path(name) for name in names], Path()).values()]
    rows = [
        batch._row(image=name, status="made", outputs=output, told="so, so")
        for name, output in zip(names, outputs, strict=True)
    ]
    rows.append(batch._row(image='a "b".png', status="failed", told="Why:\nnone."))
    with TemporaryDirectory() as folder:
        manifest = batch._Manifest(Path(folder), names)
        for row in rows:
            manifest.add(row)
        manifest.sort()
        text = manifest.path.read_text(encoding="utf-8")
    return {
        "endings": sorted(ending[1:] for ending in batch._ENDINGS),
        "paths": names,
        "outputs": outputs,
        "variations": [path.name for path in output_paths(Path(outputs[0]), 3)],
        "rows": rows,
        "text": text,
    }


def _cells(draw: np.random.Generator, side: int, grid: int) -> dict[str, Any]:
    """One window in a larger canvas, with the areas of its cells and those that are unknown."""
    canvas = _blots(draw, side + 9, side + 5)
    left, top = 3, 4
    mask = canvas[top : top + side, left : left + side]
    coverage = float(draw.choice([0.0, 0.25, 0.9]))
    return {
        "mask": write_mask(canvas),
        "window": [left, top, left + side, top + side],
        "grid": grid,
        "coverage": coverage,
        "areas": cell_areas(mask, grid).ravel().tolist(),
        "unknown": cells_hex(latent_mask(mask, grid, coverage=coverage)),
    }


def _plan(draw: np.random.Generator, number: int) -> dict[str, Any]:
    """One edit, with the windows of its plan and their unknown cells; every third has parts that lie apart."""
    height, width = int(draw.integers(40, 120)), int(draw.integers(40, 120))
    mask = np.zeros((height, width), np.bool_)
    for _ in range(1 + number % 3):
        y, x = int(draw.integers(0, height - 8)), int(draw.integers(0, width - 8))
        mask[y : y + int(draw.integers(1, 40)), x : x + int(draw.integers(1, 40))] = True
    asked = {"context": float(draw.choice([1.0, 1.5, 2.0])), "coverage": float(draw.choice([0.0, 0.25]))}
    request = EditRequest(np.zeros((height, width, 3), np.uint8), Mask(mask), view=View(**asked))
    passes = plan(request, PIXELS, GRID)
    return {
        "mask": write_mask(mask),
        "model": {"pixels": PIXELS, "grid": GRID, **asked},
        "passes": [{"window": _corners(one.window), "unknown": cells_hex(one.unknown)} for one in passes],
    }


def _feather(draw: np.random.Generator, radius: int) -> dict[str, Any]:
    """A mask, some of it at the picture's rim, with how much of the new picture each pixel gets, 0 to 255."""
    mask = _blots(draw, 30, 44)
    mask[:14, 20:40] = True
    weight = np.rint(255 * feather_weight(mask, radius)).astype(np.int64)
    return {"mask": write_mask(mask), "radius": radius, "levels": weight.ravel().tolist()}


def _straight(draw: np.random.Generator) -> dict[str, Any]:
    """A picture's size, an angle, and the largest box that the straightened picture fills."""
    size, degrees = Size(int(draw.integers(40, 900)), int(draw.integers(40, 900))), int(draw.integers(-150, 151)) / 10
    return {"size": list(size), "degrees": degrees, "box": _corners(largest_box(size, degrees))}


def _placing(draw: np.random.Generator, number: int) -> dict[str, Any]:
    """Two placings, each turned in one of the eight ways, both as one, and a box that lies so."""
    one, two = (
        Placing(int(draw.integers(-90, 90)), int(draw.integers(-90, 90)), Turn.numbered(turn))
        for turn in divmod(number, 8)
    )
    box = Box(3, 5, int(draw.integers(4, 90)), int(draw.integers(6, 90)))
    placings = (one, two, one.then(two))
    told = [{"offset": [each.x, each.y], "turn": each.turn.number} for each in placings]
    return {"placings": told, "box": _corners(box), "placed": _corners(placings[2].box(box))}


def _blots(draw: np.random.Generator, height: int, width: int) -> NDArray[np.bool_]:
    """A few boxes and single pixels."""
    mask = draw.random((height, width)) < 0.01
    for _ in range(3):
        y, x = int(draw.integers(0, height)), int(draw.integers(0, width))
        mask[y : y + int(draw.integers(1, 12)), x : x + int(draw.integers(1, 12))] = True
    return np.asarray(mask)


def _corners(box: Box) -> list[int]:
    return [box.left, box.top, box.right, box.bottom]


def _own(name: str) -> list[str]:
    return [part.strip() for part in name.split(",")]


def _also(name: str) -> list[str]:
    return [other for other in class_names(name) if other not in _own(name)]


def as_text(table: dict[str, list[Any]]) -> str:
    """Return the table as it is written, one line a case."""
    parts = [f"{json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, cases)) + "\n]" for name, cases in table.items()]
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    FILE.write_text(as_text(golden()), encoding="utf-8")
