"""Project files: what comes back, and what a hostile zip gets."""

from __future__ import annotations

import json
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import BadRequest
from core.values import Placing, Turn
from editor.documents.document import Document
from editor.documents.project import MOST_VERSIONS, is_project, read_project, write_project

MOST = 10_000_000
INDEX: dict[str, Any] = {
    "app": "maskgit-editor",
    "version": 1,
    "name": "cat",
    "format": "jpeg",
    "head": 2,
    "tree": [{"version": 1, "parent": None, "offset": [0, 0]}, {"version": 2, "parent": 1, "offset": [3, -4]}],
    "state": {"a": [1]},
}


def archive(path: Path, index: Any = INDEX, entries: dict[str, bytes] | None = None) -> Path:
    """Write a zip: the index, unless it is None, and the entries, by default two small pictures that are none."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        if index is not None:
            file.writestr("project.json", index if isinstance(index, (bytes, str)) else json.dumps(index))
        for name, data in ({"versions/1.png": b"1", "versions/2.png": b"22"} if entries is None else entries).items():
            file.writestr(name, data)
    return path


def test_a_project_comes_back(tmp_path: Path, document: Document) -> None:
    document.push(document.store.put(np.zeros((50, 66, 3), np.uint8), "b"), placing=Placing(2, 1))
    document.push(document.store.put(np.zeros((66, 50, 3), np.uint8), "c"), placing=Placing(50, -9, Turn(1)))
    document.push(document.store.put(np.zeros((40, 50, 3), np.uint8), "d"), placing=None)
    document.goto(1)
    path = tmp_path / "p.zip"
    write_project(path, document, {"strokes": "…"})
    assert is_project(path)
    project = read_project(path, most_bytes=MOST)
    assert (project.name, project.format, project.head, project.state) == ("photo", "png", 1, {"strokes": "…"})
    assert [(v.id, v.parent, v.placing) for v in project.versions] == [
        *((1, None, Placing()), (2, 1, Placing(2, 1))),
        *((3, 2, Placing(50, -9, Turn(1))), (4, 3, None)),
    ]
    assert [project.png(v) for v in project.versions] == [v.picture.png.read_bytes() for v in document.tree]


def test_a_good_archive_is_read(tmp_path: Path) -> None:
    project = read_project(archive(tmp_path / "p.zip"), most_bytes=MOST)
    assert [project.png(v) for v in project.versions] == [b"1", b"22"]


def changed(**changes: Any) -> dict[str, Any]:
    """Return the index, changed."""
    return {**INDEX, **changes}


def tree(*entries: Any) -> dict[str, Any]:
    """Return the index with another tree."""
    return changed(tree=list(entries), head=1)


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (None, "no project"),
        ({}, "no project"),
        ([], "no project"),
        ("[" * 100_000, "damaged"),
        ("{", "damaged"),
        (b"\xff\xfe", "damaged"),
        (changed(app="other"), "no project"),
        (changed(version=2), "format 2"),
        (changed(version=True), "format True"),
        (changed(head=3), "damaged"),
        (changed(head=[1]), "damaged"),
        (changed(tree=[]), "damaged"),
        (changed(tree="12"), "damaged"),
        (changed(name=5), "damaged"),
        (changed(format="exe"), "damaged"),
        (changed(state=[1]), "no object"),
        (changed(state=json.loads('{"a":' * 80 + "1" + "}" * 80)), "deeply"),
        (tree({"version": 1, "parent": 1, "offset": [0, 0]}), "damaged"),
        (tree({"version": 1, "parent": None, "offset": [0, 0]}), "damaged"),  # an entry that the tree does not have
        (
            tree({"version": 1, "parent": None, "offset": [0, 0]}, {"version": 2, "parent": None, "offset": [0, 0]}),
            "damaged",
        ),
        (
            tree({"version": 1, "parent": None, "offset": [0, 0]}, {"version": 2, "parent": [1], "offset": [0, 0]}),
            "damaged",
        ),
        (
            tree({"version": 1, "parent": None, "offset": [0, 0]}, {"version": 1, "parent": 1, "offset": [0, 0]}),
            "damaged",
        ),
        (tree({"version": 1, "parent": None, "offset": [0, 2**60]}, INDEX["tree"][1]), "damaged"),
        (tree({"version": 1, "parent": None, "offset": [0, 0], "turn": 8}, INDEX["tree"][1]), "damaged"),
        (tree(5, 6), "damaged"),
    ],
)
def test_a_bad_index_is_a_sentence(tmp_path: Path, index: Any, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        read_project(archive(tmp_path / "p.zip", index), most_bytes=MOST)


@pytest.mark.parametrize(
    "name",
    ["../evil.png", "/etc/passwd", "versions/../1.png", "versions/01.png", "versions/1.svg", "C:\\x", "versions/"],
)
def test_odd_names_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadRequest, match="which no project"):
        read_project(archive(tmp_path / "p.zip", entries={name: b"x"}), most_bytes=MOST)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.zip", entries={"versions/1.png": bytes(60_000_000), "versions/2.png": b""})
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest, match="60 MB, at most 10 MB"):
            read_project(path, most_bytes=MOST)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.zip", entries={"versions/1.png": bytes(60_000_000), "versions/2.png": b""})
    data = path.read_bytes().replace(struct.pack("<L", 60_000_000), struct.pack("<L", 1_000))
    path.write_bytes(data)
    project = read_project(path, most_bytes=MOST)
    with pytest.raises(BadRequest):
        project.png(project.versions[0])


def test_a_huge_directory_is_not_read(tmp_path: Path) -> None:
    entries = {f"versions/{n}.png": b"" for n in range(1, MOST_VERSIONS + 2)}
    with pytest.raises(BadRequest, match=f"at most {MOST_VERSIONS + 1}"):
        read_project(archive(tmp_path / "p.zip", entries=entries), most_bytes=MOST)
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as file:  # few entries with long names and comments
        for n in range(20):
            info = zipfile.ZipInfo(f"versions/{n}.png")
            info.comment = bytes(60_000)
            file.writestr(info, b"")
    with pytest.raises(BadRequest, match="entries"):
        read_project(tmp_path / "long.zip", most_bytes=MOST)


def test_a_name_twice_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "p.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("versions/1.png", b"other")
    with pytest.raises(BadRequest, match="no project"):
        read_project(path, most_bytes=MOST)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_damage_is_read_or_a_sentence(tmp_path: Path, at: int, value: int, cut: int) -> None:
    data = bytearray(archive(tmp_path / "p.zip").read_bytes())
    data[at % len(data)] = value
    (tmp_path / "q.zip").write_bytes(data[: len(data) - cut if cut > 200 else len(data)])
    try:
        project = read_project(tmp_path / "q.zip", most_bytes=MOST)
        pictures = [project.png(version) for version in project.versions]
    except BadRequest:
        return
    assert pictures
