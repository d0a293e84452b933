"""Pictures stand where their line and column say, captions above them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.lab.evaluation.sheets import CAPTION_PX, cut, fitted, sheet
from core.values.geometry import Size


def plain(value: int, height: int = 20, width: int = 30) -> NDArray[np.uint8]:
    return np.full((height, width, 3), value, np.uint8)


def test_lines_stand_below_each_other_each_with_room_for_its_captions() -> None:
    found = sheet([(["a", "b"], [plain(10), plain(20)]), (["c"], [plain(40, width=90)])])
    assert found.shape == (2 * (20 + CAPTION_PX), 90, 3)
    first, second = found[: CAPTION_PX + 20], found[CAPTION_PX + 20 :]
    assert (first[CAPTION_PX:, :30] == 10).all()
    assert (first[CAPTION_PX:, 30:60] == 20).all()
    assert (first[CAPTION_PX:, 60:] == 255).all()
    assert (second[CAPTION_PX:] == 40).all()
    for line, left in ((first, 0), (first, 30), (second, 0)):
        assert (line[:CAPTION_PX, left : left + 30] < 128).any()
    assert (first[:CAPTION_PX, 60:] == 255).all()


def test_a_caption_ends_where_the_next_begins_and_the_last_may_run_on() -> None:
    long, pictures = "a name that is much too long", [plain(10), plain(20), plain(30)]
    for captions, written in (([long, ""], 30), ([long], 90)):
        head = sheet([(captions, pictures)])[:CAPTION_PX]
        dark = np.flatnonzero((head < 128).any((0, 2)))
        assert written - 15 < dark.max() < written


@pytest.mark.parametrize(("height", "width"), [(10, 40), (40, 10), (3, 3)])
def test_a_fitted_picture_keeps_its_shape_in_the_frame(height: int, width: int) -> None:
    found = fitted(plain(50, height, width), Size(20, 20))
    scale = 20 / max(height, width)
    inside = found[: round(height * scale), : round(width * scale)]
    assert found.shape == (20, 20, 3)
    assert (inside == 50).all()
    assert (found == 255).all(2).sum() == 400 - inside.shape[0] * inside.shape[1]


def test_a_cut_picture_is_shown_pixel_by_pixel() -> None:
    picture = np.arange(3 * 8 * 3, dtype=np.uint8).reshape(3, 8, 3)
    found = cut(picture, Size(5, 6))
    assert (found[:3] == picture[:, :5]).all()
    assert (found[3:] == 255).all()
