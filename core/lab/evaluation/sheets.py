"""Contact sheets: lines of pictures with captions, drawn by Pillow.

Knows nothing of questions, figures or files.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

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
    """Draw lines of one or more pictures below each other on white, (H, W, 3) uint8 RGB."""
    heights = [CAPTION_PX + max(picture.shape[0] for picture in pictures) for _, pictures in lines]
    widths = [sum(picture.shape[1] for picture in pictures) for _, pictures in lines]
    canvas = Image.new("RGB", (max(widths), sum(heights)), "white")
    tops = itertools.accumulate(heights, initial=0)
    for top, (captions, pictures) in zip(tops, lines, strict=False):
        lefts = list(itertools.accumulate((picture.shape[1] for picture in pictures), initial=0))
        for left, picture in zip(lefts, pictures, strict=False):
            canvas.paste(Image.fromarray(np.ascontiguousarray(picture)), (left, top + CAPTION_PX))
        ends = [*lefts[1 : len(captions)], canvas.width]
        for caption, left, right in zip(captions, lefts, ends, strict=False):
            _write(canvas, caption, left + 2, top, right)
    return np.array(canvas)


def fitted(picture: Picture, frame: Size) -> Picture:
    """Scale a picture to fit into a frame, at its upper left corner, on white."""
    image = Image.fromarray(np.ascontiguousarray(picture))
    return cut(np.array(ImageOps.contain(image, frame, Image.Resampling.LANCZOS)), frame)


def cut(picture: Picture, frame: Size) -> Picture:
    """Put a picture into a frame pixel by pixel: cut off what is beyond, leave the rest white."""
    canvas = np.full((frame.height, frame.width, 3), 255, np.uint8)
    shown = picture[: frame.height, : frame.width]
    canvas[: shown.shape[0], : shown.shape[1]] = shown
    return canvas


def _write(canvas: Image.Image, text: str, left: int, top: int, right: int) -> None:
    """Write a text, cut to fit before `right`."""
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(_LETTER_PX)
    while text and left + pen.textlength(text, font) > right:
        text = text[:-1]
    pen.text((left, top + 1), text, "black", font)
