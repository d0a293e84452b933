"""The experiments on an untrained model: complete, repeatable, and going on where they ended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.engine import Engine
from core.errors import BadRequest
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import kernel_distance
from core.lab.evaluation.model.exam import Exam
from core.lab.evaluation.model.questions import CENTRE, GENERATION
from core.lab.evaluation.paper import ablation, findings
from core.lab.evaluation.paper.ablation import distance_with_error, identity, measure, read_figures, run_ablation
from core.lab.evaluation.paper.findings import STEPS, STUDIED, Setting, are_installed, settings
from core.values.groups import DecodeOptions

CLASSES = ("forest", "sea", "street")
STEADY = ("pictures", "forwards", "KID", "its error", "class seen")


@pytest.fixture(scope="module", autouse=True)
def few_settings() -> Iterator[None]:
    """Two schedules and two T instead of eight of each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "STEPS", (2, 4))
        patch.setattr(findings, "ORDERS", {"confidence": ("cosine", "arccos"), "halton": ("cosine",)})
        yield


@pytest.fixture(scope="module")
def exam(engine: Engine, judge: Judge) -> Exam:
    small = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3)).astype(np.uint8)
    photos = small.repeat(16, 1).repeat(16, 2)
    options = DecodeOptions(**engine.spec.defaults.plain)
    return Exam(engine, photos, (0, 0, 1, 1, 2, 2), CLASSES, judge, options, samples=2)


@pytest.fixture(scope="module")
def finished(exam: Exam, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    run_ablation(exam, folder)
    return folder


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Setting]:
    """Every setting that is measured from now on, in turn."""
    asked: list[Setting] = []

    def noted(exam: Exam, setting: Setting) -> dict[str, float]:
        asked.append(setting)
        return dict(measure(exam, setting))

    monkeypatch.setattr(ablation, "measure", noted)
    return asked


def rows(folder: Path) -> dict[Setting, dict[str, float]]:
    _, line = (folder / "ablation.csv").read_text().split("\n")[:2]
    return {
        setting: dict(found) for setting, found in read_figures(folder / "ablation.csv", line.split(",")[0]).items()
    }


def test_the_whole_grid_is_asked_for() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(findings, "STEPS", STEPS)
        patch.setattr(findings, "ORDERS", {"confidence": STUDIED, "halton": ("cosine", "arccos")})
        every = settings()
    assert len(set(every)) == len(every) == 2 * (8 + 2) * 8 + 2


def test_every_setting_has_its_figures_and_they_differ(finished: Path) -> None:
    found = rows(finished)
    assert set(found) == set(settings())
    for figures in found.values():
        assert figures["seconds"] > 0
        assert figures["pictures"] == 6
        assert 0.0 <= figures["class seen"] <= 1.0
    kids = {figures["KID"] for setting, figures in found.items() if setting.kind == GENERATION}
    assert len(kids) == 3 * 2 + 1


def test_forwards_are_the_steps_and_raster_takes_one_token_a_step(finished: Path) -> None:
    found = rows(finished)
    assert found[Setting(GENERATION)]["forwards"] == 64  # 8x8 tokens
    assert found[Setting(CENTRE.name)]["forwards"] == 16  # half of each side of them
    assert found[Setting(GENERATION, "halton", "cosine", 4)]["forwards"] == 4
    assert found[Setting(CENTRE.name, "confidence", "arccos", 2)]["forwards"] == 2


def test_text_and_figures_are_written(finished: Path) -> None:
    text = (finished / "ablation.md").read_text("utf-8")
    for name in ("schedules.png", "orders.png"):
        assert f"]({name})" in text
        assert (finished / name).exists() == are_installed()
    assert "not measured yet" not in text
    assert "2 samples of each class and 6 holes a setting" in text


def test_a_second_run_measures_nothing_and_says_the_same(finished: Path, exam: Exam, measured: list[Setting]) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    run_ablation(exam, finished)
    assert measured == []
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_a_stopped_run_goes_on_to_the_same_figures(
    finished: Path, exam: Exam, measured: list[Setting], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = ablation.measure

    def stopped(exam: Exam, setting: Setting) -> dict[str, float]:
        if len(measured) == 5:
            raise KeyboardInterrupt
        return dict(noted(exam, setting))

    with monkeypatch.context() as patch:
        patch.setattr(ablation, "measure", stopped)
        with pytest.raises(KeyboardInterrupt):
            run_ablation(exam, tmp_path)
    assert "**9 of 14 settings are not measured yet.**" in (tmp_path / "ablation.md").read_text("utf-8")
    run_ablation(exam, tmp_path)
    assert measured == list(settings())
    again, whole = rows(tmp_path), rows(finished)
    assert {s: [again[s][name] for name in STEADY] for s in again} == {
        s: [whole[s][name] for name in STEADY] for s in whole
    }


def test_another_run_is_another_folders(finished: Path, exam: Exam) -> None:
    others = [
        replace(exam, samples=3),
        exam.first(5),
        replace(exam, options=replace(exam.options, token_temperature=0.5)),
    ]
    assert len({identity(one) for one in (exam, *others)}) == 4
    with pytest.raises(BadRequest, match="choose another folder"):
        run_ablation(others[0], finished)


def test_the_hole_is_hidden_from_the_model(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[np.ndarray] = []
    features = Judge.features
    monkeypatch.setattr(
        Judge, "features", lambda judge, pictures: judged.append(np.stack(pictures)) or features(judge, pictures)
    )
    altered = exam.photos.copy()
    altered[:, 16:48, 16:48] = 255 - altered[:, 16:48, 16:48]
    for photos in (exam.photos, altered):
        measure(replace(exam, photos=photos), Setting(CENTRE.name, "confidence", "cosine", 2))
    real, made, other, again = judged
    assert made.shape[1:] == (32, 32, 3)  # the hole alone
    assert (real != other).any()
    assert (made == again).all()


def test_the_error_is_the_spread_over_repeated_draws() -> None:
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(60, 16, generator=generator)
    draws = [distance_with_error(real, torch.randn(40, 16, generator=generator) + 0.3) for _ in range(40)]
    spread = float(np.std([distance for distance, _ in draws]))
    assert 0.5 * spread < float(np.mean([error for _, error in draws])) < 2.0 * spread
    made = torch.randn(5, 16, generator=generator)
    assert distance_with_error(real, made)[0] == kernel_distance(real, made)
    assert np.isnan(distance_with_error(real, made[:3])[1])


def test_what_cannot_be_measured_is_refused(exam: Exam, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="differ: give photos"):
        run_ablation(replace(exam, classes=("a", "b", "c")), tmp_path)
    (tmp_path / "ablation.csv").write_text("name,price\napple,3\n")
    with pytest.raises(BadRequest, match="no table of this model"):
        run_ablation(exam, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["ablation.csv"]
