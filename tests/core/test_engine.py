"""The engine on a fake model: what it promises about pixels, seeds, caching, previews and cancelling."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.engine import Engine, list_models, load_engine
from core.errors import BadRequest, CheckpointError, OutOfMemory, UnknownModel
from core.geometry import Box, Sides
from core.request import DecodeOptions, EditRequest, EditResult, Preview, Task
from tests.fakes import ColourTokenizer, RuleTransformer, fake_engine, fake_spec


def picture(height: int = 60, width: int = 90, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (height, width, channels), dtype=np.uint8)


def hole(image: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[box.slices] = True
    return mask


def inpaint(**options: object) -> EditRequest:
    image = picture()
    return EditRequest(
        Task.INPAINT,
        image,
        hole(image, Box(20, 15, 45, 40)),
        options=DecodeOptions(**options),  # type: ignore[arg-type]
    )


@settings(max_examples=25)
@given(
    seed=st.integers(0, 99),
    feather=st.integers(0, 12),
    grow=st.integers(0, 2),
    channels=st.sampled_from([3, 4]),
    match=st.booleans(),
)
def test_pixels_outside_the_mask_are_bit_identical(
    seed: int, feather: int, grow: int, channels: int, match: bool
) -> None:
    generator = np.random.default_rng(seed)
    image = picture(int(generator.integers(16, 80)), int(generator.integers(16, 80)), channels, seed)
    mask = generator.random(image.shape[:2]) < 0.02
    mask[generator.integers(mask.shape[0]), generator.integers(mask.shape[1])] = True
    before = image.copy()
    request = EditRequest(Task.INPAINT, image, mask, feather_px=feather, grow_tokens=grow, match_colour=match)
    result = fake_engine().edit(request)
    assert result.images.shape == (1, *image.shape)
    assert np.array_equal(result.images[0][~mask], before[~mask])
    assert np.array_equal(image, before), "the caller's picture was changed"
    if channels == 4:
        assert np.array_equal(result.images[0][..., 3], before[..., 3])
    assert np.array_equal(result.canvas_mask, mask)


def test_the_same_request_gives_the_same_bytes() -> None:
    first, second = (fake_engine().edit(inpaint(seed=5)).images for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, fake_engine().edit(inpaint(seed=6)).images)


@pytest.mark.parametrize("order", ["confidence", "halton", "raster"])
@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_a_variation_alone_equals_itself_among_others(order: str, guidance: float) -> None:
    image = picture()
    options = DecodeOptions(order=order, guidance_scale=guidance, variations=4, seed=7)
    request = EditRequest(Task.INPAINT, image, hole(image, Box(20, 15, 45, 40)), class_id=1, options=options)
    together = fake_engine().edit(request)
    for i in range(4):
        alone = fake_engine().edit(request.alone(i))
        assert np.array_equal(alone.images[0], together.images[i])
        assert alone.scores[0] == together.scores[i]


def test_a_second_edit_of_the_same_window_does_not_encode_again() -> None:
    engine = fake_engine()
    engine.edit(inpaint(seed=1, variations=3))
    encoded = engine.encodes
    assert encoded >= 1
    engine.edit(inpaint(seed=2))
    assert engine.encodes == encoded


def test_forwards_are_counted_with_both_branches() -> None:
    engine = fake_engine()
    result = engine.edit(inpaint(steps=4))
    assert result.forwards == engine.forwards == engine.expected_steps(inpaint(steps=4))
    several = engine.edit(inpaint(steps=4, variations=3))
    assert several.forwards == 3 * result.forwards
    assert engine.forwards == 4 * result.forwards + 1, "one look at the empty hole judges how well all of them fit"
    image = picture()
    guided = EditRequest(
        Task.MANIPULATE, image, box=Box(20, 15, 45, 40), class_id=1, options=DecodeOptions(steps=4, guidance_scale=2.0)
    )
    assert fake_engine().edit(guided).forwards == 2 * engine.expected_steps(guided)
    rising = dataclasses.replace(guided, options=dataclasses.replace(guided.options, guidance_ramp="linear"))
    counting = fake_engine()
    # The ramp starts at 1, where one branch is enough.
    assert counting.edit(rising).forwards == counting.forwards == 2 * engine.expected_steps(guided) - 1


def test_the_stream_shows_every_step_and_ends_with_the_result() -> None:
    request = inpaint(steps=5, variations=2)
    *previews, result = fake_engine().stream(request)
    assert isinstance(result, EditResult)
    assert [p.step for p in previews if isinstance(p, Preview)] == [1, 2, 3, 4, 5]
    left = []
    for preview in previews:
        assert isinstance(preview, Preview)
        assert preview.images.shape == (2, 32, 32, 3)
        assert preview.unknown.shape == preview.tokens.shape == preview.confidence.shape == (2, 8, 8)
        assert (preview.steps, preview.passes, preview.exact) == (5, 1, True)
        left.append(int(preview.unknown[0].sum()))
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert np.array_equal(result.images, fake_engine().edit(request).images), "watching changed the picture"


def test_without_a_time_budget_previews_are_mean_colours_and_the_result_is_the_same() -> None:
    engine = fake_engine()
    engine.edit(inpaint())  # now it knows what decoding costs
    *previews, result = engine.stream(inpaint(), preview_budget_s=0.0)
    assert isinstance(result, EditResult)
    assert [p.exact for p in previews if isinstance(p, Preview)] == [False] * 7 + [True]
    exact = [p for p in fake_engine().stream(inpaint()) if isinstance(p, Preview)]
    assert isinstance(previews[0], Preview)
    assert np.array_equal(previews[0].images, exact[0].images), "a colour's mean is that colour"
    assert np.array_equal(result.images, fake_engine().edit(inpaint()).images)


def test_closing_the_stream_stops_before_the_next_forward() -> None:
    engine = fake_engine()
    stream = engine.stream(inpaint(steps=8))
    next(stream)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert engine.forwards == 2
    assert np.array_equal(engine.edit(inpaint()).images, fake_engine().edit(inpaint()).images)


@pytest.mark.parametrize("sides", [Sides(30), Sides(0, 25), Sides(0, 0, 200), Sides(9, 8, 7, 6), Sides(120, 0, 0, 120)])
def test_extending_keeps_the_picture_and_paints_the_rest(sides: Sides) -> None:
    image = picture(48, 64)
    result = fake_engine().edit(EditRequest(Task.EXTRAPOLATE, image, extend=sides))
    canvas = result.images[0]
    assert canvas.shape == (48 + sides.top + sides.bottom, 64 + sides.left + sides.right, 3)
    inside = canvas[sides.top : sides.top + 48, sides.left : sides.left + 64]
    assert np.array_equal(inside, image)
    assert result.canvas_mask.sum() == canvas.shape[0] * canvas.shape[1] - 48 * 64


def test_generating_needs_no_picture() -> None:
    result = fake_engine().edit(EditRequest(Task.GENERATE, class_id=2, options=DecodeOptions(variations=2)))
    assert result.images.shape == (2, 32, 32, 3)
    assert result.unknown_tokens == 64


def test_a_box_equals_the_mask_of_that_box() -> None:
    image = picture()
    box = Box(20, 15, 45, 40)
    by_box = fake_engine().edit(EditRequest(Task.MANIPULATE, image, box=box, class_id=1))
    by_mask = fake_engine().edit(EditRequest(Task.MANIPULATE, image, hole(image, box), class_id=1))
    assert np.array_equal(by_box.images, by_mask.images)


def test_the_removed_object_does_not_reach_the_nets() -> None:
    image = picture()
    mask = hole(image, Box(20, 15, 45, 40))
    other = image.copy()
    other[mask] = 255 - other[mask]
    hard = {"feather_px": 0}
    first = fake_engine().edit(EditRequest(Task.INPAINT, image, mask, **hard))  # type: ignore[arg-type]
    second = fake_engine().edit(EditRequest(Task.INPAINT, other, mask, **hard))  # type: ignore[arg-type]
    assert np.array_equal(first.images, second.images)


def test_opaque_makes_repainted_pixels_visible() -> None:
    image = picture(40, 40, 4)
    image[..., 3] = 0
    mask = hole(image, Box(10, 10, 30, 30))
    kept = fake_engine().edit(EditRequest(Task.INPAINT, image, mask, feather_px=0))
    shown = fake_engine().edit(EditRequest(Task.INPAINT, image, mask, feather_px=0, opaque=True))
    assert (kept.images[0][..., 3] == 0).all()
    assert (shown.images[0][..., 3] == np.where(mask, 255, 0)).all()


@pytest.mark.parametrize(
    ("request_", "advice"),
    [
        (EditRequest(Task.GENERATE, class_id=9), "class 9 is unknown"),
        (EditRequest(Task.MANIPULATE, picture(), box=Box(0, 0, 20, 20)), "no class was chosen"),
    ],
)
def test_what_the_model_cannot_do_is_refused_in_a_sentence(request_: EditRequest, advice: str) -> None:
    with pytest.raises(BadRequest, match=advice):
        fake_engine().edit(request_)


def test_a_model_without_a_null_class_asks_for_one() -> None:
    with pytest.raises(BadRequest, match="cannot work without a class"):
        fake_engine(null_class=False).edit(inpaint())


def test_running_out_of_memory_is_a_sentence() -> None:
    class Full(RuleTransformer):
        def forward(self, tokens: torch.Tensor, class_ids: torch.Tensor) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemory, match="fewer variations"):
        Engine(fake_spec(), ColourTokenizer(), Full()).edit(inpaint())


def test_reconstructing_keeps_the_size() -> None:
    flat = np.full((50, 120, 3), 32, np.uint8)
    assert np.array_equal(fake_engine().reconstruct(flat), flat)


def test_edits_together_equal_edits_alone() -> None:
    image = picture()
    mask = hole(image, Box(20, 15, 45, 40))
    requests = [
        EditRequest(Task.INPAINT, image, mask, class_id=c, options=DecodeOptions(schedule=s, steps=6, guidance_scale=g))
        for c, s, g in ((None, "cosine", 1.0), (1, "linear", 2.0), (2, "arccos", 1.0))
    ]
    for request, result in zip(requests, fake_engine().edit_together(requests), strict=True):
        alone = fake_engine().edit(request)
        assert np.array_equal(alone.images, result.images)
        assert (alone.forwards, alone.scores) == (result.forwards, result.scores)


def test_unknown_models_and_devices_are_refused() -> None:
    with pytest.raises(UnknownModel, match="'nonesuch' is unknown"):
        load_engine("nonesuch")
    with pytest.raises(BadRequest, match="tpu"):
        load_engine(device="tpu")
    with pytest.raises(BadRequest, match="fp8"):
        load_engine(dtype="fp8", device="cpu")


def test_a_folder_without_a_model_is_refused(tmp_path: object) -> None:
    from pathlib import Path

    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        load_engine(folder=Path(str(tmp_path)))


def test_the_bundled_model_is_listed() -> None:
    assert "scenes-128" in [spec.name for spec in list_models()]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU: none is here")
def test_a_gpu_repeats_itself_and_keeps_the_outside() -> None:
    engine = load_engine(device="cuda")
    request = EditRequest(Task.INPAINT, picture(200, 200), hole(picture(200, 200), Box(60, 60, 140, 140)))
    first, second = engine.edit(request).images[0], engine.edit(request).images[0]
    assert np.array_equal(first, second)
    assert request.image is not None
    assert request.mask is not None
    assert np.array_equal(first[~request.mask], request.image[~request.mask])
