"""The messages to the stage: what they hold, and that they are plain JSON."""

from __future__ import annotations

import json

import numpy as np

from core.values import Alternative, Box, DecodeOptions, EditRequest, Placing, Preview, View
from editor.documents.document import Document
from editor.wire import replies
from editor.wire.replies import OpenedWith, Variation
from tests.editor.fakes import SPEC


def test_revisions_rise() -> None:
    first, second = replies.notice("info", "a"), replies.notice("info", "b")
    assert first["rev"] < second["rev"] < 2**53


def test_open_has_the_whole_tree(document: Document) -> None:
    picture = document.store.put(np.zeros((50, 70, 4), np.uint8), "grown")
    document.push(picture, placing=Placing(6, 2))
    mask = np.zeros((50, 70), np.uint8)
    mask[0, 3] = 9
    told = replies.opened(
        document, lambda each: each.png.stem, spec=SPEC, view=View(), beside=OpenedWith(mask=mask, mode="fill")
    )
    json.dumps(told)
    assert (told["version"], told["width"], told["height"], told["alpha"]) == (2, 70, 50, True)
    assert [(n["version"], n["parent"], n["url"], n["offset"]) for n in told["tree"]] == [
        (1, None, "photo", [0, 0]),
        (2, 1, "grown", [6, 2]),
    ]
    assert told["mask"]["values"] == [0, 9, 0]
    assert "box" not in told


def test_step_message_has_what_the_stage_reads() -> None:
    preview = Preview(
        step=2,
        steps=8,
        pass_index=0,
        passes=1,
        window=Box(1, 2, 3, 4),
        images=np.zeros((2, 8, 8, 3), np.uint8),
        exact=True,
        unknown=np.stack([np.ones((4, 4), np.bool_), np.zeros((4, 4), np.bool_)]),
        tokens=np.zeros((2, 4, 4), np.int64),
        confidence=np.zeros((2, 4, 4), np.float32),
    )
    message = replies.Step(
        "r",
        preview,
        urls=["a", "b"],
        canvas=(9, 9),
        offset=(0, 0),
        seconds_left=1.23456,
    ).message()
    json.dumps(message)
    assert message["window"] == [1, 2, 3, 4]
    assert (message["passes"], message["step"], message["steps"]) == (1, 2, 8)
    assert (message["variation_count"], message["unknown"], message["seconds_left"]) == (2, ["ffff", "0000"], 1.23)
    assert message["confidence"] == ["ff" * 16] * 2


def test_captions_and_alternatives_are_plain() -> None:
    request = EditRequest(class_id=2, decoding=DecodeOptions(seed=5)).advised(SPEC)
    caption = replies.caption(request, SPEC)
    assert (caption["class_name"], caption["schedule"], caption["seed"]) == ("sunflower", "cosine", 5)
    found = [(Alternative(7, 0.25, np.zeros((8, 8, 3), np.uint8)), "data:")]
    told = replies.alternatives("r", 1, (2, 3), found)
    assert json.loads(json.dumps(told))["list"] == [{"code": 7, "probability": 0.25, "url": "data:"}]


def test_what_was_not_measured_is_not_told_as_a_number() -> None:
    whole = Variation("u", seed=1, score=-2.5, seam=0.0, shift=0.0, changed_outside=0).record.plain
    assert (whole["score"], whole["seam"], whole["shift"]) == (-2.5, None, None)
    draft = Variation("u", seed=1, score=0.0, seam=1.1, shift=0.0, changed_outside=0, worth=-3.05).record.plain
    assert (draft["score"], draft["seam"], draft["shift"], draft["worth"]) == (None, 1.1, 0.0, -3.05)
