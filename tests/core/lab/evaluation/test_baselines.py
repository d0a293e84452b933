from __future__ import annotations

import sys

import numpy as np
import pytest

from core.lab.evaluation.baselines import BASELINES, Fill, installed_baselines
from core.lab.evaluation.cases import Photo, Question
from core.lab.evaluation.model.questions import QUESTIONS

INSTALLED = installed_baselines()[0]


def picture(side: int) -> np.ndarray:
    small = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    return small.repeat(side // 8, 0).repeat(side // 8, 1)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
@pytest.mark.parametrize("fill", INSTALLED.values(), ids=INSTALLED)
def test_a_fill_keeps_what_is_known_and_never_sees_the_rest(fill: Fill, question: Question) -> None:
    photo = picture(48)
    case = question.build(Photo("a", photo, 0))
    assert case is not None
    hidden = case.mask
    altered = np.where(hidden[..., None], 255 - photo, photo)
    filled = fill(photo, hidden)
    assert filled.dtype == np.uint8
    assert (filled[~hidden] == photo[~hidden]).all()
    assert (filled == fill(altered, hidden)).all()


@pytest.mark.parametrize("name", [name for name in INSTALLED if " px" in name])
def test_slow_fills_work_on_a_smaller_copy(name: str) -> None:
    side = 256
    photo = picture(side)
    hidden = np.zeros((side, side), bool)
    hidden[101:133, 97:127] = True  # off the smaller grid: its rim is shared with known pixels
    altered = np.where(hidden[..., None], 255 - photo, photo)
    filled = INSTALLED[name](photo, hidden)
    assert (filled[~hidden] == photo[~hidden]).all()
    assert (filled[hidden] != photo[hidden]).any()
    assert (filled == INSTALLED[name](altered, hidden)).all()


def test_patchmatch_copies_what_it_sees() -> None:
    pytest.importorskip("patchmatch")
    photo = np.full((64, 64, 3), 200, np.uint8)
    hidden = np.zeros((64, 64), bool)
    hidden[20:40, 20:40] = True
    photo[hidden] = 0
    fill = next(fill for name, fill in INSTALLED.items() if name.startswith("PatchMatch"))
    assert (fill(photo, hidden) == 200).all()


def test_a_missing_package_leaves_its_baseline_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage.restoration", None)
    monkeypatch.setitem(sys.modules, "patchmatch", None)
    fills, missing = installed_baselines()
    assert set(fills) == {"Telea", "Navier-Stokes", "mean colour"}
    assert len(missing) == len(BASELINES) - len(fills) == 2
    assert "pip install scikit-image" in missing[0]
    assert "pip install pypatchmatch" in missing[1]
