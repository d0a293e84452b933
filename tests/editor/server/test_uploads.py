"""Uploads go by age, and the oldest where they are too many; a young one stays whatever comes."""

from __future__ import annotations

import os
import time
from pathlib import Path

from editor.server.uploads import Uploads


def uploaded(place: Path, digit: str, size: int, age_s: float) -> Path:
    """Lay an upload as Gradio does."""
    folder = place / (digit * 64)
    folder.mkdir()
    (folder / "photo.png").write_bytes(bytes(size))
    os.utime(folder / "photo.png", (time.time() - age_s,) * 2)
    return folder


def test_the_old_go_and_nothing_else(tmp_path: Path) -> None:
    old, kept = uploaded(tmp_path, "a", 10, 4000), uploaded(tmp_path, "b", 10, 3000)
    document = tmp_path / "maskgit-editor-x"
    document.mkdir()
    os.utime(document, (1, 1))
    left, coming = (tmp_path / name for name in ("tmp4f_left", "tmp_coming"))
    for path, age_s in ((left, 130.0), (coming, 110.0)):
        path.write_bytes(bytes(10))
        os.utime(path, (time.time() - age_s,) * 2)
    assert Uploads(tmp_path, 100).make_room(5)
    assert (old.exists(), kept.exists(), document.exists()) == (False, True, True)
    assert (left.exists(), coming.exists()) == (False, True)


def test_the_oldest_go_where_there_is_no_room_for_another(tmp_path: Path) -> None:
    oldest, older = uploaded(tmp_path, "a", 40, 900), uploaded(tmp_path, "b", 40, 600)
    young = uploaded(tmp_path, "c", 15, 1)
    assert Uploads(tmp_path, 100).make_room(30)
    assert (oldest.exists(), older.exists(), young.exists()) == (False, True, True)


def test_what_is_about_to_be_opened_stays_and_the_next_waits(tmp_path: Path) -> None:
    young = uploaded(tmp_path, "a", 90, 1)
    assert not Uploads(tmp_path, 100).make_room(30)
    assert young.exists()
