"""AVIF, HEIC, TIFF and GIF at the gate: the same pixels, the same limits, the same refusals as every other format."""

from __future__ import annotations

import io
import struct
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.errors import BadRequest
from core.pictures import opening
from core.pictures.headers import header_of
from core.pictures.maskfiles import read_mask
from core.pictures.opening import open_picture, picture_size, read_picture

pillow_heif = pytest.importorskip("pillow_heif")
pillow_heif.register_heif_opener()

RGB = np.random.default_rng(0).integers(0, 256, (24, 40, 3), dtype=np.uint8)
SMOOTH = np.dstack([np.linspace(a, b, 40 * 24).reshape(24, 40) for a, b in ((0, 255), (255, 0), (60, 90))])
SMOOTH = SMOOTH.astype(np.uint8)
ALPHA = np.linspace(0, 255, 24 * 40).reshape(24, 40).astype(np.uint8)
LOSSY = {"AVIF": {"quality": 95, "subsampling": "4:4:4"}, "HEIF": {"quality": 95, "chroma": "444"}}
NEW = ("AVIF", "HEIF", "TIFF", "GIF")


def saved(image: Image.Image, file_format: str, **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, file_format, **{**LOSSY.get(file_format, {}), **how})
    return file.getvalue()


def refused(data: bytes) -> str:
    with pytest.raises(BadRequest) as error:
        open_picture(data)
    text = str(error.value)
    assert text.endswith(".")
    assert ". " not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("kind", NEW)
def test_the_header_tells_format_and_size(kind: str) -> None:
    data = saved(Image.fromarray(RGB), kind)
    assert header_of(data) == (kind, (40, 24))
    assert picture_size(data) == (40, 24)


@pytest.mark.parametrize("kind", ["AVIF", "HEIF"])
@pytest.mark.parametrize("pixels", [SMOOTH, np.dstack([SMOOTH, ALPHA])], ids=["RGB", "RGBA"])
def test_photos_of_telephones_open(kind: str, pixels: NDArray[np.uint8]) -> None:
    opened = open_picture(saved(Image.fromarray(pixels), kind))
    assert opened.shape == pixels.shape
    assert np.abs(opened.astype(int) - pixels)[..., :3].mean() < 3
    assert np.abs(opened.astype(int) - pixels)[..., -1].max() < 16


@pytest.mark.parametrize("how", [{}, {"compression": "tiff_lzw"}, {"compression": "tiff_deflate"}])
@pytest.mark.parametrize("pixels", [RGB, np.dstack([RGB, ALPHA])], ids=["RGB", "RGBA"])
def test_a_tiff_comes_through_unchanged(how: dict[str, str], pixels: NDArray[np.uint8]) -> None:
    assert np.array_equal(open_picture(saved(Image.fromarray(pixels), "TIFF", **how)), pixels)


@pytest.mark.parametrize("order", ["<", ">"])
def test_deep_grey_of_a_tiff_is_scaled_and_told(order: str) -> None:
    deep = np.linspace(0, 65535, 24 * 40).reshape(24, 40).astype(np.uint16)
    image = Image.frombytes("I;16" if order == "<" else "I;16B", (40, 24), deep.astype(f"{order}u2").tobytes())
    read = read_picture(saved(image, "TIFF"))
    assert np.array_equal(read.pixels[..., 0], np.rint(deep / 257).astype(np.uint8))
    assert read.told == "picture: its 16 bits a channel were scaled to 8."


@pytest.mark.parametrize(
    "image",
    [
        Image.fromarray(np.ones((24, 40), np.float32)),
        Image.fromarray(np.ones((24, 40), np.int32)),
        Image.fromarray(RGB).convert("LAB"),
    ],
    ids=["floats", "whole numbers", "LAB"],
)
def test_levels_that_are_no_pictures_are_refused_by_name(image: Image.Image) -> None:
    assert f"mode {image.mode}" in refused(saved(image, "TIFF"))


def test_gifs_have_colours_and_clear_parts() -> None:
    indexed = Image.fromarray((RGB[..., 0] % 4).astype(np.uint8)).convert("P")
    colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]
    indexed.putpalette(colours)
    numbers = np.asarray(indexed)
    expected = np.array(colours, np.uint8).reshape(4, 3)[numbers]
    assert np.array_equal(open_picture(saved(indexed, "GIF")), expected)
    opened = open_picture(saved(indexed, "GIF", transparency=1))
    assert np.array_equal(opened[..., 3], np.where(numbers == 1, 0, 255))
    assert np.array_equal(opened[..., :3][numbers != 1], expected[numbers != 1])


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "AVIF", "HEIF"])
def test_the_first_of_many_frames_is_taken(kind: str) -> None:
    frames = [Image.new("RGB", (40, 24), colour) for colour in ("red", "blue", "lime")]
    opened = open_picture(saved(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert np.abs(opened.astype(int) - (255, 0, 0)).max() <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "HEIF"])
def test_orientation_is_applied_once(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    opened = open_picture(saved(Image.fromarray(SMOOTH), kind, exif=exif.tobytes() if kind == "HEIF" else exif))
    upright = {
        1: SMOOTH, 2: SMOOTH[:, ::-1], 3: SMOOTH[::-1, ::-1], 4: SMOOTH[::-1], 5: SMOOTH.swapaxes(0, 1),
        6: SMOOTH[::-1].swapaxes(0, 1), 7: SMOOTH[::-1, ::-1].swapaxes(0, 1), 8: SMOOTH.swapaxes(0, 1)[::-1],
    }[orientation]  # fmt: skip
    assert opened.shape == upright.shape
    assert np.abs(opened.astype(int) - upright).mean() < 3


@pytest.mark.parametrize("kind", ["TIFF", "AVIF", "HEIF"])
def test_profiles_are_converted(kind: str) -> None:
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = {bytes(profile[i : i + 4]): i for i in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12)}
    red, green = (profile[at[name] + 4 : at[name] + 12] for name in (b"rXYZ", b"gXYZ"))
    profile[at[b"rXYZ"] + 4 : at[b"rXYZ"] + 12], profile[at[b"gXYZ"] + 4 : at[b"gXYZ"] + 12] = green, red
    read = read_picture(saved(Image.new("RGB", (40, 24), "red"), kind, icc_profile=bytes(profile)))
    assert np.abs(read.pixels.astype(int) - (0, 255, 0)).max() <= 8
    assert "converted to sRGB" in (read.told or "")


def claiming(kind: str, width: int, height: int) -> bytes:
    """Return a file whose header claims a size."""
    data = bytearray(saved(Image.fromarray(RGB), kind))
    if kind == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif kind == "TIFF":
        (at,) = struct.unpack_from("<I", data, 4)
        for entry in range(at + 2, at + 2 + 12 * int.from_bytes(data[at : at + 2], "little"), 12):
            tag = int.from_bytes(data[entry : entry + 2], "little")
            if tag in (256, 257):
                data[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, width if tag == 256 else height)
    else:
        at = data.index(b"ispe") + 8
        data[at : at + 8] = struct.pack(">II", width, height)
        if (crop := data.find(b"clap") + 4) > 4:
            data[crop : crop + 16] = struct.pack(">4I", width, 1, height, 1)
    return bytes(data)


@pytest.mark.parametrize("size", [(16384, 16384), (8001, 8000), (16385, 16), (15, 400)])
@pytest.mark.parametrize("kind", NEW)
def test_a_bomb_is_refused_before_anything_is_decoded(
    kind: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = claiming(kind, *size)
    monkeypatch.setattr(opening.Image, "open", lambda *_, **__: pytest.fail("a decoder was started"))
    assert f"{size[0]}x{size[1]} px" in refused(data)


@pytest.mark.parametrize("kind", ["HEIF", "TIFF"])  # an AVIF's decoder scales to what the header says
def test_a_header_that_lies_is_refused(kind: str) -> None:
    refused(claiming(kind, 400, 240))


def test_a_gif_whose_frame_is_larger_than_it_says_is_refused() -> None:
    refused(claiming("GIF", 20, 20))


@pytest.mark.parametrize("kind", NEW)
def test_every_truncation_is_refused_or_complete(kind: str) -> None:
    data = saved(Image.fromarray(SMOOTH), kind)
    whole = open_picture(data)
    for length in range(0, len(data), 29):
        try:
            assert open_picture(data[:length]).shape == whole.shape
        except BadRequest:
            continue
    for share in (0.0, 0.1, 0.5):
        refused(data[: int(len(data) * share)])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.data())
def test_a_damaged_byte_never_brings_another_error(data: st.DataObject) -> None:
    original = ORIGINALS[data.draw(st.sampled_from(NEW))]
    at = data.draw(st.integers(0, min(len(original), 600) - 1))
    damaged = bytearray(original)
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        assert open_picture(bytes(damaged)).dtype == np.uint8
    except BadRequest:
        return


ORIGINALS = {kind: saved(Image.fromarray(RGB), kind) for kind in NEW}


@given(
    st.binary(max_size=300),
    st.sampled_from([b"GIF89a", b"II*\0", b"MM\0*", b"\0\0\0\x18ftypavif", b"\0\0\0\x18ftypheic"]),
)
def test_garbage_is_refused_in_a_sentence(data: bytes, start: bytes) -> None:
    refused(start + data)


def test_a_video_is_called_one() -> None:
    assert "a video" in refused(b"\0\0\0\x18ftypisom" + bytes(60))


def test_a_heic_without_its_package_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = saved(Image.fromarray(RGB), "HEIF")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert "pillow-heif" in refused(data)


@pytest.mark.parametrize("kind", NEW)
def test_masks_come_in_these_formats_too(kind: str) -> None:
    levels = np.zeros((24, 40), np.uint8)
    levels[8:16, 8:24] = 255
    read = read_mask(saved(Image.fromarray(np.dstack([levels] * 3)), kind), None)
    assert read.mask.shape == (24, 40)
    assert (read.mask[9:15, 9:23] > 0).all()
    assert not (read.mask[:6] > 0).any()
