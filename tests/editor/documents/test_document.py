"""Documents: ownership, the tree of versions, bounds, and files that go when nobody needs them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import BadRequest
from core.values import Box, EditRequest, Framing, Mask, Placing, Sides, Size, Turn
from editor.documents.document import Document
from editor.documents.framed import frame
from editor.documents.gone import Gone
from editor.documents.runs import Run
from editor.documents.sources import Painted, Sources
from editor.documents.store import Store
from editor.documents.versions import Version
from editor.documents.visitors import Documents
from editor.settings import AppSettings
from tests.editor.fakes import SPEC

FIXTURES_ARE_FIXED = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def run_of(
    document: Document, run: str, shades: tuple[int, ...], extend: Sides = Sides(), box: Box | None = None
) -> Run:
    """Return a run over the document's head with flat pictures; where a box is given, it says what was painted."""
    version = document.version
    assert version is not None
    image = np.asarray(version.picture.pixels())
    if any(extend):
        request = EditRequest(image=image, region=extend)
    else:
        request = EditRequest(image=image, region=Mask(np.ones(image.shape[:2], np.bool_)))
    shape = (image.shape[0] + extend.top + extend.bottom, image.shape[1] + extend.left + extend.right, 3)
    pictures = tuple(document.store.put(np.full(shape, shade, np.uint8), "p") for shade in shades)
    sources = () if box is None else tuple(Sources(box, bytes([shade])) for shade in shades)
    offset = (extend.left, extend.top)
    return Run(run, (request,) * len(shades), offset, version.id, SPEC, pictures, sources=sources)


def shade(document: Document) -> int:
    """Return the first value of the document's head."""
    assert document.head is not None
    return int(document.head.pixels()[0, 0, 0])


def files(documents: Documents) -> int:
    """Return how many PNGs lie in the served folder."""
    return len(list(Path(documents.store._served.name).rglob("*.png")))


def origin(document: Document) -> Placing:
    """Return where the first picture lies on the head."""
    assert document.version is not None
    return document.path(document.version.id)[0].place


def parents(document: Document) -> dict[int, int | None]:
    """Return version -> parent."""
    return {version.id: version.parent for version in document.tree}


def test_accepting_adds_a_version_and_goto_shows_any(document: Document) -> None:
    before = shade(document)
    document.remember(run_of(document, "r", (10, 20)))
    shown = document.accept("r", 1)
    assert (shown.version.id, shown.version.parent, shade(document)) == (2, 1, 20)
    document.goto(1)
    assert shade(document) == before
    document.goto(2)
    assert shade(document) == 20
    with pytest.raises(BadRequest, match="version"):
        document.goto(9)


def test_variations_of_one_run_are_siblings(document: Document) -> None:
    document.remember(run_of(document, "r", (10, 20)))
    document.accept("r", 0)
    document.accept("r", 1)  # both were made from the first version
    assert parents(document) == {1: None, 2: 1, 3: 1}
    assert shade(document) == 20


def test_an_older_run_can_be_accepted_after_goto(document: Document) -> None:
    document.remember(run_of(document, "old", (10, 20)))
    document.accept("old", 0)
    document.remember(run_of(document, "new", (30,)))
    document.accept("new", 0)
    document.goto(1)
    document.accept("new", 0)  # it was made from version 2, which is still there
    assert parents(document) == {1: None, 2: 1, 3: 2, 4: 2}
    document.accept("old", 1)
    assert (shade(document), parents(document)[5]) == (20, 1)


def test_extension_moves_the_picture_and_back(document: Document) -> None:
    document.remember(run_of(document, "r", (10, 20), Sides(5, 7, 1, 2)))
    document.accept("r", 0)
    assert origin(document) == Placing(5, 7)
    assert document.head is not None
    assert document.head.size == Size(70, 57)
    document.accept("r", 1)
    assert origin(document) == Placing(5, 7)  # the other variation of the same extension lies the same
    document.goto(1)
    assert origin(document) == Placing()


def test_a_version_is_framed_anew_and_nothing_is_lost(document: Document, photo: NDArray[np.uint8]) -> None:
    box = Box(8, 4, 40, 44)
    shown = frame(document, 1, Framing(Turn(1), box=box))
    assert (shown.version.id, shown.version.parent) == (2, 1)
    assert np.array_equal(shown.version.picture.pixels(), np.rot90(photo, -1)[box.slices])
    turned = origin(document)
    document.remember(run_of(document, "grow", (30,), Sides(5, 7, 1, 2)))
    document.accept("grow", 0)
    assert origin(document) == turned.then(Placing(5, 7))
    frame(document, 3, Framing(degrees=2))
    assert [each.version.id for each in document.path(4)] == [4]  # nothing before lies on it
    assert document.painted(4) == (None,)
    frame(document, 4, Framing(Turn(0, True)))
    assert [each.version.id for each in document.path(5)] == [4, 5]
    document.goto(1)
    assert document.head is not None
    assert np.array_equal(document.head.pixels(), photo)
    frame(document, 1, Framing(Turn(3)))
    assert parents(document)[6] == 1
    with pytest.raises(BadRequest, match="at least 16"):
        frame(document, 1, Framing(box=Box(0, 0, 12, 20)))
    with pytest.raises(Gone):
        frame(document, 99, Framing(Turn(1)))
    assert len(document.tree) <= 4


def told(painted: Painted) -> list[tuple[int, Box] | None]:
    """Return which variation's sources lie where."""
    return [None if each is None else (each.packed[0], each.box) for each in painted]


def test_what_was_painted_follows_the_picture(document: Document) -> None:
    box, border = Box(10, 10, 20, 20), Box(0, 0, 70, 57)
    document.remember(run_of(document, "fill", (10, 20), box=box))
    assert told(document.painted_by("fill", 1)) == [(20, box)]
    document.accept("fill", 1)
    document.remember(run_of(document, "grow", (30,), Sides(5, 7, 1, 2), border))
    moved = [(30, border), (20, Box(15, 17, 25, 27))]
    assert told(document.painted_by("grow", 0)) == moved
    document.accept("grow", 0)
    assert told(document.painted(3)) == moved
    assert told(document.painted(2)) == [(20, box)]
    assert document.painted(1) == document.painted(None) == ()


def test_an_edit_of_which_nothing_is_kept_is_not_passed_over(document: Document) -> None:
    document.remember(run_of(document, "unknown", (10,)))
    document.accept("unknown", 0)
    document.remember(run_of(document, "known", (20,), box=Box(0, 0, 5, 5)))
    document.accept("known", 0)
    assert told(document.painted(3)) == [(20, Box(0, 0, 5, 5)), None]
    assert document.painted(9) == (None,)
    with pytest.raises(BadRequest, match="press Run"):
        document.painted_by("known", 4)


def test_a_version_that_goes_leaves_what_it_painted(document: Document) -> None:
    for index in range(5):  # four versions are kept
        sides = Sides(index, 0, 0, 0)
        document.remember(run_of(document, f"r{index}", (index,), sides, Box(0, 0, 4, 4)))
        document.accept(f"r{index}", 0)
    assert set(parents(document)) == {1, 4, 5, 6}
    lefts = (0, 4, 4 + 3, 4 + 3 + 2, 4 + 3 + 2 + 1)
    expected = [(4 - i, Box(left, 0, left + 4, 4)) for i, left in enumerate(lefts)]
    assert told(document.painted(6)) == expected


def test_run_for_another_size_is_refused_where_its_version_is_gone(document: Document) -> None:
    document.remember(run_of(document, "fill", (10,)))
    document.remember(replace(run_of(document, "lost", (10,)), source=9))
    document.remember(run_of(document, "grow", (10,), Sides(5, 0, 0, 0)))
    document.accept("grow", 0)
    with pytest.raises(BadRequest, match="64x48"):
        document.accept("lost", 0)
    assert document.accept("fill", 0).version.parent == 1


@pytest.mark.parametrize(("run", "variation"), [("none", 0), ("r", 2), ("r", -1)])
def test_unknown_variations_are_refused(document: Document, run: str, variation: int) -> None:
    document.remember(run_of(document, "r", (10, 20)))
    with pytest.raises(BadRequest, match="press Run"):
        document.accept(run, variation)


def test_ids_are_unguessable_and_owned(documents: Documents, document: Document) -> None:
    assert len(document.id) >= 20
    assert documents.get(document.id, "ann") is document
    for doc_id, owner in ((document.id, "bob"), ("", "ann"), (None, "ann"), (["x"], "ann")):
        with pytest.raises(BadRequest):
            documents.get(doc_id, owner)


def test_reopening_hands_the_document_over(documents: Documents, document: Document) -> None:
    documents.leave("ann")
    assert documents.reopen(document.id, "ann after the reload") is document
    assert documents.current("ann after the reload") is document
    with pytest.raises(BadRequest):
        documents.get(document.id, "ann")
    for unknown in ("x", None, 5, ["x"]):
        with pytest.raises(BadRequest):
            documents.reopen(unknown, "ann")
    documents._left["ann"] = -1e9
    documents._tidy()  # the visitor of before is forgotten, but not what was handed over
    assert documents.get(document.id, "ann after the reload") is document
    assert document.head is not None
    assert document.head.png.exists()


def test_what_nobody_asked_for_gives_way(documents: Documents, photo: NDArray[np.uint8]) -> None:
    first = documents.open("ann", photo, "first")
    assert not documents.withdrawn(first)
    sample = documents.open("ann", photo, "sample")
    assert documents.withdrawn(sample)
    assert documents.current("ann") is first
    assert sample.head is None


def test_numbers_are_bounded(documents: Documents, photo: NDArray[np.uint8]) -> None:
    first = documents.open("ann", photo, "a")
    for name in ("b", "c"):
        documents.open("ann", photo, name)
    with pytest.raises(BadRequest):
        documents.get(first.id, "ann")  # two each
    for visitor in ("bob", "cat", "dan"):
        documents.open(visitor, photo, "x")
    assert documents.current("ann") is None  # three visitors


def test_whoever_works_stays_and_whoever_left_goes_first(documents: Documents, photo: NDArray[np.uint8]) -> None:
    """Three visitors fit: ann works longest, bob looks on, cat has left last."""
    ann, bob, cat = (documents.open(visitor, photo, visitor) for visitor in ("ann", "bob", "cat"))
    documents.leave("cat")
    with ann.working():
        documents.open("dan", photo, "d")
        with pytest.raises(Gone):
            documents.get(cat.id, "cat")
        documents.open("eve", photo, "e")
        with pytest.raises(Gone):
            documents.get(bob.id, "bob")
        for name in ("f", "g", "h"):
            documents.open("ann", photo, name)  # nor does her own next picture end what is being made
        assert documents.get(ann.id, "ann") is ann
    documents.find(ann.id)  # a plan is asked for while somebody paints
    documents.open("fay", photo, "f")
    assert documents.get(ann.id, "ann") is ann


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Documents]:
    """Documents that may take two megabytes of disk, all visitors together."""
    made = Documents(Store(tmp_path / "served"), AppSettings(disk_mb=2))
    yield made
    made.close()


def noise(seed: int) -> NDArray[np.uint8]:
    """Return a picture that takes 0.72 MB of disk, as PNG and array."""
    return np.random.default_rng(seed).integers(0, 256, (300, 400, 3), np.uint8)


def kept(*opened: Document) -> list[bool]:
    """Say of each document whether it is still there."""
    return [each.head is not None for each in opened]


def test_the_disk_of_all_visitors_is_bounded_and_the_longest_unused_goes(crowded: Documents) -> None:
    ann, bob = (crowded.open(owner, noise(n), "p") for n, owner in enumerate(("ann", "bob")))
    crowded.get(ann.id, "ann")  # so that bob's was not asked for the longest
    cid = crowded.open("cid", noise(2), "p")
    assert kept(ann, bob, cid) == [True, False, True]
    assert crowded.store.disk <= 2_000_000
    with pytest.raises(Gone) as gone:
        crowded.get(bob.id, "bob")
    assert gone.value.what == "document"


def test_whoever_works_keeps_his_picture_and_whoever_left_gives_way_first(crowded: Documents) -> None:
    ann, bob = (crowded.open(owner, noise(n), "p") for n, owner in enumerate(("ann", "bob")))
    crowded.leave("bob")
    with ann.working():
        cid = crowded.open("cid", noise(2), "p")
        assert kept(ann, bob, cid) == [True, False, True]
        dan = crowded.open("dan", noise(3), "p")  # ann's is older, but worked on
        assert kept(ann, cid, dan) == [True, False, True]
    eve = crowded.open("eve", noise(4), "p")
    assert kept(ann, dan, eve) == [False, True, True]


def test_what_grows_stays_itself(crowded: Documents) -> None:
    ann = crowded.open("ann", noise(0), "p")
    bob = crowded.open("bob", noise(1), "p")
    for n in range(2, 5):  # beyond the bound by herself alone
        crowded.get(ann.id, "ann").push(crowded.store.put(noise(n), "p"))
    assert kept(ann, bob) == [True, False]
    assert len(ann.tree) == 4


def test_the_memory_of_all_visitors_is_bounded_masks_included(tmp_path: Path) -> None:
    documents = Documents(Store(tmp_path / "served"), AppSettings(memory_mb=1))
    opened = [documents.open(owner, np.zeros((700, 800, 3), np.uint8), "p") for owner in ("ann", "bob")]
    for each in opened:
        each.remember(run_of(each, "r", (10, 20)))
        assert each.memory == 700 * 800  # one mask, which both variations share
    assert kept(*opened) == [False, True]
    documents.close()


def test_exported_files_count(crowded: Documents) -> None:
    ann, bob = (crowded.open(owner, noise(n), "p") for n, owner in enumerate(("ann", "bob")))
    before = crowded.store.disk
    (bob.folder() / "trip.zip").write_bytes(bytes(900_000))
    assert crowded.store.disk == before + 900_000
    bob.push(crowded.store.put(noise(2), "p"))
    assert kept(ann, bob) == [False, True]
    crowded.close()
    assert crowded.store.disk == 0


def test_a_result_that_comes_too_late_is_released(documents: Documents, document: Document) -> None:
    run = run_of(document, "r", (10, 20))
    document.close()
    for late in (lambda: document.remember(run), lambda: document.goto(1), document.folder):
        with pytest.raises(Gone) as caught:
            late()
        assert caught.value.what == "document"
    assert files(documents) == 0


def test_the_original_and_the_head_stay_when_a_line_grows_too_long(document: Document) -> None:
    for i in range(6):
        document.remember(run_of(document, f"r{i}", (i,), Sides(1, 2, 0, 0)))
        dropped = document.accept(f"r{i}", 0).dropped
        assert dropped == ((i - 1,) if i >= 3 else ())
    assert parents(document) == {1: None, 5: 1, 6: 5, 7: 6}
    document.goto(5)
    assert origin(document) == Placing(4, 8)  # the placings of those in between are in it
    assert document.head is not None
    assert document.head.size == Size(68, 56)


def test_dead_branches_go_first(document: Document) -> None:
    document.remember(run_of(document, "r", (10, 20, 30)))
    document.accept("r", 0)
    document.accept("r", 1)
    document.remember(run_of(document, "s", (40, 50)))
    document.accept("s", 0)
    assert document.accept("s", 1).dropped == (2,)  # a leaf, and older than 4
    assert parents(document) == {1: None, 3: 1, 4: 3, 5: 3}


def test_old_runs_and_then_versions_go_when_there_is_too_much(
    documents: Documents, photo: NDArray[np.uint8], settings: AppSettings
) -> None:
    document = Document("ann", "big", documents.store, replace(settings, document_mb=0))
    document.push(documents.store.put(photo, "big"))
    for run in ("a", "b"):
        document.remember(run_of(document, run, (1,)))
    assert "a" not in document.runs
    for _ in range(3):
        document.accept("b", 0)
    assert [version.id for version in document.tree] == [1, 4]


def test_runs_are_bounded_in_number_however_small(document: Document) -> None:
    first = run_of(document, "r0", (1,))
    document.remember(first)
    for n in range(1, 80):
        document.remember(run_of(document, f"r{n}", (n,)))
    kept = [n for n in range(80) if f"r{n}" in document.runs]
    assert kept == list(range(80 - len(kept), 80))
    assert 32 <= len(kept) <= 64
    assert not first.pictures[0].png.exists()


def test_files_go_with_the_last_use(documents: Documents, document: Document) -> None:
    assert files(documents) == 1
    document.remember(run_of(document, "r", (10, 20)))
    document.accept("r", 0)
    assert files(documents) == 3
    folders = [document.folder() for _ in range(6)]
    assert [folder.exists() for folder in folders] == [False] * 2 + [True] * 4
    document.close()
    assert files(documents) == 0
    assert not any(folder.exists() for folder in folders)


def test_saved_versions_come_back_with_their_ids(documents: Documents, photo: NDArray[np.uint8]) -> None:
    document = documents.open("ann", None, "saved")
    pictures = [documents.store.put(photo // n, "v") for n in (1, 2, 3)]
    document.restore(
        [
            Version(1, None, pictures[0]),
            Version(4, 1, pictures[1], Placing(3, 0)),
            Version(9, 4, pictures[2], Placing(1, 1)),
        ],
        head=4,
    )
    document.goto(9)
    assert origin(document) == Placing(4, 1)
    assert document.push(documents.store.put(photo, "new")).version.id == 10


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


@FIXTURES_ARE_FIXED
@given(moves=st.lists(st.integers(0, 30), max_size=25))
def test_the_tree_stays_whole_whatever_is_done(
    documents: Documents, photo: NDArray[np.uint8], moves: list[int]
) -> None:
    document = documents.open("ann", photo, "a")
    places = {1: Placing()}  # of the first picture, on each version
    for number, move in enumerate(moves):
        assert document.version is not None
        before = document.version.id
        if move < 12:
            shown = document.goto(document.tree[move % len(document.tree)].id)
        elif move < 16:
            turn = Turn.numbered(move % 8)
            width, height = turn.size(document.version.picture.size)
            framing = Framing(turn, box=Box(move % 2, 1, width, height))
            place = framing.placing(document.version.picture.size)
            assert place is not None
            shown = frame(document, before, framing)
            places[shown.version.id] = places[before].then(place)
        else:
            side = Sides(left=move % 3, top=move % 2, right=1)
            document.remember(run_of(document, f"r{number}", (move,), side))
            shown = document.accept(f"r{number}", 0)
            places[shown.version.id] = places[before].then(Placing(side.left, side.top))
        now = shown.version.id
        assert origin(document) == places[now]
        ids = [version.id for version in document.tree]
        assert len(ids) <= 4
        assert ids[0] == 1
        assert now in ids
        assert all(version.parent in ids for version in document.tree[1:])
        for dropped in shown.dropped:
            del places[dropped]
        assert set(places) == set(ids)
    document.close()
