import io
import itertools
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from core.errors import BadRequest
from core.pictures import encoding, opening, pngtext
from core.pictures.encoding import encode_picture, encode_png, loss_of, write_whole
from core.pictures.opening import open_picture, read_picture
from core.pictures.pngtext import read_png_text

RGB = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
ALPHA = np.random.default_rng(1).integers(0, 256, (20, 30), dtype=np.uint8)
RGBA = np.dstack([RGB, ALPHA])


def saved(image, file_format="PNG", **how):
    file = io.BytesIO()
    image.save(file, file_format, **how)
    return file.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, *chunks, depth=8, colour=2, data=b""):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def refused(data):
    with pytest.raises(BadRequest) as error:
        open_picture(data)
    text = str(error.value)
    assert text.endswith(".")
    assert "\n" not in text
    assert ". " not in text
    return text


@pytest.mark.parametrize("pixels", [RGB, RGBA], ids=["RGB", "RGBA"])
def test_a_png_comes_through_unchanged(pixels, tmp_path):
    data = encode_png(pixels)
    assert np.array_equal(open_picture(data), pixels)
    (tmp_path / "a.png").write_bytes(data)
    opened = open_picture(tmp_path / "a.png")
    assert np.array_equal(opened, pixels)
    assert opened.flags.writeable


@pytest.mark.parametrize(("file_format", "channels"), [("jpeg", 3), ("webp", 4)])
def test_jpeg_and_webp_open(file_format, channels):
    smooth = np.dstack([np.full((32, 40), level, np.uint8) for level in (200, 100, 50, 128)])
    opened = open_picture(encode_picture(smooth, file_format, quality=95))
    assert opened.shape == (32, 40, channels)
    expected = smooth[..., :3] if file_format == "webp" else smooth[..., :3] // 2 + 127
    assert np.abs(opened[..., :3].astype(int) - expected).max() <= 6


def test_grey_and_one_bit():
    grey = RGB[..., 0]
    assert np.array_equal(open_picture(saved(Image.fromarray(grey))), np.dstack([grey] * 3))
    assert open_picture(saved(Image.fromarray(grey), "JPEG")).shape == (20, 30, 3)
    one_bit = Image.fromarray(grey).convert("1")
    assert np.array_equal(open_picture(saved(one_bit)), np.dstack([np.asarray(one_bit) * np.uint8(255)] * 3))


def test_grey_with_alpha():
    grey = Image.merge("LA", [Image.fromarray(RGB[..., 0]), Image.fromarray(ALPHA)])
    assert np.array_equal(open_picture(saved(grey)), np.dstack([RGB[..., 0]] * 3 + [ALPHA]))


def test_palettes_with_and_without_transparency():
    indexed = Image.fromarray((RGB[..., 0] % 4).astype(np.uint8)).convert("P")
    colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]
    indexed.putpalette(colours)
    expected = np.array(colours, np.uint8).reshape(4, 3)[np.asarray(indexed)]
    assert np.array_equal(open_picture(saved(indexed)), expected)
    opened = open_picture(saved(indexed, transparency=bytes([255, 0, 100, 255])))
    assert np.array_equal(opened[..., :3], expected)
    assert np.array_equal(opened[..., 3], np.array([255, 0, 100, 255], np.uint8)[np.asarray(indexed)])


def test_sixteen_bits_are_scaled_to_eight():
    deep = np.linspace(0, 65535, 20 * 30).astype(np.uint16).reshape(20, 30)
    grey = open_picture(cv2.imencode(".png", deep)[1].tobytes())
    assert np.array_equal(grey[..., 0], np.rint(deep / 257).astype(np.uint8))
    assert (grey[0, 0, 0], grey[-1, -1, 0]) == (0, 255)
    colour = open_picture(cv2.imencode(".png", np.dstack([deep, deep[::-1], deep]))[1].tobytes())
    assert np.abs(colour[..., 0] - deep / 257).max() <= 1
    assert (colour[0, 0, 0], colour[-1, -1, 0]) == (0, 255)
    with_alpha = open_picture(cv2.imencode(".png", np.dstack([deep, deep, deep, deep[::-1]]))[1].tobytes())
    assert with_alpha.shape == (20, 30, 4)
    assert np.abs(with_alpha[..., 3] - deep[::-1] / 257).max() <= 1


@pytest.mark.parametrize(
    ("depth", "colour", "row", "key", "clear"),
    [
        (1, 0, bytes([0b10101010] * 2), struct.pack(">H", 1), 0),
        (2, 0, bytes([0b10010010] * 4), struct.pack(">H", 2), 0),
        (4, 0, bytes([0x5A] * 8), struct.pack(">H", 5), 0),
        (8, 0, bytes([7, 9] * 8), struct.pack(">H", 9), 1),
        (16, 0, bytes([1, 2, 1, 3] * 8), struct.pack(">H", 0x0103), 1),
        (8, 2, bytes([1, 2, 3, 4, 5, 6] * 8), struct.pack(">HHH", 4, 5, 6), 1),
        (16, 2, bytes([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0] * 8), struct.pack(">HHH", 0x400, 0x500, 0x600), 1),
    ],
)
def test_a_transparent_colour_is_transparent_at_every_depth(depth, colour, row, key, clear):
    opened = open_picture(png(16, 16, chunk(b"tRNS", key), depth=depth, colour=colour, data=(b"\0" + row) * 16))
    assert opened.shape == (16, 16, 4)
    period = 4 if depth == 2 else 2
    transparent = np.flatnonzero(opened[0, :period, 3] == 0).tolist()
    assert transparent[0] == clear
    assert len(transparent) < period


def test_cmyk():
    ink = np.zeros((20, 30, 4), np.uint8)
    ink[..., 1] = 255  # magenta
    opened = open_picture(saved(Image.frombytes("CMYK", (30, 20), ink.tobytes()), "JPEG", quality=95))
    assert opened.shape == (20, 30, 3)
    assert np.abs(opened.astype(int) - (255, 0, 255)).max() <= 8


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_exif_orientation_is_applied(orientation, file_format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = {"lossless": True} if file_format == "WEBP" else {}
    opened = open_picture(saved(Image.fromarray(RGB), file_format, exif=exif, **how))
    upright = {
        1: RGB, 2: RGB[:, ::-1], 3: RGB[::-1, ::-1], 4: RGB[::-1], 5: RGB.swapaxes(0, 1),
        6: RGB[::-1].swapaxes(0, 1), 7: RGB[::-1, ::-1].swapaxes(0, 1), 8: RGB.swapaxes(0, 1)[::-1],
    }  # fmt: skip
    assert np.array_equal(opened, upright[orientation])


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", b"x"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_is_ignored(exif):
    assert open_picture(saved(Image.fromarray(RGB), "JPEG", exif=exif)).shape == RGB.shape


def swapped_profile():
    """Return an sRGB profile whose red and green primaries are exchanged and whose name does not tell."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    at = {bytes(profile[i : i + 4]): i for i in range(132, 132 + 12 * int.from_bytes(profile[128:132], "big"), 12)}
    red, green = profile[at[b"rXYZ"] + 4 : at[b"rXYZ"] + 12], profile[at[b"gXYZ"] + 4 : at[b"gXYZ"] + 12]
    profile[at[b"rXYZ"] + 4 : at[b"rXYZ"] + 12], profile[at[b"gXYZ"] + 4 : at[b"gXYZ"] + 12] = green, red
    return bytes(profile).replace("sRGB".encode("utf-16-be"), "Test".encode("utf-16-be")).replace(b"sRGB", b"Test")


def test_a_profile_is_converted_to_srgb_and_alpha_stays():
    red = np.zeros((20, 30, 4), np.uint8)
    red[..., 0] = 255
    red[..., 3] = ALPHA
    opened = open_picture(saved(Image.fromarray(red), icc_profile=swapped_profile()))
    assert np.abs(opened[..., :3].astype(int) - (0, 255, 0)).max() <= 2
    assert np.array_equal(opened[..., 3], ALPHA)


def test_a_profile_that_says_srgb_changes_no_bit():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(open_picture(saved(Image.fromarray(RGB), icc_profile=profile)), RGB)


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200, swapped_profile()[:300]])
def test_a_broken_profile_is_ignored_and_logged(profile, caplog):
    assert np.array_equal(open_picture(saved(Image.fromarray(RGB), icc_profile=profile)), RGB)
    assert "profile ignored" in caplog.text


def test_a_profile_of_another_kind_of_colour_is_ignored():
    grey = Image.fromarray(RGB[..., 0])
    assert np.array_equal(open_picture(saved(grey, icc_profile=swapped_profile()))[..., 0], RGB[..., 0])


def test_the_first_frame_is_taken():
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    for file_format, how in (("WEBP", {"lossless": True}), ("PNG", {})):
        opened = open_picture(saved(frames[0], file_format, save_all=True, append_images=frames[1:], **how))
        assert np.all(opened[..., :3] == (255, 0, 0))


BOMBS = [(16384, 16384), (8001, 8000), (16385, 16), (15, 400), (400, 15)]


@pytest.mark.parametrize(
    ("file_format", "size"),
    [*itertools.product(["PNG", "JPEG", "WEBP"], BOMBS), ("PNG", (2**31 - 1, 2**31 - 1)), ("WEBP", (2**24, 2**24))],
)
def test_a_bomb_is_refused_before_anything_is_decoded(size, file_format, monkeypatch):
    width, height = size
    if file_format == "PNG":
        data = png(*size)
    elif file_format == "JPEG":
        frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes([1, 17, 0, 2, 17, 1, 3, 17, 1])
        data = b"\xff\xd8\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + bytes(9) + frame
    else:
        sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        data = b"RIFF" + struct.pack("<I", 200) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides + bytes(180)
    monkeypatch.setattr(opening.Image, "open", lambda *_, **__: pytest.fail("a decoder was started"))
    assert f"{width}x{height} px" in refused(data)


def test_a_header_that_lies_about_its_size_is_refused():
    data = bytearray(saved(Image.fromarray(RGB), "WEBP", lossless=True, exif=b"Exif\0\0x"))
    assert data[12:16] == b"VP8X"
    data[24] += 1
    refused(bytes(data))


def test_every_truncation_is_refused_or_complete():
    for file_format in ("PNG", "JPEG", "WEBP"):
        data = saved(Image.fromarray(RGB), file_format)
        whole = open_picture(data)
        for length in range(0, len(data), 7):
            try:
                assert np.array_equal(open_picture(data[:length]), whole)
            except BadRequest:
                continue


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_truncated_files_are_refused(file_format, share):
    data = saved(Image.fromarray(np.tile(RGB, (8, 8, 1))), file_format)
    refused(data[: int(len(data) * share)])


@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBPVP8 ", b"GIF89a"]),
)
def test_garbage_is_refused_in_a_sentence(data, start):
    refused(start + data)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@given(st.data())
def test_a_damaged_byte_never_brings_another_error(data):
    original = saved(Image.fromarray(RGBA), data.draw(st.sampled_from(["PNG", "WEBP"])))
    at = data.draw(st.integers(0, len(original) - 1))
    damaged = bytearray(original)
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        assert open_picture(bytes(damaged)).dtype == np.uint8
    except BadRequest:
        return


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (saved(Image.fromarray(RGB), "BMP"), "a BMP"),
        (b"II+\0" + bytes(50), "a BigTIFF"),
        (b"%PDF-1.7" + bytes(50), "a PDF"),
        (bytes(4) + b"ftypisom" + bytes(50), "a video"),
        (b"\n <svg xmlns=''>", "an SVG"),
        (b"hello", "not a picture"),
        (b"", "empty"),
    ],
)
def test_foreign_files_are_named(data, name):
    assert name in refused(data)


def test_files_that_are_too_large_are_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(opening, "MOST_BYTES", 2**20)
    assert "larger than 1 MB" in refused(bytes(2**20 + 1))
    (tmp_path / "a.png").write_bytes(bytes(2**20 + 1))
    assert "larger than 1 MB" in refused(tmp_path / "a.png")


def test_a_file_has_no_more_bytes_than_its_pixels_need():
    small = encode_png(np.zeros((16, 16, 3), np.uint8))
    assert "more than 16x16 px need" in refused(small + bytes(opening.MOST_TEXT_BYTES + 2000))


def test_whatever_is_written_opens_again():
    """Noise is the largest picture of its size: 12 MP of it are 36 MB, and with a recipe's texts still open."""
    noise = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), np.uint8)
    data = encode_png(noise, text={"maskgit-editor": "x" * 2**20})
    assert len(data) > 32 * 2**20
    assert np.array_equal(open_picture(data), noise)


def test_places_that_are_no_file_are_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "missing.png")
    assert "not a file" in refused(tmp_path)


@given(
    st.dictionaries(
        st.sampled_from(["request", "recipe", "Software"]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    )
)
def test_texts_travel_in_a_png(texts):
    data = encode_png(RGB, text=texts)
    assert read_png_text(data) == texts
    assert np.array_equal(open_picture(data), RGB)


def test_compressed_texts_of_other_programs_are_read():
    info = PngImagePlugin.PngInfo()
    info.add_text("a", "latin é", zip=True)
    info.add_itxt("b", "more \u2713", zip=True)
    assert read_png_text(saved(Image.fromarray(RGB), pnginfo=info)) == {"a": "latin é", "b": "more \u2713"}


def test_text_bombs_and_damaged_texts_are_left_out(monkeypatch):
    for room in (encoding, opening, pngtext):
        monkeypatch.setattr(room, "MAX_TEXT_CHUNK", 1000)
    bomb = chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(10**7)))
    broken = chunk(b"zTXt", b"broken\0\0nonsense")
    long = chunk(b"tEXt", b"long\0" + b"x" * 1001)
    fine = chunk(b"tEXt", b"fine\0text")
    assert read_png_text(png(20, 20, bomb, broken, long, fine)) == {"fine": "text"}
    with pytest.raises(BadRequest, match="1000 bytes"):
        encode_png(RGB, text={"request": "x" * 1001})


@given(st.binary(max_size=100))
def test_texts_of_anything_else_are_none(data):
    assert isinstance(read_png_text(b"\x89PNG\r\n\x1a\n" + data), dict)
    assert read_png_text(b"x" + data) == {}


@pytest.mark.parametrize(("file_format", "quality"), [("gif", 90), ("jpeg", 0), ("webp", 101), ("jpeg", 9.5)])
def test_other_formats_and_qualities_are_refused(file_format, quality):
    with pytest.raises(BadRequest):
        encode_picture(RGB, file_format, quality=quality)


STRIPES = np.where((np.arange(64) % 2 == 0)[None, :, None], (220, 30, 30), (30, 30, 220)).astype(np.uint8).repeat(48, 0)


def test_webp_is_lossless_unless_a_quality_is_asked_for():
    clear = np.dstack([STRIPES, np.arange(48 * 64).reshape(48, 64).astype(np.uint8)])
    for pixels in (STRIPES, clear):
        data = encode_picture(pixels, "webp")
        assert np.array_equal(open_picture(data), pixels)
        assert loss_of(data, pixels) == 0
    assert loss_of(encode_picture(STRIPES, "webp", quality=90), STRIPES) > 24


def test_a_jpeg_keeps_fine_colours_from_quality_90():
    for quality, least, most in ((None, 1, 24), (90, 1, 40), (80, 60, 255)):
        data = encode_picture(STRIPES, "jpeg", quality=quality)
        lost = np.abs(open_picture(data).astype(int) - STRIPES).max()
        assert least <= lost <= most
        assert loss_of(data, STRIPES) == lost


def test_what_a_jpeg_loses_is_counted_on_white():
    clear = np.dstack([np.full((32, 32, 3), 40, np.uint8), np.full((32, 32), 0, np.uint8)])
    assert loss_of(encode_picture(clear, "jpeg"), clear) <= 2


def test_what_was_changed_on_the_way_in_is_told():
    assert read_picture(saved(Image.fromarray(RGB))).told is None
    deep = saved(Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)))
    assert read_picture(deep).told == "picture: its 16 bits a channel were scaled to 8."
    cmyk = saved(Image.new("CMYK", (20, 30), (20, 40, 60, 10)), "JPEG")
    assert "CMYK" in read_picture(cmyk).told


def test_formats_go_by_suffix():
    assert encode_picture(RGB, ".PNG")[1:4] == b"PNG"
    assert encode_picture(RGB, ".jpg")[:3] == b"\xff\xd8\xff"
    assert encode_picture(RGBA, "webp")[8:12] == b"WEBP"


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    target = tmp_path / "a.png"
    write_whole(target, b"first")
    write_whole(target, b"second")
    assert target.read_bytes() == b"second"
    usual = tmp_path / "usual"
    usual.touch()
    assert target.stat().st_mode == usual.stat().st_mode
    usual.unlink()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(target), "replace", fail)
    with pytest.raises(BadRequest, match="no space left"):
        write_whole(target, b"third")
    assert target.read_bytes() == b"second"
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize("name", ["missing/a.png", "folder", "a\0b.png", "x" * 300])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadRequest, match="cannot be written"):
        write_whole(tmp_path / name, b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
