"""From intents and controls to requests, and back to controls."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core import BadRequest
from core.values import Box, DecodeOptions, EditRequest, Mask, Painting, Sides, Task, View
from core.values.saved import save_request
from editor.documents.document import Document
from editor.documents.runs import Run, Trace
from editor.documents.visitors import Documents
from editor.sentences.language import table
from editor.wire import intents, requests
from editor.wire.intents import Origin
from tests.editor.fakes import SPEC
from tests.editor.wire.sent import AREA, intent

VALUES = {"class_id": 2, "steps": 3, "seed": 9, "variations": 2, "feather": 0, "coverage": 0.5}


def request_of(
    documents: Documents, document: Document | None, values: dict[str, Any] = VALUES, **changes: Any
) -> EditRequest:
    """Return the request of a good intent, changed."""
    read = intents.read_intent(intent(document, **changes), documents, owner="ann")
    return requests.read_request(read, values, SPEC)


def test_modes_become_tasks(documents: Documents, document: Document) -> None:
    def request(**changes: Any) -> EditRequest:
        return request_of(documents, document, **changes)

    fill = request()
    assert fill.task is Task.INPAINT
    assert fill.mask is not None
    assert fill.mask.sum() == 20
    assert (fill.class_id, fill.painting.feather_px, fill.view.coverage) == (2, 0, 0.5)
    assert (fill.decoding.steps, fill.decoding.seed, fill.decoding.variations) == (3, 9, 2)
    assert request(mode="replace").mask is not None
    assert request(mode="replace", box=[1, 2, 30, 40]).region == Box(1, 2, 30, 40)
    assert request(mode="extend", extend=[5, 0, 0, 7]).region == Sides(5, 0, 0, 7)
    assert request(mode="generate").task is Task.GENERATE
    assert request(mode="sweep").task is Task.INPAINT
    assert request(mode="sweep", mask=None).task is Task.GENERATE


def test_a_picture_from_nothing_has_advice_of_its_own(documents: Documents, document: Document) -> None:
    spec = replace(SPEC, from_nothing={"guidance_scale": 3.0, "token_temperature": 0.7})

    def drawn(values: dict[str, Any], **changes: Any) -> tuple[float, float]:
        read = intents.read_intent(intent(document, **changes), documents, owner="ann")
        decoding = requests.read_request(read, values, spec).decoding
        return decoding.guidance_scale, decoding.token_temperature

    usual = (SPEC.defaults.guidance_scale, SPEC.defaults.token_temperature)
    assert drawn(VALUES) == drawn(VALUES, mode="replace") == drawn(VALUES, mode="sweep") == usual
    assert drawn(VALUES, mode="generate") == drawn(VALUES, mode="sweep", mask=None) == (3.0, 0.7)
    assert drawn({**VALUES, "guidance": 2.0}, mode="generate") == (2.0, 0.7)


def test_every_way_to_be_guided_can_be_asked_for(documents: Documents, document: Document) -> None:
    assert request_of(documents, document, {}).decoding.guided_by == "auto"
    for way in table("page.guided_ways"):
        assert request_of(documents, document, {"guided_by": way}).decoding.guided_by == way
    with pytest.raises(BadRequest):
        request_of(documents, document, {"guided_by": "stars"})


@pytest.mark.parametrize(
    ("region", "view", "painting", "named"),
    [
        (Sides(8), View(context=3.0, coverage=0.5), Painting(sharpen=0, finish="none"), {}),
        (Sides(8), View(grow_tokens=2, refine=1), Painting(), {"grow": 2, "refine": 1}),
        (Box(0, 0, 8, 8), View(), Painting(detail="grain", blend="feather"), {"detail": "grain", "blend": "feather"}),
        (Box(0, 0, 8, 8), View(), Painting(detail="none"), {}),  # as "auto" is, where something new is made
        (Sides(8), View(), Painting(detail="none"), {"detail": "none"}),
        (None, View(grow_tokens=1), Painting(detail="grain", blend="feather"), {}),
    ],
)
def test_what_no_control_can_make_is_named(
    photo: NDArray[np.uint8], region: Box | Sides | None, view: View, painting: Painting, named: dict[str, Any]
) -> None:
    request = EditRequest(None if region is None else photo, region, view=view, painting=painting)
    assert requests.beyond_page(request, SPEC) == named
    assert requests.beyond_page(request.advised(SPEC), SPEC) == named
    assert not set(named) & set(requests.control_values(request.advised(SPEC)))


def test_decoding_that_no_control_can_make_is_named_where_the_same_model_advises_another(
    photo: NDArray[np.uint8],
) -> None:
    decoding = DecodeOptions(guidance_ramp="constant", anneal="this step")
    spec = replace(SPEC, from_nothing={"guidance_ramp": "linear"})
    for image, region, named in ((None, None, "constant"), (photo, Sides(8), None)):
        request = EditRequest(image, region, decoding=decoding)
        wanted = {"guidance ramp": named, "anneal": "this step"}
        assert requests.beyond_page(request, spec) == {name: value for name, value in wanted.items() if value}
        assert requests.beyond_page(request, None) == {}


@pytest.mark.parametrize("mode", ["fill", "replace", "generate"])
def test_how_far_something_new_is_sharpened_can_be_asked_for(
    documents: Documents, document: Document, mode: str
) -> None:
    assert request_of(documents, document, {"class_id": 1}, mode=mode).painting.sharpen == requests.SHARPEN == 0.5
    assert request_of(documents, document, {"class_id": 1, "sharpen": 0}, mode=mode).painting.sharpen == 0.0
    for wrong in (-0.1, 1.1, None, "much"):
        with pytest.raises(BadRequest):
            request_of(documents, document, {"class_id": 1, "sharpen": wrong}, mode=mode)


def test_soft_masks_and_pinned_windows_arrive(documents: Documents, document: Document) -> None:
    soft = {"width": 64, "height": 48, "runs": [100, 20, AREA - 120], "values": [0, 90, 0]}
    fill = request_of(documents, document, mask=soft, window=[16, 0, 64, 48])
    assert fill.mask is not None
    assert (fill.mask.dtype.name, int(fill.mask.max()), fill.view.window) == ("uint8", 90, Box(16, 0, 64, 48))
    grown = request_of(documents, document, mode="extend", mask=None, extend=[8, 0, 0, 0], window=[-8, 0, 40, 48])
    assert grown.view.window == Box(0, 0, 48, 48)  # on the grown canvas


def test_typed_sides_count_where_no_handle_was_pulled(documents: Documents, document: Document) -> None:
    typed = {"extend_left": 12, "extend_top": 0, "extend_right": 0, "extend_bottom": 3}
    assert request_of(documents, document, typed, mode="extend").region == Sides(12, 0, 0, 3)
    with pytest.raises(BadRequest, match="0 px"):
        request_of(documents, document, {}, mode="extend")


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
        request_of(documents, document, values)


def test_what_is_missing_is_said(documents: Documents, document: Document) -> None:
    with pytest.raises(BadRequest, match="Nothing is painted"):
        request_of(documents, document, {}, mask=None)
    with pytest.raises(BadRequest, match="needs a class"):
        request_of(documents, document, {}, mode="replace")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mode": "replace", "box": [1, 2, 30, 40]},
        {"mode": "extend", "mask": None, "extend": [5, 0, 0, 7]},
        {"mode": "generate", "mask": None},
    ],
)
def test_controls_come_back_from_a_request(documents: Documents, document: Document, changes: dict[str, Any]) -> None:
    """Replaying the controls of a request gives the request again."""
    asked = request_of(
        documents,
        document,
        {**VALUES, "context": 3.0, "match_colour": False, "schedule": "linear"} | {"sharpen": 0.2, "guided_by": "hole"},
        **changes,
    )
    values = {**requests.control_values(asked), "variations": asked.decoding.variations}
    again = requests.build_request(
        values["mode"],
        values,
        SPEC,
        picture=asked.image,
        mask=asked.mask,
        box=changes.get("box") and Box(*changes["box"]),
    )
    assert save_request(again) == save_request(asked)


# going on from a run --------------------------------------------------------------------------------------------------
@pytest.fixture
def kept(photo: NDArray[np.uint8]) -> Run:
    """A run of one variation over a hole of 2x3 cells with codes 0 to 5, likelier from left to right, in two steps."""
    mask = np.ones(photo.shape[:2], np.bool_)
    request = EditRequest(image=photo, region=Mask(mask), class_id=1, painting=Painting(feather_px=3)).advised(SPEC)
    trace = Trace(Box(0, 0, 48, 48), np.ones((2, 3), np.bool_))
    codes = np.arange(6).reshape(1, 2, 3)
    trace._guesses[1], trace._unknown[1] = codes.astype(np.int32) + 10, codes > 2
    trace._guesses[2] = codes.astype(np.int32)
    trace.settle(codes, np.linspace(-6, -1, 6, dtype=np.float32).reshape(1, 2, 3))
    return Run("kept", (request.alone(0),), (0, 0), 1, SPEC, (), trace)


def going_on(kept: Run, how: str, **changes: Any) -> EditRequest:
    """Return the request that goes on from the kept run."""
    one = Origin(run=kept, variation=0, step=changes.pop("step", 0), how=how, **changes)
    whole = intents.Intent(None, None, "fill", None, None, Sides(), "r2", origin=one)
    return requests.read_request(whole, VALUES, SPEC)


def codes_of(request: EditRequest) -> list[int]:
    """Return the codes that a request starts from."""
    assert request.start is not None
    return request.start.tokens.reshape(-1).tolist()  # type: ignore[no-any-return]


def test_a_branch_takes_the_tokens_of_its_step_and_the_controls_of_now(kept: Run) -> None:
    branch = going_on(kept, "branch", step=1)
    assert (codes_of(branch), branch.start and branch.start.step) == ([10, 11, 12, -1, -1, -1], 1)
    assert (branch.class_id, branch.decoding.seed, branch.decoding.variations, branch.painting.feather_px) == (
        2,
        9,
        2,
        0,
    )
    assert branch.mask is kept.requests[0].mask
    assert branch.view.coverage == 0.0  # the windows and cells are those of the run
    assert codes_of(going_on(kept, "branch", step=0)) == [-1] * 6
    with pytest.raises(BadRequest, match="Step 7"):
        going_on(kept, "branch", step=7)


def test_the_weakest_cells_are_asked_again_but_not_the_pinned(kept: Run) -> None:
    assert codes_of(going_on(kept, "weakest", share=0.34)) == [-1, -1, 2, 3, 4, 5]
    assert codes_of(going_on(kept, "weakest", share=0.34, pins={0: 40})) == [40, -1, -1, 3, 4, 5]
    assert codes_of(going_on(kept, "weakest", share=0.001)).count(-1) == 1


def test_pins_replace_codes_and_decode_nothing(kept: Run) -> None:
    pinned = going_on(kept, "pins", pins={4: 9})
    assert codes_of(pinned) == [0, 1, 2, 3, 9, 5]
    assert (pinned.decoding.variations, pinned.class_id) == (1, 1)
    with pytest.raises(BadRequest, match="unknown code"):
        going_on(kept, "pins", pins={4: SPEC.codebook_size})


def test_more_varies_the_temperature_alone(kept: Run) -> None:
    some = requests.more_requests(Origin(run=kept, variation=0, step=0, how="more"), 4)
    assert [round(each.decoding.token_temperature, 2) for each in some] == [0.8, 0.9, 1.1, 1.2]
    assert {each.decoding.seed for each in some} == {kept.requests[0].decoding.seed}


def test_the_baseline_is_sequential(kept: Run) -> None:
    baseline = going_on(kept, "baseline")
    assert (baseline.decoding.order, baseline.start, baseline.decoding.steps) == ("raster", None, 8)
