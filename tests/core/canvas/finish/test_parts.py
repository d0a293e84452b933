"""Pyramid, descriptors, peel, search, vote and ranking, each by itself."""

import numpy as np
import pytest

from core.canvas.finish.descriptors import describe, mean_colours
from core.canvas.finish.ground import Ground, Guide
from core.canvas.finish.onion import Peel, peel
from core.canvas.finish.pyramid import shrunk
from core.canvas.finish.ranking import Fillings, places
from core.canvas.finish.search import Field, costs_of, improve
from core.canvas.finish.vote import ballots, vote
from core.plumbing.crew import Crew
from tests.core.canvas.finish.scenes import disc, level_of, noise, stripes


def never():
    pass


@pytest.mark.parametrize("size", [(64, 48), (63, 49), (17, 31)])
def test_a_coarser_level_says_nothing_of_what_a_hole_held(size):
    hole = disc(*size, 7)
    photo = np.full((*size, 3), 90.0)
    level = level_of(np.where(hole[..., None], 255.0, photo), hole)
    half = level.halved()
    assert half.size == tuple(-(-n // 2) for n in size)
    assert np.allclose(half.picture[half.known], 90)
    assert half.hole.sum() * 4 >= hole.sum()
    assert not (half.hole & half.known).any()


def test_transparent_pixels_are_neither_hole_nor_known_on_any_level():
    hole = disc(64, 64, 8)
    known = ~hole
    known[:, :20] = False
    half = level_of(noise(64, 64), hole, known).halved().halved()
    assert not half.known[:, :5].any()
    assert not half.hole[:, :5].any()
    assert half.depth[8, 0] > half.depth[8, 4] > 0


def test_a_smaller_picture_is_made_as_levels_are():
    picture = noise(33, 20).astype(np.float32)
    level = level_of(picture, np.zeros((33, 20), np.bool_))
    half = level.halved()
    assert np.allclose(shrunk(picture, 1)[:16, :10], half.picture[:16, :10], atol=1e-3)


@pytest.mark.parametrize("patch", [5, 7, 9])
def test_descriptors_tell_smooth_patches_apart_as_their_pixels_do(patch):
    y, x = np.mgrid[:40, :60].astype(np.float32)
    # Each channel a low cosine that the patch holds whole, so that nothing is lost.
    colours = [[50 + 2 * y, 80 + x, 200 - y], [20 + x, 90 - y, 10 + 2 * x]]
    pictures = [np.stack(each, 2).astype(np.float32) for each in colours]
    at = np.array([20 * 60 + 30, 21 * 60 + 8], np.int32)
    one, other = (describe(picture, at, patch) for picture in pictures)
    reach = patch // 2
    for row, place in enumerate(at):
        box = tuple(slice(n - reach, n + reach + 1) for n in divmod(int(place), 60))
        truth = np.square(pictures[0][box] - pictures[1][box]).sum()
        assert np.square(one[row] - other[row]).sum() == pytest.approx(truth, rel=0.02)
        assert mean_colours(one, patch)[row] == pytest.approx(pictures[0][box].mean((0, 1)), abs=1e-2)


def test_descriptors_of_a_large_picture_are_those_of_its_parts(monkeypatch):
    picture = noise(90, 40).astype(np.float32)
    at = np.flatnonzero(np.pad(np.ones((84, 34), np.bool_), 3)).astype(np.int32)
    whole = describe(picture, at, 7)
    monkeypatch.setattr("core.canvas.finish.descriptors._STRIP", 400)
    assert np.allclose(describe(picture, at, 7), whole, atol=1e-3)


@pytest.mark.parametrize("way", [Peel(), Peel(half=True), Peel(rough=3.0), Peel(patch=5), Peel(patch=9)])
def test_a_peel_goes_on_with_a_pattern_to_the_pixel(way):
    photo, hole = stripes(70, 80), disc(70, 80, 15)
    level = level_of(photo, hole)
    picture, origin = peel(level, way, level.whole_patches(way.patch), reach=40, guide=None, slope=0.0, pause=never)
    assert np.array_equal(np.rint(picture), photo)
    copied = origin.reshape(hole.shape)
    assert not hole.ravel()[copied[hole]].any()
    assert np.array_equal(copied[~hole], np.flatnonzero(~hole))


def test_a_long_hole_is_laid_part_by_part():
    photo = stripes(30, 300)
    hole = np.zeros((30, 300), np.bool_)
    hole[10:20, 20:280] = True
    level = level_of(photo, hole)
    picture, _ = peel(level, Peel(patch=5), level.whole_patches(5), reach=16, guide=None, slope=0.0, pause=never)
    assert np.array_equal(np.rint(picture), photo)


def test_a_peel_takes_of_two_colours_the_one_that_the_guide_has():
    photo = noise(60, 90) // 8 + np.where(np.arange(90)[:, None] < 45, [150, 20, 20], [20, 20, 150]).astype(np.uint8)
    hole = disc(60, 90, 12)
    level = level_of(photo, hole)
    for colour in ([165, 35, 35], [35, 35, 165]):
        wanted = np.where(hole[..., None], colour, photo).astype(np.float32)
        guide = Guide(wanted, level.picture, 1.0)
        picture, _ = peel(level, Peel(), level.whole_patches(7), reach=40, guide=guide, slope=0.0, pause=never)
        assert np.abs(picture[hole].mean(0) - colour).max() < 25


def searched(photo, hole, rounds):
    level = level_of(photo, hole)
    ground = Ground(level, 7)
    rng = np.random.default_rng(0)
    random = np.flatnonzero(ground.row >= 0).astype(np.int32)
    field = Field(rng.choice(random, len(ground.targets)), np.zeros(0, np.float32))
    asked = ground.asked(photo.astype(np.float32), field.places)
    field.costs = costs_of(ground, asked, field.places)
    before = field.costs.copy()
    improve(ground, asked, field, rng, rounds=rounds, trials=4, reach=40)
    return ground, asked, field, before


def test_search_finds_what_looks_like_it_and_knows_its_cost():
    ground, asked, field, before = searched(stripes(60, 70), disc(60, 70, 10), 4)
    assert np.allclose(field.costs, costs_of(ground, asked, field.places))
    assert (ground.row[field.places] >= 0).all()
    assert field.costs.mean() < 0.05 * before.mean()


def test_a_vote_of_right_copies_is_right():
    photo, hole = stripes(60, 70), disc(60, 70, 10)
    ground, asked, field, _ = searched(photo, hole, 8)
    pixels = np.flatnonzero(hole).astype(np.int32)
    said = vote(ground, ground.level.copied, ballots(ground, asked, field), field, pixels)
    assert np.abs(said - photo[hole]).mean() < 4
    sources = ground.copied_from(field.places, pixels)
    assert not hole.ravel()[sources].any()


def test_places_outside_become_the_nearest_source():
    ground = Ground(level_of(noise(40, 40), disc(40, 40, 8)), 5)
    moved = ground.nearest_source(np.arange(1600, dtype=np.int32))
    assert (ground.row[moved] >= 0).all()
    free = ground.row >= 0
    assert np.array_equal(moved[free], np.flatnonzero(free))
    assert divmod(int(moved[0]), 40) == (2, 2)


def test_what_may_not_be_copied_is_no_source():
    allowed = np.zeros((40, 60), np.bool_)
    allowed[:, :20] = True
    ground = Ground(level_of(noise(40, 60), disc(40, 60, 8, (20, 40))), 5, allowed)
    assert 0 < ground.sources == (ground.row.reshape(40, 60)[:, :20] >= 0).sum()


def test_the_filling_that_goes_on_with_its_surroundings_comes_first():
    photo, hole = stripes(120, 120, 12), disc(120, 120, 28)
    level = level_of(photo, hole)
    right = photo.astype(np.float32)
    nearly = np.where(hole[..., None], np.roll(right, 1, 1), right)
    flat = np.where(hole[..., None], 128, right).astype(np.float32)
    wild = np.where(hole[..., None], noise(120, 120), right).astype(np.float32)
    fillings = Fillings(level, [wild, nearly, flat, right], Crew(1))
    order = np.argsort(fillings.worth()).tolist()
    assert set(order[:2]) == {1, 3}
    assert fillings.rim.argmin() == 3
    assert fillings.distinct([3, 1, 2, 0], 3) == [3, 2, 0], "what hardly differs is not shown twice"
    assert sorted(fillings.distinct(order, 4)) == [0, 1, 2, 3], "but rather than too few"


def test_what_else_is_asked_for_counts_by_its_weight():
    photo, hole = stripes(80, 80), disc(80, 80, 16)
    level = level_of(photo, hole)
    same = [photo.astype(np.float32)] * 3
    more = [(1.0, np.array([3.0, 1.0, 2.0], np.float32))]
    assert np.argsort(Fillings(level, same, Crew(1)).worth(more)).tolist() == [1, 2, 0]


def test_equal_values_share_their_place():
    assert places(np.array([5.0, 1.0, 5.0, 0.0], np.float32)).tolist() == [2.5, 1.0, 2.5, 0.0]
