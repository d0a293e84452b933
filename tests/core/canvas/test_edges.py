import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.edges import Feather, joint_weight, poisson


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def half_hole(height, width):
    hole = np.zeros((height, width), np.bool_)
    hole[:, width // 2 :] = True
    return hole


def test_a_feather_begins_as_the_mirror_of_what_is_beyond():
    around = noise(0, 20, 40, 3)
    hole = half_hole(20, 40)
    layer = np.full((20, 40, 3), 128, np.uint8)
    soft = Feather.of(hole, 6).over(layer, around)
    assert np.array_equal(soft[~hole], layer[~hole])
    assert np.array_equal(soft[:, 27:], layer[:, 27:])
    first = soft[:, 20].astype(int)
    assert np.abs(first - around[:, 18]).mean() < 12, "the border's own pixels are not doubled"
    assert np.abs(first - around[:, 18]).mean() < np.abs(soft[:, 24].astype(int) - around[:, 14]).mean()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.98), st.integers(0, 12))
def test_a_feather_shows_nothing_of_what_the_hole_held(seed, share, radius):
    rng = np.random.default_rng(seed)
    hole = rng.random((24, 30)) < share
    around, layer = noise(seed, 24, 30, 3), noise(seed + 1, 24, 30, 3)
    other = around.copy()
    other[hole] = 255 - other[hole]
    soft = Feather.of(hole, radius).over(layer, around)
    assert np.array_equal(soft, Feather.of(hole, radius).over(layer, other))
    assert np.array_equal(soft[~hole], layer[~hole])


def test_a_joint_fades_over_what_is_painted_and_touches_nothing_else():
    mask, painted = np.zeros((20, 40), np.bool_), np.zeros((20, 40), np.bool_)
    mask[:, :15] = True
    painted[:10, 15:] = True
    weight = joint_weight(mask, painted, 5)
    assert (weight[:, :15] == 1).all()
    assert not weight[10:, 15:].any()
    across = weight[3, 15:22]
    assert (np.diff(across) <= 0).all()
    assert 0 < across[2] < 1
    assert across[5] == 0


def gradient_scene():
    around = np.zeros((80, 100, 3), np.uint8)
    around[..., 0] = np.linspace(40, 200, 100)
    around[..., 1:] = 90
    hole = np.zeros((80, 100), np.bool_)
    hole[20:60, 30:70] = True
    layer = around.copy()
    layer[hole] = np.clip(layer[hole].astype(int) + 40, 0, 255)
    return around, layer, hole


def test_poisson_closes_a_step():
    around, layer, hole = gradient_scene()
    closed = poisson(around, layer, hole)
    assert np.array_equal(closed[~hole], layer[~hole])
    assert np.abs(closed.astype(int) - around).max() <= 6
    around[hole] = 255 - around[hole]
    assert np.array_equal(poisson(around, layer, hole), closed), "what is to go was looked at"


def test_poisson_needs_something_on_every_side():
    around, layer, hole = gradient_scene()
    assert poisson(around, layer, np.zeros_like(hole)) is None
    hole[20:60, 60:] = True
    assert poisson(around, layer, hole) is None


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 20), (20, 1), (2, 9)])
def test_poisson_leaves_slivers_alone(width: int, height: int):
    around = np.full((40, 40, 3), 90, np.uint8)
    hole = np.zeros((40, 40), np.bool_)
    hole[10 : 10 + height, 10 : 10 + width] = True
    assert poisson(around, around, hole) is None
