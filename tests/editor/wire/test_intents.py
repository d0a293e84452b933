"""What the browser may send: the intent and the small payloads, good and bad."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import BadRequest
from core.values import Box, EditRequest, Size
from editor.documents.document import Document
from editor.documents.runs import Run, Trace
from editor.documents.visitors import Documents
from editor.wire import intents, sent
from tests.editor.fakes import SPEC
from tests.editor.wire.sent import FIXTURES_ARE_FIXED, JUNK, intent

PAYLOADS = [sent.OfSweep, *(kind for kind in sent.EVENTS.values() if kind is not sent.Intent)]
KEYS = ("v", "doc", "mode", "mask", "box", "extend", "window", "run", "from", "model")


@pytest.fixture
def kept(document: Document) -> Run:
    """A run of two variations over a hole of 2x3 cells, kept by the document."""
    request = EditRequest()
    trace = Trace(Box(0, 0, 64, 48), np.ones((2, 3), np.bool_))
    trace.settle(np.zeros((2, 2, 3), np.int64), np.zeros((2, 2, 3), np.float32))
    run = Run("kept", (request, request), (0, 0), 1, SPEC, (), trace)
    document.remember(run)
    return run


def origin(**changes: Any) -> dict[str, Any]:
    """Return a good `from`, changed."""
    return {"run": "kept", "variation": 1, "step": 0, "how": "branch", **changes}


@FIXTURES_ARE_FIXED
@given(junk=JUNK)
def test_junk_is_a_bad_request(documents: Documents, junk: Any) -> None:
    with pytest.raises(BadRequest):
        intents.read_intent(junk, documents, owner="ann")


@FIXTURES_ARE_FIXED
@given(key=st.sampled_from(KEYS), value=JUNK)
def test_junk_in_one_place_is_read_or_a_bad_request(
    documents: Documents, document: Document, key: str, value: Any
) -> None:
    try:
        read = intents.read_intent(intent(document, **{key: value}), documents, owner="ann")
    except BadRequest:
        return
    assert read.mask is None or read.mask.shape == (48, 64)


@FIXTURES_ARE_FIXED
@given(
    key=st.sampled_from(("run", "variation", "step", "how", "share", "pins")),
    value=JUNK | st.lists(st.tuples(st.integers(-1, 7), st.integers(-1, 70))),
)
def test_junk_in_the_origin_is_read_or_a_bad_request(
    documents: Documents, document: Document, kept: Run, key: str, value: Any
) -> None:
    try:
        read = intents.read_intent(intent(document, **{"from": origin(**{key: value})}), documents, owner="ann")
    except BadRequest:
        return
    assert read.origin is None or all(0 <= cell < 6 and code >= 0 for cell, code in read.origin.pins.items())


def test_an_origin_is_read(documents: Documents, document: Document, kept: Run) -> None:
    sent = origin(how="weakest", share=0.25, pins=[[5, 7], [0, 3]])
    read = intents.read_intent(intent(document, **{"from": sent}), documents, owner="ann").origin
    assert read is not None
    assert (read.run, read.variation, read.how, read.share, read.pins) == (kept, 1, "weakest", 0.25, {5: 7, 0: 3})


@pytest.mark.parametrize(
    "changes",
    [
        {"run": "lost"},
        {"variation": 2},
        {"variation": True},
        {"how": "guess"},
        {"share": 0},
        {"share": float("nan")},
        {"step": -1},
        {"pins": [[6, 1]]},
        {"pins": [[[0, 0], 1]]},
        {"pins": [[0, 1]] * 5000},
    ],
)
def test_a_bad_origin_is_refused(documents: Documents, document: Document, kept: Run, changes: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        intents.read_intent(intent(document, **{"from": origin(**changes)}), documents, owner="ann")


def test_another_visitors_document_is_unknown(documents: Documents, document: Document) -> None:
    with pytest.raises(BadRequest, match="not open"):
        intents.read_intent(intent(document), documents, owner="bob")
    assert intents.read_intent(intent(document), documents, owner=None).document is document


def test_box_is_clamped_to_the_picture(documents: Documents, document: Document) -> None:
    def box(*edges: int) -> Box | None:
        return intents.read_intent(intent(document, box=list(edges)), documents, owner="ann").box

    assert box(-9, 5, 900, 20) == Box(0, 5, 64, 20)
    assert box(5, 5, 5, 5) is None


def test_a_window_may_lie_outside(documents: Documents, document: Document) -> None:
    read = intents.read_intent(intent(document, window=[-16, 0, 32, 48]), documents, owner="ann")
    assert read.window == Box(-16, 0, 32, 48)


def test_generate_needs_no_picture(documents: Documents) -> None:
    assert intents.read_intent(intent(None, mode="generate"), documents, owner="ann").document is None
    with pytest.raises(BadRequest, match="No picture is open"):
        intents.read_intent(intent(None), documents, owner="ann")


@given(junk=JUNK, kind=st.sampled_from(PAYLOADS))
def test_junk_payloads_are_read_or_a_bad_request(junk: Any, kind: type[sent.Sent]) -> None:
    good = {"run": "r", "variation": 0, "version": 0, "row": 0, "column": 0, "cell": [0, 0]}
    assert sent.read(kind, good)
    for name in kind.model_fields:
        payloads = (junk, {**good, name: junk})
        for payload in payloads:
            try:
                read = sent.read(kind, payload)
            except BadRequest:
                continue
            checked = read.model_dump(exclude={"doc", "name", "format", "state"})
            assert all(value >= 0 for value in checked.values() if type(value) is int)


@pytest.mark.parametrize(
    ("changes", "called"),
    [
        ({"v": 3}, "unknown version"),
        ({"mode": "paint"}, "unknown mode"),
        ({"box": [0, 0, 1.5, 2]}, "a box without four whole edges"),
        ({"window": "0123"}, "a window without four whole edges"),
        ({"extend": [0, 0, 0, 16385]}, "16384 px"),
        ({"run": "a\nb"}, "a run without an id"),
        ({"model": "m" * 257}, "a model that is none"),
        ({"from": origin(share=2)}, "a share of the cells outside 0 to 1"),
        ({"from": origin(how="guess")}, "an unknown way to go on from a run"),
        ({"from": origin(step=None)}, "no step"),
        ({"from": 7}, "a run to go on from that is none"),
    ],
)
def test_what_is_not_sound_is_called_by_name(
    documents: Documents, document: Document, kept: Run, changes: dict[str, Any], called: str
) -> None:
    with pytest.raises(BadRequest, match=called):
        intents.read_intent(intent(document, **changes), documents, owner="ann")


@FIXTURES_ARE_FIXED
@given(key=st.sampled_from((*KEYS, "size", "best")), value=JUNK)
def test_junk_in_marks_for_another_picture_is_read_or_a_bad_request(key: str, value: Any) -> None:
    good = intent(None, size=[64, 48])
    assert intents.read_repeat(good, Size(64, 48))[1] is True
    try:
        read, _ = intents.read_repeat({**good, key: value}, Size(64, 48))
    except BadRequest:
        return
    assert (read.document, read.version, read.origin) == (None, None, None)
    assert read.mask is None or read.mask.shape == (48, 64)
