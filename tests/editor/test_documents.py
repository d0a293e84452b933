"""Documents: ownership, undo and redo, bounds, and files that go when nobody needs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import BadRequest, EditRequest, Sides, Size, Task, open_picture, read_png_text
from editor.documents import Document, Documents, Run, Store, file_name
from editor.settings import AppSettings


def run_of(documents: Documents, document: Document, run: str, shades: tuple[int, ...], extend: Sides = Sides()) -> Run:
    """Return a run over the document's head with flat pictures."""
    assert document.head is not None
    image = np.asarray(document.head.pixels())
    if any(extend):
        request = EditRequest(Task.EXTRAPOLATE, image=image, extend=extend)
    else:
        request = EditRequest(Task.INPAINT, image=image, mask=np.ones(image.shape[:2], np.bool_))
    shape = (image.shape[0] + extend.top + extend.bottom, image.shape[1] + extend.left + extend.right, 3)
    pictures = tuple(documents.store.put(np.full(shape, shade, np.uint8), "p") for shade in shades)
    return Run(run, request, pictures, (extend.left, extend.top))


def shade(document: Document) -> int:
    """Return the first value of the document's head."""
    assert document.head is not None
    return int(document.head.pixels()[0, 0, 0])


def files(documents: Documents) -> int:
    """Return how many PNGs lie in the served folder."""
    return len(list(Path(documents.store._served.name).rglob("*.png")))


def test_pixels_come_back_exactly(documents: Documents, photo: NDArray[np.uint8], document: Document) -> None:
    assert document.head is not None
    assert np.array_equal(document.head.pixels(), photo)
    assert np.array_equal(open_picture(document.head.png), photo)
    assert document.head.size == Size(64, 48)


def test_notes_travel_in_the_png(documents: Documents, photo: NDArray[np.uint8]) -> None:
    picture = documents.store.put(photo, "with notes", {"maskgit-editor": "{}"})
    assert read_png_text(picture.png.read_bytes())["maskgit-editor"] == "{}"
    assert picture.png.name == "with-notes.png"


def test_accept_undo_redo(documents: Documents, document: Document) -> None:
    before = shade(document)
    document.remember(run_of(documents, document, "r", (10, 20)))
    document.accept("r", 1)
    assert shade(document) == 20
    assert document.can_undo
    document.undo()
    assert shade(document) == before
    assert document.can_redo
    document.redo()
    assert shade(document) == 20
    with pytest.raises(BadRequest, match="redo"):
        document.redo()


def test_a_new_result_drops_what_was_undone(documents: Documents, document: Document) -> None:
    document.remember(run_of(documents, document, "r", (10, 20)))
    document.accept("r", 0)
    document.undo()
    document.accept("r", 1)
    assert not document.can_redo
    assert shade(document) == 20


def test_variations_of_an_older_run_can_still_be_accepted(documents: Documents, document: Document) -> None:
    document.remember(run_of(documents, document, "old", (10, 20)))
    document.remember(run_of(documents, document, "new", (30, 40)))
    document.accept("new", 0)
    document.accept("old", 1)
    assert shade(document) == 20


def test_extension_moves_the_picture_and_back(documents: Documents, document: Document) -> None:
    document.remember(run_of(documents, document, "r", (10, 20), Sides(5, 7, 1, 2)))
    assert document.accept("r", 0).offset == (5, 7)
    assert document.head is not None
    assert document.head.size == Size(70, 57)
    assert document.accept("r", 1).offset == (0, 0)  # the other variation of the same extension
    assert document.undo().offset == (0, 0)
    assert document.undo().offset == (-5, -7)


def test_run_for_another_size_is_refused(documents: Documents, document: Document) -> None:
    document.remember(run_of(documents, document, "fill", (10,)))
    document.remember(run_of(documents, document, "grow", (10,), Sides(5, 0, 0, 0)))
    document.accept("grow", 0)
    with pytest.raises(BadRequest, match="64x48"):
        document.accept("fill", 0)


@pytest.mark.parametrize(("run", "variation"), [("none", 0), ("r", 2), ("r", -1)])
def test_unknown_variations_are_refused(documents: Documents, document: Document, run: str, variation: int) -> None:
    document.remember(run_of(documents, document, "r", (10, 20)))
    with pytest.raises(BadRequest, match="press Run"):
        document.accept(run, variation)


def test_ids_are_unguessable_and_owned(documents: Documents, document: Document) -> None:
    assert len(document.id) >= 20
    assert documents.get(document.id, "ann") is document
    for doc_id, owner in ((document.id, "bob"), ("", "ann"), (None, "ann"), (["x"], "ann")):
        with pytest.raises(BadRequest):
            documents.get(doc_id, owner)


def test_numbers_are_bounded(documents: Documents, photo: NDArray[np.uint8]) -> None:
    first = documents.open("ann", photo, "a")
    for name in ("b", "c"):
        documents.open("ann", photo, name)
    with pytest.raises(BadRequest):
        documents.get(first.id, "ann")  # two each
    for visitor in ("bob", "cat", "dan"):
        documents.open(visitor, photo, "x")
    assert documents.current("ann") is None  # three visitors


def test_undo_stack_keeps_the_original(documents: Documents, document: Document) -> None:
    before = shade(document)
    document.remember(run_of(documents, document, "r", tuple(range(10, 16))))
    for variation in range(6):
        document.accept("r", variation)
    for _ in range(3):
        document.undo()
    assert shade(document) == before
    with pytest.raises(BadRequest, match="as it was opened"):
        document.undo()


def test_dropped_steps_keep_the_offsets(documents: Documents, document: Document) -> None:
    for i in range(5):
        document.remember(run_of(documents, document, f"r{i}", (i,), Sides(1, 2, 0, 0)))
        document.accept(f"r{i}", 0)
    moved = [document.undo().offset for _ in range(3)]
    assert (sum(x for x, _ in moved), sum(y for _, y in moved)) == (-5, -10)
    assert document.head is not None
    assert document.head.size == Size(64, 48)


def test_old_runs_go_when_there_is_too_much(
    documents: Documents, photo: NDArray[np.uint8], settings: AppSettings
) -> None:
    document = Document("ann", "big", documents.store, replace(settings, document_mb=0))
    document.push(documents.store.put(photo, "big"))
    for run in ("a", "b"):
        document.remember(run_of(documents, document, run, (1,)))
    assert not document.made("a")
    assert document.made("b")


def test_files_go_with_the_last_use(documents: Documents, document: Document) -> None:
    assert files(documents) == 1
    document.remember(run_of(documents, document, "r", (10, 20)))
    document.accept("r", 0)
    assert files(documents) == 3
    document.close()
    assert files(documents) == 0


def test_a_visitor_who_left_may_come_back(tmp_path: Path, settings: AppSettings, photo: NDArray[np.uint8]) -> None:
    documents = Documents(Store(tmp_path), settings)
    document = documents.open("ann", photo, "a")
    documents.leave("ann")
    assert documents.get(document.id, "ann") is document
    gone = Documents(Store(tmp_path), replace(settings, visitor_minutes=-1.0))
    document = gone.open("ann", photo, "a")
    gone.leave("ann")
    with pytest.raises(BadRequest):
        gone.get(document.id, "ann")
    documents.close()
    gone.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.sampled_from(["accept 0", "accept 1", "undo", "redo"]), max_size=25))
def test_history_equals_a_list(documents: Documents, photo: NDArray[np.uint8], moves: list[str]) -> None:
    document = documents.open("ann", photo, "a")
    document.remember(run_of(documents, document, "r", (10, 20)))
    stack, head = [shade(document)], 0
    for move in moves:
        if move.startswith("accept"):
            document.accept("r", int(move[-1]))
            stack = [*stack[: head + 1], (10, 20)[int(move[-1])]]
            if len(stack) > 4:  # three undo steps
                del stack[1]
            head = len(stack) - 1
        elif move == "undo" and head > 0:
            document.undo()
            head -= 1
        elif move == "redo" and head < len(stack) - 1:
            document.redo()
            head += 1
        assert shade(document) == stack[head]
        assert (document.can_undo, document.can_redo) == (head > 0, head < len(stack) - 1)


@given(st.text(max_size=200))
def test_file_names_are_plain(name: str) -> None:
    plain = file_name(name)
    assert 0 < len(plain) <= 64
    assert not set(plain) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    assert not plain.startswith(".")
