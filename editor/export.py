"""From pixels to what leaves the server: previews, thumbnails, variations with their recipe, the sweep's files.

Knows nothing of widgets or visitors.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import Cell, EditRequest, ModelSpec, encode_picture, encode_png, recipe_text, sheet, to_csv
from editor.documents import Picture, Pixels, Store

PREVIEW_QUALITY = 80
_LARGEST_PREVIEW = 20_000  # characters of a data URL; every message repeats it in the page's memory


def store_variation(
    store: Store, pixels: Pixels, name: str, spec: ModelSpec, request: EditRequest, index: int
) -> Picture:
    """Keep one variation as a PNG that carries the recipe to draw it alone."""
    seed = request.options.seed + index
    return store.put(pixels, f"{name}-{request.task.value}-{seed}", recipe_text(spec, request, index))


def preview_url(pixels: Pixels) -> str:
    """Return a step's preview as a data URL of at most 20 kB: WebP, of lower quality where it does not fit."""
    for quality in (PREVIEW_QUALITY, 50, 20):
        url = _data_url(pixels, quality)
        if len(url) <= _LARGEST_PREVIEW:
            return url
    return _data_url(shrunk(pixels, 128), 20)


def thumbnail_url(pixels: Pixels, side: int) -> str:
    """Return a small picture as a WebP data URL, its longer side at most `side` pixels."""
    return _data_url(shrunk(pixels, side), PREVIEW_QUALITY)


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """Return a picture whose longer side is at most `side`, by averaging whole blocks and then picking pixels.

    Args:
        pixels: (H, W, C) uint8.
        side: at least 1.
    """
    height, width = pixels.shape[:2]
    if max(height, width) <= side:
        return np.ascontiguousarray(pixels)
    block = max(1, max(height, width) // side)
    rows, columns = max(height // block, 1), max(width // block, 1)
    cut = pixels[: rows * block, : columns * block]
    if block > 1 and cut.shape[0] == rows * block and cut.shape[1] == columns * block:
        cut = cut.reshape(rows, block, columns, block, -1).mean((1, 3)).round().astype(np.uint8)
    scale = min(1.0, side / max(cut.shape[:2]))
    wanted = (max(1, round(cut.shape[0] * scale)), max(1, round(cut.shape[1] * scale)))
    down = (np.arange(wanted[0]) * cut.shape[0] // wanted[0])[:, None]
    across = (np.arange(wanted[1]) * cut.shape[1] // wanted[1])[None, :]
    return np.ascontiguousarray(cut[down, across])


def sweep_files(
    folder: Path, name: str, cells: Sequence[Cell], axes: Mapping[str, Sequence[Any]], classes: Sequence[str]
) -> tuple[Path, Path]:
    """Write a sweep's labelled sheet and its CSV; returns where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    picture, table = folder / f"{name}-sweep.png", folder / f"{name}-sweep.csv"
    picture.write_bytes(encode_png(sheet(cells, axes, classes)))
    table.write_text(to_csv(cells), encoding="utf-8")
    return picture, table


def _data_url(pixels: Pixels, quality: int) -> str:
    data = encode_picture(pixels, "webp", quality=quality)
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
