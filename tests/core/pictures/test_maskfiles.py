"""One rule for masks: what is read alike, what is refused, and that the decision is said."""

import io

import numpy as np
import pytest
from PIL import Image

from core.errors import BadRequest
from core.pictures.encoding import encode_picture, encode_png
from core.pictures.maskfiles import LEVEL, read_mask
from core.values.geometry import Size

HOLE = np.zeros((40, 60), np.uint8)
HOLE[10:25, 20:45] = 255
PAINTED = HOLE > 0
NOISE = np.random.default_rng(3)


def saved(image: Image.Image, **how: object) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", **how)
    return file.getvalue()


def palette(colours: list[int]) -> bytes:
    image = Image.fromarray(HOLE // 255, "P")
    image.putpalette(colours + [0] * (768 - len(colours)))
    return saved(image)


def coloured(paint: tuple[int, int, int], ground: tuple[int, int, int] = (0, 0, 0)) -> bytes:
    return encode_png(np.where(PAINTED[..., None], paint, ground).astype(np.uint8))


def nearly_opaque(level: int) -> bytes:
    alpha = np.full_like(HOLE, 255)
    alpha[0, 0] = level
    return encode_png(np.dstack([HOLE, HOLE, HOLE, alpha]))


def layer(colour: int) -> bytes:
    return encode_png(np.dstack([np.full((40, 60, 3), colour, np.uint8), HOLE]))


SAME = {
    "white": encode_png(HOLE),
    "zero and one": encode_png(HOLE // 255),
    "one bit": saved(Image.fromarray(HOLE).convert("1")),
    "weak": encode_png((HOLE * 0.39).astype(np.uint8)),
    "background 12": encode_png(np.where(PAINTED, 255, 12).astype(np.uint8)),
    "red": coloured((255, 0, 0)),
    "blue": coloured((0, 0, 255)),
    "dark red palette": palette([0, 0, 0, 128, 0, 0]),
    "white palette": palette([0, 0, 0, 255, 255, 255]),
    "black palette": palette([0, 0, 0, 0, 0, 0]),
    "16 bits": saved(Image.fromarray(HOLE.astype(np.uint16) * 257)),
    "16 bits up to 255": saved(Image.fromarray(HOLE.astype(np.uint16))),
    "16 bits up to 4095": saved(Image.fromarray(HOLE.astype(np.uint16) * 16)),
    "one pixel of alpha 254": nearly_opaque(254),
    "one pixel of alpha 0": nearly_opaque(0),
    "opaque white": layer(255),
    "opaque black": layer(0),
    "JPEG": encode_picture(np.dstack([HOLE] * 3), "jpeg", quality=100),
}


DECIDED = {
    *("zero and one", "weak", "dark red palette", "black palette", "16 bits up to 4095", "opaque white", "opaque black")
}


@pytest.mark.parametrize("kind", SAME)
def test_one_hole_is_read_alike_however_it_is_stored(kind: str) -> None:
    read = read_mask(SAME[kind], Size(60, 40))
    assert np.array_equal(read.mask > 0, PAINTED)
    assert read.mask.dtype == np.bool_
    assert "16 % of the picture" in read.told
    assert read.told.endswith(".")
    assert read.plain == (kind not in DECIDED)


def test_soft_edges_stay_soft_in_the_levels_of_the_canvas() -> None:
    ramp = np.zeros((40, 60), np.uint8)
    ramp[10:30, 10:50] = np.linspace(2, 254, 40).astype(np.uint8)
    read = read_mask(encode_png(ramp), None)
    assert read.mask.dtype == np.uint8
    assert not (read.mask % LEVEL).any()
    assert (np.diff(read.mask[20, 10:50].astype(int)) >= 0).all()
    assert (read.mask[20, 10], read.mask[20, 49], read.mask[0, 0]) == (0, 255, 0)
    assert "softly" in read.told
    assert not read.plain


@pytest.mark.parametrize("seed", range(3))
def test_a_mask_that_was_saved_comes_back_level_for_level(seed: int) -> None:
    painted = np.random.default_rng(seed).integers(0, 16, (40, 60)).astype(np.uint8) * np.uint8(LEVEL)
    painted[: 20 + seed, :] = 0
    painted[30, 30] = 255
    assert np.array_equal(read_mask(encode_png(painted), None).mask, painted)


def test_white_all_over_repaints_all() -> None:
    assert read_mask(encode_png(np.full((40, 60), 255, np.uint8)), None).mask.all()


def test_a_cut_out_is_told_to_be_the_opposite() -> None:
    read = read_mask(encode_png(np.dstack([np.zeros((40, 60, 3), np.uint8), 255 - HOLE])), None)
    assert np.array_equal(read.mask, ~PAINTED)
    assert "cut-out" in read.told


PHOTO = np.clip(np.linspace(40, 220, 60)[None, :, None] + NOISE.normal(0, 20, (40, 60, 3)), 0, 255).astype(np.uint8)

REFUSED = {
    "mask is empty": encode_png(np.zeros((40, 60, 3), np.uint8)),
    "16-bit": saved(Image.fromarray(np.zeros((40, 60), np.uint16))),
    "go from 0 to 3": encode_png(NOISE.integers(0, 4, (40, 60), np.uint8)),
    "looks like a photo: 9": encode_png(PHOTO),
    "photo with transparent parts": encode_png(np.dstack([PHOTO, 255 - HOLE])),
    "as bright as each other \\(255\\)": coloured((255, 0, 0), (255, 255, 255)),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_is_no_mask_is_refused_with_what_was_seen(reason: str) -> None:
    with pytest.raises(BadRequest, match=reason) as error:
        read_mask(REFUSED[reason], None)
    assert ". " not in str(error.value)


def test_another_size_is_refused() -> None:
    with pytest.raises(BadRequest, match="mask is 60x40 px but the picture is 40x60 px"):
        read_mask(encode_png(HOLE), Size(40, 60))


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_turned_mask_is_turned_as_its_picture_is(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = {3: np.rot90(HOLE, 2), 6: np.rot90(HOLE)}[orientation]
    read = read_mask(saved(Image.fromarray(np.ascontiguousarray(stored)), exif=exif), Size(60, 40))
    assert np.array_equal(read.mask, PAINTED)
