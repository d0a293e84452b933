"""The adapter: what the browser may send, and what it becomes."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core import BadRequest, Box, Preview, Sides, Task
from editor import wire
from editor.documents import Document, Documents
from tests.editor.fakes import SPEC

AREA = 48 * 64
FIXTURES_ARE_FIXED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)


def intent(document: Document | None, **changes: Any) -> dict[str, Any]:
    """Return a good intent over the 64x48 photo, changed."""
    mask = {"width": 64, "height": 48, "runs": [100, 20, AREA - 120]}
    doc = None if document is None else document.id
    return {
        "v": 1,
        "doc": doc,
        "mode": "fill",
        "mask": mask,
        "box": None,
        "extend": [0, 0, 0, 0],
        "run": "r1",
        **changes,
    }


def runs_of(mask: NDArray[np.bool_]) -> list[int]:
    """Return the run lengths of a mask, zeros first, written for the test alone."""
    runs, value = [0], False
    for pixel in mask.reshape(-1).tolist():
        if pixel == value:
            runs[-1] += 1
        else:
            runs.append(1)
            value = pixel
    return runs


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("v", "doc", "mode", "mask", "box", "extend", "run")


@FIXTURES_ARE_FIXED
@given(junk=JUNK)
def test_junk_is_a_bad_request(documents: Documents, junk: Any) -> None:
    with pytest.raises(BadRequest):
        wire.read_intent(junk, documents, owner="ann")


@FIXTURES_ARE_FIXED
@given(key=st.sampled_from(KEYS), value=JUNK)
def test_junk_in_one_place_is_read_or_a_bad_request(
    documents: Documents, document: Document, key: str, value: Any
) -> None:
    try:
        read = wire.read_intent(intent(document, **{key: value}), documents, owner="ann")
    except BadRequest:
        return
    assert read.mask is None or read.mask.shape == (48, 64)


@FIXTURES_ARE_FIXED
@given(key=st.sampled_from(("width", "height", "runs")), value=JUNK | st.lists(st.integers(-5, 2**70), max_size=9))
def test_junk_in_the_mask_is_read_or_a_bad_request(
    documents: Documents, document: Document, key: str, value: Any
) -> None:
    data = intent(document)
    data["mask"][key] = value
    try:
        read = wire.read_intent(data, documents, owner="ann")
    except BadRequest:
        return
    assert read.mask is None or read.mask.sum() <= AREA


@FIXTURES_ARE_FIXED
@given(bits=st.binary(min_size=AREA // 8, max_size=AREA // 8))
def test_mask_arrives_as_it_was_painted(documents: Documents, document: Document, bits: bytes) -> None:
    mask = np.unpackbits(np.frombuffer(bits, np.uint8)).reshape(48, 64).astype(np.bool_)
    data = intent(document, mask={"width": 64, "height": 48, "runs": runs_of(mask)})
    read = wire.read_intent(data, documents, owner="ann").mask
    assert np.array_equal(np.zeros((48, 64), np.bool_) if read is None else read, mask)


@pytest.mark.parametrize(
    "mask",
    [
        {"width": 16384, "height": 16384, "runs": [16384 * 16384]},
        {"width": 2**40, "height": 2**40, "runs": [0, 2**80]},
        {"width": 64, "height": 48, "runs": [0, 2**62, 2**62]},
        {"width": 64, "height": 48, "runs": [-(2**62), 2**62 + AREA]},
    ],
)
def test_huge_masks_allocate_nothing(documents: Documents, document: Document, mask: dict[str, Any]) -> None:
    data = intent(document, mask=mask)
    tracemalloc.start()
    try:
        with pytest.raises(BadRequest):
            wire.read_intent(data, documents, owner="ann")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_another_visitors_document_is_unknown(documents: Documents, document: Document) -> None:
    with pytest.raises(BadRequest, match="not open"):
        wire.read_intent(intent(document), documents, owner="bob")
    assert wire.read_intent(intent(document), documents, owner=None).document is document


def test_mask_of_another_size_is_refused(documents: Documents, document: Document) -> None:
    with pytest.raises(BadRequest, match="48x64 px but the picture is 64x48"):
        wire.read_intent(intent(document, mask={"width": 48, "height": 64, "runs": [AREA]}), documents, owner="ann")


def test_box_is_clamped_to_the_picture(documents: Documents, document: Document) -> None:
    assert wire.read_intent(intent(document, box=[-9, 5, 900, 20]), documents, owner="ann").box == Box(0, 5, 64, 20)
    assert wire.read_intent(intent(document, box=[5, 5, 5, 5]), documents, owner="ann").box is None


def test_modes_become_tasks(documents: Documents, document: Document) -> None:
    values = {"class_id": 2, "steps": 3, "seed": 9, "variations": 2, "feather": 0, "grow": 1, "coverage": 0.5}

    def request(**changes: Any) -> Any:
        return wire.read_request(wire.read_intent(intent(document, **changes), documents, owner="ann"), values, SPEC)

    fill = request()
    assert fill.task is Task.INPAINT
    assert fill.mask.sum() == 20
    assert (fill.class_id, fill.feather_px, fill.grow_tokens, fill.coverage) == (2, 0, 1, 0.5)
    assert (fill.options.steps, fill.options.seed, fill.options.variations) == (3, 9, 2)
    assert request(mode="replace").mask is not None
    assert request(mode="replace", box=[1, 2, 30, 40]).box == Box(1, 2, 30, 40)
    assert request(mode="extend", extend=[5, 0, 0, 7]).extend == Sides(5, 0, 0, 7)
    assert request(mode="generate").task is Task.GENERATE
    assert request(mode="sweep").task is Task.INPAINT
    assert request(mode="sweep", mask=None).task is Task.GENERATE


def test_typed_sides_count_where_no_handle_was_pulled(documents: Documents, document: Document) -> None:
    read = wire.read_intent(intent(document, mode="extend"), documents, owner="ann")
    asked = wire.read_request(read, {"extend_left": 12, "extend_top": 0, "extend_right": 0, "extend_bottom": 3}, SPEC)
    assert asked.extend == Sides(12, 0, 0, 3)
    with pytest.raises(BadRequest, match="0 px"):
        wire.read_request(read, {}, SPEC)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"class_id": 99}, "class 99"),
        ({"steps": None}, "Steps T"),
        ({"steps": float("nan")}, "Steps T"),
        ({"steps": 0}, "steps T is 0"),
        ({"seed": 1.5}, "Seed"),
        ({"feather": "wide"}, "Feather"),
        ({"variations": 99}, "variations"),
        ({"schedule": "sideways"}, "schedule"),
    ],
)
def test_bad_controls_are_a_sentence(
    documents: Documents, document: Document, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        wire.read_request(wire.read_intent(intent(document), documents, owner="ann"), values, SPEC)


def test_what_is_missing_is_said(documents: Documents, document: Document) -> None:
    def request(**changes: Any) -> Any:
        read = wire.read_intent(intent(document, **changes), documents, owner="ann")
        return wire.read_request(read, {}, SPEC)

    with pytest.raises(BadRequest, match="Nothing is painted"):
        request(mask=None)
    with pytest.raises(BadRequest, match="needs a class"):
        request(mode="replace")
    with pytest.raises(BadRequest, match="No picture is open"):
        wire.read_intent(intent(None), documents, owner="ann")


def test_generate_needs_no_picture(documents: Documents) -> None:
    read = wire.read_intent(intent(None, mode="generate"), documents, owner="ann")
    assert wire.read_request(read, {}, SPEC).task is Task.GENERATE


def test_bits_are_row_major_and_most_significant_first() -> None:
    cells = np.zeros((16, 16), np.bool_)
    cells[0, 0] = cells[0, 5] = cells[15, 15] = True
    text = wire.bits_hex(cells)
    assert (len(text), text[:2], text[-1]) == (64, "84", "1")


def test_revisions_rise() -> None:
    first, second = wire.notice("info", "a"), wire.notice("info", "b")
    assert first["rev"] < second["rev"] < 2**53


def test_step_message_has_what_the_stage_reads() -> None:
    preview = Preview(
        step=2,
        steps=8,
        pass_index=0,
        passes=1,
        window=Box(1, 2, 3, 4),
        images=np.zeros((2, 8, 8, 3), np.uint8),
        exact=True,
        unknown=np.ones((2, 4, 4), np.bool_),
        tokens=np.zeros((2, 4, 4), np.int64),
        confidence=np.zeros((2, 4, 4), np.float32),
    )
    message = wire.step("r", preview, urls=["a", "b"], canvas=(9, 9), offset=(0, 0), seconds_left=1.23456)
    assert message["window"] == [1, 2, 3, 4]
    assert (message["variation_count"], message["unknown"], message["seconds_left"]) == (2, "ffff", 1.23)


@given(
    changes=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 15), st.integers(0, 2)), max_size=20),
    x=st.integers(0, 4),
    y=st.integers(0, 4),
)
def test_changed_outside_counts_each_pixel_once(changes: list[tuple[int, int, int]], x: int, y: int) -> None:
    source = np.full((12, 16, 3), 9, np.uint8)
    result = np.zeros((20, 24, 3), np.uint8)
    result[y : y + 12, x : x + 16] = source
    allowed = np.zeros((12, 16), np.bool_)
    allowed[:, 8:] = True
    for row, column, channel in changes:
        result[y + row, x + column, channel] = 200
    expected = len({(row, column) for row, column, _ in changes if column < 8})
    assert wire.changed_outside(result, source, allowed, (x, y)) == expected
