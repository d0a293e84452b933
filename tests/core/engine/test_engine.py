"""The engine on a fake model: what it promises about pixels, seeds, caching, previews and cancelling."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch.overrides import TorchFunctionMode

from core.decoding.settings import Decoding
from core.engine import load_engine
from core.engine.device import FORMATS
from core.engine.sweeps import sweep
from core.engine.work import Work
from core.errors import BadRequest, CheckpointError, OutOfMemory, UnknownModel
from core.models.bundled import list_models
from core.recipe import recipe_text
from core.values.finishing import FINISH_NAMES
from core.values.geometry import Box, Sides
from core.values.groups import BLEND_NAMES, DETAIL_NAMES, DecodeOptions, Painting, Start, View
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import ColourTokenizer, RuleTransformer, engine_of, fake_engine, fake_spec


def picture(height: int = 60, width: int = 90, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (height, width, channels), dtype=np.uint8)


def hole(image: NDArray[np.uint8], box: Box) -> NDArray[np.bool_]:
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[box.slices] = True
    return mask


def inpaint(**options: object) -> EditRequest:
    image = picture()
    return EditRequest(image, Mask(hole(image, Box(20, 15, 45, 40))), decoding=DecodeOptions(**options))


@settings(max_examples=25)
@given(
    seed=st.integers(0, 99),
    feather=st.integers(0, 12),
    grow=st.integers(0, 2),
    channels=st.sampled_from([3, 4]),
    match=st.booleans(),
    refine=st.integers(0, 2),
    detail=st.sampled_from(DETAIL_NAMES),
    blend=st.sampled_from(BLEND_NAMES),
    finish=st.sampled_from(FINISH_NAMES),
)
def test_pixels_outside_the_mask_are_bit_identical(
    seed: int, feather: int, grow: int, channels: int, match: bool, refine: int, detail: str, blend: str, finish: str
) -> None:
    generator = np.random.default_rng(seed)
    image = picture(int(generator.integers(16, 80)), int(generator.integers(16, 80)), channels, seed)
    mask = generator.random(image.shape[:2]) < 0.02
    mask[generator.integers(mask.shape[0]), generator.integers(mask.shape[1])] = True
    before = image.copy()
    request = EditRequest(
        image,
        Mask(mask),
        view=View(grow_tokens=grow, refine=refine),
        painting=Painting(finish=finish, match_colour=match, detail=detail, feather_px=feather, blend=blend),
    )
    result = fake_engine().edit(request)
    assert result.images.shape == (1, *image.shape)
    assert np.array_equal(result.images[0][~mask], before[~mask])
    assert np.array_equal(image, before), "the caller's picture was changed"
    if channels == 4:
        alpha = result.images[0][..., 3]
        assert ((alpha == before[..., 3]) | (mask & (alpha == 255))).all()
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
    marked = hole(image, Box(20, 15, 45, 40))
    request = EditRequest(image, Mask(marked), class_id=1, painting=Painting(finish="none"), decoding=options)
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
    guided = EditRequest(image, Box(20, 15, 45, 40), class_id=1, decoding=DecodeOptions(steps=4, guidance_scale=2.0))
    assert fake_engine().edit(guided).forwards == 4 * engine.expected_steps(guided), "by the picture and by the hole"
    by_picture = dataclasses.replace(guided, decoding=dataclasses.replace(guided.decoding, guided_by="picture"))
    assert fake_engine().edit(by_picture).forwards == 2 * engine.expected_steps(guided)
    rising = dataclasses.replace(by_picture, decoding=dataclasses.replace(by_picture.decoding, guidance_ramp="linear"))
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
        if not isinstance(preview, Preview):
            continue  # signs of life of the finish, see test_ending.py
        assert preview.images.shape == (2, 32, 32, 3)
        assert preview.unknown.shape == preview.tokens.shape == preview.confidence.shape == (2, 8, 8)
        assert (preview.steps, preview.passes, preview.exact) == (5, 1, True)
        left.append(int(preview.unknown[0].sum()))
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert np.array_equal(result.images, fake_engine().edit(request).images), "watching changed the picture"


def test_without_a_time_budget_previews_are_colours_of_codes_and_the_result_is_the_same() -> None:
    engine = fake_engine()
    engine.edit(inpaint())  # now it knows what decoding costs
    *previews, result = engine.stream(inpaint(), preview_budget_s=0.0)
    assert isinstance(result, EditResult)
    assert [p.exact for p in previews if isinstance(p, Preview)] == [False] * 7 + [True]
    first = previews[0]
    assert isinstance(first, Preview)
    cells = first.images[0].reshape(8, 4, 8, 4, 3)
    assert (cells == cells[:, :1, :, :1]).all(), "a cell has one colour"
    colours = {(int(code), *cells[y, 0, x, 0].tolist()) for (y, x), code in np.ndenumerate(first.tokens[0])}
    assert len(colours) == len(np.unique(first.tokens[0])), "and a code is one colour wherever it is"
    assert np.array_equal(result.images, fake_engine().edit(inpaint()).images)


def test_closing_the_stream_stops_before_the_next_forward() -> None:
    engine = fake_engine()
    stream = engine.stream(inpaint(steps=8))
    next(stream)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert engine.forwards == 2
    assert np.array_equal(engine.edit(inpaint()).images, fake_engine().edit(inpaint()).images)


def test_the_first_preview_waits_for_one_window_and_not_for_examples_of_detail() -> None:
    engine = fake_engine()
    stream = engine.stream(dataclasses.replace(inpaint(steps=3), painting=Painting(finish="none", detail="patches")))
    next(stream)
    assert engine.encodes == 1
    assert isinstance(list(stream)[-1], EditResult)
    assert engine.encodes > 1, "examples are windows of the photo, shown to the tokenizer"


@pytest.mark.parametrize("sides", [Sides(30), Sides(0, 25), Sides(0, 0, 200), Sides(9, 8, 7, 6), Sides(120, 0, 0, 120)])
def test_extending_keeps_the_picture_and_paints_the_rest(sides: Sides) -> None:
    image = picture(48, 64)
    result = fake_engine().edit(EditRequest(image, sides))
    canvas = result.images[0]
    assert canvas.shape == (48 + sides.top + sides.bottom, 64 + sides.left + sides.right, 3)
    inside = canvas[sides.top : sides.top + 48, sides.left : sides.left + 64]
    assert np.array_equal(inside, image)
    assert result.canvas_mask.sum() == canvas.shape[0] * canvas.shape[1] - 48 * 64


def test_generating_needs_no_picture() -> None:
    result = fake_engine().edit(EditRequest(class_id=2, decoding=DecodeOptions(variations=2)))
    assert result.images.shape == (2, 32, 32, 3)
    assert result.unknown_tokens == 64


def test_a_box_equals_the_mask_of_that_box() -> None:
    image = picture()
    box = Box(20, 15, 45, 40)
    by_box = fake_engine().edit(EditRequest(image, box, class_id=1))
    by_mask = fake_engine().edit(EditRequest(image, Mask(hole(image, box), new=True), class_id=1))
    assert np.array_equal(by_box.images, by_mask.images)


def test_the_removed_object_does_not_reach_the_nets() -> None:
    image = picture()
    mask = hole(image, Box(20, 15, 45, 40))
    other = image.copy()
    other[mask] = 255 - other[mask]
    hard = Painting(feather_px=0)
    first, second = (fake_engine().edit(EditRequest(one, Mask(mask), painting=hard)) for one in (image, other))
    assert np.array_equal(first.images, second.images)


@pytest.mark.parametrize("opaque", [None, False, True])
def test_what_is_painted_where_nothing_was_is_seen_unless_alpha_is_to_stay(opaque: bool | None) -> None:
    image = picture(40, 60, 4)
    image[..., 3] = 120
    image[12:20, 12:20, 3] = 0  # in the left part of the hole
    left, right = hole(image, Box(10, 10, 30, 30)), hole(image, Box(40, 10, 55, 30))
    request = EditRequest(image, Mask(left | right), painting=Painting(feather_px=0, opaque=opaque))
    shown = fake_engine().edit(request).images[0]
    raised = {None: left, False: left & False, True: left | right}[opaque]
    assert (shown[..., 3] == np.where(raised, 255, image[..., 3])).all()
    assert (shown[~(left | right)] == image[~(left | right)]).all()


@pytest.mark.parametrize(
    ("request_", "advice"),
    [
        (EditRequest(class_id=9), "class 9 is unknown"),
        (EditRequest(picture(), Box(0, 0, 20, 20)), "no class was chosen"),
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
        def forward(
            self, tokens: torch.Tensor, class_ids: torch.Tensor, *, cells: torch.Tensor | None = None
        ) -> torch.Tensor:
            raise torch.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemory, match="fewer variations"):
        engine_of(fake_spec(), ColourTokenizer(), Full()).edit(inpaint())


def test_reconstructing_keeps_the_size() -> None:
    flat = np.full((50, 120, 3), 32, np.uint8)
    assert np.array_equal(fake_engine().reconstruct(flat), flat)


def test_edits_together_equal_edits_alone() -> None:
    image = picture()
    mask = hole(image, Box(20, 15, 45, 40))
    requests = [
        EditRequest(image, Mask(mask), class_id=c, decoding=DecodeOptions(schedule=s, steps=6, guidance_scale=g))
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
    request = EditRequest(picture(200, 200), Mask(hole(picture(200, 200), Box(60, 60, 140, 140))))
    first, second = engine.edit(request).images[0], engine.edit(request).images[0]
    assert np.array_equal(first, second)
    assert request.image is not None
    assert request.mask is not None
    assert np.array_equal(first[~request.mask], request.image[~request.mask])


@pytest.mark.parametrize("detail", DETAIL_NAMES)
@pytest.mark.parametrize("blend", BLEND_NAMES)
def test_nothing_of_what_is_removed_shines_through(detail: str, blend: str) -> None:
    finish = "auto" if (detail, blend) == ("auto", "auto") else "none"  # it would leave these without a part
    painting = Painting(detail=detail, blend=blend, finish=finish)
    image = picture(120, 150)
    mask = hole(image, Box(20, 15, 90, 80)) | hole(image, Box(120, 100, 130, 112))
    other = image.copy()
    other[mask] = 255 - other[mask]
    requests = (EditRequest(one, Mask(mask), view=View(refine=1), painting=painting) for one in (image, other))
    first, second = (fake_engine().edit(request).image(0) for request in requests)
    assert np.array_equal(first, second)


def test_a_soft_mask_blends_with_what_was_there() -> None:
    image = np.full((60, 90, 3), 200, np.uint8)
    level = np.zeros((60, 90), np.uint8)
    level[20:40, 20:60] = 51
    plain = Painting(feather_px=0, match_colour=False, detail="none", blend="feather", finish="none")
    hard, soft = (
        fake_engine().edit(EditRequest(image, Mask(mask), painting=plain)).image(0) for mask in (level > 0, level)
    )
    inside = level > 0
    assert np.abs(soft[inside] - (0.2 * hard[inside] + 0.8 * image[inside])).max() <= 1


def test_finer_looks_change_the_hole_and_nothing_else() -> None:
    image = picture(200, 300)
    request = EditRequest(image, Mask(hole(image, Box(60, 50, 200, 150))), painting=Painting(finish="none"))
    coarse = fake_engine().edit(request)
    finer = fake_engine().edit(dataclasses.replace(request, view=View(refine=2)))
    assert len(finer.windows) > len(coarse.windows)
    assert not np.array_equal(finer.image(0), coarse.image(0))
    assert np.array_equal(finer.image(0)[~request.mask], image[~request.mask])  # type: ignore[operator,index]


def test_a_start_goes_into_the_first_look_and_finer_ones_follow() -> None:
    image = picture(200, 300)
    options = DecodeOptions(seed=4, steps=4)
    request = EditRequest(
        image,
        Mask(hole(image, Box(60, 50, 200, 150))),
        view=View(refine=1),
        painting=Painting(finish="none"),
        decoding=options,
    )
    engine = fake_engine()
    whole = engine.edit(request)
    start = Start(whole.tokens[0][0].astype(np.int64), 0)
    again = engine.edit(dataclasses.replace(request, start=start))
    assert np.array_equal(again.image(0), whole.image(0)), "codes of every cell given: the same picture"


def test_memory_and_result_are_those_of_the_part_that_was_painted() -> None:
    image = picture(900, 1200)
    result = fake_engine().edit(EditRequest(image, Mask(hole(image, Box(600, 500, 620, 520)))))
    assert result.base is image
    assert result.patches.shape[1] * result.patches.shape[2] < 0.02 * image.shape[0] * image.shape[1]
    assert np.array_equal(result.images[0], result.image(0))


def test_variations_are_judged_by_fit_and_one_alone_is_not() -> None:
    assert fake_engine().edit(inpaint()).fits is None
    image = picture()
    request = EditRequest(image, Box(20, 15, 45, 40), class_id=1, decoding=DecodeOptions(variations=4, seed=1))
    result = fake_engine().edit(request)
    assert result.fits is not None
    assert result.class_fits is not None
    assert len(result.fits) == len(result.class_fits) == 4
    assert all(fit <= 0 for fit in result.fits)
    assert sorted(result.ranking) == [0, 1, 2, 3]
    assert list(result.ranking) == sorted(range(4), key=lambda i: -result.class_fits[i])  # type: ignore[index]


def test_fit_is_the_likelihood_of_the_tokens_with_the_whole_hole_hidden() -> None:
    engine = fake_engine()
    result = engine.edit(inpaint(variations=2, seed=3))
    assert result.fits is not None
    unknown = torch.from_numpy(result.latent_masks[0]).flatten()
    for row in range(2):
        tokens = torch.from_numpy(result.tokens[0][row]).flatten()
        logits = RuleTransformer()(tokens.masked_fill(unknown, -1)[None], torch.tensor([-1]))[0]
        wanted = torch.log_softmax(logits.detach(), -1)[unknown].gather(1, tokens[unknown][:, None]).mean()
        assert result.fits[row] == pytest.approx(float(wanted), abs=1e-4)


def test_a_border_that_repeats_something_is_drawn_anew_and_only_so_often(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture(60, 90)
    request = EditRequest(image, Sides(right=80), decoding=DecodeOptions(seed=2, variations=2, steps=2))
    plain = fake_engine().edit(request)
    seen: list[int] = []

    def first_row_repeats(work: Work, row: int) -> bool:
        seen.append(row)
        return work.samples[row].sampling.seed == 2

    monkeypatch.setattr(Work, "repeats", first_row_repeats)
    redrawn = fake_engine().edit(request)
    assert len(plain.windows) > 1
    assert not np.array_equal(redrawn.image(0), plain.image(0))
    assert np.array_equal(redrawn.image(1), plain.image(1))
    assert redrawn.forwards > plain.forwards
    assert np.array_equal(fake_engine().edit(request.alone(0)).image(0), redrawn.image(0))
    shown = [item for item in fake_engine().stream(request) if isinstance(item, Preview)]
    assert all(len(preview.images) == 2 for preview in shown)

    monkeypatch.setattr(Work, "repeats", lambda work, row: True)
    stubborn = fake_engine().edit(request)
    assert stubborn.forwards == 3 * plain.forwards


def test_what_is_left_out_is_the_models_advice_at_every_way_in() -> None:
    advice = Decoding.standard(steps=3, guidance_scale=5.0, choice_temperature=6.0, token_temperature=0.8)
    engine, image = fake_engine(defaults=advice), picture()
    request = EditRequest(image, Box(20, 15, 45, 40), class_id=1, decoding=DecodeOptions(seed=4))
    advised = dataclasses.replace(request, decoding=DecodeOptions(**vars(advice), seed=4))
    used = engine.edit(request)
    assert used.request.decoding == advised.decoding
    assert np.array_equal(used.images, engine.edit(advised).images)
    assert engine.expected_steps(request) == 3
    assert [item.steps for item in engine.stream(request) if isinstance(item, Preview)] == [3, 3, 3]
    (cell,) = sweep(engine, request, {"seed": [4]})
    assert cell.request.decoding == advised.decoding
    assert recipe_text(engine.spec, request) == recipe_text(engine.spec, advised)


def test_a_picture_from_nothing_is_advised_in_its_own_way() -> None:
    engine = fake_engine(
        defaults=Decoding.standard(steps=6, start_step=4, guidance_scale=5.0),
        from_nothing={"steps": 3, "guidance_scale": 3.0},
    )
    new, edit = EditRequest(class_id=1), EditRequest(picture(), Box(20, 15, 45, 40), class_id=1)
    chosen = dataclasses.replace(new, decoding=DecodeOptions(guidance_scale=2.0))
    used = [engine.edit(request).request.decoding for request in (new, edit, chosen)]
    assert [(each.steps, each.start_step, each.guidance_scale) for each in used] == [
        (3, 2, 3.0),
        (6, 4, 5.0),
        (3, 2, 2.0),
    ]
    (cell,) = sweep(engine, new, {"seed": [4]})
    assert (cell.request.decoding.steps, cell.request.decoding.guidance_scale) == (3, 3.0)
    assert recipe_text(engine.spec, new) == recipe_text(engine.spec, dataclasses.replace(new, decoding=used[0]))


class Cramped(RuleTransformer):
    """Runs out of memory with more than so many rows, and in float32 where a smaller format is to be taken."""

    def __init__(self, most: int, *, halved: bool = False) -> None:
        super().__init__()
        self.most, self.halved, self.asked = most, halved, 0
        self.layer = torch.nn.Linear(2, 2)

    def forward(
        self, tokens: torch.Tensor, class_ids: torch.Tensor, *, cells: torch.Tensor | None = None
    ) -> torch.Tensor:
        self.asked = max(self.asked, len(tokens))
        if len(tokens) > self.most or (self.halved and self.layer.weight.dtype == torch.float32):
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(tokens, class_ids, cells=cells)


def test_where_memory_is_short_fewer_rows_go_at_a_time_and_it_is_told() -> None:
    engine = engine_of(fake_spec(), ColourTokenizer(), Cramped(2))
    engine._nets._rows = 8  # as on a GPU, where all share a batch
    result = engine.edit(inpaint(variations=7))
    assert np.array_equal(result.images, fake_engine().edit(inpaint(variations=7)).images)
    assert result.told == tuple(
        f"memory is short: from now on {rows} of 7 variations are computed at a time." for rows in (3, 1)
    )
    assert engine.edit(inpaint(variations=7)).told == ()


def test_then_a_smaller_number_format_is_taken_and_the_picture_begun_anew() -> None:
    engine = engine_of(fake_spec(), ColourTokenizer(), Cramped(9, halved=True))
    items = list(engine.stream(inpaint(steps=3)))
    result = items[-1]
    assert isinstance(result, EditResult)
    assert engine.dtype == "float16"
    assert "float16" in result.told[0]
    assert [item.step for item in items[:-1] if isinstance(item, Preview)] == [1, 2, 3]


class FakeGpu(TorchFunctionMode):
    """Takes CUDA for a device that is there: its tensors are the CPU's, and it has no memory for a single row."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        def there(each: Any) -> Any:
            return torch.device("cpu") if isinstance(each, torch.device) and each.type == "cuda" else each

        return func(*map(there, args), **{name: there(value) for name, value in (kwargs or {}).items()})


@pytest.mark.filterwarnings("ignore:CUDA is not available")
def test_the_cpu_is_the_last_rung_and_every_rung_is_told() -> None:
    with FakeGpu():
        transformer = Cramped(9)
        engine = engine_of(fake_spec(), ColourTokenizer(), transformer, device=torch.device("cuda"))

        def on_the_gpu(*_: object) -> None:
            if engine.device == "cuda":
                raise torch.OutOfMemoryError("CUDA out of memory")

        transformer.register_forward_pre_hook(on_the_gpu)
        result = engine.edit(inpaint(variations=3))
        assert engine.edit(inpaint(variations=3)).told == (), "what was told once holds from then on"
    assert (engine.device, engine.dtype) == ("cpu", "float16")
    assert result.told == (
        *(f"memory is short: from now on {rows} of 8 variations are computed at a time." for rows in (4, 2, 1)),
        "memory is short: from now on it computes in float16, and pixels may differ a little.",
        "memory is short: from now on it computes on the CPU, which takes longer.",
    )
    halved = engine_of(fake_spec(), ColourTokenizer(), Cramped(9), number=FORMATS["fp16"])
    assert np.array_equal(result.images, halved.edit(inpaint(variations=3)).images)


@pytest.mark.parametrize(("part", "what"), [("transformer", "logits"), ("tokenizer", "pixels")])
def test_numbers_that_are_none_give_no_picture(part: str, what: str) -> None:
    nets: dict[str, Any] = {"tokenizer": ColourTokenizer(), "transformer": RuleTransformer()}
    net = nets[part]
    net.register_forward_hook(lambda *given: given[-1] * float("inf"))
    if part == "tokenizer":
        decode = net.decode
        net.decode = lambda tokens: decode(tokens) * float("nan")
    with pytest.raises(CheckpointError, match=f"fake gives {what} that are not finite"):
        engine_of(fake_spec(), **nets).edit(inpaint())
