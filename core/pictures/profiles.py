"""Colour profiles: what one does to colours, judged by probes, and the conversion to sRGB.

Knows nothing of files or masks. A profile's name proves nothing: one called sRGB may be linear, and sRGB has many
names. So a few probe colours go through it, and only a profile that moves them changes the picture.
"""

from __future__ import annotations

import io
import itertools
import logging
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from core.errors import Sentence

_log = logging.getLogger(__name__)

SAME_LEVELS = 2
"""A profile that moves every probe by at most this many levels of 255 is sRGB: makers' sRGB profiles differ by 1 in the
darks."""

_PROBE_LEVELS = (0, 24, 64, 128, 192, 255)  # of each channel: 216 colours, both ends among them
_SRGB_GAMMA = 0.45455
"""A PNG's gAMA of 1/2.2 means sRGB, as in browsers; most programs that write one mean no more by it."""
_D50 = np.array((0.9642, 1.0, 0.8249))
"""White of the profile connection space as XYZ; ICC.1:2022, 7.2.16."""
_BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))
"""From XYZ to the cone responses in which white points are adapted; ICC.1:2022, annex E."""
_SRGB_CHROMATICITY = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
"""x and y of white, red, green and blue, as a PNG's cHRM has them; IEC 61966-2-1."""


class Converted(NamedTuple):
    """An image in mode RGB, in sRGB, and a sentence about the conversion of its colours, or None."""

    image: Image.Image
    told: str | None


def to_srgb(image: Image.Image, info: Mapping[Any, Any]) -> Converted:
    """Convert an image to RGB in sRGB.

    Args:
        image: in mode L, RGB or CMYK.
        info: its file's claims: a profile under "icc_profile", or a PNG's "gamma" and "chromaticity".
    """
    without = Sentence("its CMYK colours were converted to RGB without a profile.")
    plain = without if image.mode == "CMYK" else None
    try:
        profile = info.get("icc_profile") or _png_profile(image.mode, info)
        if not profile:
            return Converted(image.convert("RGB"), plain)
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        way = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), image.mode, "RGB")
        if image.mode != "CMYK" and _moved(way, image.mode) <= SAME_LEVELS:
            return Converted(image.convert("RGB"), None)  # no rounding if nothing changes
        name = "".join(c for c in ImageCms.getProfileDescription(source) if c.isprintable()).strip()[:60]
        converted = ImageCms.applyTransform(image, way) or image.convert("RGB")
        told = Sentence("its colours were converted to sRGB from the profile in it.")
        if name:
            told = Sentence("its colours were converted to sRGB from the profile {name}.", name=name)
        return Converted(converted, told)
    except (ImageCms.PyCMSError, struct.error, OSError, ValueError, TypeError, RuntimeError) as error:
        _log.warning("colour profile ignored: %s", error)
        return Converted(image.convert("RGB"), Sentence("its colour profile cannot be used and was left out."))


def _moved(way: ImageCms.ImageCmsTransform, mode: str) -> int:
    """Measure by how many levels a transform moves the probe that it moves most."""
    channels = 1 if mode == "L" else 3
    grid = np.array(list(itertools.product(_PROBE_LEVELS, repeat=channels)), np.uint8)
    probe = Image.fromarray(grid.reshape(1, -1) if channels == 1 else grid[None], mode)
    seen = ImageCms.applyTransform(probe, way)
    assert seen is not None  # not in place
    return int(np.abs(np.asarray(seen, np.int16) - np.asarray(probe.convert("RGB"), np.int16)).max())


def _png_profile(mode: str, info: Mapping[Any, Any]) -> bytes | None:
    """Convert a PNG's own gamma and primaries to a profile; None if it has none or means sRGB by them."""
    gamma = info.get("gamma")
    if mode == "CMYK" or "srgb" in info or not isinstance(gamma, float) or not 0.01 <= gamma <= 10:
        return None
    near = tuple(info.get("chromaticity") or _SRGB_CHROMATICITY)
    if len(near) != 8 or min(near) <= 0:
        near = _SRGB_CHROMATICITY
    if abs(gamma - _SRGB_GAMMA) < 0.01 and np.abs(np.subtract(near, _SRGB_CHROMATICITY)).max() < 0.005:
        return None
    return _profile(mode, 1 / gamma, _primaries(near))


def _primaries(chromaticity: tuple[float, ...]) -> NDArray[np.float64]:
    """Compute the XYZ of red, green and blue, one per row, adapted to D50, from (x, y) of white and the three."""
    x, y = np.reshape(chromaticity, (4, 2)).T
    points = np.stack([x / y, np.ones(4), (1 - x - y) / y], 1)
    white, colours = points[0], points[1:].T  # columns are colours
    colours = colours * np.linalg.solve(colours, white)
    scale = np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white))
    adapted: NDArray[np.float64] = np.linalg.solve(_BRADFORD, scale @ _BRADFORD @ colours).T
    return adapted


def _profile(mode: str, gamma: float, primaries: NDArray[np.float64]) -> bytes:
    """Build an ICC profile, version 2, whose curve is a power, with primaries if it is for colours."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, min(round(gamma * 256), 65535))
    text = b"gamma of the PNG"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(text) + 1) + text + bytes(1 + 4 + 4 + 2 + 1 + 67)
    tags = [(b"desc", description), (b"cprt", b"text\0\0\0\0none\0"), (b"wtpt", b"XYZ \0\0\0\0" + fixed(*_D50))]
    if mode == "L":
        tags.append((b"kTRC", curve))
    else:
        for name, xyz in zip((b"r", b"g", b"b"), primaries, strict=True):
            tags += [(name + b"XYZ", b"XYZ \0\0\0\0" + fixed(*xyz)), (name + b"TRC", curve)]
    first, table, bodies = 128 + 4 + 12 * len(tags), b"", b""
    for tag, body in tags:
        table += tag + struct.pack(">II", first + len(bodies), len(body))
        bodies += body + bytes(-len(body) % 4)
    kind = b"GRAY" if mode == "L" else b"RGB "
    head = struct.pack(">I4sI4s4s4s", first + len(bodies), b"none", 0x02400000, b"mntr", kind, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + fixed(*_D50)
    return head + bytes(128 - len(head)) + struct.pack(">I", len(tags)) + table + bodies
