"""The finish as a whole: what it must never do, whatever it is given."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canvas.finish import descriptors, onion, pyramid, ranking, search
from core.canvas.finish import finish as finishing
from core.canvas.finish.expected import expected_seconds
from core.canvas.finish.finish import Finished, Progress, Wish, enough, finish
from core.plumbing.crew import Crew, Done
from core.values.geometry import Box
from tests.core.canvas.finish.scenes import disc, noise, stripes


def finished(base, hole, *, wish=None, layers=None, threads=2):
    area = Box.around(hole).grown(2).clamped(Box(0, 0, *base.shape[1::-1]).size)
    wish = wish or Wish(0.0, 0, (0, 1))
    if layers is None:
        layers = np.repeat(base[area.slices][None, ..., :3], len(wish.seeds), 0)
    *reports, result = finish(base, hole, layers, area, wish, threads=threads)
    assert all(isinstance(report, Progress) for report in reports)
    assert isinstance(result, Finished)
    return result, area, reports


def test_a_pattern_goes_on():
    photo, hole = stripes(160, 200, 12), disc(160, 200, 40)
    result, area, _ = finished(photo, hole, wish=Wish(0.0, 0, (0,)))
    off = np.abs(result.layers[0].astype(int) - photo[area.slices])[hole[area.slices]]
    assert off.mean() < 6
    assert np.quantile(off, 0.9) < 16


def steps_in(picture, mask):
    """How much grain there is: the mean step of lightness from pixel to pixel."""
    light = picture.astype(float).mean(2)
    across = np.abs(np.diff(light, axis=1, prepend=light[:, :1]))
    return across[mask].mean()


def test_smooth_ground_of_the_same_colour_does_not_grow_into_grain():
    """Grass below, a smooth slope of its mean colour above: what is taken off the grass becomes grass."""
    rng = np.random.default_rng(3)
    grass = rng.normal(0, 40, (60, 80)).repeat(4, 0).repeat(4, 1) + rng.normal(0, 18, (240, 320))
    grass[:110] = 6 * np.sin(np.arange(320) / 40)
    photo = (np.clip(grass, -110, 110)[..., None] + [120, 118, 112]).astype(np.uint8)
    hole = disc(240, 320, 38, (180, 160))
    result, area, _ = finished(photo, hole, wish=Wish(0.0, 0, (0, 1, 2, 3)))
    around = np.zeros_like(hole)
    around[150:] = True
    there = [steps_in(layer, hole[area.slices]) for layer in result.layers]
    best = int(np.argmin(result.worth))
    assert there[best] > 0.8 * steps_in(photo, around & ~hole)
    assert np.median(there) > 0.5 * steps_in(photo, around & ~hole)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(1, 60),
    width=st.integers(1, 60),
    seed=st.integers(0, 99),
    share=st.sampled_from([0.02, 0.2, 0.5, 0.95]),
    channels=st.sampled_from([3, 4]),
    follow=st.sampled_from([0.0, 0.4, 1.0]),
)
def test_whatever_the_picture_only_the_hole_changes(height, width, seed, share, channels, follow):
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 256, (height, width, channels), np.uint8)
    hole = np.zeros((height, width), np.bool_)
    high, wide = max(1, round(height * share)), max(1, round(width * share))
    top, left = rng.integers(0, height - high + 1), rng.integers(0, width - wide + 1)
    hole[top : top + high, left : left + wide] = rng.random((high, wide)) < 0.9
    hole[top, left] = True
    if not enough(base, hole):
        return
    before = base.copy()
    result, area, _ = finished(base, hole, wish=Wish(follow, seed, (seed,)))
    kept = ~hole[area.slices]
    assert np.array_equal(base, before)
    assert np.array_equal(result.layers[0][kept], base[area.slices][kept][:, :3])
    assert (result.sources[0][kept] == -1).all()
    rows, columns = result.sources[0][~kept].T
    assert not hole[rows, columns].any()
    assert channels == 3 or (base[rows, columns, 3] > 0).all()
    assert result.follows[0] == (follow == 1) or 0 < follow < 1


def test_the_same_arguments_give_the_same_bytes_on_any_number_of_threads():
    photo, hole = noise(120, 130), disc(120, 130, 26)
    wish = Wish(0.5, 4, (7, 8, 9))
    size = Box.around(hole).grown(2).size
    layers = np.stack([noise(size.height, size.width, seed) for seed in wish.seeds])
    runs = [finished(photo, hole, wish=wish, layers=layers, threads=threads)[0] for threads in (1, 2, 2)]
    for other in runs[1:]:
        assert np.array_equal(runs[0].layers, other.layers)
        assert np.array_equal(runs[0].sources, other.sources)
        assert np.array_equal(runs[0].worth, other.worth)


def test_one_of_several_can_be_had_by_itself():
    photo, hole = noise(100, 110), disc(100, 110, 20)
    together, _, _ = finished(photo, hole, wish=Wish(0.5, 3, (5, 6, 7)))
    for only in range(3):
        alone, _, _ = finished(photo, hole, wish=Wish(0.5, 3, (5, 6, 7), only=only))
        assert np.array_equal(alone.layers[0], together.layers[only])
        assert alone.follows[0] == together.follows[only]


def test_nothing_shines_through_from_the_hole_or_from_transparent_pixels():
    photo = np.dstack([stripes(90, 120), np.full((90, 120), 255, np.uint8)])
    photo[:, :40, 3] = 0
    hole = disc(90, 120, 14, (45, 48))  # beside what is transparent, and over some of it
    other = photo.copy()
    other[hole, :3] = 255
    other[:, :40, :3] = noise(90, 40)
    one, area, _ = finished(photo, hole)
    two, _, _ = finished(other, hole)
    inside = hole[area.slices]
    assert np.array_equal(one.layers[:, inside], two.layers[:, inside])


def test_the_model_leads_where_it_is_followed():
    photo = noise(100, 140) // 8 + np.where(np.arange(140)[:, None] < 70, [150, 20, 20], [20, 20, 150]).astype(np.uint8)
    hole = disc(100, 140, 22)
    area = Box.around(hole).grown(2)
    size = (area.size.height, area.size.width, 3)
    layers = np.stack([np.full(size, colour, np.uint8) for colour in ([165, 35, 35], [35, 35, 165])])
    result, _, _ = finished(photo, hole, wish=Wish(1.0, 0, (0, 1), pixel=4.0), layers=layers)
    inside = hole[area.slices]
    red, blue = (layer[inside].astype(float).mean(0) for layer in result.layers)
    assert red[0] - red[2] > 60
    assert blue[2] - blue[0] > 60
    assert result.follows.tolist() == [1, 1]
    ignored, _, _ = finished(photo, hole, wish=Wish(0.0, 0, (0, 1), pixel=4.0), layers=layers)
    assert ignored.follows.tolist() == [0, 0]


def test_parts_far_apart_are_finished_apart():
    photo = stripes(120, 400)
    hole = disc(120, 400, 12, (60, 40)) | disc(120, 400, 12, (60, 360))
    result, area, _ = finished(photo, hole, wish=Wish(0.0, 0, (0,)))
    _rows, columns = result.sources[0][hole[area.slices]].T
    at = np.nonzero(hole)[1]
    assert np.abs(columns - at).max() < 150, "sources lie near the part they fill"


def test_a_hole_that_leaves_too_little_is_not_finished():
    photo = noise(80, 80)
    assert enough(photo, disc(80, 80, 12))
    assert not enough(photo, disc(80, 80, 52))
    assert not enough(noise(9, 9), disc(9, 9, 2))
    clear = np.dstack([photo, np.zeros((80, 80), np.uint8)])
    assert not enough(clear, disc(80, 80, 12))
    wide = np.ones((60, 700), np.bool_)
    wide[:, :80] = False
    assert not enough(np.zeros((60, 700, 3), np.uint8), wide), "a panorama out of one photo would repeat it"


def test_frames_grow_sharper_and_fill_the_hole_alone():
    photo, hole = stripes(260, 260, 16), disc(260, 260, 70)
    result, area, reports = finished(photo, hole)
    shown = [report.layers for report in reports if report.layers is not None]
    assert len(shown) >= 3
    kept = ~hole[area.slices]
    assert all(np.array_equal(layer[kept], photo[area.slices][kept]) for layers in shown for layer in layers)
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1
    off = [np.abs(layers[0].astype(int) - result.layers[0])[hole[area.slices]].mean() for layers in shown]
    assert off[-1] < off[0]


def test_closing_ends_the_work():
    photo, hole = noise(300, 300), disc(300, 300, 80)
    area = Box.around(hole)
    before = threading.active_count()
    stream = finish(photo, hole, photo[area.slices][None], area, Wish(0.0, 0, (0,)))
    next(stream)
    stream.close()
    for thread in threading.enumerate():
        if thread.name.startswith("ThreadPool"):
            thread.join(5)
    assert threading.active_count() <= before


def test_whoever_stops_is_heard_before_much_more_is_done(monkeypatch):
    done, most = 0, 0

    def heard(crew):
        nonlocal done
        done = 0

    def counted(owner, name):
        real = getattr(owner, name)

        def call(*arguments):
            nonlocal done, most
            done += 1
            most = max(most, done)
            return real(*arguments)

        monkeypatch.setattr(owner, name, call)

    # What takes longest, a few dozen milliseconds at most where a hole is 600 px long.
    counted(descriptors, "_describe")
    counted(search, "_try")
    counted(onion._Sources, "nearest")
    counted(ranking, "_texture")
    counted(ranking, "_nearest")
    counted(pyramid.Level, "halved")
    monkeypatch.setattr(Crew, "pause", heard)
    photo, hole = stripes(420, 420, 16), disc(420, 420, 110)
    finished(photo, hole, threads=1)
    assert 1 <= most <= 4


def test_what_goes_wrong_in_a_job_is_heard():
    def wrong():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Crew(2).work([wrong, lambda: None]))


def test_jobs_return_in_their_order():
    *_, done = Crew(2).work([lambda i=i: i for i in range(9)])
    assert isinstance(done, Done)
    assert done.results == list(range(9))


def test_what_is_cut_out_with_a_large_hole_does_not_grow_with_its_length():
    photo, hole = np.zeros((3200, 3200, 3), np.uint8), np.zeros((3200, 3200), np.bool_)
    hole[1100:2100, 1100:2100] = True
    (part,) = finishing.parts_of(hole)
    piece = finishing._cut(photo, part, ~hole)
    assert piece.span == 1000
    assert piece.box == Box(1100, 1100, 2100, 2100).grown(658)
    assert piece.around == 3036**2 - 1000**2, "whether it is enough is told by all within its span"


def test_more_work_is_expected_to_take_longer():
    one, four, alone = Wish(0.25, 0, (0,)), Wish(0.25, 0, (0, 1, 2, 3)), Wish(0.25, 0, (0, 1, 2, 3), only=2)
    small, large = disc(300, 300, 30), disc(300, 300, 120)
    stroke = np.zeros((300, 300), np.bool_)
    stroke[148:154, 40:260] = True
    both = stroke | disc(300, 300, 30, (250, 250))
    assert expected_seconds(stroke, one) < expected_seconds(small, one) < expected_seconds(large, one)
    assert expected_seconds(small, one) < expected_seconds(both, one)
    assert expected_seconds(large, one) < expected_seconds(large, alone) < expected_seconds(large, four)


def test_jobs_together_keep_their_order_and_their_threads():
    crew = Crew(2)
    seen = [crew.together([lambda i=i: (i, threading.get_ident()) for i in range(4)]) for _ in range(5)]
    assert all([i for i, _ in each] == [0, 1, 2, 3] for each in seen)
    workers = {thread for each in seen for _, thread in each}
    assert 1 <= len(workers) <= 2
    assert threading.get_ident() not in workers
    assert Crew(1).together([threading.get_ident] * 2) == [threading.get_ident()] * 2


def test_what_goes_wrong_in_jobs_together_is_heard_when_all_have_ended():
    ended = []

    def wrong():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Crew(2).together([wrong, lambda: ended.append(1), lambda: ended.append(2)])
    assert sorted(ended) == [1, 2]
