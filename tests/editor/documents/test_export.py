"""Previews that stay small, films, and the keys of the recipe."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core import recipe_text
from core.pictures import encode_png
from core.values import EditRequest
from editor.documents import export
from tests.editor.fakes import SPEC


def test_a_recipe_has_these_keys() -> None:
    texts = recipe_text(SPEC, EditRequest())
    assert tuple(texts) == export.RECIPE_TEXTS
    pixels = np.zeros((16, 16, 3), np.uint8)
    assert export.recipe_texts(encode_png(pixels, text={**texts, "Author": "x"})) == texts
    assert export.recipe_texts(encode_png(pixels, text={"parameters": "steps: 20"})) == {}  # another program's
    assert export.recipe_texts(b"no PNG") == {}


def test_previews_of_noise_stay_small() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    assert len(export.preview_url(noise)) <= 20_000


@pytest.mark.parametrize(("height", "width"), [(7, 900), (900, 7), (300, 500), (20, 30)])
def test_shrunk_keeps_the_shape(height: int, width: int) -> None:
    small = export.shrunk(np.full((height, width, 4), 200, np.uint8), 64)
    assert max(small.shape[:2]) <= 64
    assert min(small.shape[:2]) >= 1
    assert (small == 200).all()


def test_a_film_is_scaled_and_shows_transparency_on_white() -> None:
    first = np.zeros((600, 900, 4), np.uint8)
    last = np.full((600, 900, 4), 255, np.uint8)
    last[..., 0] = 40
    with Image.open(io.BytesIO(export.film([first, last]))) as film:
        assert film.size == (512, 341)
        assert film.convert("RGB").getpixel((5, 5)) == (255, 255, 255)
        film.seek(1)
        red, green, blue = film.convert("RGB").getpixel((5, 5))
        assert (red < 60, green > 240, blue > 240) == (True, True, True)
