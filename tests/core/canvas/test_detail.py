import numpy as np
import pytest

from core.canvas.compose import to_model
from core.canvas.detail import Example, Examples
from core.values.geometry import Box

SIDE, PIXELS = 256, 64


def softened(picture):
    """What a tokenizer might keep: the picture at the model's resolution."""
    return to_model(picture, Box(0, 0, *picture.shape[1::-1]), PIXELS)


def textured(seed, roughness):
    """A smooth scene, dark above and light below, with fine noise of so many levels."""
    rows = np.linspace(60, 180, SIDE)[:, None, None]
    noise = np.random.default_rng(seed).normal(0, roughness, (SIDE, SIDE, 1))
    return np.clip(np.rint(rows + noise + np.zeros(3)), 0, 255).astype(np.uint8)


def hole():
    mask = np.zeros((SIDE, SIDE), np.bool_)
    mask[80:176, 80:176] = True
    return mask


def roughness(picture):
    fine = picture.astype(np.float64)
    return float(np.std(fine[:, 1:] - fine[:, :-1]))


def test_a_hole_gets_the_roughness_of_what_is_like_it():
    picture = textured(0, 12)
    examples = Examples([Example(picture, softened(picture), hole())])
    added = examples.detail(softened(textured(1, 0)), hole(), seed=0)
    inside = added[84:172, 84:172]
    lost = picture[:60].astype(np.float64)
    assert 0.7 <= np.std(inside) / 12 <= 1.3
    assert 0.7 <= roughness(inside) / roughness(lost) <= 1.3
    assert abs(inside.mean()) < 2


def test_each_part_gets_the_detail_of_its_like():
    picture = textured(0, 0)
    picture[128:] = textured(0, 20)[128:]
    added = Examples([Example(picture, softened(picture), hole())]).detail(softened(picture), hole(), seed=0)
    assert np.std(added[84:112, 84:172]) < 3
    assert np.std(added[144:172, 84:172]) > 10


def test_what_is_unlike_anything_known_gets_nothing():
    picture = textured(0, 12)
    examples = Examples([Example(picture, softened(picture), hole())])
    strange = np.zeros((PIXELS, PIXELS, 3), np.uint8)
    strange[..., 0] = 255
    assert np.abs(examples.detail(strange, hole(), seed=0)).max() < 1e-3


def test_nothing_is_lost_nothing_is_added():
    flat = np.full((SIDE, SIDE, 3), 90, np.uint8)
    added = Examples([Example(flat, softened(flat), hole())]).detail(softened(flat), hole(), seed=0)
    assert np.abs(added).max() < 0.01


def test_what_the_hole_held_is_no_example():
    picture = textured(0, 12)
    other = picture.copy()
    other[hole()] = 255 - other[hole()]
    shown = softened(picture)
    first, second = (
        Examples([Example(p, shown, hole())]).detail(softened(textured(1, 0)), hole(), seed=3) for p in (picture, other)
    )
    assert np.array_equal(first, second)


def test_a_steady_error_of_colour_is_undone():
    picture = textured(0, 4)
    wrong = np.clip(softened(picture).astype(int) + np.array([12, 0, -9]), 0, 255).astype(np.uint8)
    added = Examples([Example(picture, wrong, hole())]).detail(wrong, hole(), seed=0)
    assert np.allclose(added[100:156, 100:156].mean((0, 1)), (-12, 0, 9), atol=2)


def test_the_seed_decides_which_of_like_blocks_are_taken():
    picture = textured(0, 12)
    examples = Examples([Example(picture, softened(picture), hole())])
    asked = softened(textured(1, 0))
    first, again, other = (examples.detail(asked, hole(), seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_grain_is_that_of_the_flattest_parts():
    picture = textured(0, 3)
    picture[:, :60] = np.random.default_rng(5).integers(0, 255, (SIDE, 60, 3))
    added = Examples([Example(picture, softened(picture), hole())], grain=True).detail(
        softened(textured(1, 0)), hole(), seed=0
    )
    assert 2 <= np.std(added[84:172, 84:172]) <= 5


@pytest.mark.parametrize(
    "examples",
    [
        [],
        [
            Example(
                np.zeros((SIDE, SIDE, 3), np.uint8),
                np.zeros((PIXELS, PIXELS, 3), np.uint8),
                np.ones((SIDE, SIDE), np.bool_),
            )
        ],
    ],
)
def test_without_examples_nothing_is_added(examples):
    assert not Examples(examples).detail(softened(textured(0, 5)), hole(), seed=0).any()


@pytest.mark.parametrize("pixels", [128, 256, 384, 512])
def test_the_number_of_blocks_is_bounded_for_every_model(pixels):
    picture = np.random.default_rng(0).integers(0, 255, (pixels, pixels, 3), dtype=np.uint8)
    example = Example(picture, picture, np.zeros((pixels, pixels), np.bool_))
    examples = Examples([example])
    assert 100 < len(examples._known) <= 90**2
    wanted = np.ones((pixels, pixels), np.bool_)
    assert examples.detail(picture, wanted, seed=0).shape == (pixels, pixels, 3)
