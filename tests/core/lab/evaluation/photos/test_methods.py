"""Who answers, on fake nets: nobody sees the truth, nobody changes what is known."""

from __future__ import annotations

import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.engine import Engine
from core.lab.evaluation.cases import Case, Method, Photo
from core.lab.evaluation.metrics import changed_outside
from core.lab.evaluation.photos.methods import (
    EDITOR,
    FOLLOWED,
    PATCHMATCH,
    PLAIN,
    VARIATIONS,
    followed_request,
    page_request,
    photo_methods,
    plain_request,
    single_window,
)
from core.lab.evaluation.photos.questions import QUESTIONS
from core.lab.evaluation.requests import UNFINISHED
from core.values.geometry import Box
from core.values.region import Task
from tests.fakes import fake_engine

BY_NAME = {question.name: question for question in QUESTIONS}
ASKED = ("hole: object", "hole: far strokes", "border: right", "border: all")
ENGINE = fake_engine()
METHODS = photo_methods(ENGINE)[0]


def photo(width: int = 96, height: int = 72) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def case_of(name: str, picture: np.ndarray | None = None) -> Case:
    case = BY_NAME[name].build(Photo("a", photo() if picture is None else picture))
    assert case is not None
    return case


@pytest.fixture
def engine() -> Engine:
    return fake_engine()


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_method_keeps_what_is_known_and_never_sees_the_truth(method: Method, name: str) -> None:
    case = case_of(name)
    answer = method(case)
    assert answer.picture.shape[:2] == case.mask.shape
    assert changed_outside(answer.picture, case.canvas(), case.mask) == 0
    assert answer.figures["seconds"] > 0
    assert case.truth is not None
    blind = replace(case, truth=255 - case.truth)
    assert (method(blind).picture == answer.picture).all()


@pytest.mark.parametrize("name", [name for name in METHODS if name not in (EDITOR, FOLLOWED, PLAIN)])
def test_a_fill_does_not_see_the_object_in_the_hole(name: str) -> None:
    case = case_of("hole: object")
    assert case.truth is not None
    without = replace(case, given=case.truth)
    assert (METHODS[name](case).picture == METHODS[name](without).picture).all()
    assert METHODS[name](case).figures["windows"] == 0


def test_the_editor_is_asked_with_its_defaults_and_the_plain_one_without_finishing(engine: Engine) -> None:
    case = case_of("hole: object")
    usual, followed, plain = (ask(engine, case) for ask in (page_request, followed_request, plain_request))
    assert {request.decoding.seed for request in (usual, followed, plain)} == {case.seed}
    assert [request.decoding.variations for request in (usual, followed, plain)] == [VARIATIONS, 1, 1]
    assert page_request(engine, case_of("growth to 16:9")).decoding.variations == 1
    assert (usual.view.window, usual.painting.follow, followed.painting.follow) == (None, None, 1.0)
    assert usual.mask is case.mask
    assert plain.painting == UNFINISHED
    assert plain.view.window is not None
    assert len(engine.plan(plain)) == 1


def test_plain_windows_hold_hole_and_surroundings_where_a_square_can(engine: Engine) -> None:
    mask = np.zeros((100, 200), bool)
    mask[40:60, 90:120] = True
    assert single_window(mask) == Box(75, 20, 135, 80)
    mask[:, 150:] = True
    assert single_window(mask) is None  # wider than the canvas is high
    strip = np.zeros((100, 200), bool)
    strip[:, 170:] = True
    assert single_window(strip) == Box(100, 0, 200, 100)
    upright = case_of("border: right", photo(72, 96))
    assert plain_request(engine, upright).view.window is None
    assert plain_request(engine, upright).task is Task.EXTRAPOLATE
    assert METHODS[PLAIN](upright).figures["windows"] > 1


def test_a_model_that_needs_a_class_is_given_one() -> None:
    needy = fake_engine(null_class=False)
    assert page_request(needy, case_of("hole: object")).class_id == 0
    assert photo_methods(needy)[0][EDITOR](case_of("hole: object")).figures["windows"] == 1


def test_patchmatch_is_left_out_with_a_sentence_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    methods, missing = photo_methods(ENGINE)
    assert PATCHMATCH not in methods
    assert len(missing) == 1
    assert "pip install pypatchmatch" in missing[0]


def test_patchmatch_works_on_a_smaller_copy_of_a_large_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("patchmatch")
    monkeypatch.setattr("core.lab.evaluation.photos.methods.PATCHMATCH_SIDE", 32)
    case = case_of("hole: object", photo(240, 180))
    answer = photo_methods(ENGINE)[0][PATCHMATCH](case)
    assert changed_outside(answer.picture, case.canvas(), case.mask) == 0
    assert (answer.picture[case.mask] != case.given[case.mask]).any()
