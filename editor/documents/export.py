"""Encodes pixels for leaving the server: previews, thumbnails, variations with their recipe, files of every format.

Knows nothing of widgets or visitors.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import ExifTags, Image

from core import Cell, Machine, recipe_text, sheet, to_csv
from core.models import ModelSpec
from core.pictures import encode_picture, encode_png, read_png_text
from core.values import MOST_PIXELS, MOST_SIDE, EditRequest
from editor.documents.store import Picture, Pixels, Store
from editor.server import darkroom

PREVIEW_QUALITY = 80
"""WebP quality of previews: a sample photo at 128 px takes 3 kB as a data URL, the largest 6 kB."""
FRAME_SIDE = 384
"""Longer side in pixels of a picture while it is being finished; more is not seen while it changes."""
FILM_SIDE = 512
"""Longer side in pixels of a timeline film: GIF hardly compresses between frames."""

RECIPE_TEXTS = ("maskgit-editor", "parameters")
"""Keys of a recipe's PNG texts, the machine-readable one first."""

_REDUCING_GAP = 3.0  # Pillow's advice: as good as without, in a fraction of the time for large photos
_LINE_SHARE = 64
"""A picture is this many times as wide as the line between before and after."""
_LARGEST_PREVIEW = 20_000  # characters of a data URL; every message repeats it in the page's memory
_LARGEST_COMMENT = 60_000  # bytes; a JPEG holds 65533 bytes of EXIF in all
_STEP_MS, _END_MS = 250, 2000


# pictures on the page -------------------------------------------------------------------------------------------------
def store_variation(
    store: Store, pixels: Pixels, name: str, spec: ModelSpec, request: EditRequest, machine: Machine | None
) -> Picture:
    """Store one variation as a PNG with its recipe: `request` draws it and no other, `machine` drew it."""
    texts = recipe_text(spec, request, machine=machine)
    return store.put(pixels, f"{name}-{request.task.value}-{request.decoding.drawn_seed}", texts)


def preview_url(pixels: Pixels) -> str:
    """Encode a step's preview as a data URL of at most 20 kB: WebP, of lower quality if it does not fit."""
    for quality in (PREVIEW_QUALITY, 50, 20):
        url = _data_url(pixels, quality)
        if len(url) <= _LARGEST_PREVIEW:
            return url
    return _data_url(shrunk(pixels, 128), 20)


def thumbnail_url(pixels: Pixels, side: int) -> str:
    """Encode a small picture as a WebP data URL, its longer side at most `side` pixels."""
    return _data_url(shrunk(pixels, side), PREVIEW_QUALITY)


def exact_url(pixels: Pixels) -> str:
    """Encode a tiny picture as a PNG data URL, without loss."""
    return "data:image/png;base64," + base64.b64encode(encode_png(pixels)).decode("ascii")


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """Shrink a picture to a longer side of at most `side`, by averaging whole blocks and then picking pixels.

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


# files ----------------------------------------------------------------------------------------------------------------
class Encoded(NamedTuple):
    """A picture file: its bytes, and whether the comment fitted in."""

    data: bytes
    commented: bool


def encode_with_comment(pixels: Pixels, file_format: str, quality: int | None, comment: Mapping[str, str]) -> Encoded:
    """Encode a JPEG or WebP whose EXIF carries a recipe: the readable line as description, the rest as user comment.

    Args:
        pixels: (H, W, 3 or 4) uint8; a JPEG shows transparent pixels on white.
        file_format: "jpeg" or "webp".
        quality: see `core.pictures.encode_picture`.
        comment: PNG texts by `RECIPE_TEXTS`, none or both; left out if they are longer than EXIF can hold.
    """
    fits = sum(map(len, comment.values())) <= _LARGEST_COMMENT
    if not comment or not fits:
        return Encoded(darkroom.encode_picture(pixels, file_format, quality=quality), fits)
    machine, readable = (comment.get(name, "") for name in RECIPE_TEXTS)
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + machine.encode("ascii", "replace")
    exif[ExifTags.Base.ImageDescription] = readable
    return Encoded(darkroom.encode_picture(pixels, file_format, quality=quality, exif=exif.tobytes()), True)


def resized(pixels: Pixels, longest: int) -> Pixels:
    """Shrink a picture to a longer side of `longest` pixels, finely; one that is no larger stays as it is.

    Args:
        pixels: (H, W, 3 or 4) uint8.
        longest: at least 1.
    """
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.mode == "RGBA":  # clear pixels have colours that nobody sees: they must not bleed into their neighbours
        return np.array(image.convert("RGBa").resize(size, Image.Resampling.LANCZOS).convert("RGBA"))
    return np.array(image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP))


def side_by_side(before: Pixels, after: Pixels, longest: int) -> Pixels:
    """Lay two pictures of one size beside each other, with a white line between them.

    Args:
        before: (H, W, 3 or 4) uint8, at the left.
        after: the same, at the right.
        longest: most pixels of the longer side; the result also keeps within what may be opened again.
    """
    height, width = after.shape[:2]
    both = 2 * width + width // _LINE_SHARE
    most = min(longest, MOST_SIDE) / max(both, height)
    scale = min(1.0, most, (MOST_PIXELS / (both * height)) ** 0.5)
    parts = [resized(each, max(1, int(max(height, width) * scale))) for each in (before, after)]
    alpha = any(each.shape[2] == 4 and (each[..., 3] < 255).any() for each in parts)
    parts = [_with_channels(each, 4 if alpha else 3) for each in parts]
    line = np.full((parts[1].shape[0], parts[1].shape[1] // _LINE_SHARE, parts[1].shape[2]), 255, np.uint8)
    return np.concatenate([parts[0], line, parts[1]], 1)


def _with_channels(pixels: Pixels, channels: int) -> Pixels:
    if pixels.shape[2] >= channels:
        return pixels[..., :channels]
    return np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])


def recipe_texts(data: bytes) -> dict[str, str]:
    """Read the recipe in a PNG by `RECIPE_TEXTS`; empty if it has none or is another kind of file."""
    texts = read_png_text(data)
    return {name: texts[name] for name in RECIPE_TEXTS if name in texts} if RECIPE_TEXTS[0] in texts else {}


def film(frames: Sequence[Pixels]) -> bytes:
    """Encode a looping GIF whose last frame stays longest.

    Args:
        frames: at least one (H, W, 3 or 4) uint8, all of one size; transparency is shown on white. They are scaled to
            at most `FILM_SIDE` pixels.
    """
    small = [_for_film(frame) for frame in frames]
    width, height = (max(1, side // 4) for side in small[0].size)
    strip = Image.new("RGB", (width * len(small), height))
    for i, each in enumerate(small):
        strip.paste(each.resize((width, height), Image.Resampling.BOX), (i * width, 0))
    palette = strip.quantize(255, dither=Image.Dither.NONE)  # one for all frames, so that nothing flickers
    drawn = [each.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for each in small]
    times = [_STEP_MS] * (len(drawn) - 1) + [_END_MS]
    file = io.BytesIO()
    drawn[0].save(file, "GIF", save_all=True, append_images=drawn[1:], duration=times, loop=0, disposal=1)
    return file.getvalue()


def sweep_files(
    folder: Path, name: str, cells: Sequence[Cell], axes: Mapping[str, Sequence[Any]], classes: Sequence[str]
) -> tuple[Path, Path]:
    """Write a sweep's labelled sheet and its CSV; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    picture, table = folder / f"{name}-sweep.png", folder / f"{name}-sweep.csv"
    picture.write_bytes(encode_png(sheet(cells, axes, classes)))
    table.write_text(to_csv(cells), encoding="utf-8")
    return picture, table


def _for_film(pixels: Pixels) -> Image.Image:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((FILM_SIDE, FILM_SIDE), Image.Resampling.LANCZOS)
    return image


def _data_url(pixels: Pixels, quality: int) -> str:
    data = encode_picture(pixels, "webp", quality=quality)
    return "data:image/webp;base64," + base64.b64encode(data).decode("ascii")
