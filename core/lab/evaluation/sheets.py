"""Contact sheets for a person to look at: lines of pictures with captions, drawn by Pillow.

Knows nothing of questions, figures or files.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont, ImageOps

from core.lab.evaluation.metrics import Picture
from core.values.geometry import Size

CAPTION_PX = 16
"""Height of a line's captions."""
_LETTER_PX = 11  # large enough to read, small enough for a method's name above 160 px

Line = tuple[Sequence[str], Sequence[Picture]]
"""(captions, pictures): each caption stands above its picture, the last may run on to the right."""


def sheet(lines: Sequence[Line]) -> Picture:
    """Return lines of pictures below each other on white, (H, W, 3) uint8 RGB.

    Args:
        lines: of one picture or more each; a line without captions has no room for them.
    """
    heads = [CAPTION_PX if captions else 0 for captions, _ in lines]
    heights = [head + max(p.shape[0] for p in pictures) for head, (_, pictures) in zip(heads, lines, strict=True)]
    canvas = Image.new("RGB", (max(sum(p.shape[1] for p in pictures) for _, pictures in lines), sum(heights)), "white")
    tops = itertools.accumulate(heights, initial=0)
    for top, head, (captions, pictures) in zip(tops, heads, lines, strict=False):
        lefts = list(itertools.accumulate((p.shape[1] for p in pictures), initial=0))
        for i, caption in enumerate(captions):
            right = lefts[i + 1] if i + 1 < len(captions) else canvas.width
            _write(canvas, caption, lefts[i] + 2, top, right)
        for left, picture in zip(lefts, pictures, strict=False):
            canvas.paste(Image.fromarray(np.ascontiguousarray(picture)), (left, top + head))
    return np.array(canvas)


def fitted(picture: Picture, frame: Size) -> Picture:
    """Return a picture scaled to fit into a frame, at its upper left corner, on white."""
    return _framed(picture, frame, lambda image: ImageOps.contain(image, frame, Image.Resampling.LANCZOS))


def cut(picture: Picture, frame: Size) -> Picture:
    """Return a picture pixel by pixel in a frame: what is beyond is cut off, what is missing is white."""
    return _framed(picture, frame, lambda image: image)


def _framed(picture: Picture, frame: Size, change: Callable[[Image.Image], Image.Image]) -> Picture:
    canvas = Image.new("RGB", frame, "white")
    canvas.paste(change(Image.fromarray(np.ascontiguousarray(picture))), (0, 0))
    return np.array(canvas)


def _write(canvas: Image.Image, text: str, left: int, top: int, right: int) -> None:
    """Write as much of a text as fits before `right`."""
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_LETTER_PX)
    while text and left + pen.textlength(text, font) > right:
        text = text[:-1]
    pen.text((left, top + 1), text, "black", font)
