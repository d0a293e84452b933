from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.lab.evaluation.judge import Judge
from core.lab.evaluation.photos.cases import OBJECT, QUESTIONS
from core.lab.evaluation.photos.methods import VARIATIONS, editor_request
from core.lab.evaluation.photos.ranking import WAYS, Trial, neighbours, places, surroundings, trial_of, worth
from core.values.geometry import Box, Size
from tests.fakes import fake_engine


def trial(*, scores: list[float], seams: list[float], shifts: list[float], distances: list[float]) -> Trial:
    around = np.full(len(scores), np.nan)
    return Trial(
        np.array(scores),
        np.array(scores),
        np.argsort(-np.array(scores)).argsort().astype(float),
        np.array(seams),
        np.array(shifts),
        np.array(distances),
        around,
    )


def test_places_count_from_the_least_and_equals_share() -> None:
    assert places(np.array([3.0, 1.0, 2.0])).tolist() == [2.0, 0.0, 1.0]
    assert places(np.array([5.0, 5.0, 1.0])).tolist() == [1.5, 1.5, 0.0]


def test_worth_is_the_mean_of_all_less_the_chosen_one() -> None:
    """Score finds the best of one case and the worst of the other; seam the best of both."""
    trials = [
        trial(scores=[-1, -2], seams=[1, 2], shifts=[2, 1], distances=[0.2, 0.6]),
        trial(scores=[-1, -2], seams=[2, 1], shifts=[1, 1], distances=[0.9, 0.7]),
    ]
    found = {line.way: line for line in worth(trials)}
    assert set(found) == set(WAYS)
    assert {line.measure for line in found.values()} == {"distance in hole"}  # surroundings are not known
    assert found["score"].paired.ours == pytest.approx((0.2 + 0.9) / 2)
    assert found["score"].paired.gain == pytest.approx((0.2 - 0.1) / 2)
    assert found["score"].paired.better == 0.5
    assert found["seam"].paired.gain == found["the best there is"].paired.gain == pytest.approx((0.2 + 0.1) / 2)
    assert found["seam"].paired.better == 1.0
    assert found["seam"].paired.error == pytest.approx(0.05)
    assert found["seam"].paired.theirs == pytest.approx(0.6)


def test_a_combination_needs_agreement() -> None:
    one = trial(scores=[-1, -2, -3], seams=[3, 1, 2], shifts=[2, 1, 3], distances=[0.5, 0.1, 0.9])
    found = {line.way: line for line in worth([one])}
    assert found["score, seam and shift"].paired.ours == 0.1


def test_neighbours_touch_the_box_or_are_moved_inside() -> None:
    size = Size(100, 80)
    around = neighbours(Box(40, 30, 60, 50), size)
    assert len(around) == 8
    assert all(box.size == Size(20, 20) and Box(0, 0, 100, 80).holds(box) for box in around)
    beside = {Box(0, 10, 20, 30), Box(20, 10, 40, 30), Box(20, 30, 40, 50), Box(0, 50, 20, 70), Box(20, 50, 40, 70)}
    assert set(neighbours(Box(0, 30, 20, 50), size)) == beside


def test_variations_are_measured_as_the_engine_reports_them(judge: Judge) -> None:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    picture = np.asarray(cv2.resize(small, (128, 96), interpolation=cv2.INTER_CUBIC), np.uint8)
    case = next(q for q in QUESTIONS if q.name == OBJECT).build("a", picture)
    assert case is not None
    assert case.truth is not None
    engine = fake_engine()
    result = engine.edit(editor_request(engine, case, seed=3, variations=VARIATIONS))
    found = trial_of(judge, case, result, [0.1, 0.2, 0.3, 0.4])
    assert found.distances.tolist() == [0.1, 0.2, 0.3, 0.4]
    assert np.argsort(found.order).tolist() == list(result.ranking)
    for values in (found.scores, found.fits, found.seams, found.shifts, found.surroundings):
        assert values.shape == (VARIATIONS,)
        assert np.isfinite(values).all()
    # The photo itself fits into its surroundings better than a black hole.
    black = case.truth.copy()
    black[case.mask] = 0
    natural, strange = surroundings(judge, case, [case.truth, black])
    assert natural < strange
