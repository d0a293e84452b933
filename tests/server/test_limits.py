"""What strangers give the real server to open: refused in a sentence, before it costs anything."""

from __future__ import annotations

import io
import json
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from core.pictures import encode_png
from tests.server.running import App

DEEP = "[" * 100_000 + "]" * 100_000


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def flat_png(width: int, height: int, mark: int) -> bytes:
    """Return a black PNG of 1 bit a pixel, a few kilobytes at any size; no two marks are equal."""
    levels = bytearray((1 + (width + 7) // 8) * height)
    levels[1] = mark
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(levels), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def project(versions: list[bytes]) -> bytes:
    """Return a project file of versions in a line."""
    tree = [{"version": n + 1, "parent": n or None, "offset": [0, 0]} for n in range(len(versions))]
    index = {
        "app": "maskgit-editor",
        "version": 1,
        "name": "trip",
        "format": "png",
        "head": 1,
        "tree": tree,
        "state": None,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("project.json", json.dumps(index))
        for n, png in enumerate(versions):
            archive.writestr(f"versions/{n + 1}.png", png)
    return file.getvalue()


@contextmanager
def watched(app: App) -> Iterator[list[int]]:
    """Give the bytes in the server's folder, looked at often."""
    seen, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            sizes = 0
            for path in app.files():
                try:
                    sizes += path.stat().st_size
                except OSError:  # gone since it was listed
                    continue
            seen.append(sizes)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def test_a_small_project_of_huge_pictures_is_refused_by_its_headers(app: App) -> None:
    data = project([flat_png(8000, 7900, mark) for mark in range(1, 9)])
    assert len(data) < 200_000
    before = sum(path.stat().st_size for path in app.files())
    with watched(app) as seen:
        told = app.opened("bomb.zip", data, "bomber")
    assert "MB" in told["message"]
    assert told["kind"] == "notice"
    assert max(seen) - before < 50_000_000


@pytest.mark.parametrize(
    "text", [DEEP, "[1]", '{"format": 1, "request": ' + DEEP + "}"], ids=["deep", "list", "request"]
)
def test_a_picture_opens_without_a_recipe_that_cannot_be_read(app: App, text: str) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (40, 48, 3)).astype(np.uint8)
    told = app.opened("ours.png", encode_png(pixels, text={"maskgit-editor": text}), "reader")
    assert told["kind"] == "open"
    assert "recipe" in json.dumps(told["notice"]).lower()


def test_a_damaged_picture_costs_a_sentence_and_the_next_opens(app: App) -> None:
    good = encode_png(np.random.default_rng(2).integers(0, 256, (40, 48, 3)).astype(np.uint8))
    assert app.opened("cut.png", good[: len(good) // 2], "unlucky")["kind"] == "notice"
    assert app.opened("good.png", good, "unlucky")["kind"] == "open"
