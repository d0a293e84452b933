"""The whole evaluation, on an untrained model and untrained metric nets."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from core.cli import main
from core.engine import Engine, load_engine
from core.errors import BadRequest
from core.evaluation.edits import BASELINES, RANKED, Answer, TestSet, evaluate_edits
from core.evaluation.judge import Judge
from core.evaluation.latency import Timing, markdown, measure_edits, measure_imports, measure_reconstruction
from core.evaluation.questions import CLASS_BOX, QUESTIONS, Question
from core.evaluation.reconstruction import evaluate_reconstruction
from core.pictures import encode_png, open_picture
from core.request import DecodeOptions

SIDE = 64
ASKED = ("centre 50 %", "right 25 %")
CLASSES = ("forest", "sea", "street")


@pytest.fixture(scope="module")
def engine(tiny_model: Path) -> Engine:
    return load_engine(folder=tiny_model, device="cpu")


@pytest.fixture(scope="module")
def judge(metric_nets: Path) -> Judge:
    return Judge(metric_nets)


@pytest.fixture(scope="module")
def test_set() -> TestSet:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (3, 4, 4, 3)).astype(np.uint8)
    return TestSet(small.repeat(SIDE // 4, 1).repeat(SIDE // 4, 2), (0, 1, 2), CLASSES)


@pytest.fixture(scope="module")
def answers(engine: Engine, judge: Judge, test_set: TestSet) -> dict[str, dict[str, Answer]]:
    questions = [q for q in QUESTIONS if q.name in ASKED]
    found = evaluate_edits(engine, test_set, judge, options=DecodeOptions(steps=1), questions=questions)
    return {part[0].question: {answer.method: answer for answer in part} for part in found}


def test_every_method_answers_every_question(answers: dict[str, dict[str, Answer]]) -> None:
    methods = {"photo itself", *BASELINES, "tiny", "tiny + class"}
    assert set(answers) == {*ASKED, CLASS_BOX.name}
    assert set(answers["centre 50 %"]) == set(answers["right 25 %"]) == methods


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.name in ASKED], ids=lambda q: q.name)
def test_nobody_sees_what_is_hidden_or_changes_what_is_not(
    question: Question, answers: dict[str, dict[str, Answer]], engine: Engine, judge: Judge, test_set: TestSet
) -> None:
    altered = test_set.photos.copy()
    hidden = question.mask(SIDE, 0)
    altered[:, hidden] = 255 - altered[:, hidden]
    other = TestSet(altered, test_set.labels, test_set.classes)
    again = next(evaluate_edits(engine, other, judge, options=DecodeOptions(steps=1), questions=[question]))
    for answer in again[1:]:  # after the photo itself
        before = answers[question.name][answer.method]
        assert all((a == b).all() for a, b in zip(answer.pictures, before.pictures, strict=True)), answer.method
        assert before.figures["changed outside"] == 0


def test_figures_of_the_photo_itself_are_the_natural_ones(answers: dict[str, dict[str, Answer]]) -> None:
    figures = answers["centre 50 %"]["photo itself"].figures
    assert figures["seam ratio"] == 1.0
    assert "KID of hole crops" not in figures
    mean = answers["centre 50 %"]["mean colour"].figures
    assert set(mean) >= {"KID of hole crops", "distance in hole", "PSNR in hole", "ring delta-E", "class seen"}
    assert mean["PSNR"] > mean["PSNR in hole"]


def test_the_class_edit_asks_for_another_class(
    answers: dict[str, dict[str, Answer]], engine: Engine, judge: Judge, test_set: TestSet
) -> None:
    edits = answers[CLASS_BOX.name]
    assert list(edits) == ["photo itself, its own class", "tiny, one sample", f"tiny, likeliest of {RANKED}"]
    hidden = CLASS_BOX.mask(SIDE, 0)
    for name, answer in edits.items():
        changed = np.stack([(a != b).any(2) for a, b in zip(answer.pictures, test_set.photos, strict=True)])
        assert not changed[:, ~hidden].any()
        assert changed.any() == (name != "photo itself, its own class")
    assert 0.0 <= edits["tiny, one sample"].figures["class seen"] <= 1.0


def test_reconstruction_is_measured_at_the_models_resolution(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    original, decoded = evaluate_reconstruction(engine, test_set, judge)
    assert original.pictures[0].shape == (32, 32, 3)
    assert (decoded.pictures[0] == engine.reconstruct(original.pictures[0])).all()
    assert {"PSNR", "distance", "KID", "seconds"} == set(decoded.figures)


def test_a_limit_spreads_over_the_photos() -> None:
    photos = np.zeros((10, 8, 8, 3), np.uint8)
    photos[:, 0, 0, 0] = np.arange(10)
    full = TestSet(photos, tuple(range(10)), tuple("abcdefghij"))
    assert full.first(3).labels == (0, 4, 9)
    assert full.first(3).photos[:, 0, 0, 0].tolist() == [0, 4, 9]
    assert full.first(None) is full.first(99) is full


def test_one_photo_is_refused(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    with pytest.raises(BadRequest, match="at least 2"):
        next(evaluate_edits(engine, test_set.first(1), judge, options=DecodeOptions()))


def test_missing_metric_nets_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"effnet_lite0_fp16\.npz"):
        Judge(tmp_path)


def test_judge_is_zero_for_equal_pictures_and_looks_at_the_mask_alone(judge: Judge, test_set: TestSet) -> None:
    photos = list(test_set.photos)
    assert judge.distances(photos, photos).max() == pytest.approx(0.0, abs=1e-6)
    changed = [photo.copy() for photo in photos]
    for picture in changed:
        picture[:8] = 255 - picture[:8]
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:8] = True
    assert (judge.distances(changed, photos, [mask] * 3) > judge.distances(changed, photos)).all()
    assert judge.features(photos).shape == (3, 12)


def test_evaluate_writes_a_report(
    tiny_model: Path, metric_nets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "photos.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for i, name in enumerate(("sea", "street")):
            pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3)).astype(np.uint8)
            archive.writestr(f"{name}/{name}_{i}.png", encode_png(pixels))
    report = tmp_path / "report"
    words = ["evaluate", "--data", data, "--metrics", metric_nets, "--report", report, "--model", tiny_model, "--json"]
    assert main([str(word) for word in words]) == 0
    facts = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert facts["outputs"] == [str(report / "report.md"), str(report / "figures.csv")]

    text = (report / "report.md").read_text()
    for question in QUESTIONS:
        assert f"### {question.name}" in text
    assert CLASS_BOX.name in text
    with (report / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} >= {*BASELINES, "tiny", "tiny + class"}
    sheets = list(report.glob("sheet-*.png"))
    assert len(sheets) == len(QUESTIONS) + 2
    for path in sheets:
        assert open_picture(path).shape[2] == 3


def test_timings_split_an_edit_by_stage(engine: Engine) -> None:
    encodes = engine.encodes
    timings = measure_edits(engine, variations=(1, 2), width=64, height=48, runs=2)
    assert [timing.name for timing in timings] == [
        "edit, 1 variation, new picture",
        "edit, 1 variation, same picture",
        "edit, 2 variations, new picture",
        "edit, 2 variations, same picture",
    ]
    assert engine.encodes - encodes == 1 + 2 + 2  # the same picture is not encoded again
    for timing in timings:
        stages = {name: value for name, value in timing.seconds.items() if name != "total"}
        assert set(stages) == {"plan", "encode", "transformer", "decode", "composite"}
    assert measure_reconstruction(engine).seconds["total"] > 0


def test_imports_are_timed_one_after_another_and_absent_ones_left_out() -> None:
    timing = measure_imports(("json", "no_such_package", "core.errors"))
    assert set(timing.seconds) == {"json", "core.errors", "total"}
    table = markdown([timing, Timing("x", {"total": 1.0})])
    assert "| x | 1.000 |  |" in table
