"""Pictures and holes of every kind on the command line: opened by what they are, and nothing outside changes."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from core.pictures.encoding import encode_picture, encode_png
from core.pictures.opening import open_picture
from tests.core.cli.speak import refusal, run

Pixels = NDArray[np.uint8]
Box = tuple[int, int, int, int]
Edit = Callable[..., tuple[dict[str, Any], Pixels]]

WIDTH, HEIGHT = 96, 72
HOLE: Box = (32, 24, 56, 48)
PLAIN = ("--finish", "none")  # where files are looked at, and not what is painted
MAKER, PERSON = "CasesCam", "A. Nobody"
SPOTS = tuple((left, top, left + 4, top + 4) for top in range(5, 140, 20) for left in range(5, 190, 27))


def scene(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Return a smooth sky above rough ground, (H, W, 3) uint8."""
    rows, columns = np.mgrid[0:height, 0:width]
    rough = np.random.default_rng(1).normal(0, 1, (height, width))
    sky = rows < height * (0.45 + 0.08 * np.sin(columns / width * 7))
    light = np.where(sky, 180 + 40 * rows / height + 2 * rough, 100 + 16 * rough)
    return np.clip(light[..., None] * (0.8, 0.95, 1.1), 0, 255).astype(np.uint8)


def marked(width: int, height: int, *boxes: Box) -> NDArray[np.bool_]:
    """Return a mask of boxes (left, top, right, bottom)."""
    mask = np.zeros((height, width), np.bool_)
    for left, top, right, bottom in boxes:
        mask[top:bottom, left:right] = True
    return mask


def saved(pixels: Pixels, kind: str, **how: Any) -> bytes:
    """Return a file as other programs write it."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **how)
    return file.getvalue()


def of_a_camera(orientation: int = 1) -> bytes:
    """Return an EXIF block that says by what, by whom, where and how turned a photo was taken."""
    exif = Image.Exif()
    exif[0x010F], exif[0x013B], exif[0x0112] = MAKER, PERSON, orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (12.0, 34.0, 56.0), 3: "E", 4: (7.0, 8.0, 9.0)})
    return exif.tobytes()


@pytest.fixture
def edit(tiny_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Edit:
    """Return a function that repaints what a mask marks of a picture file, in two steps.

    It holds that the size stays and that nothing outside the mask changes, and returns the JSON line and the output.
    """

    def edited(
        data: bytes, mask: NDArray[np.bool_], *words: object, name: str = "photo.png", output: str = "out.png"
    ) -> tuple[dict[str, Any], Pixels]:
        image, marks, made = tmp_path / name, tmp_path / "marks.png", tmp_path / output
        image.write_bytes(data)
        marks.write_bytes(encode_png(np.where(mask, 255, 0).astype(np.uint8)))
        given = ("--image", image, "--mask", marks, "--output", made, "--model", tiny_model)
        facts = run("edit", *given, "--steps", 2, "--seed", 3, *words, capsys=capsys)
        before, after = open_picture(data), open_picture(made)
        assert after.shape == before.shape
        if not output.endswith(".jpg"):
            assert np.array_equal(after[~mask], before[~mask])
        assert (after != before).any(2)[mask].any()
        return facts, after

    return edited


# files ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("output", ["out.png", "out.jpg", "out.webp"])
def test_what_a_camera_wrote_into_a_photo_is_not_in_the_output(edit: Edit, tmp_path: Path, output: str) -> None:
    photo = saved(scene(), "JPEG", quality=95, exif=of_a_camera())
    assert MAKER.encode() in photo
    edit(photo, marked(WIDTH, HEIGHT, HOLE), *PLAIN, name="photo.jpg", output=output)
    made = (tmp_path / output).read_bytes()
    assert MAKER.encode() not in made
    assert PERSON.encode() not in made
    with Image.open(tmp_path / output) as image:
        assert not image.getexif()


@pytest.mark.parametrize(("orientation", "quarters"), [(3, 2), (6, 1), (8, -1)])
def test_a_turned_photo_is_edited_and_written_upright(
    edit: Edit, tmp_path: Path, orientation: int, quarters: int
) -> None:
    upright, mask = scene(60, 100), marked(60, 100, (20, 40, 40, 60))
    stored = saved(np.rot90(upright, quarters), "PNG", exif=of_a_camera(orientation))
    _, made = edit(stored, mask, *PLAIN)
    assert made.shape == upright.shape
    assert np.array_equal(made[~mask], upright[~mask])
    with Image.open(tmp_path / "out.png") as image:
        assert (image.size, dict(image.getexif())) == ((60, 100), {})


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "no_ending", "photo.2026.05.01", "写真 Café.JPG", "wrong.png"])
def test_a_jpeg_is_opened_whatever_it_is_called(edit: Edit, name: str) -> None:
    edit(encode_picture(scene(), "jpeg"), marked(WIDTH, HEIGHT, HOLE), *PLAIN, name=name)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (saved(scene(), "BMP"), "a BMP"),
        (b"8BPS" + bytes(64), "a Photoshop file"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isommp41" + bytes(64), "a video"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".png"])
def test_a_picture_of_another_kind_is_named_with_what_to_give_instead(
    data: bytes, kind: str, ending: str, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image, output = tmp_path / f"photo{ending}", tmp_path / "out.png"
    image.write_bytes(data)
    sentence = refusal("edit", "--image", image, "--mask", mask, "--output", output, capsys=capsys)
    assert f"is {kind}: give a PNG, JPEG, WebP" in sentence
    assert not output.exists()


# what is in a picture, and where the hole lies ------------------------------------------------------------------------
def test_neither_black_nor_transparent_parts_elsewhere_are_taken_for_a_mask(edit: Edit) -> None:
    mask, black, clear = marked(WIDTH, HEIGHT, HOLE), scene(), np.full((HEIGHT, WIDTH), 255, np.uint8)
    black[:, :20], black[56:] = 0, 0
    clear[:15], clear[56:, 70:] = 0, 90
    plain, _ = edit(encode_png(scene()), mask)
    for pixels in (black, np.dstack([scene(), clear])):
        facts, _ = edit(encode_png(pixels), mask)
        assert facts["unknown_tokens"] == plain["unknown_tokens"] == 16


@pytest.mark.parametrize(
    ("size", "hole"),
    [
        ((131, 97), (101, 20, 131, 60)),
        ((131, 97), (0, 77, 30, 97)),
        ((257, 65), (60, 0, 200, 20)),
    ],
)
def test_a_hole_at_the_pictures_border_may_have_the_softest_edge_and_more_cells(
    edit: Edit, size: tuple[int, int], hole: Box
) -> None:
    edit(encode_png(scene(*size)), marked(*size, hole), "--feather", 64, "--grow", 3)


def test_one_pixel_can_be_repainted_with_the_least_context(edit: Edit) -> None:
    edit(encode_png(scene()), marked(WIDTH, HEIGHT, (48, 36, 49, 37)), "--context", 1)


def test_many_spots_are_repainted_at_once(edit: Edit) -> None:
    assert len(SPOTS) == 49
    before = scene(200, 150)
    _, made = edit(encode_png(before), marked(200, 150, *SPOTS))
    changed = (made != before).any(2)
    assert all(changed[top:bottom, left:right].any() for left, top, right, bottom in SPOTS)


def test_one_stroke_along_a_strip_takes_a_dozen_windows(edit: Edit) -> None:
    facts, _ = edit(encode_png(scene(1500, 25)), marked(1500, 25, (100, 10, 1400, 15)))
    assert 1 < facts["passes"] <= 12
    assert facts["forwards"] == 2 * facts["passes"]
