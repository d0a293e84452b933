"""What photos show without a gesture: a blue sky and a scan's rim are found, and nothing is where there is none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import BadRequest, select
from core.canvas.finding import find_rim, find_sky
from tests.core.canvas.objects import SAMPLES, overlap

Pixels = NDArray[np.uint8]

SKYLINES: dict[str, list[str]] = {
    "temple.jpg": [
        "0,0 639,0 639,150 628,142 615,137 603,137 592,143 585,155 577,170 570,190 567,205 540,205 480,207 400,206 "
        "328,206 327,188 318,182 330,177 327,170 297,162 295,140 320,125 300,114 262,97 230,78 216,62 213,50 212,31 "
        "198,30 196,45 192,60 175,80 150,95 118,103 98,108 95,122 100,138 118,140 118,160 90,168 85,180 97,187 97,208 "
        "52,208 47,198 30,190 15,180 5,175 0,155",
    ],
    "mountain_trail.jpg": [
        "0,0 1279,0 1279,138 1250,142 1180,180 1120,205 1050,220 1010,228 980,220 950,218 930,240 880,243 855,255 "
        "830,225 810,210 780,202 750,192 720,198 690,212 640,215 610,235 565,275 560,300 560,350 540,375 510,363 "
        "480,385 470,415 440,435 405,432 395,415 370,395 330,345 310,335 290,330 250,340 215,325 200,325 180,305 "
        "150,262 120,245 90,235 80,212 60,212 45,190 20,182 0,182",
    ],
}
"""By sample photo: the corners of its sky, clouds included, drawn by eye as "x,y x,y ..." in its pixels."""


def photo(name: str) -> Pixels:
    return np.asarray(cv2.imread(str(SAMPLES / name))[..., ::-1], np.uint8)


def scanned(turn: float = 0.7, paper: tuple[int, int, int] = (243, 236, 220)) -> tuple[Pixels, NDArray[np.bool_]]:
    """A photo on paper, scanned askew, and where the paper is."""
    picture = cv2.resize(photo("two_dogs_portrait.jpg"), (600, 800))
    page = np.full((900, 680, 3), paper, np.float32)
    page[40:840, 30:630] = picture
    rim = np.ones(page.shape[:2], np.uint8)
    rim[40:840, 30:630] = 0
    turned = cv2.getRotationMatrix2D((340, 450), turn, 1)
    page = cv2.warpAffine(page, turned, (680, 900), borderValue=paper)
    rim = cv2.warpAffine(rim, turned, (680, 900), flags=cv2.INTER_NEAREST, borderValue=1)
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8), rim > 0


@pytest.mark.parametrize(("name", "least"), [("temple.jpg", 0.95), ("mountain_trail.jpg", 0.7)])
def test_a_blue_sky_is_found(name: str, least: float) -> None:
    """On the second photo a bank of clouds with hard edges, a quarter of the sky, is not."""
    image = photo(name)
    truth = np.zeros(image.shape[:2], np.uint8)
    for outline in SKYLINES[name]:
        corners = [[int(v) for v in corner.split(",")] for corner in outline.split()]
        cv2.fillPoly(truth, [np.array(corners, np.int32)], 1)
    found = find_sky(image)
    assert overlap(found, truth > 0) > least
    assert (found & (truth == 0)).sum() < 0.02 * found.sum()


@pytest.mark.parametrize(
    "name",
    ["astronaut_512", "cat_small", "coffee", "dahlia", "fig_bowl", "forest_stream", "living_room_portrait"],
)
def test_where_no_sky_is_none_is_found(name: str) -> None:
    assert not find_sky(photo(f"{name}.jpg")).any()


@pytest.mark.parametrize("turn", [0.0, 0.7, -0.5])
def test_the_rim_of_a_scan_is_found_even_askew(turn: float) -> None:
    image, rim = scanned(turn)
    assert overlap(find_rim(image), rim) > 0.93
    dark, rim = scanned(turn, (20, 20, 20))
    assert overlap(find_rim(dark), rim) > 0.93


def test_stripes_above_and_below_are_a_rim_and_one_alone_is_none() -> None:
    image = photo("two_dogs_portrait.jpg").copy()
    image[:50] = 0
    assert not find_rim(image).any()
    image[-70:] = 0
    found = find_rim(image)
    assert found[:50].all()
    assert found[-70:].all()
    assert not found[60:-80].any()


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.jpg")), ids=lambda path: path.stem)
def test_photos_without_a_rim_have_none(path: Path) -> None:
    assert not find_rim(photo(path.name)).any()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), flat=st.booleans())
def test_any_picture_has_an_answer(seed: int, flat: bool) -> None:
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 60, 2).tolist()
    image = np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    if not flat:
        image = rng.integers(0, 256, (height, width, 4), np.uint8)
    for thing in ("sky", "rim"):
        found = select(image, thing=thing)
        assert (found.shape, found.dtype) == ((height, width), np.bool_)


def test_a_picture_of_nothing_but_sky_is_all_sky() -> None:
    assert find_sky(np.full((60, 90, 3), (90, 140, 210), np.uint8)).all()


def test_what_nobody_knows_how_to_find_is_refused() -> None:
    with pytest.raises(BadRequest, match="'dragon': say one of sky, rim"):
        select(photo("cat_small.jpg"), thing="dragon")
