"""The store: exact pixels, notes in the file, plain names, and files that go when nobody needs them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.pictures import open_picture, read_png_text
from core.values import Size
from editor.documents.store import Store, file_name


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


def test_equal_pictures_from_many_threads_are_whole(store: Store, photo: NDArray[np.uint8]) -> None:
    """All write, read and release the same files at once; mapped pixels stay what they were."""

    def use(_: int) -> bool:
        picture = store.put(photo, "same")
        pixels = picture.pixels()
        whole = np.array_equal(pixels, photo) and np.array_equal(open_picture(picture.png), photo)
        store.release(picture)
        return whole and np.array_equal(pixels, photo)

    with ThreadPoolExecutor(24) as pool:
        assert all(pool.map(use, range(240)))
    assert not list(store.served.rglob("*"))


USES = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import numpy as np
from editor.documents.store import Store

store, photo = Store(Path(sys.argv[1])), np.full((300, 400, 3), 7, np.uint8)

def use(_):
    picture = store.put(photo, "same")
    whole = (picture.pixels() == 7).all()
    store.release(picture)
    return whole

with ThreadPoolExecutor(24) as pool:
    assert all(pool.map(use, range(240)))
left = [path for path in store.served.rglob("*")]
store.close()
assert not left, left
"""


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", USES, str(tmp_path)]
    started = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(2)]
    for process in started:
        assert process.communicate()[1] == b""
        assert process.returncode == 0
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_leaves_nothing(
    store: Store, photo: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="space"):
        store.put(photo, "a")
    assert not list(store.served.rglob("*"))
    monkeypatch.undo()
    picture = store.put(photo, "a")
    assert np.array_equal(picture.pixels(), photo)
