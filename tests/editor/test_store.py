"""The store: exact pixels, notes in the file, plain names, and files that go when nobody needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import Size, open_picture, read_png_text
from editor.store import Store, file_name


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store that serves the temporary folder."""
    made = Store(tmp_path)
    yield made
    made.close()


def test_pixels_come_back_exactly(store: Store, photo: NDArray[np.uint8]) -> None:
    picture = store.put(photo, "photo")
    assert np.array_equal(picture.pixels(), photo)
    assert np.array_equal(open_picture(picture.png), photo)
    assert (picture.size, picture.weight) == (Size(64, 48), photo.nbytes)


def test_notes_travel_in_the_png(store: Store, photo: NDArray[np.uint8]) -> None:
    picture = store.put(photo, "with notes", {"maskgit-editor": "{}"})
    assert read_png_text(picture.png.read_bytes())["maskgit-editor"] == "{}"
    assert picture.png.name == "with notes.png"


def test_files_go_with_the_last_use(store: Store, photo: NDArray[np.uint8]) -> None:
    first, second = store.put(photo, "a"), store.put(photo, "a")
    assert first == second
    store.share(first)
    for _ in range(2):
        store.release(first)
        assert first.png.exists()
        assert first.raw.exists()
    store.release(first)
    assert not first.png.parent.exists()
    assert not first.raw.exists()


def test_arrays_are_not_served_and_names_tell_nothing(store: Store, tmp_path: Path, photo: NDArray[np.uint8]) -> None:
    another = Store(tmp_path)
    picture, same = store.put(photo, "a"), another.put(photo, "a")
    assert not picture.raw.is_relative_to(tmp_path)
    assert picture.png.parent.name != same.png.parent.name
    another.close()


def test_folders_go_when_asked(store: Store) -> None:
    folder = store.new_folder()
    (folder / "x").write_text("x")
    store.remove_folder(folder)
    assert not folder.exists()


@given(st.text(max_size=200))
def test_file_names_are_plain(name: str) -> None:
    plain = file_name(name)
    assert 0 < len(plain.encode()) <= 120
    assert not any(each in '/\\:*?"<>|%#' or not each.isprintable() for each in plain)
    assert file_name(plain) == plain
    assert not plain.startswith(".")


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("写真 Café", "写真 Café"),
        ("Cafe\u0301", "Café"),
        ("../../etc/passwd", "etc-passwd"),
        ("a\u202egnp.exe", "a-gnp.exe"),
        ("тест (2)", "тест (2)"),
        ("\U0001f33b", "picture"),
        ("写" * 100, "写" * 40),
    ],
)
def test_names_keep_their_letters(name: str, kept: str, store: Store, photo: NDArray[np.uint8]) -> None:
    assert file_name(name) == kept
    assert store.put(photo, name).png.name == f"{kept}.png"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="open files are counted in /proc")
def test_however_often_a_picture_is_used_it_is_one_open_file(store: Store, photo: NDArray[np.uint8]) -> None:
    picture = store.put(photo, "photo")
    before = len(list(Path("/proc/self/fd").iterdir()))
    used = [picture.pixels() for _ in range(50)]  # as fifty runs hold their source
    assert all((pixels == photo).all() for pixels in used)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    del used
    assert len(list(Path("/proc/self/fd").iterdir())) <= before
