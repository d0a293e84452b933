"""How Fill and Extend end, on a fake model: the photo's own pixels, led by what was decoded."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from core.canvas.finish.finish import STAGES
from core.engine.asked import Asked
from core.errors import BadRequest
from core.values.finishing import FOLLOW, UNFINISHED, Finishing
from core.values.geometry import Box, Sides
from core.values.groups import DecodeOptions, Painting, Start
from core.values.region import Mask
from core.values.request import EditRequest
from core.values.result import EditResult, Preview
from tests.fakes import fake_engine, painted

HOLE = Box(30, 20, 62, 50)


def photo(channels: int = 3) -> NDArray[np.uint8]:
    """Bands of noise: no pixel is like its neighbours, and every band has its colour."""
    noise = np.random.default_rng(2).integers(0, 40, (72, 96, channels), np.uint8)
    noise[..., :3] += np.array([[20, 60, 150], [180, 120, 30], [60, 160, 60]], np.uint8)[np.arange(72) // 24][:, None]
    if channels == 4:
        noise[..., 3] = 255
    return noise


def fill(channels: int = 3, **changes: Any) -> EditRequest:
    image = photo(channels)
    mask = np.zeros(image.shape[:2], np.bool_)
    mask[HOLE.slices] = True
    decoding = DecodeOptions(steps=3, seed=5, variations=3)
    return EditRequest(image, **{"region": Mask(mask), "decoding": decoding, **changes})


def test_a_fill_ends_with_pixels_of_the_photo() -> None:
    asked = fill()
    result = fake_engine().edit(asked)
    assert result.follows is not None
    assert result.sources is not None
    assert asked.mask is not None
    hole = asked.mask[result.area.slices]
    rows, columns = result.sources[:, hole].reshape(-1, 2).T
    assert not asked.mask[rows, columns].any()
    assert (result.sources[:, ~hole] == -1).all()
    raw = fake_engine().edit(painted(asked, finish="none"))
    assert raw.follows is raw.places is raw.sources is None
    assert np.array_equal(raw.tokens[0], result.tokens[0])

    def roughness(picture: NDArray[np.uint8]) -> float:
        inside = picture[HOLE.slices].astype(float)
        return float(np.abs(np.diff(inside, axis=0)).mean())

    assert roughness(result.image(0)) > 0.5 * roughness(photo())
    assert sorted(result.ranking) == [0, 1, 2]
    assert len({image.tobytes() for image in result.images}) == 3


def test_the_same_request_gives_the_same_pictures_and_another_seed_others() -> None:
    first, again, other = (
        fake_engine().edit(fill(decoding=DecodeOptions(steps=3, seed=seed))).images for seed in (5, 5, 6)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_one_of_several_that_competed_can_be_drawn_again_and_its_tokens_alone() -> None:
    asked = fill()
    together = fake_engine().edit(asked)
    for i in range(3):
        single = fake_engine().edit(asked.single(i))
        assert single.images.shape[0] == 1
        assert np.array_equal(single.images[0], together.images[i])
        assert np.array_equal(single.tokens[0][0], together.tokens[0][i])
        assert single.follows == together.follows[i : i + 1]  # type: ignore[index]
        one = asked.single(i)
        assert one.single(0) is one
        alone = fake_engine().edit(asked.alone(i))
        assert np.array_equal(alone.tokens[0][0], together.tokens[0][i])
        unfinished = painted(asked, finish="none")
        assert unfinished.single(i).decoding == unfinished.alone(i).decoding
    with pytest.raises(BadRequest, match="variation"):
        replace(asked, decoding=replace(asked.decoding, only=3))


def test_requests_together_are_finished_each_by_itself() -> None:
    requests = [fill(class_id=class_id, decoding=DecodeOptions(steps=3, variations=2)) for class_id in (1, 2)]
    for asked, result in zip(requests, fake_engine().edit_together(requests), strict=True):
        alone = fake_engine().edit(asked)
        assert np.array_equal(alone.images, result.images)
        assert (alone.follows, alone.places) == (result.follows, result.places)


def test_the_stream_shows_the_finish_after_the_steps() -> None:
    asked = fill()
    *shown, result = fake_engine().stream(asked)
    assert isinstance(result, EditResult)
    kinds = [type(item) for item in shown]
    steps = kinds.count(Preview)
    assert set(kinds[:steps]) == {Preview}
    assert set(kinds[steps:]) == {Finishing}
    frames = [item for item in shown if isinstance(item, Finishing)]
    pictures = [frame.images for frame in frames if frame.images is not None]
    assert pictures
    assert asked.mask is not None
    for frame in frames:
        assert frame.area == result.area
        assert 0 <= frame.share <= 1
    outside = ~asked.mask[result.area.slices]
    assert all(np.array_equal(p[0][outside], photo()[result.area.slices][outside]) for p in pictures)
    assert np.array_equal(result.images, fake_engine().edit(asked).images), "watching changed the picture"
    assert result.seconds["finish"] > 0
    stages = [result.seconds[f"finish: {stage}"] for stage in STAGES]
    assert sum(stages) == pytest.approx(result.seconds["finish"])
    assert result.seconds["finish: layouts"] > 0


def test_a_closed_stream_leaves_the_engine_usable() -> None:
    engine = fake_engine()
    stream = engine.stream(fill())
    for item in stream:
        if isinstance(item, Finishing):
            break
    stream.close()  # type: ignore[attr-defined]
    assert np.array_equal(engine.edit(fill()).images, fake_engine().edit(fill()).images)


@pytest.mark.parametrize(
    ("region", "follow", "following"),
    [
        (fill().region, FOLLOW, FOLLOW),
        (fill().region, 0.0, 0.0),
        (Sides(right=16), FOLLOW, 0.0),
        (Sides(right=16), 0.0, 0.0),
        (Sides(right=16), 1.0, 1.0),
    ],
)
def test_a_border_begins_to_follow_the_model_where_somebody_asks_for_more(
    region: Mask | Sides, follow: float, following: float
) -> None:
    assert EditRequest(photo(), region, painting=Painting(follow=follow)).following == following


@pytest.mark.parametrize(("chosen", "advised", "wanted"), [(None, None, FOLLOW), (None, 0.5, 0.5), (0.0, 0.5, 0.0)])
def test_a_model_may_advise_how_much_it_is_followed(chosen: float | None, advised: float | None, wanted: float) -> None:
    engine = fake_engine()
    engine.spec = replace(engine.spec, follow=advised)
    asked = Asked(engine.spec).advised(fill(painting=Painting(follow=chosen)))
    assert (asked.painting.follow, asked.following) == (wanted, wanted)


def test_who_follows_the_model_gets_its_layouts_and_codes_are_always_followed() -> None:
    assert fake_engine().edit(fill(painting=Painting(follow=1.0))).follows == (1, 1, 1)
    assert fake_engine().edit(fill(painting=Painting(follow=0.0))).follows == (0, 0, 0)
    tokens = fake_engine().edit(fill(decoding=DecodeOptions(steps=3))).tokens[0][0].astype(np.int64)
    asked = fill(start=Start(tokens))
    assert asked.following == 1.0
    assert fake_engine().edit(asked).follows == (1, 1, 1)


def test_a_border_is_copied_from_the_photo() -> None:
    image = photo()
    asked = EditRequest(image, Sides(right=20), decoding=DecodeOptions(steps=3))
    result = fake_engine().edit(asked)
    assert result.follows is not None
    assert result.sources is not None
    assert np.array_equal(result.image(0)[:, :96], image)
    hole = result.canvas_mask[result.area.slices]
    assert (result.sources[0][hole][:, 1] < 96).all()


@pytest.mark.parametrize(
    "asked",
    [
        EditRequest(photo(), HOLE, class_id=1),
        EditRequest(class_id=1),
        EditRequest(photo(), Sides(right=300)),
        fill(region=Mask(np.pad(np.ones((64, 88), np.bool_), 4))),
        fill(painting=Painting(finish="none")),
    ],
    ids=["replace", "generate", "panorama", "nearly all", "none"],
)
def test_what_is_not_finished_is_what_it_was(asked: EditRequest) -> None:
    asked = replace(asked, decoding=DecodeOptions(steps=2))
    result = fake_engine().edit(asked)
    assert result.follows is None
    assert result.told == ((UNFINISHED,) if asked.is_finished else ())
    assert np.array_equal(result.images, fake_engine().edit(painted(asked, finish="none")).images)


def test_one_of_several_that_are_not_finished_is_drawn_too() -> None:
    asked = EditRequest(photo(), Sides(right=300), decoding=DecodeOptions(steps=2, variations=2))
    together = fake_engine().edit(asked)
    single = fake_engine().edit(asked.single(1))
    assert np.array_equal(single.images[0], together.images[1])


def test_a_soft_mask_takes_as_much_of_the_finish_as_it_says() -> None:
    levels = np.zeros((72, 96), np.uint8)
    levels[HOLE.slices] = 51
    options = DecodeOptions(steps=3)
    hard = fake_engine().edit(fill(region=Mask(levels > 0), decoding=options)).image(0)
    soft = fake_engine().edit(fill(region=Mask(levels), decoding=options)).image(0)
    inside = levels > 0
    assert np.abs(soft[inside] - (0.2 * hard[inside] + 0.8 * photo()[inside])).max() <= 1


def test_alpha_stays_unless_it_is_to_be_opaque() -> None:
    asked = fill(channels=4, painting=Painting(opaque=False), decoding=DecodeOptions(steps=3))
    assert asked.image is not None
    asked.image[20:30, 30:50, 3] = 0
    result = fake_engine().edit(asked)
    assert np.array_equal(result.image(0)[..., 3], asked.image[..., 3])
    opaque = fake_engine().edit(painted(asked, opaque=True)).image(0)
    assert (opaque[HOLE.slices][..., 3] == 255).all()
