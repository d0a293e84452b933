"""The experiments on an untrained model: complete, repeatable, and going on where they ended."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.engine import Engine, load_engine
from core.errors import BadRequest
from core.lab.evaluation.answers import TestSet
from core.lab.evaluation.curves import ABSENT, are_installed
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.metrics import kernel_distance
from core.lab.evaluation.paper import settings as grid
from core.lab.evaluation.paper.ablation import run_ablation
from core.lab.evaluation.paper.laboratory import Laboratory, distance_with_error, reveal_map, veiled
from core.lab.evaluation.paper.ledger import Ledger
from core.lab.evaluation.paper.settings import (
    CENTRE,
    GENERATION,
    ONE,
    PHOTOS,
    RECONSTRUCTION,
    STEPS,
    STUDIED,
    Setting,
    settings,
)
from core.pictures.opening import open_picture

CLASSES = ("forest", "sea", "street")
SAMPLES = 4
MEASURED = ("forwards", "kid", "kid_error", "probe")


@pytest.fixture(scope="module", autouse=True)
def few_settings() -> Iterator[None]:
    """Two schedules and two T instead of eight of each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "STEPS", (2, 4))
        patch.setattr(grid, "_ORDERS", (("confidence", ("cosine", "arccos")), ("halton", ("cosine",))))
        yield


@pytest.fixture(scope="module")
def test_set() -> TestSet:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (6, 4, 4, 3)).astype(np.uint8)
    return TestSet(small.repeat(16, 1).repeat(16, 2), (0, 0, 1, 1, 2, 2), CLASSES)


@pytest.fixture(scope="module")
def finished(engine: Engine, judge: Judge, test_set: TestSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports") / "new"
    run_ablation(engine, test_set, judge, folder, samples=SAMPLES)
    return folder


def rows(folder: Path) -> dict[Setting, dict[str, str]]:
    with (folder / "ablation.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    by_setting = {Setting(r["kind"], r["order"], r["schedule"], int(r["steps"])): r for r in found}
    assert len(by_setting) == len(found)
    return by_setting


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Setting]:
    """Every setting that is measured from now on, in turn."""
    asked: list[Setting] = []
    original = Laboratory.measure

    def measure(self, setting, decoded):
        asked.append(setting)
        return original(self, setting, decoded)

    monkeypatch.setattr(Laboratory, "measure", measure)
    return asked


def test_the_whole_grid_is_asked_for() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "STEPS", STEPS)
        patch.setattr(grid, "_ORDERS", (("confidence", STUDIED), ("halton", ("cosine", "arccos"))))
        every = settings()
    assert len(set(every)) == len(every) == 4 + 2 * (8 + 2) * 8 + 2
    for kind in (GENERATION, CENTRE):
        assert {(s.schedule, s.steps) for s in every if (s.kind, s.order) == (kind, "confidence")} == {
            (schedule, steps) for schedule in STUDIED for steps in STEPS
        }


def test_every_setting_has_a_row(finished: Path) -> None:
    found = rows(finished)
    assert set(found) == {*settings(), Setting(ONE, "raster"), Setting(ONE, "confidence", "cosine", 8)}
    for setting, row in found.items():
        assert float(row["seconds"]) > 0
        if setting.kind != ONE:
            assert 0.0 <= float(row["probe"]) <= 1.0
            assert np.isfinite(float(row["kid"])) == (setting.order != PHOTOS)
            judged_photos = setting.order in (PHOTOS, RECONSTRUCTION) and setting.kind == GENERATION
            assert int(row["samples"]) == (6 if judged_photos else SAMPLES)


def test_forwards_are_the_steps_and_raster_takes_one_token_a_step(finished: Path) -> None:
    found = rows(finished)
    assert float(found[Setting(GENERATION, "raster")]["forwards"]) == 64  # 8x8 tokens
    assert float(found[Setting(CENTRE, "raster")]["forwards"]) == 16  # half of each side of them
    assert float(found[Setting(ONE, "raster")]["forwards"]) == 64
    assert float(found[Setting(GENERATION, "halton", "cosine", 4)]["forwards"]) == 4
    assert float(found[Setting(CENTRE, "confidence", "arccos", 2)]["forwards"]) == 2


def test_settings_do_differ(finished: Path) -> None:
    found = rows(finished)
    kids = {row["kid"] for setting, row in found.items() if setting.kind == GENERATION and setting.order != PHOTOS}
    assert len(kids) == 1 + 3 * 2 + 1


def test_text_and_figures_are_written(finished: Path) -> None:
    text = (finished / "ablation.md").read_text("utf-8")
    for name in ("schedules.png", "orders.png", "filling-in.png"):
        assert f"]({name})" in text
        assert (finished / name).exists() == (name == "filling-in.png" or are_installed())
    assert open_picture(finished / "filling-in.png").shape == (2 * (2 * 128 + 2 * 16), 8 * 128, 3)
    assert (ABSENT in text) == (not are_installed())
    assert "not measured yet" not in text
    assert "no guidance" in text


def test_a_second_run_measures_nothing_and_says_the_same(
    finished: Path, engine: Engine, judge: Judge, test_set: TestSet, measured: list[Setting]
) -> None:
    before = {path.name: path.read_bytes() for path in finished.iterdir()}
    run_ablation(engine, test_set, judge, finished, samples=SAMPLES)
    assert measured == []
    assert {path.name: path.read_bytes() for path in finished.iterdir()} == before


def test_a_stopped_run_goes_on_to_the_same_figures(
    finished: Path, engine: Engine, judge: Judge, test_set: TestSet, measured: list[Setting], tmp_path: Path
) -> None:
    whole = rows(finished)

    def stop_after(count: int) -> None:
        original = Ledger.add

        def add(self, new):
            original(self, new)
            if len(self.rows) >= count:
                raise KeyboardInterrupt

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Ledger, "add", add)
            with pytest.raises(KeyboardInterrupt):
                run_ablation(engine, test_set, judge, tmp_path, samples=SAMPLES)

    stop_after(2)
    strip = (tmp_path / "filling-in.png").stat().st_mtime_ns
    stop_after(9)
    assert "settings are not measured yet" in (tmp_path / "ablation.md").read_text("utf-8")
    run_ablation(engine, test_set, judge, tmp_path, samples=SAMPLES)
    assert sorted(measured, key=repr) == sorted(settings(), key=repr)
    assert (tmp_path / "filling-in.png").stat().st_mtime_ns == strip
    again = rows(tmp_path)
    assert {s: [again[s][name] for name in MEASURED] for s in again} == {
        s: [whole[s][name] for name in MEASURED] for s in whole
    }


def test_rows_of_another_run_are_kept_and_not_taken_for_ones_own(
    finished: Path, engine: Engine, judge: Judge, test_set: TestSet, measured: list[Setting], tmp_path: Path
) -> None:
    table = (finished / "ablation.csv").read_text()
    (tmp_path / "ablation.csv").write_text(table)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grid, "_ORDERS", ())
        run_ablation(engine, test_set, judge, tmp_path, samples=SAMPLES - 1)
    assert len(measured) == 6  # photos, their reconstructions and raster of both kinds
    kept = (tmp_path / "ablation.csv").read_text()
    assert set(table.splitlines()) < set(kept.splitlines())
    assert len(kept.splitlines()) == len(table.splitlines()) + 6 + 2


def test_other_weights_are_another_run(engine: Engine, judge: Judge, test_set: TestSet, tiny_model: Path) -> None:
    other = load_engine(folder=tiny_model, device="cpu")
    same = Laboratory(other, test_set, judge, SAMPLES).identity
    assert same == Laboratory(engine, test_set, judge, SAMPLES).identity
    with torch.no_grad():
        next(other.transformer.parameters())[0, 0] += 1.0
    changed = Laboratory(other, test_set, judge, SAMPLES).identity
    fewer = Laboratory(engine, test_set, judge, SAMPLES - 1).identity
    assert len({same, changed, fewer}) == 3


def test_moments_veil_unknown_cells_and_map_them_in_black() -> None:
    unknown = np.zeros((4, 4), bool)
    unknown[0] = True
    seen, known = veiled(np.full((16, 16, 3), 10, np.uint8), unknown), reveal_map(unknown)
    assert (seen[:32] > 150).all()
    assert (seen[32:] == 10).all()
    assert (known[1:32, 1:-1] == 0).all()
    assert (known[32:-1, 1:-1] == 255).all()


def test_the_hole_is_hidden_from_the_encoder(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    altered = test_set.photos.copy()
    altered[:, 16:48, 16:48] = 255 - altered[:, 16:48, 16:48]
    other = replace(test_set, photos=altered)
    tokens = [Laboratory(engine, photos, judge, SAMPLES)._centre.tokens for photos in (test_set, other)]
    assert (tokens[0] == tokens[1]).all()
    assert (tokens[0] == -1).sum(1).tolist() == [16] * SAMPLES


def test_the_error_is_the_spread_over_repeated_draws() -> None:
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(60, 16, generator=generator)
    draws = [distance_with_error(real, torch.randn(40, 16, generator=generator) + 0.3) for _ in range(40)]
    spread = float(np.std([distance for distance, _ in draws]))
    assert 0.5 * spread < float(np.mean([error for _, error in draws])) < 2.0 * spread
    made = torch.randn(5, 16, generator=generator)
    assert distance_with_error(real, made)[0] == kernel_distance(real, made)
    assert np.isnan(distance_with_error(real, made[:3])[1])


def test_what_cannot_be_measured_is_refused(engine: Engine, judge: Judge, test_set: TestSet, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="1 samples are too few"):
        run_ablation(engine, test_set, judge, tmp_path, samples=1)
    with pytest.raises(BadRequest, match="1 photos are too few"):
        run_ablation(engine, test_set.first(1), judge, tmp_path, samples=2)
    with pytest.raises(BadRequest, match="differ: give photos"):
        run_ablation(engine, replace(test_set, classes=("a", "b", "c")), judge, tmp_path, samples=2)
    (tmp_path / "ablation.csv").write_text("name,price\napple,3\n")
    with pytest.raises(BadRequest, match="no table of this experiment"):
        run_ablation(engine, test_set, judge, tmp_path, samples=2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ablation.csv"]
