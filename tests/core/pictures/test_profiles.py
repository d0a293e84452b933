"""Profiles judged by what they do: names that lie, sRGB under other names, a PNG's own gamma."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.pictures.opening import read_picture
from core.pictures.profiles import _SRGB_CHROMATICITY, _primaries, _profile

GREY = np.full((20, 30, 3), 55, np.uint8)
PHOTO = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)


def named(profile: bytes, name: bytes) -> bytes:
    """Return a profile of our own making under another name of at most as many letters."""
    return profile.replace(b"gamma of the PNG", name.ljust(16, b"\0"))


def png(pixels: np.ndarray, **how: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", **how)
    return file.getvalue()


def with_gamma(pixels: np.ndarray, gamma: float, near: tuple[float, ...] | None = None) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    data = png(pixels)
    chunks = chunk(b"gAMA", struct.pack(">I", round(gamma * 1e5)))
    if near:
        chunks += chunk(b"cHRM", struct.pack(">8I", *(round(n * 1e5) for n in near)))
    return data[:33] + chunks + data[33:]


def test_a_linear_profile_that_calls_itself_srgb_is_converted_and_told() -> None:
    linear = named(_profile("RGB", 1.0, _primaries(_SRGB_CHROMATICITY)), b"sRGB")
    read = read_picture(png(GREY, icc_profile=linear))
    assert np.abs(read.pixels.astype(int) - 128).max() <= 2
    assert read.told == "picture: its colours were converted to sRGB from the profile sRGB."


def test_srgb_under_any_name_changes_no_bit() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes().replace(b"s\0R\0G\0B", b"a\0b\0c\0d")
    read = read_picture(png(PHOTO, icc_profile=profile))
    assert np.array_equal(read.pixels, PHOTO)
    assert read.told is None


def test_wide_colours_are_converted_and_told() -> None:
    wide = named(_profile("RGB", 2.2, _primaries(P3)), b"Display P3")
    read = read_picture(png(np.full((20, 30, 3), (200, 60, 60), np.uint8), icc_profile=wide))
    assert np.abs(read.pixels[0, 0].astype(int) - (219, 37, 49)).max() <= 4
    assert "from the profile Display P3" in (read.told or "")


@pytest.mark.parametrize("pixels", [GREY, GREY[..., 0]], ids=["RGB", "grey"])
def test_a_png_that_says_its_levels_are_linear_is_converted(pixels: np.ndarray) -> None:
    read = read_picture(with_gamma(pixels, 1.0))
    assert np.abs(read.pixels.astype(int) - 128).max() <= 2
    assert read.told


@pytest.mark.parametrize("near", [None, _SRGB_CHROMATICITY])
def test_the_usual_gamma_means_srgb(near: tuple[float, ...] | None) -> None:
    assert np.array_equal(read_picture(with_gamma(PHOTO, 0.45455, near)).pixels, PHOTO)


def test_primaries_of_a_png_count() -> None:
    red = np.full((20, 30, 3), (200, 60, 60), np.uint8)
    assert read_picture(with_gamma(red, 0.45455, P3)).pixels[0, 0, 0] > 210


def test_primaries_that_make_no_colours_are_left_out() -> None:
    assert read_picture(with_gamma(GREY, 1.0, (0.3, 0.3) * 4)).pixels.shape == GREY.shape
