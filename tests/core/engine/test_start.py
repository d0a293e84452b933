"""Edits that begin with codes, look through a pinned window or blend by a soft mask, on a fake model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.canvas.seam import ring_shift, seam_score
from core.decoding.settings import ORDERS, SCHEDULES
from core.engine import Engine
from core.errors import BadRequest
from core.values.geometry import Box, Sides
from core.values.groups import DecodeOptions, Painting, Start, View
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import fake_engine, painted

WINDOW = Box(24, 12, 56, 44)
"""Of the model's own size, so that its pixels are the decoder's."""
HOLE = Box(28, 16, 52, 40)
"""Six by six cells of that window."""


def picture(height: int = 60, width: int = 90) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


PLAIN = Painting(feather_px=0, match_colour=False, finish="none")


def request(**changes: Any) -> EditRequest:
    image = picture()
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[HOLE.slices] = True
    plain: dict[str, Any] = {"region": Mask(mask), "view": View(window=WINDOW), "painting": PLAIN}
    return EditRequest(image, **{**plain, **changes})


def watched(engine: Engine, asked: EditRequest) -> tuple[list[Preview], EditResult]:
    *previews, result = engine.stream(asked)
    assert isinstance(result, EditResult)
    assert all(isinstance(preview, Preview) for preview in previews)
    return previews, result  # type: ignore[return-value]


def finished(asked: EditRequest) -> NDArray[np.int64]:
    return fake_engine().edit(asked).tokens[0][0]


options = st.builds(
    DecodeOptions,
    schedule=st.sampled_from(list(SCHEDULES)),
    order=st.sampled_from(ORDERS),
    steps=st.integers(1, 12),
    choice_temperature=st.floats(0, 10),
    guidance_scale=st.sampled_from([1.0, 3.0]),
    guidance_ramp=st.sampled_from(["constant", "linear"]),
    seed=st.integers(0, 99),
    variations=st.integers(1, 3),
)


@settings(max_examples=12)
@given(options, st.booleans())
def test_a_branch_with_nothing_changed_gives_the_same_bytes(options: DecodeOptions, soft: bool) -> None:
    asked = request(class_id=1, decoding=options)
    if soft:
        assert asked.mask is not None
        asked = painted(replace(asked, region=Mask(asked.mask * np.uint8(120))), feather_px=3, match_colour=True)
    engine = fake_engine()
    previews, whole = watched(engine, asked)
    for taken in range(1, len(previews), 1 + len(previews) // 12):  # raster has many steps
        preview = previews[taken - 1]
        for variation in range(options.variations):
            tokens = np.where(preview.unknown[variation], -1, preview.tokens[variation])
            branch = replace(asked.alone(variation), start=Start(tokens, taken))
            assert engine.expected_steps(branch) == len(previews) - taken
            seen, result = watched(engine, branch)
            assert [(p.step, p.steps) for p in seen] == [(p.step, p.steps) for p in previews[taken:]]
            assert np.array_equal(result.images[0], whole.images[variation])
            assert np.array_equal(result.tokens[0][0], whole.tokens[0][variation])
            drawn = preview.unknown[variation]
            assert np.array_equal(result.confidence[0][0][drawn], whole.confidence[0][variation][drawn])
            assert result.scores[0] == pytest.approx(float(whole.confidence[0][variation][drawn].mean()), abs=1e-5)


def test_a_result_holds_its_codes_and_how_sure_they_are() -> None:
    previews, result = watched(fake_engine(), request(decoding=DecodeOptions(variations=2)))
    assert np.array_equal(result.tokens[0], previews[-1].tokens)
    assert np.array_equal(result.confidence[0], previews[-1].confidence)
    assert result.confidence[0].dtype == np.float32
    unknown = result.latent_masks[0]
    assert (result.confidence[0][:, ~unknown] == 0).all()
    assert result.scores == pytest.approx(result.confidence[0][:, unknown].mean(1).tolist())


def test_edits_of_several_windows_hold_the_codes_of_each() -> None:
    result = fake_engine().edit(EditRequest(picture(), Sides(40)))
    assert len(result.tokens) == len(result.confidence) == len(result.windows) > 1


def test_the_border_is_judged_on_every_variation() -> None:
    result = fake_engine().edit(request(decoding=DecodeOptions(variations=3)))
    for image, seam, shift in zip(result.images, result.seams, result.colour_shifts, strict=True):
        assert seam == seam_score(image, result.canvas_mask) > 0
        assert shift == ring_shift(image, result.canvas_mask) > 0
    made = fake_engine().edit(EditRequest())
    assert made.seams == made.colour_shifts == (0.0,)


def test_some_cells_drawn_again_keep_the_others() -> None:
    tokens = finished(request())
    again = tokens.copy()
    again[3, 3:6] = -1
    asked = request(start=Start(again), decoding=DecodeOptions(seed=50, variations=3))
    result = fake_engine().edit(asked)
    for made in result.tokens[0]:
        assert np.array_equal(made[again >= 0], tokens[again >= 0])
    assert len({made.tobytes() for made in result.tokens[0]}) == 3
    assert (result.confidence[0][:, again >= 0] == 0).all()
    assert result.scores == pytest.approx(result.confidence[0][:, 3, 3:6].mean(1).tolist())
    assert fake_engine().expected_steps(asked) == 3, "a fresh schedule over three cells"
    for i in range(3):
        assert np.array_equal(fake_engine().edit(asked.alone(i)).images[0], result.images[i])


def test_codes_for_every_cell_are_drawn_without_a_forward() -> None:
    asked = request(decoding=DecodeOptions(seed=3))
    whole = fake_engine().edit(asked)
    engine = fake_engine()
    previews, result = watched(engine, replace(asked, start=Start(whole.tokens[0][0])))
    assert previews == []
    assert engine.forwards == result.forwards == 0
    assert result.scores == (0.0,)
    assert np.array_equal(result.images, whole.images)


def test_codes_outside_the_hole_come_from_the_picture() -> None:
    tokens = finished(request())
    hole = fake_engine().plan(request())[0].unknown
    stray = np.where(hole, tokens, 0)
    assert np.array_equal(finished(request(start=Start(stray))), tokens)


def test_a_picture_made_from_nothing_may_branch_too() -> None:
    asked = EditRequest(class_id=2, decoding=DecodeOptions(seed=8))
    previews, whole = watched(fake_engine(), asked)
    tokens = np.where(previews[4].unknown[0], -1, previews[4].tokens[0])
    assert np.array_equal(fake_engine().edit(replace(asked, start=Start(tokens, 5))).images, whole.images)
    other = fake_engine().edit(replace(asked, class_id=0, start=Start(tokens, 5)))
    assert np.array_equal(other.tokens[0][0][tokens >= 0], tokens[tokens >= 0])
    assert not np.array_equal(other.images, whole.images)


def test_edits_together_may_begin_differently() -> None:
    tokens = finished(request())
    some = tokens.copy()
    some[2:4] = -1
    asked = [
        request(),
        request(start=Start(tokens), class_id=2),
        request(start=Start(some, 3), decoding=DecodeOptions(seed=4, variations=2)),
    ]
    for one, result in zip(asked, fake_engine().edit_together(asked), strict=True):
        alone = fake_engine().edit(one)
        assert np.array_equal(alone.images, result.images)
        assert np.array_equal(alone.tokens[0], result.tokens[0])
        assert (alone.forwards, alone.scores, alone.seams) == (result.forwards, result.scores, result.seams)


def test_a_branch_onto_a_shorter_schedule_takes_one_last_step() -> None:
    previews, _ = watched(fake_engine(), request())
    tokens = np.where(previews[5].unknown[0], -1, previews[5].tokens[0])
    seen, result = watched(fake_engine(), request(start=Start(tokens, 6), decoding=DecodeOptions(steps=4)))
    assert [(p.step, p.steps) for p in seen] == [(7, 7)]
    assert (result.tokens[0] >= 0).all()


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (np.zeros((16, 16), np.int64), "16x16 cells but model fake has 8x8"),
        (np.full((8, 8), 64), "code 64 but model fake has 64"),
    ],
)
def test_codes_of_another_model_are_refused(start: NDArray[np.int64], sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        fake_engine().edit(request(start=Start(start)))


def test_codes_for_one_of_several_windows_are_refused() -> None:
    asked = EditRequest(picture(), Sides(40), start=Start(np.zeros((8, 8), np.int64)))
    with pytest.raises(BadRequest, match="codes to start from are those of one"):
        fake_engine().edit(asked)


def test_the_model_looks_through_the_pinned_window() -> None:
    engine = fake_engine()
    wide = Box(10, 0, 70, 60)
    assert engine.edit(request(view=View(window=wide))).windows == (wide,)
    truth = picture()
    assert engine.token_nll(request(view=View(window=wide)), truth) != engine.token_nll(request(), truth)


@settings(max_examples=15)
@given(st.integers(0, 99), st.integers(0, 12), st.booleans())
def test_a_soft_mask_blends_and_leaves_the_rest_bit_identical(seed: int, feather: int, match: bool) -> None:
    levels = np.random.default_rng(seed).integers(1, 256, (60, 90), dtype=np.uint8)
    levels[np.random.default_rng(seed + 1).random(levels.shape) < 0.9] = 0
    painting = replace(PLAIN, feather_px=feather, match_colour=match)
    asked = request(region=Mask(levels), view=View(), painting=painting)
    assert asked.image is not None
    result = fake_engine().edit(asked)
    assert np.array_equal(result.images[0][levels == 0], asked.image[levels == 0])
    assert np.array_equal(result.canvas_mask, levels > 0)
    hard = fake_engine().edit(replace(asked, region=Mask(levels > 0)))
    full = fake_engine().edit(replace(asked, region=Mask((levels > 0) * np.uint8(255))))
    assert np.array_equal(hard.images, full.images)
    if len(result.windows) == 1 and feather == 0:  # later windows see what the earlier ones blended
        share = levels[..., None] / 255
        wanted = share * hard.images[0] + (1 - share) * asked.image
        assert np.abs(result.images[0] - wanted).max() <= 0.51


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_alternatives_are_the_likeliest_codes_of_a_cell(guidance: float) -> None:
    engine = fake_engine()
    cell = (3, 4)
    asked = request(
        class_id=1,
        painting=replace(PLAIN, detail="none", blend="feather"),
        decoding=DecodeOptions(guidance_scale=guidance, variations=3),
    )
    asked = replace(asked, start=Start(finished(asked)))
    found = engine.alternatives(asked, cell, 6)
    assert engine.forwards == (1 if guidance == 1.0 else 2)
    probabilities = [one.probability for one in found]
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[-1] > 0
    assert sum(probabilities) <= 1
    assert len({one.code for one in found}) == 6
    everything = engine.alternatives(asked, cell, 64)
    assert sum(one.probability for one in everything) == pytest.approx(1.0, abs=1e-5)
    assert [one.code for one in everything[:6]] == [one.code for one in found]

    cold = replace(asked, decoding=replace(asked.decoding, token_temperature=0.1))
    assert engine.alternatives(cold, cell)[0].probability > found[0].probability

    assert asked.start is not None
    (hole,) = (one.unknown for one in engine.plan(asked))
    for one in found:
        pinned = asked.start.tokens.copy()
        pinned[cell] = one.code
        result = engine.edit(replace(asked.alone(0), start=Start(pinned)))
        assert np.array_equal(result.tokens[0][0][hole], pinned[hole])
        window = result.images[0][WINDOW.slices]
        assert one.patch.shape == (4, 4, 3)
        assert np.array_equal(window[12:16, 16:20], one.patch), "the picture shows the code"


def test_a_step_draws_from_the_alternatives() -> None:
    """The last cell of a run is drawn with the probability that the alternatives tell."""
    asked = request(class_id=1, decoding=DecodeOptions(guidance_scale=2.0, token_temperature=0.7))
    tokens = finished(asked)
    open_cell = tokens.copy()
    open_cell[2, 5] = -1
    result = fake_engine().edit(replace(asked, start=Start(open_cell)))
    drawn = int(result.tokens[0][0, 2, 5])
    chances = {
        a.code: a.probability for a in fake_engine().alternatives(replace(asked, start=Start(tokens)), (2, 5), 64)
    }
    assert chances[drawn] == pytest.approx(float(np.exp(result.scores[0])), rel=1e-4)


@pytest.mark.parametrize("cell", [(0, 0), (-1, 3), (3, 8), (8, 3)])
def test_alternatives_are_for_repainted_cells(cell: tuple[int, int]) -> None:
    asked = request()
    with pytest.raises(BadRequest, match="is not repainted by this edit"):
        fake_engine().alternatives(replace(asked, start=Start(finished(asked))), cell)


def test_alternatives_want_every_cell_decided() -> None:
    asked = request()
    half = finished(asked)
    half[3, 3] = -1
    for start in (None, Start(half)):
        with pytest.raises(BadRequest, match="still undecided"):
            fake_engine().alternatives(replace(asked, start=start), (4, 4))
