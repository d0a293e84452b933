"""The whole evaluation, on an untrained model and untrained metric nets."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from core.canvas.finish.finish import STAGES
from core.canvas.seam import seam_score
from core.engine import Engine
from core.errors import BadRequest
from core.lab.cli import main
from core.lab.evaluation.answers import PHOTO, Answer, TestSet, slug
from core.lab.evaluation.baselines import BASELINES, installed_baselines
from core.lab.evaluation.judge import Judge
from core.lab.evaluation.machine.latency import Timing, markdown, measure_edits, measure_imports, measure_reconstruction
from core.lab.evaluation.metrics import has_similarity
from core.lab.evaluation.model.course import NAMES, course
from core.lab.evaluation.model.edits import RANKED, answer_class_edit, answer_question, diversity
from core.lab.evaluation.model.generation import evaluate_generation
from core.lab.evaluation.model.questions import CLASS_BOX, QUESTIONS, Question
from core.lab.evaluation.model.reconstruction import evaluate_reconstruction
from core.lab.evaluation.probe import Probe
from core.pictures.encoding import encode_png
from core.pictures.opening import open_picture
from core.values.groups import DecodeOptions

SIDE = 64
ASKED = ("centre 50 %", "right 25 %", "all sides 25 %")
OPTIONS = DecodeOptions(steps=1)
CLASSES = ("forest", "sea", "street")


@pytest.fixture(scope="module")
def test_set() -> TestSet:
    random = np.random.default_rng(0)
    small = random.integers(0, 256, (3, 4, 4, 3)).astype(np.uint8)
    return TestSet(small.repeat(SIDE // 4, 1).repeat(SIDE // 4, 2), (0, 1, 2), CLASSES)


@pytest.fixture(scope="module")
def answers(engine: Engine, judge: Judge, test_set: TestSet) -> dict[str, dict[str, Answer]]:
    questions = [q for q in QUESTIONS if q.name in ASKED]
    found = [answer_question(engine, test_set, judge, question, options=OPTIONS) for question in questions]
    return {part[0].question: {answer.method: answer for answer in part} for part in found}


def test_every_method_answers_every_question(answers: dict[str, dict[str, Answer]], test_set: TestSet) -> None:
    methods = {PHOTO, *installed_baselines()[0], "tiny", "tiny + class"}
    assert set(answers) == set(ASKED)
    for name in ASKED:
        assert set(answers[name]) == methods
        # A question of several windows is asked about some of the photos, but never fewer than two.
        count = len(test_set.photos) if name == "centre 50 %" else 2
        assert {len(answer.pictures) for answer in answers[name].values()} == {count}
        assert {answer.figures["pictures"] for answer in answers[name].values()} == {count}


@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.name in ASKED[:2]], ids=lambda q: q.name)
def test_nobody_sees_what_is_hidden_or_changes_what_is_not(
    question: Question, answers: dict[str, dict[str, Answer]], engine: Engine, judge: Judge, test_set: TestSet
) -> None:
    altered = test_set.photos.copy()
    hidden = question.mask(SIDE, 0)
    altered[:, hidden] = 255 - altered[:, hidden]
    other = TestSet(altered, test_set.labels, test_set.classes)
    again = answer_question(engine, other, judge, question, options=OPTIONS)
    for answer in again[1:]:  # after the photo itself
        before = answers[question.name][answer.method]
        assert all((a == b).all() for a, b in zip(answer.pictures, before.pictures, strict=True)), answer.method
        assert before.figures["changed outside"] == 0


def test_figures_of_the_photo_itself_are_the_natural_ones(
    answers: dict[str, dict[str, Answer]], test_set: TestSet
) -> None:
    figures = answers["centre 50 %"][PHOTO].figures
    natural = [seam_score(photo, QUESTIONS[0].mask(SIDE, i)) for i, photo in enumerate(test_set.photos)]
    assert figures["seam ratio"] == pytest.approx(np.mean(natural))
    assert "KID of hole crops" not in figures
    mean = answers["centre 50 %"]["mean colour"].figures
    assert set(mean) >= {"KID of hole crops", "distance in hole", "PSNR in hole", "ring delta-E", "class seen"}
    assert mean["PSNR"] > mean["PSNR in hole"]
    assert 0.0 <= mean["precision"] <= 1.0
    assert 0.0 <= mean["recall"] <= 1.0


def test_only_the_model_has_a_likelihood_and_seeds(answers: dict[str, dict[str, Answer]]) -> None:
    for method, answer in answers["right 25 %"].items():
        assert ({"NLL per token", "diversity"} <= set(answer.figures)) == method.startswith("tiny"), method
    ours = answers["right 25 %"]["tiny + class"].figures
    assert ours["NLL per token"] > 0.0
    assert ours["diversity"] > 0.0


def test_similarity_of_the_whole_picture_is_higher_than_in_the_hole(answers: dict[str, dict[str, Answer]]) -> None:
    pytest.importorskip("skimage")
    for method, answer in answers["centre 50 %"].items():
        if method != PHOTO:
            assert -1.0 <= answer.figures["SSIM in hole"] < answer.figures["SSIM"] < 1.0, method


def test_figures_equal_those_of_one_method_asked_alone(
    answers: dict[str, dict[str, Answer]], judge: Judge, test_set: TestSet
) -> None:
    answer = answers["centre 50 %"]["mean colour"]
    masks = [QUESTIONS[0].mask(SIDE, i) for i in range(len(test_set.photos))]
    photos = list(test_set.photos)
    inside = judge.distances(answer.pictures, photos, masks).mean()
    assert answer.figures["distance in hole"] == pytest.approx(float(inside), rel=1e-5)
    whole = judge.distances(answer.pictures, photos).mean()
    assert answer.figures["distance"] == pytest.approx(float(whole), rel=1e-5)


def test_diversity_is_the_mean_over_pairs_and_zero_for_equal_answers(judge: Judge, test_set: TestSet) -> None:
    a, b, c = test_set.photos
    assert diversity(judge, [[a, a, a], [b, b, b]]) == pytest.approx(0.0, abs=1e-6)
    pairs = judge.distances([a, a, b], [b, c, c])
    assert diversity(judge, [[a, b, c]]) == pytest.approx(float(pairs.mean()), rel=1e-5)


def test_the_class_edit_asks_for_another_class(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    edits = {a.method: a for a in answer_class_edit(engine, test_set, judge, options=OPTIONS)}
    assert list(edits) == [
        "photo itself, its own class",
        "tiny, one sample",
        f"tiny, likeliest of {RANKED}",
        f"tiny, first ranked of {RANKED}",
    ]
    hidden = CLASS_BOX.mask(SIDE, 0)
    for name, answer in edits.items():
        changed = np.stack([(a != b).any(2) for a, b in zip(answer.pictures, test_set.photos, strict=True)])
        assert not changed[:, ~hidden].any()
        assert changed.any() == (name != "photo itself, its own class")
    assert 0.0 <= edits["tiny, one sample"].figures["class seen"] <= 1.0


def test_generation_makes_as_many_of_each_class_and_none_twice(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    photos, made = evaluate_generation(engine, test_set, judge, options=OPTIONS, samples=3)
    assert len(photos.pictures) == len(CLASSES)
    assert len(made.pictures) == 3 * len(CLASSES)
    assert len({picture.tobytes() for picture in made.pictures}) == len(made.pictures)
    assert photos.pictures[0].shape == made.pictures[0].shape == (32, 32, 3)
    assert {"KID", "precision", "recall", "class seen", "diversity", "seconds"} <= set(made.figures)
    assert set(photos.figures) == {"pictures", "class seen"}
    with pytest.raises(BadRequest, match="at least 2"):
        evaluate_generation(engine, test_set, judge, options=OPTIONS, samples=1)


def test_generation_is_asked_for_the_classes_of_the_photos_alone(
    engine: Engine, judge: Judge, test_set: TestSet
) -> None:
    two = TestSet(test_set.photos[1:], test_set.labels[1:], test_set.classes)
    _, made = evaluate_generation(engine, two, judge, options=OPTIONS, samples=2)
    _, all_made = evaluate_generation(engine, test_set, judge, options=OPTIONS, samples=2)
    assert all((a == b).all() for a, b in zip(made.pictures, all_made.pictures[2:], strict=True))


def test_reconstruction_is_measured_at_the_models_resolution(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    original, decoded = evaluate_reconstruction(engine, test_set, judge)
    assert original.pictures[0].shape == (32, 32, 3)
    assert (decoded.pictures[0] == engine.reconstruct(original.pictures[0])).all()
    optional = {"SSIM"} if has_similarity() else set()
    assert {"pictures", "PSNR", "distance", "KID", "lattice", "seconds"} | optional == set(decoded.figures)


def test_a_limit_spreads_over_the_photos() -> None:
    photos = np.zeros((10, 8, 8, 3), np.uint8)
    photos[:, 0, 0, 0] = np.arange(10)
    full = TestSet(photos, tuple(range(10)), tuple("abcdefghij"))
    assert full.first(3).labels == (0, 4, 9)
    assert full.first(3).photos[:, 0, 0, 0].tolist() == [0, 4, 9]
    assert full.first(None) is full.first(99) is full


def test_one_photo_is_refused(engine: Engine, judge: Judge, test_set: TestSet) -> None:
    with pytest.raises(BadRequest, match="at least 2"):
        answer_question(engine, test_set.first(1), judge, QUESTIONS[0], options=OPTIONS)


def test_a_probe_tells_apart_what_it_was_fitted_on() -> None:
    labels = torch.arange(30) % 3
    features = torch.randn(30, 12, generator=torch.Generator().manual_seed(0)) + 4.0 * torch.eye(3, 12)[labels]
    probe = Probe.fitted(features, labels, 3)
    assert probe.logits(features).argmax(1).equal(labels)
    assert probe.w.equal(Probe.fitted(features, labels, 3).w)
    guesses = Probe.fitted(features.roll(1, 0), labels, 3).logits(features)
    assert not guesses.argmax(1).equal(labels)


def test_a_judge_learns_classes_from_photos(metric_net: Path, test_set: TestSet) -> None:
    judge, labels = Judge(metric_net), [0, 1, 2]
    assert judge.class_count == 0
    assert not judge.probes(CLASSES, labels)
    judge.learn_classes(iter(test_set.photos), labels, 3)
    assert judge.class_count == 3
    assert judge.probes(CLASSES, labels)
    assert not judge.probes(CLASSES[:2], labels)


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


@pytest.fixture
def words(tiny_model: Path, narrow_net: None, probe_file: Path, tmp_path: Path) -> list[str]:
    """The command over two photos."""
    data = tmp_path / "photos.zip"
    with zipfile.ZipFile(data, "w") as archive:
        for i, name in enumerate(("sea", "street")):
            pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3)).astype(np.uint8)
            archive.writestr(f"{name}/{name}_{i}.png", encode_png(pixels))
    words = ["evaluate", "--data", data, "--probe", probe_file, "--report", tmp_path / "report"]
    return [str(word) for word in [*words, "--model", tiny_model, "--json", "--steps", "1", "--samples", "2"]]


# Two photos of 256 px are slow for the fills that are tested by themselves, and no faster for a weak model.
@pytest.fixture
def quick_baselines(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = {"mean colour": BASELINES["mean colour"], "Telea": BASELINES["Telea"]}
    sentence = "Baseline slow was left out."
    monkeypatch.setattr("core.lab.evaluation.model.course.installed_baselines", lambda: (quick, [sentence]))
    monkeypatch.setattr("core.lab.evaluation.model.edits.installed_baselines", lambda: (quick, [sentence]))


@pytest.mark.usefixtures("quick_baselines")
def test_evaluate_writes_a_report(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report"
    assert main(words) == 0
    caught = capsys.readouterr()
    facts = json.loads(caught.out.splitlines()[-1])
    assert facts["outputs"][:2] == [str(report / "report.md"), str(report / "figures.csv")]
    assert list(facts["seconds"]) == list(NAMES)

    text = (report / "report.md").read_text()
    for name in NAMES:
        assert f"### {name}\n" in text
    assert text.index("### Summary") < text.index("### Bars") < text.index("### reconstruction")
    for sentence in ("Baseline slow was left out.", "no Inception weights were given"):
        assert sentence in text
        assert sentence in caught.err
    assert str(tmp_path) not in text
    with (report / "figures.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} >= {"Telea", "mean colour", "tiny", "tiny + class"}
    assert {path.name for path in report.glob("sheet-*.png")} == {f"sheet-{slug(name)}.png" for name in NAMES}
    for path in report.glob("sheet-*.png"):
        assert open_picture(path).shape[2] == 3


@pytest.mark.usefixtures("quick_baselines")
def test_without_a_probe_the_report_says_what_is_left_out(words: list[str], tmp_path: Path) -> None:
    at = words.index("--probe")
    assert main([*words[:at], *words[at + 2 :], "--questions", "reconstruction"]) == 0
    text = (tmp_path / "report" / "report.md").read_text()
    assert "Which class is seen was not judged: give photos of every class with --probe" in text


@pytest.mark.parametrize("listed", [False, True])
def test_photos_for_the_probe_need_every_class(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], listed: bool
) -> None:
    """A class that labels.json names and no photo shows is missed as well."""
    if listed:
        (tmp_path / "labels.json").write_text(json.dumps({"classes": CLASSES}))
    words[words.index("--probe") + 1] = words[words.index("--data") + 1]
    assert main(words) == 2
    assert "--probe has no photos of forest: give photos of every class of the model." in capsys.readouterr().err


@pytest.mark.usefixtures("quick_baselines")
def test_an_interrupted_evaluation_leaves_what_it_measured(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> list[Answer]:
        raise KeyboardInterrupt

    monkeypatch.setattr("core.lab.evaluation.model.course.answer_question", interrupted)
    assert main([*words, "--questions", "reconstruction", "centre-50"]) == 130
    report = tmp_path / "report"
    assert "### reconstruction" in (report / "report.md").read_text()
    assert [path.name for path in report.glob("*.png")] == ["sheet-reconstruction.png"]
    assert "reconstruction,tiny,PSNR," in (report / "figures.csv").read_text()


@pytest.mark.usefixtures("quick_baselines")
def test_decoding_and_questions_are_chosen_on_the_command_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--questions", "centre 50 %", "--order", "halton", "--schedule", "linear", "--guidance", "1.5"]
    assert main([*words, *chosen, "--choice-temperature", "3", "--token-temperature", "0.5"]) == 0
    capsys.readouterr()
    text = (tmp_path / "report" / "report.md").read_text()
    settings = "linear, halton order, T = 1, guidance 1.5, choice temperature 3, token temperature 0.5"
    assert settings in text.splitlines()[0]
    assert "### centre 50 %" in text
    assert "### reconstruction" not in text
    assert main([*words, "--questions", "nonsense"]) == 2
    assert "question 'nonsense' is unknown: give the beginnings of any of reconstruction, " in capsys.readouterr().err
    assert main([*words, "--samples", "1"]) == 2
    assert "--samples is 1" in capsys.readouterr().err


def test_the_ablation_is_wired_and_takes_no_settings(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(engine: Engine, test_set: TestSet, judge: Judge, folder: Path, *, samples: int) -> None:
        asked.append((engine.spec.name, len(test_set.photos), folder, samples))

    monkeypatch.setattr("core.lab.evaluation.paper.ablation.run_ablation", run)
    assert main([*words, "--ablation"]) == 2
    assert "leave out --steps." in capsys.readouterr().err
    plain = [word for word in words if word not in ("--steps", "1")]
    assert main([*plain, "--ablation"]) == 0
    assert asked == [("tiny", 2, tmp_path / "report", 2)]


def test_questions_of_classes_are_left_out_where_the_model_has_others(
    engine: Engine, judge: Judge, test_set: TestSet
) -> None:
    other = TestSet(test_set.photos, test_set.labels, ("cat", "dog", "hen"))
    asks, missing = course(engine, other, judge, options=OPTIONS)
    assert list(asks) == list(NAMES[:-2])
    assert any(NAMES[-1] in sentence and NAMES[-2] in sentence for sentence in missing)


def test_timings_split_an_edit_by_stage(engine: Engine) -> None:
    timings = measure_edits(engine, variations=(1, 2), width=64, height=48, runs=2)
    assert [timing.name for timing in timings] == [
        "edit, 1 variation, new picture",
        "edit, 1 variation, same picture",
        "edit, 2 variations, new picture",
        "edit, 2 variations, same picture",
    ]
    for timing in timings:
        stages = {name: value for name, value in timing.seconds.items() if name != "total"}
        finish = {name: stages.pop(name) for name in list(stages) if name.startswith("finish: ")}
        assert set(stages) == {"plan", "encode", "transformer", "decode", "composite", "finish"}
        assert list(finish) == [f"finish: {stage}" for stage in STAGES]
    assert measure_reconstruction(engine).seconds["total"] > 0


def test_imports_are_timed_one_after_another_and_absent_ones_left_out() -> None:
    timing = measure_imports(("json", "no_such_package", "core.errors"))
    assert set(timing.seconds) == {"json", "core.errors", "total"}
    table = markdown([timing, Timing("x", {"total": 1.0})])
    assert "| x | 1.000 |  |" in table
